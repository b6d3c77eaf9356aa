package catalog

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

// An example is a response to a kind.
type example struct {
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
	text    string            // the whole response, for people
}

// exampleTrace is the trace id of every example, taken from the W3C's Trace Context.
const exampleTrace = "4bf92f3577b34da6a3ce929d0e0e4736"

func (v *visit) example(k *fault.Kind, placeholders []string) *example {
	attrs := append(page.SampleArguments(placeholders), fault.TraceID(exampleTrace))
	resp := v.responder.Preview(exampleRequest{v.Reader.Tag}, k.New(attrs...))
	e := &example{Status: resp.Status, Headers: map[string]string{}, Body: resp.Body}
	for name, values := range resp.Header() {
		if name != "Content-Length" { // the body is shown in another form
			e.Headers[name] = strings.Join(values, ", ")
		}
	}
	if !json.Valid(resp.Body) {
		e.Body, _ = json.Marshal(string(resp.Body)) // never fails for a string
	}
	e.text = e.message(resp.Body)
	return e
}

// message returns the response as it is on the wire, with a JSON body indented.
func (e *example) message(body []byte) string {
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
