package jsontext

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/internal/clean"
)

type row struct {
	Name string `json:"name"`
	Tags []string
	self *row
}

type encoded string

func (e encoded) MarshalJSON() ([]byte, error) { return []byte(e), nil }

// slack is what tells that something was cut, and ends what was begun.
const slack = 150

func TestWhatIsTooLongIsCutAndSaysSo(t *testing.T) {
	long := strings.Repeat("ä", 3000)
	rows := slices.Repeat([]row{{Name: "a", Tags: []string{"b"}}}, 1000)
	deep := strings.Repeat(`{"a":[`, 300) + "1" + strings.Repeat("]}", 300)
	for name, v := range map[string]any{
		"a text":                     long,
		"texts in a list":            []any{"a", long},
		"many items":                 slices.Repeat([]any{"item"}, 5000),
		"many members":               members(2000),
		"a long key":                 map[string]any{long: 1, "z": 2},
		"structures":                 rows,
		"a pointer to structures":    &rows,
		"a structure with much":      row{Name: "n", Tags: slices.Repeat([]string{"tag"}, 2000)},
		"a typed map":                map[string]string{"a": long},
		"numbers":                    slices.Repeat([]int{12345}, 3000),
		"more than 1 MiB":            slices.Repeat([]row{{Name: long}}, 2000),
		"items that weigh 1 MiB":     [][]string{slices.Repeat([]string{long}, 500), {"a"}},
		"what encodes itself":        encoded(`{"a":"` + long + `"}`),
		"escapes":                    encoded(`"` + strings.Repeat(`\ud83d\ude00`, 500) + `"`),
		"other escapes":              []string{strings.Repeat("\n<", 3000)},
		"a number without an end":    json.Number(strings.Repeat("1", 9000)),
		"depth":                      json.RawMessage(deep),
		"a text of broken UTF-8":     strings.Repeat("\xff", 5000),
		"nested lists of a few each": nested(3, 30),
	} {
		for _, limit := range []int{64, 1024, 4096} {
			got, complete, whole := AppendBounded([]byte("kept"), v, limit)
			assert.True(t, complete, name)
			if name == "depth" && limit == 4096 {
				assert.Less(t, len(got), 300, name)
			}
			assert.False(t, whole, name)
			assert.LessOrEqual(t, len(got), 6*limit+slack, name) // a text is cut before it is escaped
			got = got[len("kept"):]
			require.True(t, json.Valid(got), "%s: %s", name, got)
			assert.True(t, utf8.Valid(got), name)
			assert.Contains(t, string(got), Ellipsis, name)
			var decoded any
			require.NoError(t, json.Unmarshal(got, &decoded))
			assert.NotContains(t, string(got), `\ud83d"`, "half of a pair")
		}
	}
}

func members(n int) map[string]any {
	m := map[string]any{}
	for i := range n {
		m[strings.Repeat("k", 1+i%50)+string(rune('a'+i%26))+string(rune('0'+i%10))] = i
	}
	return m
}

func nested(depth, width int) any {
	if depth == 0 {
		return "leaf"
	}
	return slices.Repeat([]any{nested(depth-1, width)}, width)
}

// What fits is as encoding/json has it.
func TestWhatFitsIsWhole(t *testing.T) {
	for _, v := range values {
		want, err := json.Marshal(v)
		require.NoError(t, err)
		got, complete, whole := AppendBounded(nil, v, 4096)
		assert.True(t, complete)
		assert.True(t, whole)
		assert.Equal(t, string(want), string(got))
	}
	circular := &row{Name: "a"}
	circular.self = circular
	got, complete, whole := AppendBounded(nil, circular, 4096)
	assert.True(t, complete && whole)
	assert.JSONEq(t, `{"name":"a","Tags":null}`, string(got))
}

func TestNoTurns(t *testing.T) {
	for _, v := range []any{
		"a\u202eb", []string{"\u2066a\u2069"}, map[string]any{"\u202a": "\u202d"}, map[string]int{"k\u2067": 1}, row{Name: "\u202c"},
		json.RawMessage(`"\u202e\u202A\u2068"`), json.RawMessage("{\"\u202b\":\"\\\\\u202b\"}"), encoded("\"\u2066\""), &row{Tags: []string{"\u202e"}},
	} {
		got, complete, whole := AppendBounded(nil, v, 4096)
		assert.True(t, complete && whole)
		var decoded any
		require.NoError(t, json.Unmarshal(got, &decoded), "%s", got)
		again, err := json.Marshal(decoded)
		require.NoError(t, err)
		assert.False(t, clean.HasTurns(string(again)), "%s", got)
		assert.Contains(t, string(again), "\ufffd")
	}
	for _, plain := range []any{json.RawMessage(`"\\u202e"`), "\u200f\u061c\u2028…", "\xe2\x80"} {
		want, err := json.Marshal(plain)
		require.NoError(t, err)
		got, _, _ := AppendBounded(nil, plain, 4096)
		assert.Equal(t, string(want), string(got))
	}
}

// The cut of any document is a document, and no longer than it may be.
func FuzzCut(f *testing.F) {
	f.Add([]byte(`{"a":[1,null,true,"x\u00e4\ud83d\ude00",{"b":1.5e300}],"c":"…"}`), uint16(20))
	f.Add([]byte(`[[[[]]],{"":{"":0}},-0,1e-7,"\\\""]`), uint16(9))
	f.Fuzz(func(t *testing.T, document []byte, limit uint16) {
		var v any
		if json.Unmarshal(document, &v) != nil {
			return
		}
		for _, v := range []any{v, json.RawMessage(document)} {
			got, complete, whole := AppendBounded(nil, v, int(limit))
			require.True(t, json.Valid(got), "%s", got)
			require.False(t, clean.HasTurns(string(got)))
			require.LessOrEqual(t, len(got), 6*int(limit)+6*slack)
			if !whole && complete {
				require.Contains(t, string(got), Ellipsis)
			}
		}
	})
}
