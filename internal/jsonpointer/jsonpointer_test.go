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
