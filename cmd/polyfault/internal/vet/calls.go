package vet

import (
	"fmt"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/edge"
	"golang.org/x/tools/go/ast/inspector"
)

// checkCall checks a call of polyfault's core.
func (c *unit) checkCall(cursor inspector.Cursor, call *ast.CallExpr) {
	switch c.calleeName(call) {
	case "Text":
		c.checkKnown(call.Args[0])
	case "Localizer.Text", "Localizer.Texts":
		c.checkLocalizer(call)
	case "Field", "Details.AddField":
		c.checkField(call)
	case "Kind.New", "Kind.Wrap", "Fault.With":
		c.checkError(cursor, call)
	case "Details.Err":
		c.checkErr(call)
	case "Details.AddError":
		c.checkBare(call.Args[len(call.Args)-1])
	case "":
		if isPanic(c.pass.TypesInfo, call) {
			c.checkBare(call.Args[0])
		}
	}
}

// checkKnown reports an id that no text has. Without a folder it reports nothing, because any folder may have the id.
func (c *unit) checkKnown(e ast.Expr) {
	id, constant := c.constant(e)
	if !constant || c.texts.folder == "" || c.texts.ids[id] {
		return
	}
	c.report(e, "unknown", fmt.Sprintf("unknown text id %q: no locale file in %s has it%s", id, c.texts.folder, c.texts.similar(id)))
}

// checkSpec checks the text that a Spec names. The default text, with the code as its id, may be missing: clients read the
// parent's until it exists.
func (c *unit) checkSpec(literal *ast.CompositeLit) {
	if t := c.pass.TypesInfo.TypeOf(literal); t == nil || typeName(t) != "Spec" {
		return
	}
	text := member(c.pass.TypesInfo, literal, "Text")
	if text == nil {
		return
	}
	if id, _ := c.constant(text); id != "" {
		c.checkKnown(text)
	}
}

func (c *unit) checkLocalizer(call *ast.CallExpr) {
	c.checkKnown(call.Args[0])
	var g given
	c.attrs(&g, call, 1)
	if id, constant := c.constant(call.Args[0]); constant && !g.unseen {
		c.checkArgs(call, id, &g, true)
	}
}

// checkField checks the text of a rule: "rule."+code unless fault.Text chooses another.
func (c *unit) checkField(call *ast.CallExpr) {
	if len(call.Args) < 2 {
		return
	}
	var g given
	c.attrs(&g, call, 2)
	if g.unseen {
		return
	}
	g.args = append(g.args, arg{name: "Field"}) // by fault.Field itself
	if g.text != nil {
		c.checkArgs(call, g.id, &g, true)
		return
	}
	code, constant := c.constant(call.Args[1])
	if !constant || code == "" {
		return
	}
	id := "rule." + code
	if !c.texts.ids[id] && c.texts.folder != "" && !c.texts.isRule(code) {
		c.report(call.Args[1], "unknown", fmt.Sprintf("no text for the rule %q: clients read the general one, rule.invalid; "+
			"add %q to the locale files in %s, or choose a text with fault.Text%s",
			code, id, c.texts.folder, c.texts.similar(id)))
		return
	}
	c.checkArgs(call, id, &g, true)
}

// checkErr checks Details.Err(kind, attrs...), which returns an error that gets no further attributes.
func (c *unit) checkErr(call *ast.CallExpr) {
	var g given
	c.attrs(&g, call, 1)
	c.checkFault(call, call.Args[0], &g, true)
}

// checkError checks a chain New().With().With() as a whole, from its last call.
func (c *unit) checkError(cursor inspector.Cursor, call *ast.CallExpr) {
	if c.done[call] {
		return
	}
	var g given
	var kind ast.Expr
	made, withs := c.chain(call)
	if made != nil {
		kind = receiver(made)
		c.done[made] = true
		c.attrs(&g, made, map[string]int{"Kind.Wrap": 1}[c.calleeName(made)])
	}
	for _, with := range withs {
		c.done[with] = true
		c.attrs(&g, with, 0)
	}
	c.checkFault(call, kind, &g, made != nil && c.leaves(cursor))
}

// checkFault checks the attributes of an error of the kind, which is nil when it is not known.
func (c *unit) checkFault(at ast.Node, kind ast.Expr, g *given, leaves bool) {
	switch {
	case g.unseen:
	case g.text != nil:
		c.checkArgs(at, g.id, g, leaves)
	case kind != nil && leaves:
		c.checkArgs(at, c.kinds.textOf(kind), g, true)
	}
}

// checkArgs compares the arguments with the placeholders. It skips an unknown text: that is reported elsewhere, or the
// parent's text is used.
func (c *unit) checkArgs(at ast.Node, id string, g *given, leaves bool) {
	if !c.texts.ids[id] {
		return
	}
	n := c.texts.of(id)
	for _, a := range g.args {
		c.checkExtra(id, &n, a)
	}
	if leaves {
		c.checkMissing(at, id, &n, g)
	}
}

func (c *unit) checkExtra(id string, n *needs, a arg) {
	switch {
	case a.at == nil, n.has(a.name):
	case !a.count:
		c.report(a.at, "extra", fmt.Sprintf("text %q has no {{.%s}} for fault.Arg(%q, …): %s", id, a.name, a.name, n.list()))
	case !n.plural:
		c.report(a.at, "extra", fmt.Sprintf("text %q has neither plural forms nor {{.Count}} for fault.Count", id))
	}
}

func (c *unit) checkMissing(at ast.Node, id string, n *needs, g *given) {
	var missing []string
	for _, name := range n.placeholders {
		if !g.has(name) && !c.later.mayHave(name) && name != "Count" {
			missing = append(missing, fmt.Sprintf("fault.Arg(%q, …)", name))
		}
	}
	switch {
	case c.later.mayHave("Count") || g.counts():
	case n.plural:
		missing = append(missing, "fault.Count(…), which chooses its plural form")
	case n.has("Count") && !g.has("Count"):
		missing = append(missing, "fault.Count(…)")
	}
	if len(missing) > 0 {
		c.report(at, "missing", fmt.Sprintf("text %q needs %s", id, strings.Join(missing, " and ")))
	}
}

// checkReturn reports kinds that are returned without New although their text has placeholders. It skips Unwrap, whose result
// is for errors.Is.
func (c *unit) checkReturn(cursor inspector.Cursor, statement *ast.ReturnStmt) {
	function := enclosingFunction(cursor)
	if f, ok := function.(*ast.FuncDecl); ok && f.Name.Name == "Unwrap" {
		return
	}
	for i, e := range statement.Results {
		if isInterface(resultType(c.pass.TypesInfo, function, i)) {
			c.checkBare(e)
		}
	}
}

func (c *unit) checkBare(e ast.Expr) {
	if t := c.pass.TypesInfo.TypeOf(e); t == nil || typeName(t) != "Kind" {
		return
	}
	c.checkFault(e, e, &given{}, true)
}

// leaves reports whether the error is used as an error, or as a value of another interface. It gets no attributes then.
func (c *unit) leaves(cursor inspector.Cursor) bool {
	info := c.pass.TypesInfo
	for cursor.ParentEdgeKind() == edge.ParenExpr_X {
		cursor = cursor.Parent()
	}
	i := cursor.ParentEdgeIndex()
	switch parent := cursor.Parent().Node().(type) {
	case *ast.ReturnStmt:
		return isInterface(resultType(info, enclosingFunction(cursor), i))
	case *ast.CallExpr:
		return isInterface(paramType(info, parent, i)) && coreName(callee(info, parent)) != "From"
	case *ast.AssignStmt:
		return isInterface(info.TypeOf(parent.Lhs[i]))
	case *ast.ValueSpec:
		return isInterface(info.TypeOf(parent.Type))
	case *ast.SendStmt:
		channel, ok := info.TypeOf(parent.Chan).Underlying().(*types.Chan)
		return ok && isInterface(channel.Elem())
	case *ast.CompositeLit:
		return isInterface(elementType(info, parent, i))
	case *ast.KeyValueExpr:
		literal, ok := cursor.Parent().Parent().Node().(*ast.CompositeLit)
		return ok && isInterface(valueType(info, literal, parent))
	}
	return false
}
