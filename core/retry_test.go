package fault_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// tries counts the runs of a function that fails with these errors in turn, and then with the last.
type tries struct {
	errs []error
	runs int
}

func (r *tries) run(context.Context) error {
	r.runs++
	return r.errs[min(r.runs, len(r.errs))-1]
}

func TestRetry(t *testing.T) {
	conflict := fmt.Errorf("moving: %w", fault.TransactionConflict.Wrap(errors.New("serialization")))
	unknown := errors.New("boom")
	for _, c := range []struct {
		name    string
		backoff fault.Backoff
		errs    []error
		runs    int
		want    error
	}{
		{"success", fault.Backoff{}, []error{nil}, 1, nil},
		{"a typed nil is success", fault.Backoff{}, []error{(*fault.Fault)(nil)}, 1, nil},
		{"success at last", fault.Backoff{}, []error{conflict, conflict, nil}, 3, nil},
		{"two re-runs by default", fault.Backoff{}, []error{conflict}, 3, conflict},
		{"five re-runs", fault.Backoff{Retries: 5}, []error{conflict}, 6, conflict},
		{"a negative number is none", fault.Backoff{Retries: -3}, []error{conflict}, 1, conflict},
		{"unknown errors are not retried", fault.Backoff{}, []error{unknown, nil}, 1, unknown},
		{"other kinds are not", fault.Backoff{}, []error{fault.Gone, nil}, 1, fault.Gone},
		{"what fails otherwise ends it", fault.Backoff{Retries: 9}, []error{conflict, fault.Gone, nil}, 2, fault.Gone},
		{"joined", fault.Backoff{}, []error{errors.Join(unknown, fault.DatabaseOperation), nil}, 2, nil},
		{"mapped", fault.Backoff{Mappers: append([]fault.Mapper{nil, func(error) *fault.Fault { panic("m") }},
			fault.SQLMappers()...)}, []error{pgError("40001"), nil}, 2, nil},
		{"mapped to a kind that is not retried", fault.Backoff{Mappers: fault.SQLMappers()}, []error{pgError("23505"), nil}, 1, pgError("23505")},
		{"not mapped", fault.Backoff{}, []error{pgError("40001"), nil}, 1, pgError("40001")},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := &tries{errs: c.errs}
				err := fault.Retry(t.Context(), c.backoff, r.run)
				assert.Equal(t, c.want, err, "as it is, with its cause")
				assert.Equal(t, c.runs, r.runs)
			})
		})
	}
	assert.Contains(t, panicMessage(t, func() { _ = fault.Retry(context.Background(), fault.Backoff{}, nil) }), "Retry")
	assert.PanicsWithValue(t, "mine", func() {
		_ = fault.Retry(context.Background(), fault.Backoff{}, func(context.Context) error { panic("mine") })
	})
}

// waits are the waits of n runs that always fail.
func waits(t *testing.T, backoff fault.Backoff, err error) (list []time.Duration) {
	t.Helper()
	last := time.Now()
	first := true
	_ = fault.Retry(t.Context(), backoff, func(context.Context) error {
		if !first {
			list = append(list, time.Since(last))
		}
		first, last = false, time.Now()
		return err
	})
	return list
}

func TestRetryWaitsAtRandomBelowADoublingLimit(t *testing.T) {
	conflict := fault.TransactionConflict.New(fault.RetryAfter(0))
	synctest.Test(t, func(t *testing.T) {
		limits := []int{100, 200, 400, 800, 1000, 1000} // ms
		longest, sum := make([]time.Duration, len(limits)), make([]time.Duration, len(limits))
		const rounds = 300
		for range rounds {
			got := waits(t, fault.Backoff{Retries: 6, Base: 100 * time.Millisecond, Cap: time.Second}, conflict)
			require.Len(t, got, 6)
			for i, wait := range got {
				longest[i] = max(longest[i], wait)
				sum[i] += wait
			}
		}
		for i, ms := range limits {
			limit := time.Duration(ms) * time.Millisecond
			assert.LessOrEqual(t, longest[i], limit, "wait %d", i)
			assert.Greater(t, longest[i], limit*9/10, "wait %d: all of the range", i)
			assert.InDelta(t, 0.5, float64(sum[i])/rounds/float64(limit), 0.1, "wait %d: evenly", i)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		longest := [3]time.Duration{}
		for range 200 {
			for i, wait := range waits(t, fault.Backoff{Retries: 3}, conflict) {
				longest[i] = max(longest[i], wait)
			}
		}
		for i, limit := range []time.Duration{time.Second, 2 * time.Second, 4 * time.Second} {
			assert.LessOrEqual(t, longest[i], limit, "defaults")
			assert.Greater(t, longest[i], limit*8/10, "defaults")
		}
	})
	synctest.Test(t, func(t *testing.T) {
		for _, wait := range waits(t, fault.Backoff{Retries: 2, Base: math.MaxInt64 / 2, Cap: math.MaxInt64}, conflict) {
			assert.GreaterOrEqual(t, wait, time.Duration(0))
		}
		for _, wait := range waits(t, fault.Backoff{Retries: 80, Base: time.Hour, Cap: time.Millisecond}, conflict) {
			assert.LessOrEqual(t, wait, time.Millisecond, "the cap holds from the first wait on")
		}
		for _, wait := range waits(t, fault.Backoff{Retries: 40, Cap: 20 * time.Minute}, conflict) {
			assert.LessOrEqual(t, wait, 20*time.Minute)
		}
	})
}

func TestRetryWaitsAsLongAsTheErrorSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		short := fault.Backoff{Retries: 1, Base: time.Millisecond}
		atLeast := func(want, got time.Duration, why string) {
			assert.GreaterOrEqual(t, got, want, why)
			assert.LessOrEqual(t, got, want+time.Millisecond, why)
		}
		atLeast(7*time.Second, waits(t, short, fault.TransactionConflict.New(fault.RetryAfter(7*time.Second)))[0], "the error's")
		atLeast(0, waits(t, short, fault.TransactionConflict)[0], "the kind's is for clients")
		atLeast(0, waits(t, fault.Backoff{Retries: 1, Base: time.Millisecond, Mappers: fault.SQLMappers()},
			pgError("53300"))[0], "the mapped kind's too")
		assert.Equal(t, 30*time.Second, waits(t, fault.Backoff{Retries: 1},
			fault.TransactionConflict.New(fault.RetryAfter(30*time.Second-1)))[0].Round(time.Millisecond), "the random part neither")
		assert.Equal(t, 30*time.Second, waits(t, short, fault.TransactionConflict.New(fault.RetryAfter(time.Hour)))[0], "not beyond the cap")
		assert.LessOrEqual(t, waits(t, short, fault.TransactionConflict.New(fault.RetryAfter(-1)))[0], time.Millisecond)
	})
}

func TestRetryStopsWithTheContext(t *testing.T) {
	reason := errors.New("shutting down")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancelCause(t.Context())
		start := time.Now()
		time.AfterFunc(3*time.Second, func() { cancel(reason) })
		r := &tries{errs: []error{fault.TransactionConflict.Wrap(errors.New("x"), fault.RetryAfter(10*time.Second))}}
		err := fault.Retry(ctx, fault.Backoff{}, r.run)
		assert.Equal(t, 3*time.Second, time.Since(start), "in the middle of the wait")
		assert.Equal(t, 1, r.runs)
		require.ErrorIs(t, err, reason)
		require.ErrorIs(t, err, fault.TransactionConflict)
		assert.Contains(t, err.Error(), "shutting down")
		assert.Contains(t, err.Error(), "transaction_conflict")
	})
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := fault.Retry(ctx, fault.Backoff{}, (&tries{errs: []error{fault.TransactionConflict.New(fault.RetryAfter(time.Minute))}}).run)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		f, ok := fault.From(err)
		require.True(t, ok)
		assert.Equal(t, fault.TransactionConflict, f.Kind())
	})
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(reason)
	r := &tries{errs: []error{nil}}
	require.ErrorIs(t, fault.Retry(ctx, fault.Backoff{}, r.run), reason)
	assert.Zero(t, r.runs, "not even once")

	ctx, cancel = context.WithCancelCause(context.Background())
	err := fault.Retry(ctx, fault.Backoff{Base: 1},
		func(context.Context) error { cancel(reason); return fault.TransactionConflict.New(fault.RetryAfter(0)) })
	require.ErrorIs(t, err, reason, "before the re-run")
}

func TestRetryWaitsStayRandomAtTheirBounds(t *testing.T) {
	negative := fault.TransactionConflict.New(fault.RetryAfter(-time.Hour))
	for _, c := range []struct {
		name    string
		backoff fault.Backoff
	}{
		{"a negative wait takes nothing off", fault.Backoff{Retries: 1}},
		{"a base beyond the cap", fault.Backoff{Retries: 1, Base: time.Hour, Cap: time.Second}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const rounds = 300
				var sum time.Duration
				for range rounds {
					sum += waits(t, c.backoff, negative)[0]
				}
				assert.InDelta(t, 0.5, (sum / rounds).Seconds(), 0.1)
			})
		})
	}
}

// A Duration holds 292 years; what is asked for and the random part together may not be more.
func TestRetryWaitsDoNotOverflow(t *testing.T) {
	const year = 365 * 24 * time.Hour
	for range 30 {
		synctest.Test(t, func(t *testing.T) {
			long := fault.Backoff{Retries: 1, Base: 200 * year, Cap: 200 * year}
			wait := waits(t, long, fault.TransactionConflict.New(fault.RetryAfter(150*year)))[0]
			assert.GreaterOrEqual(t, wait, 150*year)
			assert.LessOrEqual(t, wait, 200*year)
		})
	}
}

// Callers that were told to wait equally long do not come back at the same moment.
func TestRetryDoesNotMeetAgain(t *testing.T) {
	for _, k := range []*fault.Kind{fault.TransactionConflict, fault.DatabaseOperation} {
		t.Run(k.Code(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				seen := [2]map[time.Duration]int{{}, {}}
				for range 200 {
					for i, w := range waits(t, fault.Backoff{}, k) {
						seen[i][w]++
					}
				}
				for i := range seen {
					most := 0
					for _, n := range seen[i] {
						most = max(most, n)
					}
					assert.Less(t, most, 20, "wait %d", i+1)
				}
			})
		})
	}
}

func TestRetryNamesTheEndOfTheContext(t *testing.T) {
	reason := errors.New("shutting down")
	for _, when := range []string{"before", "waiting"} {
		t.Run(when, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(context.Background())
			if when == "before" {
				cancel(reason)
			}
			err := fault.Retry(ctx, fault.Backoff{}, func(context.Context) error {
				cancel(reason)
				return fault.TransactionConflict
			})
			require.ErrorIs(t, err, reason)
			require.ErrorIs(t, err, context.Canceled, "what the context itself says")
		})
	}
}

func TestRetryHandsItsContextOn(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(t.Context(), key{}, "v")
	require.NoError(t, fault.Retry(ctx, fault.Backoff{}, func(ctx context.Context) error {
		assert.Equal(t, "v", ctx.Value(key{}))
		return nil
	}))
}

// The one that calls learns of the end before the first run, too, and of nothing else.
func TestRetryBeforeTheFirstRun(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errors.New("shutting down"))
	err := fault.Retry(ctx, fault.Backoff{}, func(context.Context) error { panic("run") })
	require.EqualError(t, err, "shutting down")
	_, ours := fault.From(err)
	assert.False(t, ours)
}

// Two transactions that meet both get through.
func TestRetryLetsBothSidesSucceed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var busy atomic.Bool
		var conflicts atomic.Int32
		transfer := func(context.Context) error {
			if !busy.CompareAndSwap(false, true) {
				conflicts.Add(1)
				return pgError("40001")
			}
			defer busy.Store(false)
			time.Sleep(50 * time.Millisecond)
			return nil
		}
		results := make(chan error, 2)
		for range 2 {
			go func() {
				results <- fault.Retry(t.Context(), fault.Backoff{Retries: 10, Mappers: fault.SQLMappers()}, transfer)
			}()
		}
		require.NoError(t, <-results)
		require.NoError(t, <-results)
		assert.Positive(t, conflicts.Load(), "they did meet")
	})
}

func ExampleRetry() {
	tries := 0
	err := fault.Retry(context.Background(), fault.Backoff{Base: time.Millisecond}, func(context.Context) error {
		if tries++; tries < 3 {
			return fault.TransactionConflict.New(fault.RetryAfter(0))
		}
		return nil
	})
	fmt.Println(err, tries)
	// Output: <nil> 3
}

func TestThePolicyIsAskedOnceForAResponse(t *testing.T) {
	calls := 0
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)),
		fault.WithRetryable(func(*fault.Kind) bool { calls++; return true }))
	require.NoError(t, err)
	text, nowhere := fault.Gone.New(fault.Text("conflict")), fault.Gone.New(fault.Text("nowhere"))
	argument, detail := fault.Gone.New(fault.Arg("A", 1)), fault.Gone.New(fault.Detail("a", 1))
	for _, failure := range []error{fault.Gone, text, nowhere, argument, detail, fault.Gone.Wrap(errors.New("x")), fault.BadGateway} {
		calls = 0
		r.Respond(with(), failure)
		assert.Equal(t, 1, calls, "%v", failure)
	}
}

// Operators decide: both where the program repeats by itself and where clients are told to.
func TestRetryPolicy(t *testing.T) {
	retried := derived(fault.ServiceUnavailable, fault.Spec{Code: "test_policy_retried", Retry: fault.RetryLater, RetryAfter: time.Second})
	final := derived(fault.Conflict, fault.Spec{Code: "test_policy_final"})
	turned := func(k *fault.Kind) bool { return !k.Retryable() }

	for _, c := range []struct {
		kind      *fault.Kind
		policy    func(*fault.Kind) bool
		retryable bool
		wait      string
	}{
		{retried, nil, true, "1"},
		{retried, turned, false, ""},
		{final, turned, true, ""},
		{retried, func(*fault.Kind) bool { panic("policy") }, true, "1"},
	} {
		opts := []fault.Option{fault.WithMembers(fault.MemberRetryable)}
		if c.policy != nil {
			opts = append(opts, fault.WithRetryable(c.policy))
		}
		resp := responder(t, opts...).Respond(with(), c.kind)
		assert.Equal(t, c.retryable, decode(t, resp)["retryable"], c.kind.Code())
		assert.Equal(t, c.wait, resp.Header().Get("Retry-After"), c.kind.Code())
		own := responder(t, opts...).Respond(with(), c.kind.New(fault.RetryAfter(7*time.Second)))
		waits := map[bool]string{true: "7", false: ""}[c.policy == nil || c.retryable]
		assert.Equal(t, waits, own.Header().Get("Retry-After"), "no wait where the policy says no")
		assert.Equal(t, waits == "7", decode(t, own)["retryable"])
	}
	flips := responder(t, fault.WithMembers(fault.MemberRetryable), fault.WithRetryable(alternating()))
	first, second := decode(t, flips.Respond(with(), final)), decode(t, flips.Respond(with(), final))
	assert.NotEqual(t, first["retryable"], second["retryable"], "no answer is kept")
	unknown := responder(t, fault.WithMembers(fault.MemberRetryable), fault.WithRetryable(func(*fault.Kind) bool { return true }))
	assert.Equal(t, false, decode(t, unknown.Respond(with(), errors.New("x")))["retryable"])

	runs := 0
	backoff := fault.Backoff{Base: time.Microsecond, Retryable: turned}
	err := fault.Retry(t.Context(), backoff, func(context.Context) error { runs++; return final })
	assert.ErrorIs(t, err, final)
	assert.Equal(t, 3, runs)
	runs = 0
	assert.ErrorIs(t, fault.Retry(t.Context(), backoff, func(context.Context) error { runs++; return retried }), retried)
	assert.Equal(t, 1, runs)
	runs = 0
	assert.Error(t, fault.Retry(t.Context(), fault.Backoff{Base: time.Microsecond,
		Retryable: func(*fault.Kind) bool { return true }}, func(context.Context) error { runs++; return errors.New("unknown") }))
	assert.Equal(t, 1, runs, "what has no kind is not asked for")

	_, err = fault.NewResponder(fault.WithRetryable(nil))
	assert.ErrorContains(t, err, "WithRetryable")
}

func alternating() func(*fault.Kind) bool {
	var n atomic.Int64
	return func(*fault.Kind) bool { return n.Add(1)%2 == 0 }
}
