// Package recipes_test runs the pieces of docs/observability.md with the real libraries.
package recipes_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getsentry/sentry-go"
	sentryslog "github.com/getsentry/sentry-go/slog"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/proto"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/logtest"
	"github.com/polyfault/polyfault/interop/recipes"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// The page shows each recipe as it is tested.
func TestRecipesStandOnThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/observability.md")
	require.NoError(t, err)
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	shown := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") || file == "recipes.go" {
			continue
		}
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		recipe, ok := strings.CutPrefix(string(text), "package recipes\n\n")
		require.True(t, ok, file)
		assert.Contains(t, string(page), "```go\n"+recipe+"```\n", file)
		shown++
	}
	assert.Equal(t, 13, shown)
}

// The page's table has the names of the attributes: today's, and OpenTelemetry's.
func TestNamesOnThePage(t *testing.T) {
	page, err := os.ReadFile("../../docs/observability.md")
	require.NoError(t, err)
	rows := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (`[a-z_.]+`|the same) \\| ").FindAllStringSubmatch(string(page), -1)
	require.Len(t, rows, 13)
	var plain, conventional bytes.Buffer
	for out, opts := range map[*bytes.Buffer][]fault.Option{&plain: nil, &conventional: {fault.WithLogNames(fault.OTelNames)}} {
		opts = append(opts, fault.WithLogger(slog.New(slog.NewJSONHandler(out, &slog.HandlerOptions{Level: slog.LevelDebug}))),
			fault.WithObserver(func(context.Context, *fault.Occurrence) { panic("to be noted") }))
		r, err := fault.NewResponder(opts...)
		require.NoError(t, err)
		var details fault.Details
		details.Add("a", 1).AddError("b", fault.Database.Wrap(errors.New("inside")))
		r.Respond(late{}, fault.Panicked(details.Err(fault.Database, fault.Arg("A", 1))))
		r.Respond(late{}, fault.TaskLocked)
	}
	for out, column := range map[*bytes.Buffer]int{&plain: 1, &conventional: 2} {
		all := lines(t, out.String())
		require.Len(t, all, 2)
		maps.Copy(all[0], all[1]) // "cause" stands in one, the exception in the other
		for _, own := range []string{slog.TimeKey, slog.LevelKey, slog.MessageKey, "exception.type", "http.route", "cause"} {
			delete(all[0], own)
		}
		var names []string
		for _, row := range rows {
			name := strings.Trim(row[column], "`")
			if name == "the same" {
				name = row[1]
			}
			if name != "cause" {
				names = append(names, name)
			}
		}
		assert.ElementsMatch(t, names, slices.Collect(maps.Keys(all[0])))
	}
}

// late is a request whose answer has begun.
type late struct{}

func (late) Context() context.Context { return context.Background() }
func (late) Method() string           { return http.MethodGet }
func (late) Path() string             { return "/orders/7" }
func (late) Route() string            { return "/orders/{id}" }
func (late) Header(string) string     { return "" }
func (late) Committed() bool          { return true }

var discard = fault.WithLogger(slog.New(slog.DiscardHandler))

// service is one on net/http whose handler does what the order says.
func answering(t *testing.T, opts ...fault.Option) http.Handler {
	t.Helper()
	r, err := fault.NewResponder(opts...)
	require.NoError(t, err)
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", faulthttp.Handler(nil, func(_ http.ResponseWriter, req *http.Request) error {
		switch id := req.PathValue("id"); id {
		case "locked":
			return fault.TaskLocked.New()
		case "broken":
			return broken(id)
		case "unknown":
			return errors.New("nobody knows")
		case "panic":
			panic("boom")
		}
		_, err := strconv.ParseInt(req.PathValue("id"), 10, 64)
		return fmt.Errorf("number: %w", err)
	}))
	return faulthttp.Middleware(r)(faulthttp.Mux(nil, mux))
}

func broken(id string) error {
	return fault.Database.Wrap(errors.New("no connection for "+id), fault.TraceID("abc"))
}

func ask(h http.Handler, path string) (status int) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, http.NoBody))
	return w.Code
}

func TestPrometheus(t *testing.T) {
	registry := prometheus.NewRegistry()
	h := answering(t, discard, recipes.Counted(registry))
	for i := range 3 {
		ask(h, "/orders/locked")
		ask(h, "/orders/broken")
		ask(h, "/nowhere/"+strconv.Itoa(i))
	}
	w := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody))
	assert.Equal(t, `# HELP http_errors_total Failures that were answered.
# TYPE http_errors_total counter
http_errors_total{code="database",route="/orders/{id}",status="500"} 3
http_errors_total{code="not_found",route="",status="404"} 3
http_errors_total{code="task_locked",route="/orders/{id}",status="423"} 3
`, w.Body.String())
}

func reporting(t *testing.T) (*sentry.Hub, *sentry.MockTransport) {
	t.Helper()
	transport := &sentry.MockTransport{}
	client, err := sentry.NewClient(sentry.ClientOptions{Dsn: "http://key@127.0.0.1:1/1", Transport: transport})
	require.NoError(t, err)
	return sentry.NewHub(client, sentry.NewScope()), transport
}

func TestSentry(t *testing.T) {
	canary := strings.Repeat("98", 4) + "canary" // Sentry sends the source around the frames
	hub, transport := reporting(t)
	h := answering(t, discard, recipes.Reported(hub))
	for order, want := range map[string]struct {
		fingerprint []string
		kind        string
		value       string
		function    string
	}{
		"broken":  {[]string{"database", "/orders/{id}"}, "database", "no connection for broken", "broken"},
		"unknown": {[]string{"{{ default }}"}, "*errors.errorString", "nobody knows", ""},
		"panic":   {[]string{"{{ default }}"}, "panic", "panic: boom", "answering.func1"},
		canary:    {[]string{"{{ default }}"}, "*fmt.wrapError", "number: strconv.ParseInt: invalid syntax", ""},
	} {
		before := len(transport.Events())
		assert.Equal(t, 500, ask(h, "/orders/"+order))
		require.Len(t, transport.Events(), before+1, order)
		event := transport.Events()[before]
		assert.Equal(t, want.fingerprint, event.Fingerprint)
		assert.Equal(t, "/orders/{id}", event.Transaction)
		assert.Equal(t, "500", event.Tags["status"])
		assert.Len(t, event.Exception, 1)
		exception := event.Exception[0]
		assert.Equal(t, want.kind, exception.Type)
		assert.Contains(t, exception.Value, want.value)
		frames := exception.Stacktrace.Frames
		require.NotEmpty(t, frames)
		if want.function != "" {
			assert.Equal(t, want.function, frames[len(frames)-1].Function, "the innermost frame is the last")
			assert.Equal(t, "recipes_test.go", filepath.Base(frames[len(frames)-1].AbsPath))
		}
		for _, frame := range frames {
			for _, ours := range []string{"/core", "/nethttp", "/internal/"} {
				assert.NotContains(t, frame.Module, ours)
				assert.NotContains(t, frame.AbsPath, ours, "%s is a literal of ours in another function", frame.Function)
			}
		}
		all, err := json.Marshal(event)
		require.NoError(t, err)
		assert.NotContains(t, string(all), canary)
	}
	before := len(transport.Events())
	for _, path := range []string{"/orders/locked", "/nowhere"} {
		assert.Less(t, ask(h, path), 500)
	}
	assert.Len(t, transport.Events(), before, "never a 4xx")
}

// The hub of the request, which Sentry's middleware puts into the context, has what that middleware knows of it.
func TestSentryHubOfTheRequest(t *testing.T) {
	hub, transport := reporting(t)
	h := answering(t, discard, recipes.Reported(sentry.NewHub(nil, sentry.NewScope())))
	own := hub.Clone()
	own.Scope().SetTag("user", "u7")
	req := httptest.NewRequestWithContext(sentry.SetHubOnContext(t.Context(), own), http.MethodGet, "/orders/broken", http.NoBody)
	h.ServeHTTP(httptest.NewRecorder(), req)
	require.Len(t, transport.Events(), 1)
	assert.Equal(t, "u7", transport.Events()[0].Tags["user"])
	assert.Equal(t, "abc", transport.Events()[0].Tags["trace_id"])
}

// Sentry's slog handler makes an exception of the error value, until v0.48, and a log entry of its text.
func TestSentryBySlog(t *testing.T) {
	canary := strings.Repeat("98", 4) + "canary"
	hub, transport := reporting(t)
	options := sentryslog.Option{Hub: hub} //nolint:staticcheck // deprecated, and in use
	handler := options.NewSentryHandler(t.Context())
	h := answering(t, fault.WithLogger(slog.New(handler)), fault.WithLogNames(fault.LogNames{Exception: "error"}))
	for order, want := range map[string][]string{
		"broken": {"no connection for broken", "database: An error occurred in the database.: no connection for broken"},
		canary:   {"number: strconv.ParseInt: invalid syntax"},
	} {
		before := len(transport.Events())
		ask(h, "/orders/"+order)
		ask(h, "/orders/locked")
		require.Len(t, transport.Events(), before+1)
		event := transport.Events()[before]
		var texts []string
		for _, e := range event.Exception {
			texts = append(texts, e.Value)
		}
		assert.Subset(t, texts, want)
		all, err := json.Marshal(event)
		require.NoError(t, err)
		assert.NotContains(t, string(all), canary)
	}
}

// lines are those of the log about failures.
func lines(t *testing.T, text string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(text) {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &m), line)
		if m["msg"] == "request failed" || m["message"] == "request failed" {
			all = append(all, m)
		}
	}
	return all
}

func TestZap(t *testing.T) {
	var out bytes.Buffer
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{MessageKey: "msg", LevelKey: "level", EncodeLevel: zapcore.LowercaseLevelEncoder})
	logger := zap.New(zapcore.NewCore(encoder, zapcore.AddSync(&out), zapcore.DebugLevel))
	checkLines(t, &out, recipes.Zap(logger))
}

func TestZerolog(t *testing.T) {
	var out bytes.Buffer
	checkLines(t, &out, recipes.Zerolog(zerolog.New(&out)))
}

// checkLines looks at the lines of an incident and of a 4xx.
func checkLines(t *testing.T, out *bytes.Buffer, opts []fault.Option) {
	t.Helper()
	h := answering(t, opts...)
	ask(h, "/orders/broken")
	ask(h, "/orders/locked")
	all := lines(t, out.String())
	require.Len(t, all, 2, out.String())
	incident, client := all[0], all[1]
	assert.Equal(t, "error", incident["level"])
	assert.Equal(t, "database", incident["code"])
	assert.Equal(t, 500.0, incident["status"])
	assert.Equal(t, "/orders/{id}", incident["path"])
	assert.Equal(t, "abc", incident["trace_id"])
	assert.Contains(t, incident["error"], "no connection for broken")
	assert.Contains(t, incident["stack"], "recipes_test.broken")
	assert.NotContains(t, incident, "cause")
	assert.Equal(t, "debug", client["level"])
	assert.Equal(t, "task_locked", client["code"])
	assert.NotContains(t, client, "error")
	assert.Contains(t, client, "cause")
}

// Request id and user stand in the line on every framework, whatever fails, and wherever the middleware stands.
func TestIdentify(t *testing.T) {
	for _, s := range services {
		for _, outside := range []bool{true, false} {
			t.Run(fmt.Sprint(s.name, ", outside: ", outside), func(t *testing.T) {
				out := &logtest.Output{}
				logger := slog.New(recipes.ContextHandler{Handler: slog.NewJSONHandler(out, nil)}).With("service", "orders")
				r, err := fault.NewResponder(fault.WithLogger(logger))
				require.NoError(t, err)
				url := s.start(t, r, outside)
				for i, path := range []string{"/orders/broken", "/orders/panic"} {
					id := "r" + strconv.Itoa(i)
					assert.Equal(t, 500, get(t, url+path, "X-Request-ID", id, "X-Forwarded-User", "u7"))
					all := lines(t, out.String())
					require.Len(t, all, i+1)
					assert.Equal(t, []any{id, "u7", id, "orders"}, []any{all[i]["request_id"], all[i]["user_id"], all[i]["trace_id"], all[i]["service"]})
				}
			})
		}
	}
}

// Of a flood some lines pass, and one tells how many did not; other codes, levels and lines pass.
func TestSampling(t *testing.T) {
	out := &logtest.Output{}
	logger := slog.New(recipes.Sampling(slog.NewJSONHandler(out, nil), 10, time.Hour))
	h := answering(t, fault.WithLogger(logger), fault.WithClientErrorLevel(slog.LevelInfo))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				ask(h, "/orders/broken")
			}
		})
	}
	wg.Wait()
	ask(h, "/orders/locked")
	logger.With("a", 1).WithGroup("g").Error("no code", "b", 2)
	codes := map[any]int{}
	for _, l := range lines(t, out.String()) {
		codes[l["code"]]++
	}
	assert.Equal(t, map[any]int{"database": 10, "task_locked": 1}, codes)
	assert.Contains(t, out.String(), `"a":1,"g":{"b":2}`)

	out = &logtest.Output{}
	handler := recipes.Sampling(slog.NewJSONHandler(out, nil), 2, time.Second)
	begin := time.Now()
	for i := range 10 { // two intervals
		record := slog.NewRecord(begin.Add(time.Duration(i)*200*time.Millisecond), slog.LevelError, "request failed", 0)
		record.AddAttrs(slog.String("error.type", "database"))
		require.NoError(t, handler.Handle(context.Background(), record))
	}
	all := lines(t, out.String())
	require.Len(t, all, 4)
	assert.Equal(t, []any{nil, nil, 3.0, nil}, []any{all[0]["left_out"], all[1]["left_out"], all[2]["left_out"], all[3]["left_out"]})
}

// A collector that keeps what it gets.
type fakeCollector struct {
	mu      sync.Mutex
	records []*logs.LogRecord
	release chan struct{}
}

func (c *fakeCollector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	<-c.release
	body, _ := io.ReadAll(r.Body)
	var export collector.ExportLogsServiceRequest
	if err := proto.Unmarshal(body, &export); err != nil || r.URL.Path != "/v1/logs" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, resource := range export.GetResourceLogs() {
		for _, scope := range resource.GetScopeLogs() {
			c.records = append(c.records, scope.GetLogRecords()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// The answer does not wait for the collector; the lines arrive there, an incident as an exception.
func TestOTLP(t *testing.T) {
	c := &fakeCollector{release: make(chan struct{})}
	server := httptest.NewServer(c)
	defer server.Close()
	provider, opts, err := recipes.Exported(t.Context(), server.URL+"/v1/logs")
	require.NoError(t, err)
	h := answering(t, opts...)
	assert.Equal(t, 500, ask(h, "/orders/broken"))
	assert.Equal(t, 423, ask(h, "/orders/locked"))
	close(c.release)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	require.NoError(t, provider.Shutdown(ctx))

	c.mu.Lock()
	defer c.mu.Unlock()
	failures := slices.DeleteFunc(c.records, func(r *logs.LogRecord) bool { return r.GetBody().GetStringValue() != "request failed" })
	require.Len(t, failures, 2)
	incident, client := attributes(failures[0].GetAttributes()), attributes(failures[1].GetAttributes())
	assert.Equal(t, "database", incident["error.type"])
	assert.Equal(t, "*errors.errorString", incident["exception.type"])
	assert.Contains(t, incident["exception.message"], "no connection for broken")
	assert.Contains(t, incident["exception.stacktrace"], "recipes_test.broken")
	assert.Equal(t, "/orders/{id}", incident["http.route"])
	assert.Equal(t, "task_locked", client["error.type"])
	assert.NotContains(t, client, "exception.message")
}

func attributes(list []*common.KeyValue) map[string]string {
	all := map[string]string{}
	for _, a := range list {
		all[a.GetKey()] = a.GetValue().GetStringValue()
	}
	return all
}
