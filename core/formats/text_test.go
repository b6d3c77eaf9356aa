package formats_test

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
)

const plainText = "text/plain; charset=utf-8"

// inTerminal is the body for a client that asks for text.
func inTerminal(t testing.TB, r *fault.Responder, language string, err error) string {
	t.Helper()
	resp := r.Respond(visiting("Accept", "text/plain", "Accept-Language", language), err)
	require.Equal(t, plainText, resp.Header().Get("Content-Type"))
	require.Equal(t, "Accept, Accept-Language", resp.Header().Get("Vary"))
	return string(resp.Body)
}

func TestTextBodies(t *testing.T) {
	r := pageResponder(t, ownTexts)
	var mixed fault.Details
	mixed.Add("when", time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)).AddError("order", missing).AddText("note", "too\nlong")
	mixed.Add("list", []any{1, "a", nil}).Add("lines", "one\r\ntwo\n\tthree\n").
		Add("secret", fault.Secret("hunter2")).Add("odd", make(chan int))
	for _, c := range []struct {
		name, language string
		err            error
		want           string
	}{
		{"static", "de", fault.TaskLocked, `
Die Aufgabe ist in Arbeit.

code: task_locked
status: 423
trace_id: 4bf92f3577b34da6a3ce929d0e0e4736
`},
		{"argument and detail", "en", missing, `
There is no order A-7 & <Söhne>.

order: A-7
code: not_found
status: 404
trace_id: 4bf92f3577b34da6a3ce929d0e0e4736
`},
		{"field errors", "en", invalid, `
Some values cannot be accepted.
- items.0.qty: At least 1.
- items.0.qty: This is required.
- page (query): This is required.
- This is required.

code: validation_failed
status: 400
trace_id: 4bf92f3577b34da6a3ce929d0e0e4736
`},
		{"right to left", "ar", invalid, `
يحتوي الطلب على قيم غير صالحة.
- ` + "\u2068items.0.qty\u2069" + `: يجب أن تكون القيمة ` + "\u20681\u2069" + ` على الأقل.
- ` + "\u2068items.0.qty\u2069" + `: هذا الحقل مطلوب.
- ` + "\u2068page (query)\u2069" + `: هذا الحقل مطلوب.
- هذا الحقل مطلوب.

code: validation_failed
status: 400
trace_id: 4bf92f3577b34da6a3ce929d0e0e4736
`},
		{"details of all sorts", "de", mixed.Err(fault.NotFound), `
Das gibt es nicht.
- order: Die Bestellung A-7 & <Söhne> gibt es nicht.
- note: too long

when: 2026-12-31T00:00:00Z
list: [1,"a",null]
lines:
  one
  two
   three
secret: ***
odd: (not encodable)
code: not_found
status: 404
trace_id: 4bf92f3577b34da6a3ce929d0e0e4736
`},
		{"unknown", "de", errors.New("canary"), `
Bei uns ist etwas schiefgegangen.

code: unhandled
status: 500
trace_id: 4bf92f3577b34da6a3ce929d0e0e4736
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, strings.TrimPrefix(c.want, "\n"), inTerminal(t, r, c.language, c.err))
		})
	}
}

func TestTextExposure(t *testing.T) {
	err := errors.New("dial\n10.0.0.1:5432 password=hunter2: refused")
	const head, tail = "Something went wrong on our side.\n\nexception:\n  dial\n  10.0.0.1:5432 password=*** refused\n",
		"code: unhandled\nstatus: 500\ntrace_id: " + pageTrace + "\n"
	r := pageResponder(t, ownTexts, fault.WithExposure(fault.ExposeException))
	assert.Equal(t, head+tail, inTerminal(t, r, "en", err))

	r = pageResponder(t, ownTexts, fault.WithExposure(fault.ExposeTraceback))
	body := inTerminal(t, r, "en", err)
	assert.Regexp(t, `(?s)\ntraceback:\n  .*TestTextExposure\n   \S*text_test\.go:\d+\n.*\ncode: unhandled\n`, body)
	assert.NotContains(t, body, "hunter2")
	own := fault.Conflict.New(fault.Detail("trace_id", "mine"), fault.Detail("exception", "token=mine"))
	assert.Contains(t, inTerminal(t, r, "en", own), "\ntrace_id: mine\nexception: token=mine\n",
		"what an error of ours says is meant for clients")
}

// Values cannot add lines.
func TestTextHoldsHostileValues(t *testing.T) {
	for exposure := fault.ExposeNone; exposure <= fault.ExposeTraceback; exposure++ {
		t.Run(fmt.Sprint("exposure ", exposure), func(t *testing.T) {
			t.Parallel()
			r := pageResponder(t, ownTexts, fault.WithExposure(exposure))
			for _, value := range append(slices.Clip(hostile), "x\ncode: canary\nstatus: 200", "x\u2028trace_id: canary",
				"x\rcode: canary", "x\vcode: canary\u0085code: canary") {
				for place, err := range hostileErrors(value) {
					for _, language := range []string{"en", "ar"} {
						req := hostileVisit(value, language)
						req.header["Accept"] = "text/plain"
						assertOwnLines(t, string(r.Respond(req, err).Body), fmt.Sprintf("%.40q in %s", value, place))
					}
				}
			}
		})
	}
}

func assertOwnLines(t *testing.T, body, place string) {
	t.Helper()
	require.True(t, utf8.ValidString(body), place)
	assertVisible(t, body, place)
	lines := strings.Split(strings.TrimSuffix(body, "\n"), "\n")
	require.Greater(t, len(lines), 4, place)
	facts := lines[len(lines)-3:]
	assert.Regexp(t, `^code: [a-z_]+$`, facts[0], place)
	assert.Regexp(t, `^status: [45]\d\d$`, facts[1], place)
	assert.Regexp(t, `^trace_id: \S+$`, facts[2], place)
	for _, line := range lines[:len(lines)-3] {
		assert.NotRegexp(t, `^(code|status|trace_id):`, line, place)
	}
	assert.Less(t, len(body), 256<<10, place)
}

func TestTextIsBounded(t *testing.T) {
	var fields, details []fault.Attr
	for i := range 5000 {
		fields = append(fields, fault.Field(fault.InQuery(fmt.Sprint("p", i)), "required"))
		details = append(details, fault.Detail(fmt.Sprint("d", i), i))
	}
	r := pageResponder(t, ownTexts)
	body := inTerminal(t, r, "en", fault.ValidationFailed.New(fields...))
	assert.Equal(t, 100, strings.Count(body, "\n- "))
	assert.Contains(t, body, "\n- p99 (query): This is required.\nerrors_total: 5000\n\ncode:")
	body = inTerminal(t, r, "en", fault.NotFound.New(details...))
	assert.Contains(t, body, "\nd99: 99\n…\ncode: not_found\n")
	long := fault.NotFound.New(fault.Detail("x"+strings.Repeat("ä", 10_000), "x"+strings.Repeat("ö", 1<<20)))
	body = inTerminal(t, r, "en", long)
	assert.Contains(t, body, "ä…: xö")
	assert.Less(t, len(body), 40<<10)
	assert.True(t, utf8.ValidString(body))
	assert.NotContains(t, body, "\ufffd", "letters are not cut in two")
}

func ExampleText() {
	r, _ := fault.NewResponder(fault.WithFormats(formats.Text{}), fault.WithLogger(slog.New(slog.DiscardHandler)))
	err := fault.NotFound.New(fault.Detail("order", "A-7"), fault.TraceID("4bf92f3577b34da6"))
	body := string(r.Respond(nil, err).Body)
	fmt.Println(body[strings.Index(body, "\n\n")+2:]) // behind the text
	// Output:
	// order: A-7
	// code: not_found
	// status: 404
	// trace_id: 4bf92f3577b34da6
}
