package devserver

import (
	"errors"
	"fmt"
	"net"
	"strconv"
)

// host is the only address anything here listens on: the server asks nobody for
// a password.
const host = "127.0.0.1"

// ports holds every port of one server open until its owner takes it over. The
// server and the Web UI end the whole process when a port is busy, so we find
// out first; and ports held together are all different.
type ports struct {
	frontend, history, matching, worker net.Listener
	metrics                             net.Listener
	ui                                  net.Listener // nil without UI
}

func reservePorts(opts Options) (*ports, error) {
	p := &ports{}
	wanted := []struct {
		into *net.Listener
		name string
		port int
	}{
		{&p.frontend, "frontend", opts.FrontendPort},
		{&p.ui, "Web UI", opts.UIPort},
		{&p.metrics, "metrics", opts.MetricsPort},
		{&p.history, "history service", 0},
		{&p.matching, "matching service", 0},
		{&p.worker, "worker service", 0},
	}
	for _, w := range wanted {
		if w.into == &p.ui && w.port == NoUI {
			continue
		}
		listener, err := listen(w.name, w.port)
		if err != nil {
			p.releaseAll()
			return nil, err
		}
		*w.into = listener
	}
	return p, nil
}

func listen(name string, port int) (net.Listener, error) {
	address := net.JoinHostPort(host, strconv.Itoa(port))
	listener, err := net.Listen("tcp", address) //nolint:noctx // a local port is taken at once or not at all
	if err != nil {
		return nil, fmt.Errorf("%s port %d is not free: %w", name, port, err)
	}
	return listener, nil
}

// releaseServices frees the four ports which the Temporal services open themselves.
func (p *ports) releaseServices() error {
	return release(p.frontend, p.history, p.matching, p.worker)
}

// releaseAll frees what is still held; a port released before does no harm.
func (p *ports) releaseAll() {
	_ = release(p.frontend, p.history, p.matching, p.worker, p.metrics, p.ui)
}

func release(listeners ...net.Listener) error {
	var errs []error
	for _, l := range listeners {
		if l != nil {
			errs = append(errs, l.Close())
		}
	}
	return errors.Join(errs...)
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port } //nolint:forcetypeassert // every port here is TCP
