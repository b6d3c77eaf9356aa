package otel_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/bridges/otelslog"
	"go.opentelemetry.io/otel/codes"
	sdklog "go.opentelemetry.io/otel/sdk/log"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/adapters"
)

// A badExporter panics, or blocks until it is released.
type badExporter struct {
	release chan struct{}
	calls   atomic.Int32
}

func (e *badExporter) Export(context.Context, []sdklog.Record) error {
	e.calls.Add(1)
	if e.release == nil {
		panic("exporter")
	}
	<-e.release
	return nil
}

func (e *badExporter) Shutdown(context.Context) error   { return nil }
func (e *badExporter) ForceFlush(context.Context) error { return nil }

// exporting logs failures, and not the start.
func exporting(p sdklog.Processor) fault.Option {
	loggers := sdklog.NewLoggerProvider(sdklog.WithProcessor(p))
	return fault.WithLogger(slog.New(failuresOnly{otelslog.NewHandler("service", otelslog.WithLoggerProvider(loggers))}))
}

type failuresOnly struct{ slog.Handler }

func (f failuresOnly) Handle(ctx context.Context, r slog.Record) error {
	if r.Level < slog.LevelError {
		return nil
	}
	return f.Handler.Handle(ctx, r)
}

// asking asks for what is broken. The answer is right, and so are span and counter, whatever the log does.
func asking(t *testing.T, s stack, opts ...fault.Option) (answers chan answered, check func()) {
	t.Helper()
	o := newTelemetry()
	url := s.start(t, o, opts...) + "/orders/broken"
	answers = make(chan answered, 1)
	go func() {
		a, _ := fetch(t.Context(), url)
		answers <- a
	}()
	return answers, func() {
		t.Helper()
		a := <-answers
		assert.Equal(t, 500, a.status)
		assert.Equal(t, "database", a.code)
		span := o.one(t)
		assert.Equal(t, codes.Error, span.Status().Code)
		assert.Equal(t, []string{"database"}, values(span.Attributes(), "error.type"))
		assert.Len(t, o.points(t, "polyfault.errors"), 1)
	}
}

func TestBadExporters(t *testing.T) {
	for _, s := range stacks() {
		t.Run(s.name, func(t *testing.T) {
			panicking := &badExporter{}
			_, check := asking(t, s, exporting(sdklog.NewSimpleProcessor(panicking)))
			check()
			assert.EqualValues(t, 1, panicking.calls.Load())

			// A processor that exports at once blocks whoever logs, as documented: there is one line, and the answer waits for it.
			blocking := &badExporter{release: make(chan struct{})}
			answers, check := asking(t, s, exporting(sdklog.NewSimpleProcessor(blocking)))
			require.Eventually(t, func() bool { return blocking.calls.Load() == 1 }, 10*time.Second, time.Millisecond)
			time.Sleep(50 * time.Millisecond)
			assert.Empty(t, answers, "the answer waits")
			close(blocking.release)
			check()
			assert.EqualValues(t, 1, blocking.calls.Load())

			// One with a queue does not block.
			queued := &badExporter{release: make(chan struct{})}
			_, check = asking(t, s, exporting(sdklog.NewBatchProcessor(queued, sdklog.WithExportInterval(time.Millisecond))))
			check()
			close(queued.release)
		})
	}
}

var failing = []adapters.Route{
	{Method: http.MethodGet, Path: "/broken", Handle: func(adapters.Exchange) error { return fault.Database.New(fault.Detail("a", 1)) }},
	{Method: http.MethodGet, Path: "/locked", Handle: func(x adapters.Exchange) error {
		id := strings.Clone(x.Header("X-Id")) // which fiber would overwrite
		return fault.TaskLocked.New(fault.TraceID(id), fault.Arg("ID", id), fault.Detail("id", id))
	}},
	{Method: http.MethodGet, Path: "/fine", Handle: func(x adapters.Exchange) error { _, err := x.Write([]byte("fine")); return err }},
}

// An observer that blocks keeps its own request waiting, and nobody else's.
func TestBlockingObservers(t *testing.T) {
	for _, a := range adapters.All() {
		t.Run(a.Name, func(t *testing.T) {
			var blocked, answered atomic.Int32
			release := make(chan struct{})
			r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)),
				fault.WithObserver(func(context.Context, *fault.Occurrence) {
					blocked.Add(1)
					<-release
				}))
			require.NoError(t, err)
			url := "http://" + a.Start(t, r, failing)
			t.Cleanup(http.DefaultClient.CloseIdleConnections)
			const requests = 10
			var wg sync.WaitGroup
			for range requests {
				wg.Go(func() {
					a, err := fetch(t.Context(), url+"/broken")
					assert.NoError(t, err)
					assert.Equal(t, 500, a.status)
					answered.Add(1)
				})
			}
			require.Eventually(t, func() bool { return blocked.Load() == requests }, 10*time.Second, time.Millisecond, "side by side")
			for range requests {
				assert.Equal(t, 200, get(t, url+"/fine").status)
			}
			assert.Zero(t, answered.Load())
			close(release)
			wg.Wait()
			assert.EqualValues(t, requests, blocked.Load(), "once for each failure")
		})
	}
}

// What an observer keeps stays as it was, whatever the connection is used for afterwards.
func TestKeptOccurrences(t *testing.T) {
	for _, a := range adapters.All() {
		t.Run(a.Name, func(t *testing.T) {
			var mu sync.Mutex
			kept := map[*fault.Occurrence]string{}
			r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)),
				fault.WithObserver(func(_ context.Context, o *fault.Occurrence) {
					mu.Lock()
					defer mu.Unlock()
					kept[o] = ""
					if len(kept)%2 == 0 { // of the others everything is read later for the first time
						kept[o] = told(o)
					}
				}))
			require.NoError(t, err)
			url := "http://" + a.Start(t, r, failing)
			t.Cleanup(http.DefaultClient.CloseIdleConnections)
			for i := range 100 {
				get(t, url+"/locked", "X-Id", "id-"+strconv.Itoa(i))
				get(t, url+"/broken", "X-Id", strings.Repeat("other", i))
			}
			mu.Lock()
			defer mu.Unlock()
			require.Len(t, kept, 200)
			var wg sync.WaitGroup
			for o, before := range kept {
				for range 2 {
					wg.Go(func() {
						now := told(o)
						assert.True(t, before == "" || before == now, "%s, not %s", now, before)
					})
				}
			}
			wg.Wait()
		})
	}
}

// told is everything that an occurrence says of itself.
func told(o *fault.Occurrence) string {
	var b strings.Builder
	fmt.Fprint(&b, o.Code(), o.Kind(), o.Status(), o.Retryable(), o.Committed(), o.Panicked(), o.Incident(), o.AllLanguages(), o.Language(),
		o.Dir(), o.Subtype(), o.Text(), o.TextID(), o.OwnText(), o.TraceID(), o.Err(), o.HasDetails(), o.HasParams(), o.ErrorCount(), o.Stack())
	for key, text := range o.Texts() {
		fmt.Fprint(&b, key, text)
	}
	for name, value := range o.Args() {
		fmt.Fprint(&b, name, value)
	}
	for name, value := range o.Details() {
		fmt.Fprint(&b, name, value)
	}
	wait, ok := o.RetryAfter()
	fmt.Fprint(&b, wait, ok)
	return b.String()
}

// passedOn is an error of another service.
type passedOn struct{ code string }

func (p passedOn) Error() string       { return p.code }
func (p passedOn) ForeignCode() string { return p.code }

// A million codes of others are a million bodies, and one label.
func TestAMillionForeignCodes(t *testing.T) {
	o := newTelemetry()
	r, err := fault.NewResponder(o.options()...)
	require.NoError(t, err)
	const all, side = 1_000_000, 4
	var wg sync.WaitGroup
	for part := range side {
		wg.Go(func() {
			for i := range all / side {
				code := "acme." + strconv.Itoa(part*all/side+i)
				resp := r.Respond(nil, fault.TooManyRequests.Wrap(passedOn{code: code}))
				if !strings.Contains(string(resp.Body), `"code":"`+code+`"`) {
					t.Errorf("%s is not in %s", code, resp.Body)
					return
				}
			}
		})
	}
	wg.Wait()
	assert.Equal(t, map[string]int64{"error.type=too_many_requests,http.response.status_code=429": all}, o.points(t, "polyfault.errors"))
}

// The default logger may be replaced while requests fail: each failure is one line, of one of them.
func TestSwappedLoggers(t *testing.T) {
	before := slog.Default()
	t.Cleanup(func() { slog.SetDefault(before) })
	first, second := &counting{Handler: slog.DiscardHandler}, &counting{Handler: slog.DiscardHandler}
	slog.SetDefault(slog.New(first))
	r, err := fault.NewResponder()
	require.NoError(t, err)
	const requests, side = 2000, 4
	var wg sync.WaitGroup
	for range side {
		wg.Go(func() {
			for range requests {
				r.Respond(nil, fault.Database)
			}
		})
	}
	for i := range 100 {
		slog.SetDefault(slog.New([]*counting{first, second}[i%2]))
		time.Sleep(time.Millisecond / 10)
	}
	wg.Wait()
	slog.SetDefault(slog.New(second))
	r.Respond(nil, fault.Database)
	assert.Positive(t, second.lines.Load())
	assert.EqualValues(t, requests*side+1, first.lines.Load()+second.lines.Load())
}

// Counting counts the lines about failures.
type counting struct {
	slog.Handler
	lines atomic.Int32
}

func (c *counting) Enabled(context.Context, slog.Level) bool { return true }

func (c *counting) Handle(_ context.Context, r slog.Record) error {
	if r.Level == slog.LevelError {
		c.lines.Add(1)
	}
	return nil
}
