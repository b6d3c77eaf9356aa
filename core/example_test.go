package fault_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing/fstest"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

var alreadyPaid = fault.Conflict.Derive(fault.Spec{Code: "test_order_already_paid"})

func ExampleKind() {
	err := fmt.Errorf("booking: %w", fault.TaskLocked)
	fmt.Println(errors.Is(err, fault.Locked), errors.Is(err, fault.NotFound))
	// Output: true false
}

func ExampleKind_Derive() {
	fmt.Println(alreadyPaid.Status(), alreadyPaid.Type(), errors.Is(alreadyPaid, fault.Conflict))
	// Output: 409 test-order-already-paid true
}

func ExampleKind_New() {
	err := fault.NotFound.New(fault.Text("order_not_found"), fault.Arg("ID", 7), fault.Detail("order", 7))
	fmt.Println(err.Code(), err.StatusCode())
	// Output: not_found 404
}

func ExampleKind_Wrap() {
	err := fault.Conflict.Wrap(os.ErrExist, fault.RetryAfter(2*time.Second))
	fmt.Println(errors.Is(err, os.ErrExist), err)
	// Output: true conflict: The request conflicts with the current state of the resource.: file already exists
}

func ExampleFault_With() {
	notFound := fault.NotFound.New() // shared: With copies
	fmt.Println(notFound.With(fault.Detail("order", 7)) != notFound)
	// Output: true
}

func ExampleFrom() {
	f, ok := fault.From(fmt.Errorf("loading: %w", fault.Gone))
	fmt.Println(f.Code(), ok)
	// Output: gone true
}

func ExampleDetails() {
	var failing fault.Details
	failing.AddText("date", "use the form 2026-12-31")
	failing.AddError("user", fault.EntityNotFound) // localized
	err := failing.Err(fault.Transformation)       // nil if nothing was added

	resp := fault.Default().Respond(nil, err)
	var body struct{ Details map[string]any }
	_ = json.Unmarshal(resp.Body, &body)
	fmt.Println(resp.Status, body.Details["date"])
	// Output: 400 map[error:use the form 2026-12-31]
}

func ExampleSecret() {
	err := fault.LoginFailed.New(fault.Detail("token", fault.Secret("hunter2")))
	resp := fault.Default().Respond(nil, err)
	fmt.Println(strings.Contains(string(resp.Body), `"details":{"token":"***"}`))
	// Output: true
}

func ExampleNewResponder() {
	locales := fstest.MapFS{ // usually an embed.FS
		"active.en.toml": {Data: []byte(`order_not_found = "There is no order {{.ID}}."`)},
		"active.it.toml": {Data: []byte(`order_not_found = "L’ordine {{.ID}} non esiste."`)},
	}
	r, err := fault.NewResponder(fault.WithLocales(locales), fault.WithMembers(fault.MemberCode))
	if err != nil {
		panic(err) // names file, key and rule
	}
	resp := r.Respond(nil, fault.NotFound.New(fault.Text("order_not_found"), fault.Arg("ID", 7)))
	fmt.Println(resp.Status, string(resp.Body))
	// Output: 404 {"EN":"There is no order 7.","IT":"L’ordine 7 non esiste.","code":"not_found"}
}

func ExampleCount() {
	locales := fstest.MapFS{"active.en.toml": {Data: []byte(
		"[left]\none = \"{{.Count}} hour is left.\"\nother = \"{{.Count}} hours are left.\"")}}
	r, _ := fault.NewResponder(fault.WithLocales(locales))
	for _, n := range []int{1, 3} {
		fmt.Println(string(r.Respond(nil, fault.MaxHoursReached.New(fault.Text("left"), fault.Count(n))).Body))
	}
	// Output:
	// {"EN":"1 hour is left.","code":"max_hours_reached"}
	// {"EN":"3 hours are left.","code":"max_hours_reached"}
}

func ExampleResponder_Respond() {
	resp := fault.Default().Respond(nil, fault.TaskLocked)
	fmt.Println(resp.Status, resp.Header().Get("Content-Language"))
	// Output: 423 de, en, fr, pt
}

func ExampleResponder_Recovered() {
	r, _ := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	defer func() {
		resp := r.Recovered(nil, recover())
		fmt.Println(resp.Status)
	}()
	panic("the text of the panic stays inside")
	// Output: 500
}

func ExampleBinding() {
	decode := func(body string) error {
		var booking struct{ Hours int }
		return fault.Binding(json.NewDecoder(strings.NewReader(body)).Decode(&booking))
	}
	fmt.Println(fault.Default().Respond(nil, decode("")).Status) // io.EOF: an empty body
	// Output: 400
}

func ExampleMapIs() {
	r, _ := fault.NewResponder(
		fault.WithMapper(
			fault.MapIs(os.ErrNotExist, fault.NotFound),
			fault.MapAs(func(e *net.DNSError) *fault.Fault { return fault.BadGateway.New(fault.Arg("Host", e.Name)) }),
		),
		fault.WithLogger(slog.New(slog.DiscardHandler)),
	)
	_, err := os.Open("no such file")
	fmt.Println(r.Respond(nil, err).Status, r.Respond(nil, &net.DNSError{}).Status, r.Respond(nil, io.ErrNoProgress).Status)
	// Output: 404 502 500
}

func ExampleWithObserver() {
	r, _ := fault.NewResponder(fault.WithObserver(func(_ context.Context, o *fault.Occurrence) {
		fmt.Println("seen:", o.Kind().Code(), o.Status())
	}))
	r.Respond(nil, fault.TaskLocked)
	// Output: seen: task_locked 423
}

// plain is a format of an application.
type plain struct{}

func (plain) ContentType() string { return "text/plain; charset=utf-8" }
func (plain) Use() fault.TextUse  { return fault.OneLanguage }
func (plain) Append(dst []byte, o *fault.Occurrence) []byte {
	return append(dst, o.Text()+"\n"...)
}

func ExampleFormat() {
	r, _ := fault.NewResponder(fault.WithFormats(plain{}))
	fmt.Print(string(r.Respond(nil, fault.TaskLocked).Body))
	// Output: This is not possible because the task is locked.
}

// notSynced is an error of an application with a body of its own.
type notSynced struct {
	*fault.Fault
	User string
}

func (e *notSynced) ErrorBody(fault.Localizer) any {
	return map[string]any{"error": "user-not-synced", "user": e.User}
}

func ExampleLocalizer() {
	resp := fault.Default().Respond(nil, &notSynced{fault.BadRequest.New(), "R41"})
	fmt.Println(resp.Status, string(resp.Body))
	// Output: 400 {"error":"user-not-synced","user":"R41"}
}

func ExampleWithLogNames() {
	short := func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "cause" {
			return slog.Attr{}
		}
		return a
	}
	handler := slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{Level: slog.LevelWarn, ReplaceAttr: short})
	r, err := fault.NewResponder(fault.WithLogNames(fault.OTelNames), fault.WithLogger(slog.New(handler)),
		fault.WithClientErrorLevel(slog.LevelWarn))
	if err != nil {
		panic(err)
	}
	r.Respond(nil, fault.TaskLocked.New(fault.TraceID("abc")))
	// Output:
	// level=WARN msg="request failed" error.type=task_locked http.response.status_code=423 trace_id=abc
}
