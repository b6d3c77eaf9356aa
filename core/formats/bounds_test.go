package formats_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
)

var allFormats = []fault.Format{
	fault.Multilingual{}, fault.Problem{}, fault.Problem{TypeBase: "https://e.org/", Extensions: []string{"big"}}, formats.Envelope{},
	formats.WebAPI{}, formats.RPCStatus{}, formats.JSONAPI{}, formats.Text{}, formats.HTML{},
}

func quietly(opts ...fault.Option) []fault.Option {
	return append(opts, fault.WithLogger(slog.New(slog.DiscardHandler)))
}

// details makes an error with n details.
func details(n int, add func(d *fault.Details, name string)) error {
	d := &fault.Details{}
	for i := range n {
		add(d, strconv.Itoa(i))
	}
	return d.Err(fault.ValidationFailed)
}

func fieldErrors(n int) error {
	return details(n, func(d *fault.Details, name string) {
		d.AddField(fault.InBody("/rows/"+name), "min", fault.Arg("Limit", 3))
	})
}

type tree struct {
	Name string
	Sub  []*tree
}

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{Name: "leaf"}
	}
	sub := grow(depth - 1)
	return &tree{"node", []*tree{sub, sub, sub, sub}}
}

func oversized() map[string]error {
	long := strings.Repeat("длинный ", 20_000)
	inside := fieldErrors(1000)
	deep := error(fault.NotFound.New(fault.Detail("leaf", long)))
	for range 30 {
		deep = details(150, func(d *fault.Details, name string) { d.AddError(name, deep) })
	}
	return map[string]error{
		"100 errors with 1,000 field errors each": details(100, func(d *fault.Details, name string) { d.AddError(name, inside) }),
		"100,000 field errors":                    fieldErrors(100_000),
		"100,000 details":                         details(100_000, func(d *fault.Details, name string) { d.Add(name, long) }),
		"10,000 texts":                            details(10_000, func(d *fault.Details, name string) { d.AddText(name, long) }),
		"errors in errors, deep and wide":         deep,
		"long arguments": fault.TaskLocked.New(fault.Arg("Task", long),
			fault.Arg("B", []string{long, long}), fault.Arg("C", grow(12))),
		"10,000 arguments":        fault.Conflict.New(slices.Repeat([]fault.Attr{fault.Arg("A", long), fault.Arg("B", 1)}, 5000)...),
		"arguments of many names": fault.Conflict.New(arguments(20_000)...),
		"a value without an end": fault.Conflict.New(fault.Detail("big", grow(40)),
			fault.Detail("list", slices.Repeat([]any{long}, 1_000_000))),
		"numbers": fault.Conflict.New(fault.Detail("big", make([]int, 5_000_000))),
		"long names": fault.Conflict.New(fault.Detail(long, 1), fault.Arg(long, 2),
			fault.Field(fault.InQuery(long), long), fault.Subtype(long)),
		"long places": fault.Conflict.New(fault.Field(fault.InBody("/a/"+long), "min"), fault.Field(fault.InBody(long), "max")),
		"fields with long arguments": details(100, func(d *fault.Details, name string) {
			d.AddField(fault.InBody(name), "min", fault.Arg("Limit", long), fault.Arg("B", long))
		}),
		"headers": fault.Conflict.New(slices.Repeat([]fault.Attr{fault.AddHeader("X-Many", "v"), fault.AddHeader("Vary", "v")}, 20_000)...),
	}
}

func arguments(n int) (attrs []fault.Attr) {
	for i := range n {
		attrs = append(attrs, fault.Arg(fmt.Sprintf("Name%d", i), "value"))
	}
	return attrs
}

// constant is what a format says by itself, beside texts and details.
const constant = 8 << 10

// Whatever an error holds, its response is short, valid, and made within bounds.
func TestEveryBodyIsBounded(t *testing.T) {
	most := []string{"de", "en", "fr", "pt", "ar", "ru", "ja", "hi", "uk", "el", "th", "ko", "zh", "es", "it", "pl"}
	errs := oversized()
	for _, format := range allFormats {
		r, err := fault.NewResponder(quietly(fault.WithFormats(format), fault.WithMembers(fault.MemberCode, fault.MemberParams),
			fault.WithLanguages(most...))...)
		require.NoError(t, err)
		for name, err := range errs {
			var resp *fault.Response
			allocated := allocatedBy(func() { resp = r.Respond(nil, err) })
			name = fmt.Sprintf("%T, %s", format, name)
			assert.LessOrEqual(t, len(resp.Body), 64<<10+constant, name)
			assert.Less(t, allocated, uint64(100<<20), name)
			assert.True(t, utf8.Valid(resp.Body), name)
			if strings.Contains(format.ContentType(), "json") {
				eachObject(t, json.NewDecoder(bytes.NewReader(resp.Body)), func(names []string) {
					slices.Sort(names)
					assert.Len(t, slices.Compact(names), len(names), name)
				})
			}
		}
	}
}

func allocatedBy(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// What was left away is counted, in every format.
func TestWhatIsLeftAwayIsTold(t *testing.T) {
	for _, format := range allFormats[:8] {
		r, err := fault.NewResponder(quietly(fault.WithFormats(format))...)
		require.NoError(t, err)
		body := string(r.Respond(nil, fieldErrors(5000)).Body)
		assert.Regexp(t, `errors_total"?: ?5000`, body, "%T", format)
		body = string(r.Respond(nil, details(300, func(d *fault.Details, name string) { d.Add(name, strings.Repeat("x", 3000)) })).Body)
		assert.True(t, regexp.MustCompile(`"?…"?: ?2[78]\d`).MatchString(body), "%T", format)
		body = string(r.Respond(nil, fault.Gone.New(fault.Detail("big", strings.Repeat("ä", 5000)))).Body)
		assert.Contains(t, body, "ä…", "%T", format)
		assert.Less(t, len(body), 4096+constant, "%T", format)
		assert.NotContains(t, body, "\ufffd")
	}
}

// A higher limit holds for the body and its details.
func TestBodyLimit(t *testing.T) {
	rows := fault.Gone.New(fault.Detail("big", strings.Repeat("x", 60_000)), fault.Detail("other", strings.Repeat("y", 60_000)))
	for _, format := range allFormats[:7] {
		r, err := fault.NewResponder(quietly(fault.WithFormats(format), fault.WithBodyLimit(1<<20))...)
		require.NoError(t, err)
		body := string(r.Respond(nil, rows).Body)
		assert.Contains(t, body, strings.Repeat("x", 60_000))
		assert.Contains(t, body, strings.Repeat("y", 60_000))
	}
	for _, n := range []int{0, -1, 4095} {
		_, err := fault.NewResponder(fault.WithBodyLimit(n))
		assert.ErrorContains(t, err, "WithBodyLimit")
	}
}

// Nothing of a client or an application turns the direction of what stands around it.
func TestNoDirectionsInBodies(t *testing.T) {
	const turns = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
	type own struct{ A map[string]string }
	err := fault.TaskLocked.New(
		fault.Arg("Task", "a"+turns), fault.Arg("List", []string{turns}), fault.Arg("n"+turns, turns), fault.Subtype("s"+turns),
		fault.Detail("d"+turns, "v"+turns), fault.Detail("own", own{map[string]string{turns: turns}}),
		fault.Detail("big", json.RawMessage(`"\u202e\u2066"`)),
		fault.Field(fault.InBody("/f"+turns+"/x"), "min", fault.Arg("Limit", turns)), fault.Field(fault.InQuery("q"+turns), "c"+turns),
		fault.Field(fault.InHeader("h"+turns), "max"), fault.Field(fault.InPath("p"+turns), "max"), fault.Field(fault.InCookie("c"+turns), "max"),
		fault.DetailsOf((&fault.Details{}).AddText("t"+turns, turns).AddError("e"+turns, fault.NotFound.New(fault.Detail("i"+turns, turns)))),
	)
	for _, format := range allFormats {
		for _, language := range []string{"en", "ar"} {
			r, newErr := fault.NewResponder(quietly(fault.WithFormats(format), fault.WithMembers(fault.MemberParams),
				fault.WithDefaultLanguage(language))...)
			require.NoError(t, newErr)
			body := r.Respond(nil, err).Body
			text := string(body)
			if json.Valid(body) {
				var decoded any
				require.NoError(t, json.Unmarshal(body, &decoded))
				again, err := json.Marshal(decoded)
				require.NoError(t, err)
				text = string(again)
			}
			if language == "ar" { // whose texts isolate their arguments
				text = strings.NewReplacer("\u2068\u2068", "twice", "\u2068", "", "\u2069", "").Replace(text)
			}
			assert.False(t, strings.ContainsAny(text, turns), "%T %s: %q", format, language, text)
			assert.Contains(t, text, "\ufffd")
		}
	}
}
