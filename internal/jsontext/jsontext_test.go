package jsontext

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The bytes are those of encoding/json, for every character there is.
func TestEscapesAsEncodingJSON(t *testing.T) {
	check := func(s string) {
		want, err := json.Marshal(s)
		require.NoError(t, err)
		if got := string(AppendQuoted(nil, s)); got != string(want) {
			t.Fatalf("%q: got %s, want %s", s, got, want)
		}
	}
	for r := rune(0); r <= 0x2100; r++ {
		check("a" + string(r) + "b")
	}
	for b := range 256 {
		check("ä" + string([]byte{byte(b)}) + "b")
	}
	for _, s := range []string{"", "\xe2\x80", "\xe2\x80\xa8", "\ufffd", "\U0001F642", "\xed\xa0\x80", "</script>"} {
		check(s)
	}
}

func FuzzAppendQuoted(f *testing.F) {
	f.Add("a<b>\u2028\xff\"\\\x00")
	f.Fuzz(func(t *testing.T, s string) {
		want, _ := json.Marshal(s)
		if got := string(AppendQuoted(nil, s)); got != string(want) {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

// Values as handlers put them into details, of every type that has a path of its own.
var values = []any{
	"", "a<b>\u2028\xff", 0, -1, math.MinInt, int8(-128), int16(7), int32(-7), int64(math.MinInt64), uint(1), uint8(255),
	uint16(1), uint32(1), uint64(math.MaxUint64),
	true, false, nil, 0.0, math.Copysign(0, -1), 1.5, 1e21, 1e20, 1e-6, 1e-7, 1e300, float32(0.1), float32(1e21),
	math.SmallestNonzeroFloat64, math.MaxFloat64,
	[]any{}, []any{1, nil, []any{"x"}}, []int{1, 2}, []int(nil), []string{"a", ""}, []string(nil), map[string]any{},
	map[string]any{"b": 1, "a": []any{true}, "": nil},
	map[string]string{"b": "<", "a": ">"}, map[string]any(nil), []any(nil), [2]int{1, 2}, struct{ A int }{1},
	map[int]string{2: "b", 1: "a"}, json.Number("12"), json.RawMessage(`{"a":1}`),
}

func TestValuesAsEncodingJSON(t *testing.T) {
	for _, v := range values {
		assertAsEncodingJSON(t, v)
		assertAsEncodingJSON(t, []any{v, v})
		assertAsEncodingJSON(t, map[string]any{"k": v, "j": []any{v}})
	}
}

func assertAsEncodingJSON(t *testing.T, v any) {
	t.Helper()
	want, err := json.Marshal(v)
	require.NoError(t, err)
	got, complete := AppendValue([]byte("kept"), v)
	assert.True(t, complete, "%#v", v)
	assert.Equal(t, "kept"+string(want), string(got), "%#v", v)
}

// Documents of any shape come back as encoding/json writes them.
func FuzzAppendValue(f *testing.F) {
	for _, document := range []string{`{"a":[1,null,true,"x",{"b":1.5e300}]}`, `[[[[]]],{"":{"":0}},-0,1e-7]`, `"\u2028\ud800"`} {
		f.Add([]byte(document))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		var v any
		if json.Unmarshal(document, &v) != nil {
			return
		}
		if got, complete := AppendValue(nil, v); !complete { // deeper or larger than what is sent
			require.True(t, json.Valid(got), "%s: %s", document, got)
			return
		}
		assertAsEncodingJSON(t, v)
	})
}

func TestDepthAndSizeAreBounded(t *testing.T) {
	deep := any(1)
	for range 100 {
		deep = []any{deep}
	}
	got, complete := AppendValue(nil, deep)
	assert.False(t, complete)
	assert.True(t, json.Valid(got))
	wide := slices.Repeat([]any{strings.Repeat("x", 1<<19)}, 3)
	got, complete = AppendValue(nil, wide)
	assert.True(t, complete)
	assert.True(t, json.Valid(got))
	assert.Less(t, len(got), 1<<20+100)
}
