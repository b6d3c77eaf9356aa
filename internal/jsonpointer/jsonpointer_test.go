package jsonpointer

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestEscape(t *testing.T) {
	for name, step := range map[string]string{"": "", "qty": "qty", "a/b": "a~1b", "m~n": "m~0n", "~1": "~01",
		"/~0~": "~1~00~0", "ä b": "ä b"} {
		assert.Equal(t, step, Escape(name))
		assert.Equal(t, name, Unescape(step))
		assert.Equal(t, "/"+step, To(name))
	}
	assert.Equal(t, "~x~", Unescape("~x~"))
}

func TestOfPath(t *testing.T) {
	for path, pointer := range map[string]string{"": "", "qty": "/qty", "items[0].qty": "/items/0/qty", "a.b_c.d": "/a/b_c/d",
		"m[0][1]": "/m/0/1", `labels["a.b/c"].x`: "/labels/a.b~1c/x", "labels[key]": "/labels/key", "a/b": "/a~1b", "a..b.": "/a//b/", "a[0]b": "/a/0/b", `a['b.c'].d`: "/a/b.c/d",
		"a[": "/a/", "[": "/", "a[0": "/a/0", `["`: "/", `a["x]`: "/a/x]", "]": "/]"} {
		assert.Equal(t, pointer, OfPath(path), path)
	}
}

func TestOfDots(t *testing.T) {
	for path, pointer := range map[string]string{"": "", "qty": "/qty", "items.0.qty": "/items/0/qty", "a/b.~": "/a~1b/~0",
		".": "//", "..a": "///a"} {
		assert.Equal(t, pointer, OfDots(path))
	}
	for pointer, fragment := range map[string]string{"": `"#"`, "/a~1b": `"#/a~1b"`, "/ü &\"": `"#/%C3%BC%20%26%22"`} {
		assert.Equal(t, fragment, string(AppendFragment(nil, pointer)))
	}
}
