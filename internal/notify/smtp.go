package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/textproto"

	"github.com/wneessen/go-mail"
)

// SMTP is e-mail by a server. It must offer TLS, unless it is this very machine.
type SMTP struct {
	Host     string
	Port     int // 465: TLS from the first byte; else STARTTLS
	Username string
	Password string
	From     string
	To       []string

	// For tests, whose servers have ports and certificates of their own.
	tls      *tls.Config
	implicit bool
}

// implicitTLS is the port on which TLS begins at once.
const implicitTLS = 465

// Send implements Sink.
func (s SMTP) Send(ctx context.Context, m Message) error {
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(s.From), msg.To(s.To...)); err != nil {
		return errors.New("an e-mail address cannot be used") // the error would name it
	}
	msg.Subject(m.Subject)
	msg.SetDateWithValue(m.At)
	msg.SetMessageIDWithValue(m.ID + "@returnbridge")
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetBodyString(mail.TypeTextPlain, m.Text)
	client, err := mail.NewClient(s.Host, s.options()...)
	if err != nil {
		return fmt.Errorf("mail: %w", err)
	}
	ctx, stop := context.WithTimeout(ctx, SendTimeout)
	defer stop()
	conn, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return fmt.Errorf("mail server: %w", withoutNames(err))
	}
	err = client.SendWithSMTPClient(conn, msg)
	_ = client.CloseWithSMTPClient(conn) // what was taken is taken, however the server says goodbye
	if err != nil {
		return fmt.Errorf("mail server: %w", withoutNames(err))
	}
	return nil
}

func (s SMTP) options() []mail.Option {
	options := []mail.Option{mail.WithPort(s.Port), mail.WithTimeout(SendTimeout), mail.WithoutRset(), mail.WithTLSPolicy(mail.TLSMandatory)}
	switch {
	case s.Port == implicitTLS, s.implicit:
		options = append(options, mail.WithSSL())
	case s.Host == "localhost" || net.ParseIP(s.Host).IsLoopback():
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	}
	if s.Username != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(s.Username), mail.WithPassword(s.Password))
	}
	if s.tls != nil {
		options = append(options, mail.WithTLSConfig(s.tls))
	}
	return options
}

// withoutNames is what a mail server said, without its words where they may name
// people: a refusal names the address that it refuses.
func withoutNames(err error) error {
	if failed, ok := errors.AsType[*mail.SendError](err); ok {
		return fmt.Errorf("%s, code %d", failed.Reason, failed.ErrorCode())
	}
	if said, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Errorf("it answered with code %d", said.Code)
	}
	return err
}
