// Package docs builds and runs the programs on the pages of the documentation, as they stand there, and compares what they print
// with what the page says. The Markdown is their only source.
package docs_test

import (
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/internal/markdown"
)

const root = "../.."

// A page is a Markdown file with code.
type page struct {
	path     string // from the root of the repository
	programs []*program
	snippets []markdown.Block // of Go that is no program
}

// A program is a file of Go on a page with what belongs to it: the files that stand above it, and everything from it, or for the
// first one from the top of the page, to the next one.
type program struct {
	markdown.Block

	page    string
	name    string            // of its folder and its binary
	folder  string            // where it and its files are
	files   []markdown.Block  // their note is "file: NAME"
	console []markdown.Block  // commands and what they print
	logs    []markdown.Block  // lines that the program prints by itself
	ports   map[string]string // of the page → free on this machine

	reserved []net.Listener // at these ports, until the program begins
}

var (
	isProgram = regexp.MustCompile(`(?m)\A(//.*\n|\n)*package (main|\w+_test)$`)
	isTest    = regexp.MustCompile(`(?m)^package \w+_test$`)
	anyPort   = regexp.MustCompile(`127\.0\.0\.1:(\d+)`)
)

func (p *program) isTest() bool { return isTest.MatchString(p.Text) }

// pages reads README.md and all of docs.
func pages(t *testing.T) (all []*page) {
	t.Helper()
	paths := []string{filepath.Join(root, "README.md")}
	require.NoError(t, filepath.WalkDir(filepath.Join(root, "docs"), func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".md") {
			paths = append(paths, path)
		}
		return err
	}))
	for _, path := range paths {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		inside, err := filepath.Rel(root, path)
		require.NoError(t, err)
		all = append(all, readPage(filepath.ToSlash(inside), string(text)))
	}
	return all
}

func readPage(path, text string) *page {
	p := &page{path: path}
	before := &program{} // what stands above the first program
	current := before
	var files []markdown.Block
	for _, b := range markdown.Blocks(text) {
		switch {
		case strings.HasPrefix(b.Note, "file: "):
			files = append(files, b)
			current.files = append(current.files, b)
		case b.Language == "go" && b.Note != "partial" && isProgram.MatchString(b.Text):
			name := fmt.Sprintf("%s_%d", strings.NewReplacer("/", "_", ".md", "").Replace(path), len(p.programs)+1)
			current = &program{Block: b, page: path, name: name, files: slices.Clip(files)}
			p.programs = append(p.programs, current)
		case b.Language == "go":
			p.snippets = append(p.snippets, b)
		case b.Language == "console":
			current.console = append(current.console, b)
		case b.Language == "log":
			current.logs = append(current.logs, b)
		}
	}
	if len(p.programs) > 0 {
		first := p.programs[0]
		first.console = append(before.console, first.console...)
		first.logs = append(before.logs, first.logs...)
	}
	return p
}
