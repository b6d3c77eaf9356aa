package docs_test

import (
	"cmp"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what the commands of the pages print into the pages: read the diff")

// An edit replaces lines of a page.
type edit struct {
	line, lines int
	text        []string
}

// changes are the edits of all pages. Programs that run at the same time add to them.
type changes struct {
	mu   sync.Mutex
	page map[string][]edit
}

var edits = changes{page: map[string][]edit{}}

func (c *changes) add(page string, e edit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.page[page] = append(c.page[page], e)
}

func (c *changes) write(t *testing.T) {
	for page, edits := range c.page {
		path := filepath.Join(root, filepath.FromSlash(page))
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		lines := strings.Split(string(text), "\n")
		slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(b.line, a.line) }) // from below
		for _, e := range edits {
			lines = slices.Replace(lines, e.line-1, e.line-1+e.lines, e.text...)
		}
		assert.NoError(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
	}
}

// random is what differs from run to run: trace ids, times.
var random = regexp.MustCompile(`[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// documented is what was printed as a page says it.
func documented(printed []string) []string {
	lines := slices.DeleteFunc(trimmed(printed), func(line string) bool {
		return slices.ContainsFunc(unasked, func(header string) bool { return strings.HasPrefix(line, header) })
	})
	for i, line := range lines {
		lines[i] = random.ReplaceAllString(line, "…")
	}
	return lines
}
