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
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const module = "github.com/polyfault/polyfault"

// coreModules is what core, and so everybody, depends on.
var coreModules = []string{module, "github.com/nicksnyder/go-i18n/v2", "golang.org/x/text", "github.com/BurntSushi/toml"}

// frameworks may be imported by their own adapter only.
var frameworks = map[string]string{
	"github.com/gin-gonic/gin": "gin", "github.com/labstack/echo/v4": "echo", "github.com/gofiber/fiber/v2": "fiber", "github.com/valyala/fasthttp": "fiber",
	"github.com/go-chi/chi/v5": "none", "github.com/stretchr/testify": "none", "github.com/getkin/kin-openapi": "none",
	"modernc.org/sqlite": "none", "github.com/jackc/pgx/v5": "none",
}

// Imports run one way, and an adapter brings its own framework only.
func TestImportDirection(t *testing.T) {
	for _, c := range []struct {
		pkg     string
		modules []string // nil: not checked
		ours    []string // packages of ours that it may depend on
	}{
		{"locales", []string{module}, nil},
		{"core", coreModules, []string{"core", "locales"}},
		{"core/coretest", coreModules, []string{"core", "locales"}},
		{"core/formats", coreModules, []string{"core", "locales"}},
		{"core/checks", coreModules, []string{"core", "locales"}},
		{"core/openapi", coreModules, []string{"core", "locales"}},
		{"core/localetest", coreModules, []string{"core", "core/checks", "locales"}},
		{"cmd/polyfault", nil, []string{"core", "core/checks", "core/formats", "core/localetest", "core/openapi", "locales"}},
		{"internal/page", coreModules, []string{"core", "locales"}},
		{"nethttp", coreModules, []string{"core", "internal/page", "locales"}},
		{"store", coreModules, []string{"core", "internal/page", "locales", "nethttp"}},
		{"gin", nil, []string{"core", "locales"}},
		{"echo", nil, []string{"core", "locales"}},
		{"fiber", nil, []string{"core", "locales"}},
	} {
		t.Run(c.pkg, func(t *testing.T) {
			for _, dep := range dependencies(t, "./"+c.pkg) {
				if dep.Module == nil {
					continue // the standard library
				}
				if c.modules != nil {
					assert.Contains(t, c.modules, dep.Module.Path, "%s imports %s", c.pkg, dep.ImportPath)
				}
				for framework, adapter := range frameworks {
					if dep.Module.Path == framework {
						assert.Equal(t, adapter, c.pkg, "%s imports %s", c.pkg, dep.ImportPath)
					}
				}
				inside, ok := strings.CutPrefix(dep.ImportPath, module+"/")
				if !ok || inside == c.pkg || strings.HasPrefix(inside, c.pkg+"/internal/") || strings.HasPrefix(inside, "internal/") {
					continue
				}
				assert.Contains(t, c.ours, inside, "%s imports %s", c.pkg, dep.ImportPath)
			}
		})
	}
}

type dependency struct {
	ImportPath string
	Module     *struct{ Path string }
}

func dependencies(t *testing.T, pkg string) (list []dependency) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Module", pkg).Output()
	require.NoError(t, err)
	for decoder := json.NewDecoder(strings.NewReader(string(out))); ; {
		var d dependency
		err := decoder.Decode(&d)
		if errors.Is(err, io.EOF) {
			return list
		}
		require.NoError(t, err)
		list = append(list, d)
	}
}

// Every exported name has a comment that begins as the style demands, every package has one too.
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
				t.Errorf("%s: exported %s has no comment", path, name)
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
		if err == nil && d.IsDir() && (d.Name() == "bench" || strings.HasPrefix(d.Name(), ".") && path != ".") {
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
		if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
			names = append(names, d.Name.Name)
		}
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				if s.Name.IsExported() && s.Doc == nil && d.Doc == nil {
					names = append(names, s.Name.Name)
				}
			case *ast.ValueSpec:
				if i := slices.IndexFunc(s.Names, (*ast.Ident).IsExported); i >= 0 && s.Doc == nil && s.Comment == nil && d.Doc == nil {
					names = append(names, s.Names[i].Name)
				}
			}
		}
	}
	return names
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
