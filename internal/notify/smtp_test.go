package notify

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http/httptest"
	"net/mail"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

// mailbox is a mail server on this machine that keeps what it takes.
type mailbox struct {
	server *smtp.Server
	host   string
	port   int
	roots  *x509.CertPool

	mu     sync.Mutex
	mails  []string
	from   []string
	to     []string
	logins []string
	refuse error // to each recipient
}

// silent is a server's log that nobody reads.
type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

type letter struct{ box *mailbox }

func (l *letter) Reset()        {}
func (l *letter) Logout() error { return nil }
func (l *letter) Mail(from string, _ *smtp.MailOptions) error {
	l.box.mu.Lock()
	defer l.box.mu.Unlock()
	l.box.from = append(l.box.from, from)
	return nil
}

func (l *letter) Rcpt(to string, _ *smtp.RcptOptions) error {
	l.box.mu.Lock()
	defer l.box.mu.Unlock()
	l.box.to = append(l.box.to, to)
	return l.box.refuse
}

func (l *letter) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	l.box.mu.Lock()
	defer l.box.mu.Unlock()
	l.box.mails = append(l.box.mails, string(text))
	return err
}

func (l *letter) AuthMechanisms() []string { return []string{sasl.Plain} }

func (l *letter) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		l.box.mu.Lock()
		defer l.box.mu.Unlock()
		l.box.logins = append(l.box.logins, user)
		if password != "right" {
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "no " + user + " with " + password}
		}
		return nil
	}), nil
}

// newMailbox runs a server, which offers STARTTLS if asked to, or takes TLS alone.
func newMailbox(t *testing.T, startTLS, onlyTLS bool) *mailbox {
	t.Helper()
	box := &mailbox{roots: x509.NewCertPool()}
	box.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &letter{box}, nil }))
	box.server.ErrorLog = silent{}
	certified := httptest.NewTLSServer(nil) // has a certificate for this machine
	t.Cleanup(certified.Close)
	box.roots.AddCert(certified.Certificate())
	keys := &tls.Config{Certificates: certified.TLS.Certificates, MinVersion: tls.VersionTLS12}
	if startTLS {
		box.server.TLSConfig = keys
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	at, ok := listener.Addr().(*net.TCPAddr)
	require.True(t, ok)
	box.host, box.port = "127.0.0.1", at.Port
	if onlyTLS {
		listener = tls.NewListener(listener, keys)
	}
	ended := make(chan struct{})
	go func() { _ = box.server.Serve(listener); close(ended) }()
	t.Cleanup(func() { _ = box.server.Close(); <-ended })
	return box
}

func (b *mailbox) sink() SMTP {
	return SMTP{Host: b.host, Port: b.port, From: "returnbridge@example.com", To: []string{"it@example.com", "Duty <duty@example.com>"}, tls: &tls.Config{RootCAs: b.roots, ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}}
}

func TestMailArrives(t *testing.T) {
	t.Parallel()
	box := newMailbox(t, true, false)
	s := box.sink()
	s.Username, s.Password = "bridge", "right"
	require.NoError(t, s.Send(t.Context(), message(t)))
	require.Equal(t, []string{"bridge"}, box.logins)
	require.Equal(t, []string{"returnbridge@example.com"}, box.from)
	require.Equal(t, []string{"it@example.com", "duty@example.com"}, box.to)
	m, err := mail.ReadMessage(strings.NewReader(box.mails[0]))
	require.NoError(t, err)
	require.Equal(t, "<m1@returnbridge>", m.Header.Get("Message-Id"), "the same when it is sent again")
	require.Equal(t, "auto-generated", m.Header.Get("Auto-Submitted"))
	require.Contains(t, m.Header.Get("Subject"), "[returnbridge] shop demo-gb: refund-value-mismatch")
	body, err := io.ReadAll(m.Body)
	require.NoError(t, err)
	require.Contains(t, string(body), "starter show 4711 --shop demo-gb")
}

// The wire is encrypted, or nothing is sent; on this machine alone it may be plain.
func TestMailWantsTLS(t *testing.T) {
	t.Parallel()
	plain := newMailbox(t, false, false)
	s := plain.sink()
	require.NoError(t, s.Send(t.Context(), message(t)), "it is this machine")
	s.Host = otherName(t)
	require.Error(t, s.Send(t.Context(), message(t)))
	require.Len(t, plain.mails, 1)
}

// otherName is this machine under a name that does not say so.
func otherName(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"localhost.localdomain", "ip6-localhost"} {
		if found, err := net.DefaultResolver.LookupHost(t.Context(), name); err == nil && len(found) > 0 && found[0] == "127.0.0.1" {
			return name
		}
	}
	return "0.0.0.0" // which leads to this machine, and is not counted as its own
}

func TestMailOverTLSAlone(t *testing.T) {
	t.Parallel()
	box := newMailbox(t, false, true)
	s := box.sink()
	s.implicit = true
	require.NoError(t, s.Send(t.Context(), message(t)))
	require.Len(t, box.mails, 1)
	s.tls = &tls.Config{ServerName: "127.0.0.1", MinVersion: tls.VersionTLS12}
	require.Error(t, s.Send(t.Context(), message(t)), "whose certificate nobody vouches for")
	require.Len(t, box.mails, 1)
}

func TestErrorsOfMailNameNobody(t *testing.T) {
	t.Parallel()
	box := newMailbox(t, true, false)
	s := box.sink()
	s.Username, s.Password = "bridge", "sesame"
	err := s.Send(t.Context(), message(t))
	require.ErrorContains(t, err, "535")
	require.NotContains(t, err.Error(), "sesame")
	require.NotContains(t, err.Error(), "bridge")

	s = box.sink()
	box.refuse = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no it@example.com here"}
	err = s.Send(t.Context(), message(t))
	require.ErrorContains(t, err, "550")
	require.NotContains(t, err.Error(), "example.com")
	require.Empty(t, box.mails)

	_ = box.server.Close()
	err = s.Send(t.Context(), message(t))
	require.ErrorContains(t, err, "mail server: ")
	require.ErrorContains(t, err, strconv.Itoa(box.port))
	s.To = []string{"not an address"}
	require.NotContains(t, s.Send(t.Context(), message(t)).Error(), "not an address")
}
