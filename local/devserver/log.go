package devserver

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// hush decides which of the server's lines a person at a terminal should read.
type hush struct {
	// stopping is set while the services stop one after the other and warn that
	// they have lost each other.
	stopping atomic.Bool
}

// harmless are warnings which every server on one machine prints, by the
// beginning of the line.
var harmless = []string{
	"HTTP API port has not been set.", // for Nexus, which one namespace does not need
}

// quiet passes on Warn and above without the harmless, and while stopping only
// Error and above.
func (h *hush) quiet(logger *zap.Logger) *zap.Logger {
	return logger.WithOptions(
		zap.WrapCore(func(inner zapcore.Core) zapcore.Core { return quietCore{inner, h} }),
		zap.AddStacktrace(zapcore.FatalLevel),
	)
}

func (h *hush) level() zapcore.Level {
	if h.stopping.Load() {
		return zapcore.ErrorLevel
	}
	return zapcore.WarnLevel
}

type quietCore struct {
	zapcore.Core
	hush *hush
}

// Enabled always admits a fatal line: the server asks first, and would carry on
// past its own fatal line if the answer were no.
func (c quietCore) Enabled(level zapcore.Level) bool {
	return level == zapcore.FatalLevel || level >= c.hush.level() && c.Core.Enabled(level)
}

func (c quietCore) With(fields []zapcore.Field) zapcore.Core {
	return quietCore{c.Core.With(fields), c.hush}
}

func (c quietCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(entry.Level) || isHarmless(entry) {
		return checked
	}
	return c.Core.Check(entry, checked)
}

func isHarmless(entry zapcore.Entry) bool {
	return entry.Level <= zapcore.WarnLevel && slices.ContainsFunc(harmless, func(begin string) bool {
		return strings.HasPrefix(entry.Message, begin)
	})
}

// giveUp is what happens after a fatal line: during the start only the goroutine
// that wrote it ends and the reason is kept; later the process ends, as the
// server expects.
type giveUp struct {
	reason   chan error
	disarmed atomic.Bool
}

func newGiveUp() *giveUp { return &giveUp{reason: make(chan error, 1)} }

func (g *giveUp) disarm() { g.disarmed.Store(true) }

// OnWrite implements zapcore.CheckWriteHook.
func (g *giveUp) OnWrite(entry *zapcore.CheckedEntry, fields []zapcore.Field) {
	if g.disarmed.Load() {
		os.Exit(1)
	}
	select {
	case g.reason <- fatalReason(entry.Message, fields):
	default: // the first reason is the one to tell
	}
	runtime.Goexit()
}

func fatalReason(message string, fields []zapcore.Field) error {
	for _, field := range fields {
		if err, ok := field.Interface.(error); ok {
			return fmt.Errorf("%s: %w", message, err)
		}
	}
	return errors.New(message)
}
