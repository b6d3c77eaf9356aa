package vet

import (
	"go/ast"
	"slices"
)

// given has the text and arguments of an error's attributes, as far as the code shows them.
type given struct {
	text   ast.Expr // the last id of fault.Text; nil: the default of the call
	id     string   // its value
	args   []arg    // fault.Arg and fault.Count
	unseen bool     // attributes come from elsewhere, too
}

type arg struct {
	name  string
	count bool // by fault.Count
	at    ast.Node
}

// attrs reads attributes: the arguments of a call after the first skip ones.
func (c *unit) attrs(g *given, call *ast.CallExpr, skip int) {
	if len(call.Args) < skip || isTuple(c.pass.TypesInfo, call) {
		g.unseen = true
		return
	}
	list := call.Args[skip:]
	if call.Ellipsis.IsValid() {
		literal, ok := ast.Unparen(list[len(list)-1]).(*ast.CompositeLit)
		if !ok {
			g.unseen = true
			return
		}
		list = literal.Elts
	}
	for _, e := range list {
		c.attr(g, e)
	}
}

// neutral are the functions whose attributes do not concern the text.
var neutral = []string{
	"Detail", "DetailsOf", "Field", "Header", "AddHeader", "HeadersFunc", "RetryAfter", "Cause", "TraceID", "Subtype", "Log",
}

func (c *unit) attr(g *given, e ast.Expr) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		g.unseen = true
		return
	}
	name := c.calleeName(call)
	switch {
	case slices.Contains(neutral, name):
	case name == "Count":
		g.args = append(g.args, arg{"Count", true, call})
	case (name == "Text" || name == "Arg") && len(call.Args) > 0:
		value, constant := c.constant(call.Args[0])
		switch {
		case !constant:
			g.unseen = true
		case name == "Text":
			g.text, g.id = call.Args[0], value
		default:
			g.args = append(g.args, arg{value, false, call})
		}
	default:
		g.unseen = true
	}
}

// has reports whether an argument of the name is given.
func (g *given) has(name string) bool {
	return slices.ContainsFunc(g.args, func(a arg) bool { return a.name == name })
}

// counts reports whether fault.Count is given.
func (g *given) counts() bool {
	return slices.ContainsFunc(g.args, func(a arg) bool { return a.count })
}

// laterArgs are the arguments that errors of the package get later, by With on an error from elsewhere. Such arguments are
// not missing.
type laterArgs struct {
	names  []string
	unseen bool
}

func (l *laterArgs) mayHave(name string) bool { return l.unseen || slices.Contains(l.names, name) }

func (c *unit) noteLater(call *ast.CallExpr) {
	if c.calleeName(call) != "Fault.With" {
		return
	}
	if made, _ := c.chain(call); made != nil {
		return
	}
	var g given
	c.attrs(&g, call, 0)
	for _, a := range g.args {
		c.later.names = append(c.later.names, a.name)
	}
	c.later.unseen = c.later.unseen || g.unseen
}

// chain takes New().With().With() apart, from its last call. It returns the call that makes the error, or nil if that is not
// New or Wrap, and the calls of With in their order.
func (c *unit) chain(call *ast.CallExpr) (made *ast.CallExpr, withs []*ast.CallExpr) {
	for ; call != nil; call, _ = ast.Unparen(receiver(call)).(*ast.CallExpr) {
		switch c.calleeName(call) {
		case "Fault.With":
			withs = append(withs, call)
			continue
		case "Kind.New", "Kind.Wrap":
			made = call
		}
		break
	}
	slices.Reverse(withs)
	return made, withs
}

// receiver returns the receiver of a method call, or nil for other calls.
func receiver(call *ast.CallExpr) ast.Expr {
	if selector, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		return selector.X
	}
	return nil
}
