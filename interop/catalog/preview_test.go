package catalog_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	"github.com/polyfault/polyfault/internal/logtest"
	"github.com/polyfault/polyfault/interop/pagetest"
	"github.com/polyfault/polyfault/nethttp/catalog"
)

type example struct {
	Status  int
	Headers map[string]string
	Body    json.RawMessage
}

// The example is what the service really answers, and showing it counts as no failure.
func TestCatalogExample(t *testing.T) {
	log, observed := &logtest.Lines{}, 0
	watched := []fault.Option{fault.WithLogger(slog.New(log)), fault.WithObserver(func(context.Context, *fault.Occurrence) { observed++ })}
	for name, c := range map[string]struct {
		opts   []fault.Option
		path   string
		header map[string]string
		body   string
	}{
		"all languages": {
			[]fault.Option{fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams)}, "/catalog_order_missing?language=de",
			map[string]string{"Cache-Control": "no-store", "Content-Language": "de, en, ur",
				"Content-Type": "application/json", "Vary": "Accept", "X-Content-Type-Options": "nosniff"},
			`{"DE":"Die Bestellung {ID} gibt es nicht.","EN":"There is no order {ID} of {Customer}.","UR":"آرڈر {ID} موجود نہیں۔",
				"code":"catalog_order_missing","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","params":{"Customer":"{Customer}","ID":"{ID}"}}`,
		},
		"one language": {
			[]fault.Option{fault.WithFormats(fault.Problem{TypeBase: "https://example.com/errors/"})}, "/catalog_waiting?language=en",
			map[string]string{"Cache-Control": "no-store", "Content-Language": "en",
				"Content-Type": "application/problem+json", "Vary": "Accept-Language", "X-Content-Type-Options": "nosniff", "Retry-After": "2"},
			`{"type":"https://example.com/errors/catalog-waiting","title":"Locked","status":423,"detail":"2 things are locked.","instance":"urn:uuid:4bf92f35-77b3-4da6-a3ce-929d0e0e4736",
				"code":"catalog_waiting","lang":"en","dir":"ltr","params":{"Count":2},"retryable":true,"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}`,
		},
	} {
		url, client := serve(t, catalog.Handler(catalogResponder(t, append(watched, c.opts...)...)))
		_, body := fetch(t, client, url+c.path, "Accept", "application/json")
		e := decoded[struct{ Example example }](t, body).Example
		assert.Equal(t, c.header, e.Headers, name)
		assert.JSONEq(t, c.body, string(e.Body), name)
		resp, body := fetch(t, client, url+c.path)
		p := pagetest.Check(t, resp.Header, body)
		message := pagetest.Text(p.All("pre")[0])
		assert.True(t, strings.HasPrefix(message, "HTTP/1.1 4"), message)
		assert.Contains(t, message, "\nContent-Type: "+c.header["Content-Type"]+"\n")
		_, body = fetch(t, client, url+c.path, "Accept", "text/markdown")
		assert.Contains(t, body, "\n```http\nHTTP/1.1 4")
		_, body = fetch(t, client, url+"/catalog_list", "Accept", "text/markdown")
		assert.Contains(t, body, "\n`````http\nHTTP/1.1 4", "the fence is longer than those inside")
	}
	url, client := serve(t, catalog.Handler(catalogResponder(t, append(watched, fault.WithFormats(formats.HTML{}))...)))
	resp, body := fetch(t, client, url+"/catalog_hostile")
	pagetest.Check(t, resp.Header, body)
	assert.Contains(t, body, "&lt;!doctype html&gt;")
	_, body = fetch(t, client, url+"/unhandled", "Accept", "application/json")
	var text string
	require.NoError(t, json.Unmarshal(decoded[struct{ Example example }](t, body).Example.Body, &text))
	assert.Contains(t, text, "<!doctype html>")
	log.None(t)
	assert.Zero(t, observed)
}

// Status and retry are what the responder says, not only what the kind says.
func TestCatalogShowsWhatTheResponderDecides(t *testing.T) {
	r := catalogResponder(t, fault.WithStatus(fault.Locked, 409), fault.WithRetryable(func(k *fault.Kind) bool { return k == orderMissing }))
	url, client := serve(t, catalog.Handler(r))
	_, body := fetch(t, client, url+"/catalog_waiting", "Accept", "application/json")
	one := decoded[catalogued](t, body)
	assert.Equal(t, []any{409, false, 0}, []any{one.Status, one.Retryable, one.RetryAfter})
	_, body = fetch(t, client, url+"/catalog_order_missing", "Accept", "application/json")
	assert.True(t, decoded[catalogued](t, body).Retryable)
	_, body = fetch(t, client, url+"/", "Accept", "application/json")
	status := 0
	for _, e := range decoded[cataloguedList](t, body).Results {
		if e.Code == "task_locked" {
			assert.Equal(t, 409, e.Status)
		}
		assert.GreaterOrEqual(t, e.Status, status, "sorted by the statuses that are sent")
		status = e.Status
	}
}
