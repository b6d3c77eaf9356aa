package jsontext

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
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

// value draws what handlers put into details.
func value(depth int) *rapid.Generator[any] {
	scalars := []*rapid.Generator[any]{
		rapid.String().AsAny(), rapid.Int().AsAny(), rapid.Int64().AsAny(), rapid.Uint64().AsAny(), rapid.Uint8().AsAny(),
		rapid.Bool().AsAny(), rapid.Float64().AsAny(), rapid.Float32().AsAny(), rapid.Just[any](nil),
	}
	if depth == 0 {
		return rapid.OneOf(scalars...)
	}
	return rapid.OneOf(append(scalars,
		rapid.MapOfN(rapid.String(), value(depth-1), 0, 4).AsAny(),
		rapid.SliceOfN(value(depth-1), 0, 4).AsAny(),
		rapid.SliceOfN(rapid.Int(), 0, 3).AsAny())...)
}

func TestValuesAsEncodingJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := value(3).Draw(t, "value")
		want, err := json.Marshal(v)
		got, complete := AppendValue(nil, v)
		if err != nil || !complete {
			t.Fatalf("%#v: %v, complete %t", v, err, complete)
		}
		if string(got) != string(want) {
			t.Fatalf("got %s, want %s", got, want)
		}
	})
}

func FuzzAppendValue(f *testing.F) {
	f.Add([]byte(`{"a":[1,null,true,"x",{"b":1.5e300}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		var v any
		if json.Unmarshal(document, &v) != nil {
			return
		}
		got, _ := AppendValue([]byte("kept"), v)
		rest, ok := strings.CutPrefix(string(got), "kept")
		if !ok || !json.Valid([]byte(rest)) {
			t.Fatalf("%s: %s", document, got)
		}
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
	wide := make([]any, 3)
	for i := range wide {
		wide[i] = strings.Repeat("x", 1<<20)
	}
	got, complete = AppendValue(nil, wide)
	assert.False(t, complete)
	assert.True(t, json.Valid(got))
	assert.Less(t, len(got), 3<<20)
}
