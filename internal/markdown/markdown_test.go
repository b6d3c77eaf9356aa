package markdown_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/polyfault/polyfault/internal/markdown"
)

const page = "# One `code` & more!\n" +
	"[a](b.md#c) and `[no](link)`, [![badge](x.svg)](https://example.com/)\n" +
	"## Same\n" +
	"<!-- partial -->\n" +
	"```go\n" +
	"# no heading, [no](link)\n" +
	"\tx := 1\n" +
	"```\n" +
	"## [Same](d.md)\n" +
	"####### seven\n" +
	"- a list\n" +
	"  ```console\n" +
	"  $ ls\n" +
	"    two\n" +
	"  ```\n" +
	"```\n" +
	"open"

func TestBlocks(t *testing.T) {
	assert.Equal(t, []markdown.Block{
		{Line: 6, Language: "go", Note: "partial", Text: "# no heading, [no](link)\n\tx := 1\n"},
		{Line: 13, Language: "console", Text: "$ ls\n  two\n"},
		{Line: 17, Text: "open\n"},
	}, markdown.Blocks(page))
}

func TestLinks(t *testing.T) {
	assert.Equal(t, []markdown.Link{{2, "b.md#c"}, {2, "x.svg"}, {2, "https://example.com/"}, {9, "d.md"}}, markdown.Links(page))
}

func TestAnchors(t *testing.T) {
	assert.Equal(t, []string{"one-code--more", "same", "same-1"}, markdown.Anchors(page))
}
