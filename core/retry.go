package fault

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// A Backoff says how [Retry] waits. The zero Backoff is ready: two re-runs, waits of up to 1 s and 2 s.
type Backoff struct {
	// Retries is how many re-runs there are after the first run; 0 means 2, as in the blargh
	// exceptions, and a negative number none.
	Retries int
	// Base is the longest wait before the first re-run; it doubles with each further one. 0 means
	// 1 s, as in the Scale error model.
	Base time.Duration
	// Cap is the longest wait at all; 0 means 30 s.
	Cap time.Duration
	// Mappers say of foreign errors which kind they stand for: see [SQLMappers]. The first that
	// knows the error decides.
	Mappers []Mapper
}

const (
	defaultRetries = 2
	defaultBase    = time.Second
	defaultCap     = 30 * time.Second
)

// Retry runs f, and runs it again after errors of a retryable kind ([Kind.Retryable]), be they wrapped
// or known to a mapper of the backoff. It returns nil as soon as f does, and the first error that is
// not retryable as it is.
//
// Before each re-run it waits a random time between zero and the backoff's limit (full jitter), but at
// least as long as the error's own [RetryAfter], or that of its kind, up to Cap. When the re-runs are
// used up it returns the last error, whose kind and cause stay. When ctx ends it stops at once, also
// waiting, and returns an error for which [errors.Is] finds both the reason ([context.Cause]) and the
// last error of f; without one, the reason. A panic of f passes through. Retry panics when f is nil.
//
//	err := fault.Retry(ctx, fault.Backoff{Mappers: fault.SQLMappers()}, func(ctx context.Context) error {
//		return transfer(ctx, db, from, to)
//	})
//
// f is called by the caller's goroutine, one run at a time. A transaction has to be rolled back by f.
func Retry(ctx context.Context, backoff Backoff, f func(context.Context) error) error {
	if f == nil {
		panic("fault: Retry: the function is nil")
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
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
		wait := max(jitter(limit), min(last.wait(), backoff.cap()))
		if stopped := sleep(ctx, wait); stopped != nil {
			return &interruptedError{reason: stopped, last: err}
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
	for i := 0; !ok && i < len(b.Mappers); i++ {
		if b.Mappers[i] != nil {
			f = guarded(b.Mappers[i], err)
			ok = f != nil
		}
	}
	return f, ok && f.Kind().Retryable()
}

// wait is the error's own RetryAfter, else its kind's; 0 without.
func (f *Fault) wait() time.Duration {
	if a, ok := f.lookup(opRetryAfter); ok {
		return time.Duration(a.num)
	}
	return f.Kind().RetryAfter()
}

func doubled(limit, cap time.Duration) time.Duration {
	if limit > cap/2 { // and 2*limit might be more than a Duration holds
		return cap
	}
	return 2 * limit
}

// jitter is any wait below limit, which is positive.
func jitter(limit time.Duration) time.Duration { return rand.N(limit) }

// sleep waits, unless ctx ends before: then it returns why.
func sleep(ctx context.Context, wait time.Duration) error {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
	}
	if ctx.Err() != nil { // both at once
		return context.Cause(ctx)
	}
	return nil
}

// interruptedError is the end of the context between two runs. Its kind is the last error's.
type interruptedError struct{ reason, last error }

func (e *interruptedError) Error() string {
	return fmt.Sprintf("%s; no further try after: %s", errorText(e.reason), errorText(e.last))
}

func (e *interruptedError) Unwrap() []error { return []error{e.last, e.reason} }
