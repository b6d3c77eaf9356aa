package fault

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A Backoff configures [Retry]. The zero Backoff is ready: two re-runs, after waits of up to 1 s and 2 s.
type Backoff struct {
	// Retries is the number of re-runs after the first run; 0 means 2, and a negative number none.
	Retries int
	// Base is the longest wait before the first re-run; it doubles with each further one. 0 means 1 s.
	Base time.Duration
	// Cap is the longest wait; 0 means 30 s.
	Cap time.Duration
	// Mappers tell the kinds of foreign errors: see [SQLMappers]. The first that knows the error decides.
	Mappers []Mapper
	// Retryable decides in place of the error and its kind, because operators may know better than the program; nil means
	// that these decide. It must be safe for concurrent use.
	Retryable func(*Kind) bool
}

const (
	defaultRetries = 2
	defaultBase    = time.Second
	defaultCap     = 30 * time.Second
)

// Retry runs f, and runs it again after retryable errors, until f returns nil or another error, or the re-runs of the
// backoff are used up. It returns nil, f's first error that is not retryable, or f's last error, with its kind and
// cause.
//
// An error is retryable if its kind is, or if it has a RetryAfter of its own. It may be wrapped, or known to a mapper
// of the backoff. For an error that another service answered with, what that service said about repeating decides.
//
// Before each re-run Retry waits a random time between zero and the backoff's limit (full jitter), so that clients
// that failed together do not return together. The error's own RetryAfter is added. The wait is never longer than
// Cap.
//
// If ctx ends, also during a wait, Retry returns at once. [errors.Is] finds ctx.Err(), [context.Cause] and the last
// error of f in the result; [From] finds the kind of the last error. If ctx has ended before, f does not run. A panic
// of f passes through. Retry panics if f is nil.
//
//	err := fault.Retry(ctx, fault.Backoff{Mappers: fault.SQLMappers()}, func(ctx context.Context) error {
//		return transfer(ctx, db, from, to)
//	})
//
// f runs on the caller's goroutine, one run at a time. f itself has to roll back a transaction.
func Retry(ctx context.Context, backoff Backoff, f func(context.Context) error) error {
	if f == nil {
		panic("fault: Retry: the function is nil")
	}
	if ctx.Err() != nil {
		return &interruptedError{context.Cause(ctx), ctx.Err(), nil}
	}
	limit := backoff.base()
	for left := backoff.retries(); ; left-- {
		err := f(ctx)
		if IsNil(err) {
			return nil
		}
		last, retryable := backoff.retryable(err)
		if !retryable || left <= 0 {
			return err
		}
		wait, _ := last.ownWait() // the kind's is meant for clients far away
		asked := min(max(wait, 0), backoff.cap())
		if !sleep(ctx, asked+min(jitter(limit), backoff.cap()-asked)) { // a sum might overflow
			return &interruptedError{context.Cause(ctx), ctx.Err(), err}
		}
		limit = doubled(limit, backoff.cap())
	}
}

func (b Backoff) retries() int {
	if b.Retries == 0 {
		return defaultRetries
	}
	return b.Retries
}

func (b Backoff) cap() time.Duration {
	if b.Cap <= 0 {
		return defaultCap
	}
	return b.Cap
}

func (b Backoff) base() time.Duration {
	if b.Base <= 0 {
		return min(defaultBase, b.cap())
	}
	return min(b.Base, b.cap())
}

// retryable finds err's kind and whether it allows another run.
func (b Backoff) retryable(err error) (*Fault, bool) {
	f, ok := From(err)
	if !ok {
		f = ask(b.Mappers, err, nil)
		ok = f != nil
	}
	if !ok || b.Retryable == nil {
		return f, ok && f.retryable()
	}
	return f, b.Retryable(f.Kind())
}

// retryable is what the error says of being repeated: what a service said that it was decoded from; else its kind, or
// that it brings a wait, unless its kind itself says never.
func (f *Fault) retryable() bool {
	if remote, ok := f.Unwrap().(interface{ RetryHint() (retryable, told bool) }); ok {
		if retryable, told := remote.RetryHint(); told {
			return retryable
		}
	}
	if f.Kind().never {
		return false
	}
	_, waits := f.ownWait()
	return waits || f.Kind().Retryable()
}

// ownWait returns the error's own RetryAfter or RetryAt, or the header of that name that it sets; false without one that
// lies ahead.
func (f *Fault) ownWait() (wait time.Duration, ok bool) {
	attrs := f.all()
	for i := len(attrs) - 1; i >= 0; i-- {
		switch a := &attrs[i]; a.op {
		case opRetryAfter:
			wait = a.wait()
			return wait, wait >= 0
		case opHeader, opAddHeader:
			if strings.EqualFold(a.name, "Retry-After") {
				value, _ := a.value.(string)
				return waitOf(value, time.Now())
			}
		}
	}
	return 0, false
}

// wait returns the duration of RetryAfter, or what is left until the time of RetryAt.
func (a *Attr) wait() time.Duration {
	if at, ok := a.value.(time.Time); ok {
		return time.Until(at) // which saturates
	}
	return time.Duration(a.num)
}

// waitOf reads the value of a Retry-After header, seconds or a date (RFC 9110, section 10.2.3). What is more than a
// Duration holds is the longest one.
func waitOf(value string, now time.Time) (wait time.Duration, ok bool) {
	value = strings.TrimSpace(value)
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0), true
	}
	if value == "" || strings.Trim(value, "0123456789") != "" {
		return 0, false
	}
	const most = math.MaxInt64 / int64(time.Second)
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds > most {
		return math.MaxInt64, true
	}
	return time.Duration(seconds) * time.Second, true
}

func doubled(limit, most time.Duration) time.Duration {
	if limit > most/2 { // and 2*limit might be more than a Duration holds
		return most
	}
	return 2 * limit
}

// jitter is any wait below limit, which is positive.
func jitter(limit time.Duration) time.Duration { return rand.N(limit) }

// sleep waits and reports whether ctx is still on then.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return ctx.Err() == nil // select chooses at random when both are ready
}

// interruptedError reports that ctx ended before the next run. Its kind is the last error's.
type interruptedError struct {
	reason, ended error // context.Cause and ctx.Err: the one need not wrap the other
	last          error // nil before the first run
}

func (e *interruptedError) Error() string {
	if e.last == nil {
		return errorText(e.reason)
	}
	return fmt.Sprintf("%s; no further try after: %s", errorText(e.reason), errorText(e.last))
}

func (e *interruptedError) Unwrap() []error { return []error{e.last, e.reason, e.ended} }
