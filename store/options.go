package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// An Option configures a [Store]. [Open] returns an error for an invalid or nil option.
type Option func(*Store) error

// WithDefault names the record for unknown failures of the scope: a record of the scope itself, or else a built-in one. The
// default of the empty scope is used for all scopes without one; without this option it is the record of [fault.Any]. The
// record need not exist yet.
func WithDefault(scope, name string) Option {
	return func(s *Store) error {
		key, err := naturalKey(scope, name)
		if err != nil {
			return fmt.Errorf("store: WithDefault: %w", err)
		}
		s.defaults[key.scope] = key.name
		return nil
	}
}

const defaultPollInterval = 5 * time.Second

// WithPollInterval sets the time between two polls for writes of other instances. A record may be stale for that long.
// Without the option it is 5 s.
func WithPollInterval(interval time.Duration) Option {
	return func(s *Store) error {
		if interval <= 0 {
			return fmt.Errorf("store: WithPollInterval: %s is not positive", interval)
		}
		s.interval = interval
		return nil
	}
}

// WithListener lets the store learn of writes of other instances at once. listen waits for notifications until ctx ends. It
// calls changed after each one, and once as soon as it is ready, because earlier writes are not notified. If listen returns
// early or panics, the store starts it again after a pause. changed does not block, and any goroutine may call it. Open
// refuses a nil listen.
//
// On PostgreSQL each write of the store notifies the channel [Channel]. Polling continues beside it. The application writes
// the function, because database/sql cannot listen: see the example of this option.
func WithListener(listen func(ctx context.Context, changed func()) error) Option {
	return func(s *Store) error {
		if listen == nil {
			return errors.New("store: WithListener: the function is nil")
		}
		s.listen = listen
		return nil
	}
}

// Channel is the channel of PostgreSQL that the store notifies after it has written records of errors.
const Channel = "polyfault_errors"

// WithLogger sets the logger for failures that no caller sees: a poll that fails, a listener that stops. Without it, or with
// nil, such lines are discarded. Without it, [Handler] and [Pages] tell [slog.Default] if they have no authorize function. The
// logger must not write into this store.
func WithLogger(l *slog.Logger) Option {
	return func(s *Store) error {
		s.log, s.tells = l, true
		if l == nil {
			s.log = discard()
		}
		return nil
	}
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// WithResponder takes the titles and descriptions of built-in records from the responder's texts, in its default language. That
// is the default language of all records: instances that share a database should have the same one. Without it, or with nil, the
// store takes them from [fault.Default].
func WithResponder(r *fault.Responder) Option {
	return func(s *Store) error {
		s.responder = r
		return nil
	}
}

// WithClock gives the store another clock, for tests of retention and the like. The clock dates records and decides which are
// old; timers use the real one. Any goroutine may call the function. Without the option it is [time.Now]. Open refuses a nil
// function.
func WithClock(now func() time.Time) Option {
	return func(s *Store) error {
		if now == nil {
			return errors.New("store: WithClock: the function is nil")
		}
		s.clock = now
		return nil
	}
}
