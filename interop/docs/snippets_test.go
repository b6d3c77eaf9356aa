package docs_test

import (
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/internal/markdown"
)

// usual are the imports that a snippet need not name.
var usual = strings.Split(`"bytes"
"context"
"database/sql"
"embed"
"encoding/json"
"errors"
"flag"
"fmt"
"io"
"io/fs"
"log"
"log/slog"
"net/http"
"net/http/httptest"
"os"
"strconv"
"strings"
"testing"
"time"
fault "github.com/polyfault/polyfault/core"
"github.com/polyfault/polyfault/core/checks"
"github.com/polyfault/polyfault/core/formats"
"github.com/polyfault/polyfault/core/localetest"
"github.com/polyfault/polyfault/core/openapi"
faulthttp "github.com/polyfault/polyfault/nethttp"
"github.com/polyfault/polyfault/nethttp/catalog"
"github.com/polyfault/polyfault/store"
faultgin "github.com/polyfault/polyfault/gin"
"github.com/gin-gonic/gin"
"github.com/go-chi/chi/v5"
"github.com/go-chi/httprate"
"github.com/go-playground/validator/v10"
"github.com/cockroachdb/errors/exthttp"
"github.com/joomcode/errorx"
"github.com/samber/oops"`, "\n")

// frameworks are the imports whose names two versions share; the first with which a snippet is right counts.
var frameworks = [][]string{
	{`"github.com/labstack/echo/v5"`, `faultecho "github.com/polyfault/polyfault/echov5"`,
		`"github.com/gofiber/fiber/v3"`, `faultfiber "github.com/polyfault/polyfault/fiberv3"`},
	{`"github.com/labstack/echo/v4"`, `faultecho "github.com/polyfault/polyfault/echo"`,
		`"github.com/gofiber/fiber/v2"`, `faultfiber "github.com/polyfault/polyfault/fiber"`},
}

// known are the variables that a snippet need not declare.
const known = `var (
	ctx context.Context
	err error
	r   *fault.Responder
	w   http.ResponseWriter
	req *http.Request
	mux *http.ServeMux
	db  *sql.DB
	id  string
	t   *testing.T
)
`

// A part is a snippet, or a program, as a file of the package that its page is for the type checker.
type part struct {
	page     string
	line     int // of the page
	block    markdown.Block
	declares []string
	partial  bool
	inside   bool // of a function: statements
}

// TestSnippets checks the types of the Go on the pages that is no program. A snippet knows what stands above it on its page, the
// usual imports and a few variables. One that is left incomplete on purpose has a comment above: <!-- partial -->.
func TestSnippets(t *testing.T) {
	all := pages(t)
	checker := newChecker(t, all)
	for _, page := range all {
		t.Run(page.path, func(t *testing.T) {
			var above []part
			for _, p := range page.parts() {
				if !p.partial && !isProgram.MatchString(p.block.Text) {
					assert.NoError(t, checker.check(above, p), "<!-- partial --> above a snippet says that it is incomplete on purpose")
				}
				above = slices.DeleteFunc(above, func(other part) bool {
					return slices.ContainsFunc(other.declares, func(name string) bool { return slices.Contains(p.declares, name) })
				})
				if !p.inside && !p.partial {
					above = append(above, p)
				}
			}
		})
	}
}

func (p *page) parts() (parts []part) {
	for _, program := range p.programs {
		parts = append(parts, newPart(p.path, program.Block))
	}
	for _, b := range p.snippets {
		parts = append(parts, newPart(p.path, b))
	}
	slices.SortFunc(parts, func(a, b part) int { return a.line - b.line })
	return parts
}

func newPart(page string, b markdown.Block) part {
	p := part{page: page, line: b.Line, block: b, partial: b.Note == "partial"}
	text := b.Text
	if !strings.Contains(text, "package ") {
		text = "package page;" + text
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", text, parser.SkipObjectResolution)
	if err != nil {
		p.inside = true
		return p
	}
	for _, decl := range file.Decls {
		switch d := decl.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				p.declares = append(p.declares, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					p.declares = append(p.declares, s.Name.Name)
				case *ast.ValueSpec:
					for _, name := range s.Names {
						p.declares = append(p.declares, name.Name)
					}
				}
			}
		}
	}
	return p
}

// A checker checks types against the packages as they were compiled.
type checker struct {
	fset     *token.FileSet
	importer types.Importer
}

var quoted = regexp.MustCompile(`"([^"]+)"`)

// newChecker compiles all packages that the pages import.
func newChecker(t *testing.T, all []*page) *checker {
	t.Helper()
	imported := map[string]bool{}
	for _, spec := range slices.Concat(usual, frameworks[0], frameworks[1]) {
		imported[quoted.FindStringSubmatch(spec)[1]] = true
	}
	for _, page := range all {
		for _, p := range page.parts() {
			file, err := parser.ParseFile(token.NewFileSet(), "", p.file(nil, ""), parser.ImportsOnly)
			if err != nil {
				continue
			}
			for _, spec := range file.Imports {
				name, err := strconv.Unquote(spec.Path.Value)
				require.NoError(t, err)
				imported[name] = true
			}
		}
	}
	args := append([]string{"list", "-p", fmt.Sprint(atOnce), "-export", "-deps", "-f", "{{.ImportPath}}={{.Export}}"},
		slices.Sorted(maps.Keys(imported))...)
	out, err := goTool(t, args...)
	require.NoError(t, err, out)
	exports := map[string]string{}
	for line := range strings.Lines(out) {
		name, file, _ := strings.Cut(strings.TrimSpace(line), "=")
		exports[name] = file
	}
	c := &checker{fset: token.NewFileSet()}
	c.importer = importer.ForCompiler(c.fset, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	return c
}

// check reports the first error of a part below those above it.
func (c *checker) check(above []part, p part) (first error) {
	for _, versions := range frameworks {
		for _, result := range []string{"error", ""} {
			err := c.checkAs(above, p, versions, result)
			if err == nil {
				return nil
			}
			if first == nil {
				first = err
			}
		}
	}
	return first
}

func (c *checker) checkAs(above []part, p part, versions []string, result string) (first error) {
	specs := slices.Concat(usual, versions)
	files := make([]*ast.File, 0, len(above)+2)
	for _, other := range append(slices.Clip(above), p) {
		name := "above"
		if other.line == p.line {
			name = "checked"
		}
		file, err := parser.ParseFile(c.fset, name, other.file(specs, result), parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		files = append(files, file)
	}
	variables := "package page\nimport (\n" + strings.Join(specs, "\n") + "\n)\n" + known
	file, err := parser.ParseFile(c.fset, "known", variables, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	config := types.Config{Importer: c.importer, Error: func(err error) {
		// A soft error is an import or a variable that is not used. Of what is wrong above, its own check tells.
		e, ok := err.(types.Error)
		if ok && !e.Soft && first == nil && c.fset.File(e.Pos).Name() == "checked" {
			first = err
		}
	}}
	_, _ = config.Check("page", c.fset, append(files, file), nil)
	return first
}

var (
	packageClause = regexp.MustCompile(`(?m)^package \w+$`)
	importsItself = regexp.MustCompile(`(?m)^import[ (]`)
)

// file is a part as a file of package page: declarations stand in it as they are, statements in a function.
func (p part) file(specs []string, result string) string {
	head, text := "package page; ", p.block.Text
	switch {
	case isProgram.MatchString(text):
		return line(p) + packageClause.ReplaceAllString(text, "package page")
	case !importsItself.MatchString(text):
		head += "import (" + strings.Join(specs, "; ") + ");"
	}
	switch {
	case !p.inside:
		return head + line(p) + text
	case result == "":
		return head + "func _() {" + line(p) + text + "\n}"
	}
	return head + "func _() " + result + " {" + line(p) + text + "\nreturn nil }"
}

// line tells the parser where a part stands.
func line(p part) string { return fmt.Sprintf("\n//line %s:%d\n", p.page, p.line) }
