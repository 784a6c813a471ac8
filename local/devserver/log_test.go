package devserver

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/server/common/log"
	"go.temporal.io/server/common/log/tag"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

func TestQuietLog(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		stopping bool
		level    zapcore.Level
		message  string
		shown    bool
	}{
		"info":                   {false, zapcore.InfoLevel, "started", false},
		"warning":                {false, zapcore.WarnLevel, "disk is slow", true},
		"harmless warning":       {false, zapcore.WarnLevel, "HTTP API port has not been set. More", false},
		"error of the same text": {false, zapcore.ErrorLevel, "HTTP API port has not been set. More", true},
		"warning while stopping": {true, zapcore.WarnLevel, "network dial error", false},
		"error while stopping":   {true, zapcore.ErrorLevel, "disk is full", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			core, lines := observer.New(zapcore.DebugLevel)
			var h hush
			h.stopping.Store(tc.stopping)
			h.quiet(zap.New(core)).With(zap.String("service", "history")).Log(tc.level, tc.message)
			require.Equal(t, tc.shown, lines.Len() == 1)
		})
	}
}

// The server has no other way to say that it cannot start.
func TestFatalLineWhileStarting(t *testing.T) {
	t.Parallel()
	cause := errors.New("address already in use")
	core, lines := observer.New(zapcore.DebugLevel)
	t.Cleanup(func() { require.Equal(t, 1, lines.Len(), "the reason is logged too") })
	for name, logger := range map[string]*zap.Logger{"logged": zap.New(core), "silent": zap.NewNop()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			giveUp := newGiveUp()
			var h hush
			server := log.NewZapLogger(h.quiet(logger).WithOptions(zap.WithFatalHook(giveUp)))
			wentOn := make(chan bool, 1)
			go func() {
				defer close(wentOn)
				server.Fatal("Failed to start gRPC listener", tag.Error(cause))
				wentOn <- true
			}()
			require.False(t, <-wentOn, "the goroutine ends at the fatal line")
			err := <-giveUp.reason
			require.ErrorIs(t, err, cause)
			require.ErrorContains(t, err, "Failed to start gRPC listener")
		})
	}
}
