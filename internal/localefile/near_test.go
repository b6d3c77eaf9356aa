package localefile

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestNear(t *testing.T) {
	for _, pair := range []string{"not_fuond not_found", "NotFound not_found", "not-found not_found", "not.found not_found",
		"rule.requird rule.required",
		"rule.requirred rule.required", "task_loked.title task_locked.title", "entity_not_fuond entity_not_found",
		"extension_instaled extension_installed",
		strings.Repeat("x_", 99) + "y " + strings.Repeat("x-", 99) + "y"} {
		id, known, _ := strings.Cut(pair, " ")
		assert.True(t, Near(id, known), pair)
	}
	for _, pair := range []string{"done gone", "rule.mix rule.min", "rule.mac rule.max", "gone2 gone",
		"not_found2 not_found", "order_not_found not_found",
		"conflict contact", "user.title page.title", strings.Repeat("x", 99) + " " + strings.Repeat("x", 98), "a b", " x"} {
		id, known, _ := strings.Cut(pair, " ")
		assert.False(t, Near(id, known), pair)
	}
}
