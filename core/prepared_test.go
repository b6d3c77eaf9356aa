package fault

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// A text that is used with ever other kinds keeps no more than it may.
func TestPreparedTextsAreBounded(t *testing.T) {
	r := Default()
	c := r.catalogue.Load()
	text := c.texts[TaskLocked.TextID()]
	for range 2 {
		for k := range Kinds() {
			r.preparedText(c, 0, k, text)
		}
	}
	assert.Len(t, *text.prepared.Load(), maxPreparedTexts)
}
