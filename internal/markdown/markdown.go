// Package markdown reads the parts of a page that the tests of the documentation need: its code blocks, its links and the
// anchors of its headings. It knows only the Markdown that this repository writes.
package markdown

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// A Block is a fenced code block.
type Block struct {
	Line     int    // the line of the page that the text begins in, from 1
	Language string // what stands behind the opening fence: "go", "console"
	Note     string // the HTML comment in the line before the fence, without its marks: "partial", "file: active.en.toml"
	Text     string // ends with a line break, unless it is empty
}

// A Link is an inline link, or an image.
type Link struct {
	Line   int
	Target string // "start/gin.md#panics"
}

var (
	link     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codeSpan = regexp.MustCompile("`[^`]*`")
	linkText = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// Blocks returns the code blocks of a page, in order. A block in a list loses the indent of its fence.
func Blocks(page string) (blocks []Block) {
	read(page, func(int, string) {}, func(b Block) { blocks = append(blocks, b) })
	return blocks
}

// Links returns the links of a page outside of its code.
func Links(page string) (links []Link) {
	read(page, func(line int, text string) {
		for _, match := range link.FindAllStringSubmatch(codeSpan.ReplaceAllString(text, ""), -1) {
			links = append(links, Link{line, match[1]})
		}
	}, func(Block) {})
	return links
}

// Anchors returns the fragments by which GitHub knows the headings of a page.
func Anchors(page string) (anchors []string) {
	taken := map[string]int{}
	read(page, func(_ int, text string) {
		level := len(text) - len(strings.TrimLeft(text, "#"))
		if level == 0 || level > 6 || !strings.HasPrefix(text[level:], " ") {
			return
		}
		anchor := slug(text[level+1:])
		if n := taken[anchor]; n > 0 {
			anchors = append(anchors, anchor+"-"+strconv.Itoa(n))
		} else {
			anchors = append(anchors, anchor)
		}
		taken[anchor]++
	}, func(Block) {})
	return anchors
}

// slug returns the fragment of a heading: lower case, no punctuation, hyphens for spaces.
func slug(heading string) string {
	heading = linkText.ReplaceAllString(heading, "$1")
	return strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return -1
	}, strings.TrimSpace(heading))
}

// read gives each line of text and each code block of a page to a function. Lines count from 1.
func read(page string, text func(line int, text string), code func(Block)) {
	const fence = "```"
	note, inside, indent := "", false, ""
	var b Block
	for i, line := range strings.Split(page, "\n") {
		bare := strings.TrimLeft(line, " ")
		switch opens := strings.HasPrefix(bare, fence); {
		case inside && strings.TrimRight(bare, " ") == fence:
			code(b)
			inside, note = false, ""
		case inside:
			b.Text += strings.TrimPrefix(line, indent) + "\n"
		case opens:
			indent = line[:len(line)-len(bare)]
			b, inside = Block{Line: i + 2, Language: strings.TrimSpace(bare[len(fence):]), Note: note}, true
		default:
			note = comment(bare)
			text(i+1, line)
		}
	}
	if inside { // a fence that nothing closes
		code(b)
	}
}

func comment(line string) string {
	inner, begins := strings.CutPrefix(strings.TrimSpace(line), "<!--")
	inner, ends := strings.CutSuffix(inner, "-->")
	if !begins || !ends {
		return ""
	}
	return strings.TrimSpace(inner)
}
