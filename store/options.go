package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// An Option configures a [Store]. A wrong one, and a nil one, is an error of [Open].
type Option func(*Store) error

// WithDefault names the record that stands for failures of the scope that nobody knows: one of the
// scope itself, else a built-in one. The empty scope stands for all scopes without a default of their own;
// without this option its record is that of [fault.Any]. The record need not exist yet.
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

// WithPollInterval sets how often the store asks the database for writes of other instances: a record may be
// stale for that long. Without the option it is 5 s.
func WithPollInterval(interval time.Duration) Option {
	return func(s *Store) error {
		if interval <= 0 {
			return fmt.Errorf("store: WithPollInterval: %s is not positive", interval)
		}
		s.interval = interval
		return nil
	}
}

// WithListener makes the store hear of writes of other instances at once. listen waits for
// notifications until ctx ends, and calls changed after each one, and once as soon as it is ready: what
// was written before that is not notified. When it returns earlier, or panics, it is started again
// after a pause. changed does not block, and may be called by any goroutine. Open refuses a nil listen.
//
// On PostgreSQL each write of the store notifies the channel [Channel]. Polling goes on beside it. The
// application writes the function, as database/sql cannot listen: see the example of this option.
func WithListener(listen func(ctx context.Context, changed func()) error) Option {
	return func(s *Store) error {
		if listen == nil {
			return errors.New("store: WithListener: the function is nil")
		}
		s.listen = listen
		return nil
	}
}

// Channel is the channel of PostgreSQL that the store notifies whenever it has written records of errors.
const Channel = "polyfault_errors"

// WithLogger sets the logger for trouble of the store that no caller hears of: a poll that fails, a listener
// that stops. Without it, or with nil, such lines are discarded; without it, [Handler] and [Pages] tell [slog.Default] when
// nobody said who may read. The logger must not write into this store.
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

// WithResponder takes the titles and descriptions of built-in records from the responder's texts, in
// its default language. Without it, or with nil, they are those of [fault.Default].
func WithResponder(r *fault.Responder) Option {
	return func(s *Store) error {
		s.responder = r
		return nil
	}
}

// WithClock gives the store another clock, for tests of retention and the like. It dates what is written
// and decides what is old; timers go by the real one. The function may be called by any goroutine.
// Without the option it is [time.Now]. Open refuses a nil function.
func WithClock(now func() time.Time) Option {
	return func(s *Store) error {
		if now == nil {
			return errors.New("store: WithClock: the function is nil")
		}
		s.clock = now
		return nil
	}
}
