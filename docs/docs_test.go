// Package docs_test holds the documentation together: links, code, and the questions that it answers. The programs on its pages
// are built and run by interop/docs.
package docs_test

import (
	"go/format"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/polyfault/polyfault/internal/markdown"
)

// The pages outside of docs.
var others = []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "locales/README.md", "bench/README.md"}

// A question of somebody who is new, and where its answer is.
type question struct{ text, answer string }

var questions = []question{
	{"Where does the middleware of others stand?", "docs/middleware.md#among-other-middleware"},
	{"Which error of a database becomes which kind?", "docs/databases.md#codes-by-driver"},
	{"What becomes of errors of gRPC and connect?", "docs/rpc.md#whose-error-answers-whom"},
	{"Do wrapped errors of my error library work?", "docs/libraries.md#which-error-libraries-work-and-how"},
}

// readPages reads every page, by its path from the root of the repository.
func readPages(t *testing.T) map[string]string {
	t.Helper()
	if _, err := os.Stat("../go.work"); err != nil {
		t.Skip("a tarball of one module does not have what the pages link to")
	}
	paths := slices.Clone(others)
	err := filepath.WalkDir(".", func(p string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(p, ".md") {
			paths = append(paths, path.Join("docs", filepath.ToSlash(p)))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for _, p := range paths {
		text, err := os.ReadFile(filepath.Join("..", filepath.FromSlash(p)))
		if err != nil {
			t.Fatal(err)
		}
		pages[p] = string(text)
	}
	return pages
}

// resolve is the path from the root that a link of a page means, and the fragment. It is not ok for an address outside.
func resolve(page, target string) (file, anchor string, ok bool) {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return "", "", false
	}
	file, anchor, _ = strings.Cut(target, "#")
	if file == "" {
		return page, anchor, true
	}
	return path.Join(path.Dir(page), file), anchor, true
}

func TestLinks(t *testing.T) {
	pages := readPages(t)
	for page, text := range pages {
		for _, link := range markdown.Links(text) {
			file, anchor, ok := resolve(page, link.Target)
			if !ok {
				continue
			}
			if _, err := os.Stat(filepath.Join("..", filepath.FromSlash(file))); err != nil {
				t.Errorf("%s:%d: there is no %s", page, link.Line, file)
			} else if anchor != "" && !slices.Contains(markdown.Anchors(pages[file]), anchor) {
				t.Errorf("%s:%d: %s has no heading #%s", page, link.Line, file, anchor)
			}
		}
	}
}

// clicks is how many links lead from README.md to each page. A link to a folder leads to its README.
func clicks(pages map[string]string) map[string]int {
	distance := map[string]int{"README.md": 0}
	for queue := []string{"README.md"}; len(queue) > 0; queue = queue[1:] {
		for _, link := range markdown.Links(pages[queue[0]]) {
			file, _, ok := resolve(queue[0], link.Target)
			if _, folder := pages[path.Join(file, "README.md")]; folder {
				file = path.Join(file, "README.md")
			}
			_, isPage := pages[file]
			if _, seen := distance[file]; ok && isPage && !seen {
				distance[file] = distance[queue[0]] + 1
				queue = append(queue, file)
			}
		}
	}
	return distance
}

func TestEveryPageIsTwoClicksAway(t *testing.T) {
	pages := readPages(t)
	distance := clicks(pages)
	for page := range pages {
		if n, found := distance[page]; !found || n > 2 {
			t.Errorf("%s is not within two clicks of README.md", page)
		}
	}
}

func TestQuestions(t *testing.T) {
	pages := readPages(t)
	distance := clicks(pages)
	for _, q := range questions {
		page, anchor, _ := strings.Cut(q.answer, "#")
		if !slices.Contains(markdown.Anchors(pages[page]), anchor) {
			t.Errorf("%s There is no %s", q.text, q.answer)
		}
		if n, found := distance[page]; !found || n > 2 {
			t.Errorf("%s %s is not within two clicks of README.md", q.text, page)
		}
	}
}

// Each block of Go is a file, declarations or statements, as gofmt writes them.
func TestGoBlocks(t *testing.T) {
	for page, text := range readPages(t) {
		for _, block := range markdown.Blocks(text) {
			if block.Language != "go" {
				continue
			}
			if formatted, err := format.Source([]byte(block.Text)); err != nil {
				t.Errorf("%s:%d: %v", page, block.Line, err)
			} else if string(formatted) != block.Text {
				t.Errorf("%s:%d: gofmt writes\n%s", page, block.Line, formatted)
			}
		}
	}
}

// README is for those who have one minute.
func TestReadmeIsShort(t *testing.T) {
	const limit = 9000
	if n := utf8.RuneCountInString(readPages(t)["README.md"]); n >= limit {
		t.Errorf("README.md has %d characters, and at most %d", n, limit-1)
	}
}
