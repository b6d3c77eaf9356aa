package faulthttp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/page"
)

// A previewer tells what a responder would answer without counting and logging a failure that there
// was not.
type previewer interface {
	Preview(fault.Request, error) *fault.Response
	Status(*fault.Kind) int
	Retryable(*fault.Kind) bool
}

// statusesOf tells the statuses that the responder gives the kinds.
func statusesOf(r *fault.Responder) func(*fault.Kind) int {
	if p, ok := any(r).(previewer); ok {
		return p.Status
	}
	return (*fault.Kind).Status
}

func retryable(r *fault.Responder, k *fault.Kind) bool {
	if p, ok := any(r).(previewer); ok {
		return p.Retryable(k)
	}
	return k.Retryable()
}

// A catalogExample is a response to a kind.
type catalogExample struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	text    string            // of the whole response, for people
}

// exampleTrace is the trace id of every example: that of the W3C's Trace Context.
const exampleTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

func (v *catalogVisit) example(k *fault.Kind, placeholders []string) *catalogExample {
	p, ok := any(v.responder).(previewer)
	if !ok {
		return nil
	}
	attrs := append(page.SampleArguments(placeholders), fault.TraceID(exampleTrace))
	resp := p.Preview(exampleRequest{v.Reader.Tag}, k.New(attrs...))
	e := &catalogExample{Status: resp.Status, Headers: map[string]string{}, Body: resp.Body}
	for name, values := range resp.Header() {
		if name != "Content-Length" { // the body is shown in another form
			e.Headers[name] = strings.Join(values, ", ")
		}
	}
	if !json.Valid(resp.Body) {
		e.Body, _ = json.Marshal(string(resp.Body)) // a string always can be
	}
	e.text = e.message(resp.Body)
	return e
}

// message is the response as it is on the wire, but for its body when that is JSON: it is indented.
func (e *catalogExample) message(body []byte) string {
	var b bytes.Buffer
	b.WriteString(strings.TrimSpace(fmt.Sprintf("HTTP/1.1 %d %s", e.Status, http.StatusText(e.Status))) + "\n")
	for _, name := range slices.Sorted(maps.Keys(e.Headers)) {
		fmt.Fprintf(&b, "%s: %s\n", name, e.Headers[name])
	}
	b.WriteByte('\n')
	if json.Indent(&b, body, "", "  ") != nil {
		b.Write(body)
	}
	return page.Block(b.String())
}

// exampleRequest asks for the first format.
type exampleRequest struct{ language string }

var _ fault.Request = exampleRequest{}

func (exampleRequest) Context() context.Context { return context.Background() }
func (exampleRequest) Method() string           { return http.MethodGet }
func (exampleRequest) Path() string             { return "/" }

func (r exampleRequest) Header(name string) string {
	if http.CanonicalHeaderKey(name) == "Accept-Language" {
		return r.language
	}
	return ""
}
