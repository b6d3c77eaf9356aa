package fault_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/netip"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// said is an error whose text is written by hand.
type said string

func (s said) Error() string { return string(s) }

// Refused values are in no log line, with any wrapping and any logger; expected values are.
func TestRefusedInputIsNotLogged(t *testing.T) {
	const canary = "98765432"
	var target struct {
		A int8
		B time.Time
		C int `json:",string"`
		D json.Number
		M map[int8]int
	}
	of := func(body string) error { return json.Unmarshal([]byte(body), &target) }
	_, number := strconv.ParseInt(canary+"x", 10, 64)
	_, boolean := strconv.ParseBool(canary)
	_, date := time.Parse(time.DateOnly, canary)
	_, zone := time.Parse(time.RFC3339, "2026-01-02T03:04:05"+canary)
	_, duration := time.ParseDuration(canary + "parsecs")
	_, _, cidr := net.ParseCIDR(canary)
	_, hostPort := url.ParseQuery("a=%zz" + canary)
	_, address := netip.ParseAddr(canary)
	part := multipart.NewReader(strings.NewReader("--x\r\n"+canary+"\r\n\r\n"), "x")
	_, header := part.NextPart()
	for name, c := range map[string]struct {
		err  error
		keep string // of what was expected
	}{
		"number":           {number, "strconv.ParseInt: invalid syntax"},
		"boolean":          {boolean, "strconv.ParseBool: invalid syntax"},
		"date":             {date, `"2006-01-02"`},
		"zone":             {zone, "2006-01-02T15:04:05Z07:00"},
		"duration":         {duration, "time: unknown unit"},
		"JSON number":      {of(`{"A":` + canary + `}`), "json: cannot unmarshal number into Go struct field .A of type int8"},
		"JSON key":         {of(`{"M":{"` + canary + `":1}}`), "json: cannot unmarshal number into Go"},
		"JSON date":        {of(`{"B":"` + canary + `"}`), "2006"},
		"string option":    {of(`{"C":"x` + canary + `"}`), "json: invalid use of ,string struct tag"},
		"number literal":   {of(`{"D":"x` + canary + `"}`), "json: invalid number literal"},
		"CIDR":             {cidr, "invalid CIDR address"},
		"escape":           {hostPort, "invalid URL escape"},
		"MIME header":      {header, ""},
		"unknown, binding": {fault.Binding(address), "unable to parse IP"},
		"quotes of all sorts": {fault.Binding(said("can't use '" + canary + "', `" + canary + "` or \"a\\\"" + canary + "\" of it")),
			"can't use '…', `…` or \"…\" of it"},
		"XML, binding":            {fault.Binding(xml.Unmarshal([]byte("<a b='"+canary+"'"), &target)), "XML syntax error"},
		"binding around a number": {fault.Binding(fmt.Errorf("field qty: %w", number)), "field qty: strconv.ParseInt: invalid syntax"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Error(t, c.err)
			for _, err := range []error{c.err, fmt.Errorf("reading: %w", c.err), errors.Join(errors.New("first"), c.err),
				fault.BadRequest.Wrap(c.err), fault.Database.Wrap(fmt.Errorf("%w, %w", c.err, c.err))} {
				r, log := logged(t, fault.WithLocales(files("active.en.toml", `x = "x"`)))
				resp := r.Respond(with("Content-Type", "multipart/form-data"), err)
				assert.NotContains(t, string(resp.Body), canary)
				line := log.only(t)
				assert.NotContains(t, log.text(), canary)
				assert.Contains(t, line["cause"], c.keep)
			}
			assert.NotContains(t, fault.BadRequest.Wrap(c.err).Error(), canary, "others log it")
			logging := newRecords()
			slog.New(logging).Info("x", "error", fault.BadRequest.Wrap(c.err))
			assert.NotContains(t, logging.text(), canary)
		})
	}
}

// A log line is bounded for any error.
func TestLogLinesAreBounded(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	controls := strings.Repeat("\x00", 1<<20)
	var unknown fault.Details
	var args []fault.Attr
	var attrs []slog.Attr
	for i := range 20_000 {
		unknown.AddField(fault.InBody(fmt.Sprintf("%s%d", "member", i)), "unknown_field")
		args = append(args, fault.Arg(fmt.Sprint("a", i), "value"))
		attrs = append(attrs, slog.Int(fmt.Sprint("n", i), i))
	}
	nested := slog.Group("g", slog.String("a", long))
	for range 200 {
		nested = slog.Group("g", nested)
	}
	for name, err := range map[string]error{
		"cause":            errors.New(long),
		"controls":         errors.New(controls),
		"20,000 members":   unknown.Err(fault.SuperfluousAttributesInRequest),
		"20,000 arguments": fault.Conflict.New(args...),
		"a long argument":  fault.Conflict.New(fault.Arg("a", controls)),
		"a long detail":    fault.Conflict.New(fault.Detail("a", []string{long, controls})),
		"a long name":      fault.Conflict.New(fault.Detail(long, 1)),
		"attributes":       fault.Conflict.New(fault.Log(slog.String("a", long), slog.String(controls, "b"), slog.Any("c", []string{long}))),
		"many of them":     fault.Conflict.New(fault.Log(attrs...)),
		"a deep group":     fault.Conflict.New(fault.Log(nested)),
		"an error":         fault.Conflict.New(fault.Log(slog.Any("e", errors.New(long)))),
		"all of it":        fault.Database.Wrap(errors.New(long), append(args, fault.Detail("a", long), fault.Log(attrs...))...),
		"a deep tree":      fault.Database.Wrap(errors.Join(errors.New(long), errors.New(controls))),
	} {
		t.Run(name, func(t *testing.T) {
			begin := time.Now()
			r, log := logged(t)
			req := with("Traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
			req.route = long
			r.Respond(req, err)
			line := log.only(t)
			assert.Less(t, len(log.text()), 64<<10)
			assert.Equal(t, "4bf92f3577b34da6a3ce929d0e0e4736", line["trace_id"])
			assert.Less(t, time.Since(begin), 5*time.Second)
		})
	}
	r, log := logged(t)
	r.Respond(with(), fault.Conflict.New(fault.Log(slog.Int("answer", 42), slog.Group("g", slog.Bool("b", true)), slog.Any("list", []int{1}))))
	line := log.only(t)
	assert.InDelta(t, 42, line["answer"], 0, "what is short is as it was")
	assert.Equal(t, map[string]any{"b": true}, line["g"])
	assert.Equal(t, []any{1.0}, line["list"])
}

// Handlers escape more than controls: JSON the separators of lines, slog's text handler whatever is not printed.
func TestLogLinesAreBoundedWhateverIsEscaped(t *testing.T) {
	for _, c := range "\u2028\u0085\u200b\u202e\U000e0001\x7f\"<\ufffd" {
		long := strings.Repeat(string(c), 1<<16)
		err := fault.Database.Wrap(errors.New(long), fault.Log(slog.Any("bytes", make([]byte, 4<<10)), slog.Any("list", []string{long[:20<<10]}),
			slog.Any("raw", json.RawMessage(`["`+strings.Repeat(`","`, 1<<11)+`"]`)), slog.String("a", long)))
		for name, handler := range map[string]func(io.Writer, *slog.HandlerOptions) slog.Handler{
			"JSON": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewJSONHandler(w, o) },
			"text": func(w io.Writer, o *slog.HandlerOptions) slog.Handler { return slog.NewTextHandler(w, o) },
		} {
			var log bytes.Buffer
			r, newErr := fault.NewResponder(fault.WithLogger(slog.New(handler(&log, &slog.HandlerOptions{Level: slog.LevelError}))))
			require.NoError(t, newErr)
			r.Respond(with(), err)
			assert.Less(t, log.Len(), 64<<10, "%s %q", name, c)
			assert.Greater(t, log.Len(), 10<<10, "%s %q", name, c)
		}
	}
}

// slog's text handler never returns from a cycle, and nothing recovers from the end of the stack.
func TestCyclesAmongAttributes(t *testing.T) {
	cycle := map[string]any{}
	cycle["self"] = cycle
	var log bytes.Buffer
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
	require.NoError(t, err)
	r.Respond(with(), fault.BadGateway.New(fault.Log(slog.Any("a", cycle), slog.Group("g", slog.Any("b", []any{cycle})))))
	assert.Contains(t, log.String(), "a=")
	assert.Contains(t, log.String(), "g.b=")
}

// traced records its stack as pkg/errors does, called as go-errors does.
type frame uintptr

type traced struct {
	error
	pcs []uintptr
}

func (e traced) StackTrace() (list []frame) {
	for _, pc := range e.pcs {
		list = append(list, frame(pc))
	}
	return list
}

func (e traced) Unwrap() error { return e.error }

type called struct{ traced }

func (e called) Callers() []uintptr { return e.pcs }

type mistraced struct{ error }

func (mistraced) StackTrace() (list []frame) { panic("StackTrace") }

type otherwise struct{ error }

func (otherwise) StackTrace(int) string { return "canary" }

func origin(err error) traced {
	pcs := make([]uintptr, 10)
	return traced{err, pcs[:runtime.Callers(1, pcs)]}
}

func deepest() error { return origin(errors.New("x")) }

func TestStacksOfErrors(t *testing.T) {
	first := func(err error) string {
		r, log := logged(t)
		r.Respond(with(), err)
		stack, _ := log.only(t)["stack"].(string)
		assert.NotContains(t, stack, "polyfault/core.")
		assert.NotContains(t, stack, "polyfault/internal/")
		name, _, _ := strings.Cut(stack, "\n")
		return name[strings.LastIndexByte(name, '.')+1:]
	}
	assert.Equal(t, "origin", first(deepest()))
	assert.Equal(t, "origin", first(fmt.Errorf("w: %w", deepest())))
	assert.Equal(t, "origin", first(called{origin(errors.New("x"))}))
	assert.Equal(t, "origin", first(fault.Database.Wrap(deepest())), "it is nearer to the origin than where it was wrapped")
	outer := traced{deepest(), []uintptr{1}}
	assert.Equal(t, "origin", first(outer), "the innermost one")
	assert.Equal(t, "func1", first(mistraced{errors.New("x")}), "one that panics has none")
	assert.Equal(t, "func1", first(otherwise{errors.New("x")}))
	assert.Equal(t, "func1", first(traced{errors.New("x"), nil}))
	assert.Equal(t, "TestStacksOfErrors", first(fault.Database.New()))
	assert.Equal(t, "func1", first(errors.New("x")), "who responded, without frames of ours")
	assert.Empty(t, first(fault.Conflict.Wrap(deepest())), "below 500 there is none")
}
