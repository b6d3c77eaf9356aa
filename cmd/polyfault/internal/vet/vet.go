// Package vet finds misused text ids in Go code: ids that no locale file has, arguments that a text lacks
// or has no placeholder for, and texts that no code names. It is behind "polyfault vet" and, for all but
// the last, behind "go vet -vettool=polyfault".
//
// It reports what it is sure of and keeps silent otherwise:
//   - ids and names of arguments count when they are constants;
//   - an error whose attributes come from elsewhere too (a variable, append, a call that is not
//     polyfault's) is not checked for its arguments;
//   - an argument is missed where the error leaves as an error, in a return or an argument for example: a
//     *fault.Fault that is kept may get it later from With;
//   - without a folder of locale files an id can be anybody's;
//   - test files are left out: they name unknown ids on purpose.
package vet

import (
	"cmp"
	"go/ast"
	"go/types"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

const corePath = "github.com/polyfault/polyfault/core"

// NewAnalyzer makes the analyzer of one package. Kinds that other packages define are known by facts.
func NewAnalyzer() *analysis.Analyzer {
	lib := &library{}
	a := &analysis.Analyzer{
		Name: "polyfaulttexts",
		Doc: `check the ids and arguments of polyfault's texts

The texts are the built-in ones and those of the folder "locales" beside the package or in a folder above
it, up to the module's root; -locales names another one.`,
		URL:       "https://pkg.go.dev/" + corePath,
		Requires:  []*analysis.Analyzer{inspect.Analyzer},
		FactTypes: []analysis.Fact{new(kindFact)},
		Run:       func(pass *analysis.Pass) (any, error) { check(pass, lib); return nil, nil },
	}
	a.Flags.StringVar(&lib.folder, "locales", "", "absolute path of the `folder` of locale files")
	return a
}

// check checks one package. One that does not import polyfault has nothing to check.
func check(pass *analysis.Pass, lib *library) {
	if !imports(pass.Pkg, corePath) && pass.Pkg.Path() != corePath {
		return
	}
	c := &unit{pass: pass, done: map[*ast.CallExpr]bool{}}
	root := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root()
	c.kinds = newKindTable(pass, root)
	c.kinds.export()
	file := c.firstFile()
	if file == nil {
		return
	}
	var err error
	if c.texts, err = lib.textsFor(filepath.Dir(c.name(file))); err != nil {
		pass.Reportf(file.Package, "the texts of this package cannot be checked: %v", err)
		return
	}
	for cursor := range root.Preorder((*ast.CallExpr)(nil)) {
		c.noteLater(cursor.Node().(*ast.CallExpr))
	}
	c.checkAll(root)
}

func imports(pkg *types.Package, path string) bool {
	for _, imported := range pkg.Imports() {
		if imported.Path() == path {
			return true
		}
	}
	return false
}

// A unit is the check of one package.
type unit struct {
	pass  *analysis.Pass
	texts *texts
	kinds *kindTable
	done  map[*ast.CallExpr]bool // calls that were checked as a part of others
	later laterArgs
}

// name returns the path of the file as it is on disk, whatever //line comments say.
func (c *unit) name(file *ast.File) string {
	return c.pass.Fset.PositionFor(file.Package, false).Filename
}

// firstFile returns the first file that is not of a test.
func (c *unit) firstFile() *ast.File {
	for _, file := range c.pass.Files {
		if !strings.HasSuffix(c.name(file), "_test.go") {
			return file
		}
	}
	return nil
}

func (c *unit) checkAll(root inspector.Cursor) {
	nodes := []ast.Node{(*ast.File)(nil), (*ast.CallExpr)(nil), (*ast.CompositeLit)(nil), (*ast.ReturnStmt)(nil)}
	root.Inspect(nodes, func(cursor inspector.Cursor) bool {
		switch node := cursor.Node().(type) {
		case *ast.File:
			return !strings.HasSuffix(c.name(node), "_test.go")
		case *ast.CallExpr:
			c.checkCall(cursor, node)
		case *ast.CompositeLit:
			c.checkSpec(node)
		case *ast.ReturnStmt:
			c.checkReturn(cursor, node)
		}
		return true
	})
}

// report reports at the node. The category is the kind of mistake: unknown, missing or extra.
func (c *unit) report(at ast.Node, category, message string) {
	c.pass.Report(analysis.Diagnostic{Pos: at.Pos(), End: at.End(), Category: category, Message: message})
}

// constant returns the value of a string constant.
func (c *unit) constant(e ast.Expr) (string, bool) { return constantString(c.pass.TypesInfo, e) }

// calleeName is what a call calls of polyfault's core: "Text" for a function, "Kind.New" for a method; ""
// for anything else.
func (c *unit) calleeName(call *ast.CallExpr) string {
	return coreName(callee(c.pass.TypesInfo, call))
}

func coreName(f *types.Func) string {
	if f == nil || f.Pkg() == nil || f.Pkg().Path() != corePath {
		return ""
	}
	receiver := f.Signature().Recv()
	if receiver == nil {
		return f.Name()
	}
	return cmp.Or(typeName(receiver.Type()), "?") + "." + f.Name()
}

// typeName returns the name of a type of core's, or of a pointer to one.
func typeName(t types.Type) string {
	if pointer, ok := types.Unalias(t).(*types.Pointer); ok {
		t = pointer.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || named.Obj().Pkg().Path() != corePath {
		return ""
	}
	return named.Obj().Name()
}
