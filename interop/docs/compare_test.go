package docs_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// A command of a console block, and what it prints.
type command struct {
	line   int // of the page
	below  int // the line where its output begins
	text   string
	output []string
}

// commands are those of a console block: lines that begin with "$ ".
func commands(line int, block string) (all []command) {
	for text := range strings.Lines(block) {
		text = strings.TrimSuffix(text, "\n")
		if inner, ok := strings.CutPrefix(text, "$ "); ok {
			all = append(all, command{line: line, below: line + 1, text: inner})
		} else if len(all) > 0 {
			last := &all[len(all)-1]
			if last.output == nil && strings.HasSuffix(last.text, "\\") { // goes on in the next line
				last.text += "\n" + text
				last.below++
			} else {
				last.output = append(last.output, text)
			}
		}
		line++
	}
	return all
}

// pattern is a line of a page as a regular expression: "…" stands for anything in it.
func pattern(line string) *regexp.Regexp {
	parts := strings.Split(strings.TrimRight(line, " "), "…")
	for i := range parts {
		parts[i] = regexp.QuoteMeta(parts[i])
	}
	return regexp.MustCompile("^" + strings.Join(parts, ".*") + "$")
}

// unasked are headers of a response that a page may leave out.
var unasked = []string{"Date: ", "Content-Length: ", "Connection: ", "Server: "}

// difference says where the lines that were printed are not those of the page; "" if they are. A line "…" stands for any number
// of lines.
func difference(page, printed []string) string {
	page, printed = trimmed(page), trimmed(printed)
	printed = slices.DeleteFunc(printed, func(line string) bool {
		return slices.ContainsFunc(unasked, func(header string) bool {
			return strings.HasPrefix(line, header) && !slices.ContainsFunc(page, func(l string) bool { return strings.HasPrefix(l, header) })
		})
	})
	if matches(page, printed) {
		return ""
	}
	return "the page says\n" + strings.Join(page, "\n") + "\n\nand this was printed\n" + strings.Join(printed, "\n")
}

func matches(page, printed []string) bool {
	for i, line := range page {
		if line == "…" {
			for rest := i; rest <= len(printed); rest++ {
				if matches(page[i+1:], printed[rest:]) {
					return true
				}
			}
			return false
		}
		if i >= len(printed) || !pattern(line).MatchString(printed[i]) {
			return false
		}
	}
	return len(page) == len(printed)
}

// trimmed has no spaces at the ends of lines, and no empty lines at both ends.
func trimmed(lines []string) []string {
	out := make([]string, len(lines))
	for i, line := range lines {
		out[i] = strings.TrimRight(line, " \r")
	}
	for len(out) > 0 && out[0] == "" {
		out = out[1:]
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

// unlogged is the first line of the page that the program has not printed, in that order.
func unlogged(page, printed []string) (line string, missing bool) {
	for _, line := range trimmed(page) {
		i := slices.IndexFunc(printed, pattern(line).MatchString)
		if i < 0 {
			return line, true
		}
		printed = printed[i+1:]
	}
	return "", false
}

func TestDifference(t *testing.T) {
	for _, c := range []struct {
		page, printed string
		same          bool
	}{
		{"a\nb", "a\nb", true},
		{"a\nb", "a\nc", false},
		{"a", "a\nb", false},
		{"a\nb", "a", false},
		{`{"trace_id":"…","n":1}`, `{"trace_id":"4bf9","n":1}`, true},
		{`{"trace_id":"…","n":1}`, `{"trace_id":"4bf9","n":2}`, false},
		{"a.c", "abc", false},
		{"HTTP/1.1 404 Not Found\n\nbody", "HTTP/1.1 404 Not Found\r\nDate: today\r\nContent-Length: 4\r\n\r\nbody", true},
		{"Content-Length: 5", "Content-Length: 4", false},
		{"Vary: Accept", "Vary: Accept\nX-Other: 1", false},
		{"a\n…\nd", "a\nb\nc\nd", true},
		{"a\n…\nd", "a\nb\nc", false},
	} {
		got := difference(strings.Split(c.page, "\n"), strings.Split(c.printed, "\n"))
		assert.Equal(t, c.same, got == "", "%q and %q: %s", c.page, c.printed, got)
	}
}

func TestUnlogged(t *testing.T) {
	printed := []string{"noise", `level=ERROR msg="x" trace_id=1`, "more", "last"}
	_, missing := unlogged([]string{"level=ERROR … trace_id=…", "last"}, printed)
	assert.False(t, missing)
	_, missing = unlogged([]string{"last", "more"}, printed)
	assert.True(t, missing)
}

func TestCommands(t *testing.T) {
	assert.Equal(t, []command{{3, 5, "curl \\\n  -i x", []string{"one", "", "two"}}, {8, 9, "ls", nil}},
		commands(3, "$ curl \\\n  -i x\none\n\ntwo\n$ ls\n"))
}
