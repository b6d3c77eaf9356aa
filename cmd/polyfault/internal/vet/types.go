package vet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

// isInterface reports whether t, which may be nil, is an interface.
func isInterface(t types.Type) bool { return t != nil && types.IsInterface(t) }

// isPanic reports whether call is one of the built-in panic.
func isPanic(info *types.Info, call *ast.CallExpr) bool {
	name, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok {
		return false
	}
	builtin, ok := info.Uses[name].(*types.Builtin)
	return ok && builtin.Name() == "panic"
}

// isTuple reports whether all arguments of the call are the results of another: f(g()).
func isTuple(info *types.Info, call *ast.CallExpr) bool {
	if len(call.Args) != 1 {
		return false
	}
	_, ok := info.TypeOf(call.Args[0]).(*types.Tuple)
	return ok
}

// enclosingFunction returns the innermost function around the cursor.
func enclosingFunction(cursor inspector.Cursor) ast.Node {
	for function := range cursor.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		return function.Node()
	}
	return nil
}

// resultType returns the type of the i-th result of a function.
func resultType(info *types.Info, function ast.Node, i int) types.Type {
	var t types.Type
	switch f := function.(type) {
	case *ast.FuncDecl:
		t = info.Defs[f.Name].Type()
	case *ast.FuncLit:
		t = info.TypeOf(f)
	}
	signature, ok := t.(*types.Signature)
	if !ok || i >= signature.Results().Len() {
		return nil
	}
	return signature.Results().At(i).Type()
}

// paramType returns the type of the i-th argument of a call or a conversion.
func paramType(info *types.Info, call *ast.CallExpr, i int) types.Type {
	fun := info.Types[call.Fun]
	if fun.IsType() {
		return fun.Type
	}
	if fun.Type == nil {
		return nil
	}
	signature, ok := fun.Type.Underlying().(*types.Signature)
	if !ok {
		return nil
	}
	params := signature.Params()
	if signature.Variadic() && i >= params.Len()-1 {
		list, _ := params.At(params.Len() - 1).Type().Underlying().(*types.Slice)
		if list == nil {
			return nil
		}
		return list.Elem()
	}
	if i >= params.Len() {
		return nil
	}
	return params.At(i).Type()
}

// elementType returns the type of the i-th element, without a key, of a literal.
func elementType(info *types.Info, literal *ast.CompositeLit, i int) types.Type {
	switch t := info.TypeOf(literal).Underlying().(type) {
	case *types.Slice:
		return t.Elem()
	case *types.Array:
		return t.Elem()
	case *types.Struct:
		return t.Field(i).Type()
	}
	return nil
}

// valueType returns the type of an element with a key.
func valueType(info *types.Info, literal *ast.CompositeLit, pair *ast.KeyValueExpr) types.Type {
	switch t := info.TypeOf(literal).Underlying().(type) {
	case *types.Map:
		return t.Elem()
	case *types.Struct:
		if key, ok := pair.Key.(*ast.Ident); ok && info.Uses[key] != nil {
			return info.Uses[key].Type()
		}
		return nil
	}
	return elementType(info, literal, 0)
}
