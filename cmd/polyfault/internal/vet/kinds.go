package vet

import (
	"go/ast"
	"go/constant"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"
)

// A kindFact says of a package-level variable that it is a kind, and with which text.
type kindFact struct{ TextID string }

// AFact makes it a fact.
func (*kindFact) AFact() {}

// String is for tests.
func (f *kindFact) String() string { return "kind with text " + f.TextID }

// A kindTable knows the kinds of a package and of those that it imports.
type kindTable struct {
	pass   *analysis.Pass
	values map[*types.Var]ast.Expr // what package-level variables begin with
}

// newKindTable collects the package-level variables. One that is assigned to again is no kind to rely on.
func newKindTable(pass *analysis.Pass, root inspector.Cursor) *kindTable {
	t := &kindTable{pass: pass, values: map[*types.Var]ast.Expr{}}
	for _, init := range pass.TypesInfo.InitOrder {
		if len(init.Lhs) == 1 && typeName(init.Lhs[0].Type()) == "Kind" {
			t.values[init.Lhs[0]] = init.Rhs
		}
	}
	for cursor := range root.Preorder((*ast.AssignStmt)(nil), (*ast.UnaryExpr)(nil)) {
		switch node := cursor.Node().(type) {
		case *ast.AssignStmt:
			for _, left := range node.Lhs {
				delete(t.values, t.variable(left))
			}
		case *ast.UnaryExpr: // its address, as of a kind there is nothing else
			delete(t.values, t.variable(node.X))
		}
	}
	return t
}

func (t *kindTable) export() {
	for variable, value := range t.values {
		if id := t.textOf(value); id != "" && variable.Pkg() == t.pass.Pkg {
			t.pass.ExportObjectFact(variable, &kindFact{id})
		}
	}
}

// variable returns the variable that e names, perhaps of another package.
func (t *kindTable) variable(e ast.Expr) *types.Var {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, _ := t.pass.TypesInfo.Uses[e].(*types.Var)
		return v
	case *ast.SelectorExpr:
		v, _ := t.pass.TypesInfo.Uses[e.Sel].(*types.Var)
		return v
	}
	return nil
}

// textOf returns the text id of the kind that e is; "" when that cannot be told.
func (t *kindTable) textOf(e ast.Expr) string {
	if call, ok := ast.Unparen(e).(*ast.CallExpr); ok {
		return t.textOfCall(call)
	}
	variable := t.variable(e)
	if variable == nil {
		return ""
	}
	if value := t.values[variable]; value != nil {
		return t.textOf(value) // Go refuses cycles
	}
	fact := new(kindFact)
	if t.pass.ImportObjectFact(variable, fact) {
		return fact.TextID
	}
	return ""
}

// textOfCall is that of Derive(Spec{…}).
func (t *kindTable) textOfCall(call *ast.CallExpr) string {
	if coreName(callee(t.pass.TypesInfo, call)) != "Kind.Derive" {
		return ""
	}
	spec, ok := ast.Unparen(call.Args[0]).(*ast.CompositeLit)
	if !ok {
		return ""
	}
	for _, name := range []string{"Text", "Code"} { // the code is the default
		value := member(t.pass.TypesInfo, spec, name)
		if value == nil {
			continue
		}
		id, constant := constantString(t.pass.TypesInfo, value)
		if id != "" || !constant {
			return id
		}
	}
	return ""
}

// member returns the value of a field in a literal of a structure; nil when it is not given.
func member(info *types.Info, literal *ast.CompositeLit, name string) ast.Expr {
	structure, ok := info.TypeOf(literal).Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	for i, element := range literal.Elts {
		if pair, ok := element.(*ast.KeyValueExpr); ok {
			if key, ok := pair.Key.(*ast.Ident); ok && key.Name == name {
				return pair.Value
			}
			continue
		}
		if structure.Field(i).Name() == name {
			return element
		}
	}
	return nil
}

func constantString(info *types.Info, e ast.Expr) (string, bool) {
	value := info.Types[e].Value
	if value == nil || value.Kind() != constant.String {
		return "", false
	}
	return constant.StringVal(value), true
}

// callee returns the function or method that the call calls, of an interface too.
func callee(info *types.Info, call *ast.CallExpr) *types.Func {
	f, _ := typeutil.Callee(info, call).(*types.Func)
	return f
}
