// Package polyfault_test holds the rules of the house that no single package can test.
package polyfault_test

import (
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/polyfault/polyfault"

// floor is what every package of ours may import of ours: rooms that know no package above them.
var floor = []string{
	"internal/atomicfile", "internal/clean", "internal/errtree", "internal/family", "internal/jsonpointer", "internal/jsontext",
	"internal/localefile", "internal/message", "internal/negotiate", "internal/plural",
}

// A rule says what a package, or all packages below a folder ("core/..."), may import.
type rule struct {
	packages string
	ours     []string // besides the floor
	others   []string // modules, besides the libraries of core
}

var anything = []string{"..."}

// rules are looked through from the first; the first that fits a package holds.
var rules = []rule{
	{"locales", nil, nil},
	{"internal/page", []string{"core", "locales"}, nil},
	{"internal/exchange", []string{"core"}, nil},
	{"internal/...", nil, nil},
	{"core", []string{"locales"}, nil},
	{"core/localetest", []string{"core", "core/checks", "locales"}, nil},
	{"core/...", []string{"core", "locales"}, nil},
	{"nethttp", []string{"core", "internal/exchange", "locales"}, nil},
	{"nethttp/catalog", []string{"core", "internal/page", "nethttp"}, nil},
	{"gin", []string{"core", "internal/exchange"}, []string{"github.com/gin-gonic/gin", "github.com/go-playground/validator/v10"}},
	{"echo", []string{"core", "internal/exchange"}, []string{"github.com/labstack/echo/v4"}},
	{"echov5", []string{"core", "internal/exchange"}, []string{"github.com/labstack/echo/v5"}},
	{"fiber", []string{"core", "internal/aborts"}, []string{"github.com/gofiber/fiber/v2", "github.com/valyala/fasthttp"}},
	{"fiberv3", []string{"core", "internal/aborts"}, []string{"github.com/gofiber/fiber/v3", "github.com/gofiber/utils/v2",
		"github.com/valyala/fasthttp"}},
	{"otel", []string{"core"}, []string{"go.opentelemetry.io/otel", "go.opentelemetry.io/otel/trace", "go.opentelemetry.io/otel/metric"}},
	{"store", []string{"core", "internal/page", "locales", "nethttp"}, nil},
	{"cmd/...", []string{"cmd/...", "core/...", "locales"}, anything},
	{"examples/...", anything, anything},
	{"interop/...", anything, anything},
	{"bench", anything, anything},
}

// coreLibraries are the modules of others that core depends on, and so everybody.
var coreLibraries = []string{"github.com/nicksnyder/go-i18n/v2", "golang.org/x/text", "github.com/BurntSushi/toml"}

func (r rule) allowsOurs(inside string) bool {
	return slices.ContainsFunc(slices.Concat(floor, r.ours), func(pattern string) bool { return covers(pattern, inside) })
}

func (r rule) allowsModule(path string) bool {
	return slices.ContainsFunc(slices.Concat(coreLibraries, r.others), func(pattern string) bool { return covers(pattern, path) })
}

// covers reports whether a pattern as the go command has it covers the path.
func covers(pattern, path string) bool {
	folder, below := strings.CutSuffix(pattern, "...")
	folder = strings.TrimSuffix(folder, "/")
	return path == folder || below && (folder == "" || strings.HasPrefix(path, folder+"/"))
}

// A listed package is what the go command says of one.
type listed struct {
	ImportPath string
	Module     *struct{ Path string } // nil: the standard library
	GoFiles    []string
	Imports    []string
}

func (p *listed) ours() (inside string, ok bool) { return strings.CutPrefix(p.ImportPath, module+"/") }

// Imports run one way, and an adapter brings its own framework only. What each package imports is checked, and
// where a rule names no module, what comes with it as well.
func TestImportDirection(t *testing.T) {
	for _, folder := range modules(t) {
		t.Run(folder, func(t *testing.T) {
			byPath := list(t, folder)
			for path, p := range byPath {
				inside, ours := p.ours()
				if !ours || len(p.GoFiles) == 0 {
					continue
				}
				i := slices.IndexFunc(rules, func(r rule) bool { return covers(r.packages, inside) })
				if !assert.GreaterOrEqual(t, i, 0, "no rule says what %s may import", inside) {
					continue
				}
				for _, imported := range p.Imports {
					checkImport(t, rules[i], path, byPath[imported], byPath, map[string]bool{})
				}
			}
		})
	}
}

func checkImport(t *testing.T, r rule, importer string, p *listed, byPath map[string]*listed, seen map[string]bool) {
	if p == nil || p.Module == nil || seen[p.ImportPath] {
		return
	}
	seen[p.ImportPath] = true
	if inside, ours := p.ours(); ours {
		assert.True(t, r.allowsOurs(inside), "%s imports %s", importer, p.ImportPath)
		return // it has a rule of its own
	}
	assert.True(t, r.allowsModule(p.Module.Path), "%s imports %s", importer, p.ImportPath)
	if r.others != nil {
		return // a framework brings what it likes
	}
	for _, imported := range p.Imports {
		checkImport(t, r, p.ImportPath, byPath[imported], byPath, seen)
	}
}

// modules are the folders of the modules that users import. Each go.mod counts but those that go.work leaves
// out on purpose: newcomers would wait for what only tests and benchmarks need.
func modules(t *testing.T) (folders []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != "." || d.Name() == "testdata" || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		if d.Name() == "go.mod" {
			folders = append(folders, filepath.ToSlash(filepath.Dir(path)))
		}
		return err
	}))
	folders = slices.DeleteFunc(folders, func(folder string) bool { return folder == "interop" || folder == "bench" })
	work, err := os.ReadFile("go.work")
	if errors.Is(err, fs.ErrNotExist) {
		return folders // a tarball of the root module
	}
	require.NoError(t, err)
	for _, folder := range folders {
		assert.Regexp(t, `(?m)^\t(\./)?`+regexp.QuoteMeta(folder)+"$", string(work), "go.work does not use %s", folder)
	}
	return folders
}

// list asks the go command for all packages of a module and what they depend on.
func list(t *testing.T, folder string) map[string]*listed {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Module,GoFiles,Imports", "./...")
	command.Dir = folder
	command.Env = append(os.Environ(), "GOWORK=off")
	out, err := command.Output()
	require.NoError(t, err)
	all := map[string]*listed{}
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		p := &listed{}
		err := decoder.Decode(p)
		if errors.Is(err, io.EOF) {
			require.NotEmpty(t, all)
			return all
		}
		require.NoError(t, err)
		all[p.ImportPath] = p
	}
}

// Each module stands in the lists of those who release, compare and update modules.
func TestModulesAreListed(t *testing.T) {
	lists := map[string]*regexp.Regexp{
		".ci/release":              regexp.MustCompile(`(?m)^nested=\((.*)\)$`),
		".ci/run":                  regexp.MustCompile(`v0\.0\.1 \{(.*)\}/v0\.0\.1`),
		".ci/apidiff":              regexp.MustCompile(`for module in \. (.*); do`),
		".github/workflows/ci.yml": regexp.MustCompile(`for module in \. (.*?); do`),
		".github/dependabot.yml":   regexp.MustCompile(`directories: \[(.*)\]`),
	}
	program := "cmd/polyfault" // nobody imports it, and its SQLite is slow on 32 bits
	for path, list := range lists {
		content, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			t.Skip("a tarball of the root module has no lists")
		}
		require.NoError(t, err)
		var listed []string
		for _, match := range list.FindAllStringSubmatch(string(content), -1) {
			for _, name := range strings.FieldsFunc(match[1], func(r rune) bool { return r == ' ' || r == ',' }) {
				listed = append(listed, strings.TrimPrefix(name, "/"))
			}
		}
		for _, folder := range modules(t) {
			if folder == "." || folder == "examples" || folder == program && (path == ".ci/apidiff" || path == ".github/workflows/ci.yml") {
				continue
			}
			assert.Contains(t, listed, folder, "the list of %s", path)
		}
	}
}

// Adopting polyfault adds these requirements to a service and no others.
func TestRequirements(t *testing.T) {
	content, err := os.ReadFile("go.mod")
	require.NoError(t, err)
	var direct []string
	for line := range strings.Lines(string(content)) {
		if fields := strings.Fields(line); strings.HasPrefix(line, "\t") && !strings.Contains(line, "// indirect") {
			direct = append(direct, fields[0])
		}
	}
	assert.ElementsMatch(t, append(slices.Clone(coreLibraries), "github.com/stretchr/testify"), direct, "go.mod of the root")
}

// Every exported name has a comment that begins with it, a type's perhaps with an article before; every package
// has a comment, too. In groups of constants and variables one comment is for all.
func TestEverythingExportedIsDocumented(t *testing.T) {
	packages := map[string]bool{} // folder → has a package comment
	for _, path := range goFiles(t) {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments)
		require.NoError(t, err)
		folder := filepath.Dir(path)
		packages[folder] = packages[folder] || file.Doc != nil
		for _, decl := range file.Decls {
			for _, name := range undocumented(decl) {
				t.Errorf("%s: exported %s has no comment that begins with its name", path, name)
			}
		}
	}
	for folder, documented := range packages {
		assert.True(t, documented, "package in %s has no package comment", folder)
	}
}

func goFiles(t *testing.T) (paths []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "bench" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && path != ".") {
			return filepath.SkipDir
		}
		if strings.HasSuffix(path, ".go") {
			paths = append(paths, path)
		}
		return err
	}))
	require.NotEmpty(t, paths)
	return paths
}

func undocumented(decl ast.Decl) (names []string) {
	switch d := decl.(type) {
	case *ast.FuncDecl:
		if d.Name.IsExported() && exportedReceiver(d) && !beginsWith(d.Doc, d.Name.Name) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			names = append(names, undocumentedIn(d, spec)...)
		}
	}
	return names
}

func undocumentedIn(d *ast.GenDecl, spec ast.Spec) (names []string) {
	switch s := spec.(type) {
	case *ast.TypeSpec:
		doc := s.Doc
		if doc == nil && !d.Lparen.IsValid() {
			doc = d.Doc
		}
		if s.Name.IsExported() && !beginsWith(doc, s.Name.Name) {
			names = append(names, s.Name.Name)
		}
	case *ast.ValueSpec:
		for _, name := range s.Names {
			inGroup := d.Lparen.IsValid() && (d.Doc != nil || s.Comment != nil)
			alone := !d.Lparen.IsValid() && beginsWith(d.Doc, name.Name)
			if name.IsExported() && !alone && !inGroup && !beginsWith(s.Doc, name.Name) {
				names = append(names, name.Name)
			}
		}
	}
	return names
}

// beginsWith reports whether the comment begins with the name, or with an article and the name.
func beginsWith(doc *ast.CommentGroup, name string) bool {
	words := strings.Fields(doc.Text())
	if len(words) > 1 && slices.Contains([]string{"A", "An", "The"}, words[0]) {
		words = words[1:]
	}
	return len(words) > 0 && strings.TrimSuffix(strings.TrimRight(words[0], ",.:;"), "'s") == name
}

func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil {
		return true
	}
	receiver := d.Recv.List[0].Type
	if star, ok := receiver.(*ast.StarExpr); ok {
		receiver = star.X
	}
	name, ok := receiver.(*ast.Ident)
	return ok && name.IsExported()
}

// The programs of README are files that compile.
func TestReadmeProgramsAreExamples(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	lines := strings.Split(string(readme), "\n")
	first := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, "```") })
	assert.Less(t, first, 30, "the first code stands in the first 30 lines")
	var programs []string
	for i, line := range lines {
		if line == "```go" && strings.HasPrefix(lines[i+1], "package main") {
			end := i + 1 + slices.Index(lines[i+1:], "```")
			programs = append(programs, strings.Join(lines[i+1:end], "\n")+"\n")
		}
	}
	require.NotEmpty(t, programs)
	var examples []string
	for _, path := range goFiles(t) {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		if i := strings.Index(string(content), "package main\n"); i >= 0 {
			examples = append(examples, string(content)[i:])
		}
	}
	for _, program := range programs {
		assert.Contains(t, examples, program, "a program of README.md is not a file of examples/")
	}
}

// SECURITY.md promises nothing without a test: each of its lines names some, and they exist.
func TestSecurityPolicy(t *testing.T) {
	content, err := os.ReadFile("SECURITY.md")
	require.NoError(t, err)
	named := regexp.MustCompile("`([a-z0-9/.]+) ((?:Test|Fuzz)[A-Za-z0-9]+)`")
	promises := regexp.MustCompile(`(?m)^(\d+)\. `).Split(string(content), -1)[1:]
	require.Len(t, promises, 37)
	for i, promise := range promises {
		tests := named.FindAllStringSubmatch(promise, -1)
		assert.NotEmpty(t, tests, "line %d names no test", i+1)
		for _, test := range tests {
			assert.True(t, hasTest(t, test[1], test[2]), "line %d: there is no %s in %s", i+1, test[2], test[1])
		}
	}
	ci, err := os.ReadFile(".ci/run")
	require.NoError(t, err)
	assert.Contains(t, string(ci), "govulncheck")
}

func hasTest(t *testing.T, folder, name string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	require.NoError(t, err)
	return slices.ContainsFunc(files, func(path string) bool {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		return strings.Contains(string(content), "\nfunc "+name+"(")
	})
}
