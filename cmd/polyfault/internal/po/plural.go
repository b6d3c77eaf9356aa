package po

import (
	"fmt"
	"strconv"
	"strings"
)

// A Plural is a Plural-Forms header: the number of forms, and the form of a number.
type Plural struct {
	Forms int
	expr  node
}

// ParsePlural reads "nplurals=2; plural=(n != 1);".
func ParsePlural(header string) (*Plural, error) {
	count, rest, ok := strings.Cut(header, ";")
	number, isCount := strings.CutPrefix(strings.ReplaceAll(count, " ", ""), "nplurals=")
	forms, err := strconv.Atoi(number)
	_, source, hasExpression := strings.Cut(rest, "=")
	isPlural := strings.HasPrefix(strings.TrimSpace(rest), "plural")
	if !ok || !isCount || err != nil || forms < 1 || forms > MaxStrings || !hasExpression || !isPlural {
		return nil, fmt.Errorf("%q is not of the form nplurals=…; plural=…;", shown(header))
	}
	p := exprParser{text: strings.TrimSuffix(strings.TrimSpace(source), ";")}
	expr := p.ternary(0)
	if p.skip(); p.failed || p.pos < len(p.text) || len(p.text) > maxExpression {
		return nil, fmt.Errorf("the expression %q cannot be read", shown(p.text))
	}
	return &Plural{forms, expr}, nil
}

// Form returns the index of the form for n. It returns an error if the expression divides by zero, or names a form that does
// not exist.
func (p *Plural) Form(n int) (int, error) {
	value, ok := p.expr(n)
	if !ok || value < 0 || value >= p.Forms {
		return 0, fmt.Errorf("the expression of Plural-Forms gives %d no form below %d", n, p.Forms)
	}
	return value, nil
}

// A node is a part of an expression; ok is false if it divides by zero.
type node func(n int) (value int, ok bool)

const (
	maxExpression = 2000
	maxDepth      = 100
)

// exprParser reads the expressions of C that gettext allows.
type exprParser struct {
	text   string
	pos    int
	failed bool
}

func (p *exprParser) skip() {
	for p.pos < len(p.text) && (p.text[p.pos] == ' ' || p.text[p.pos] == '\t') {
		p.pos++
	}
}

func (p *exprParser) take(word string) bool {
	p.skip()
	if strings.HasPrefix(p.text[p.pos:], word) {
		p.pos += len(word)
		return true
	}
	return false
}

func (p *exprParser) fail() node {
	p.failed = true
	return func(int) (int, bool) { return 0, false }
}

func (p *exprParser) ternary(depth int) node {
	if depth > maxDepth {
		return p.fail()
	}
	condition := p.binary(0, depth+1)
	if !p.take("?") {
		return condition
	}
	yes := p.ternary(depth + 1)
	if !p.take(":") {
		return p.fail()
	}
	no := p.ternary(depth + 1)
	return func(n int) (int, bool) {
		value, ok := condition(n)
		switch {
		case !ok:
			return 0, false
		case value != 0:
			return yes(n)
		}
		return no(n)
	}
}

// operators are C's operators by rank, the weakest first. A longer one stands before its own beginning.
var operators = [][]string{{"||"}, {"&&"}, {"==", "!="}, {"<=", ">=", "<", ">"}, {"+", "-"}, {"*", "/", "%"}}

func (p *exprParser) binary(rank, depth int) node {
	if rank == len(operators) {
		return p.unary(depth)
	}
	left := p.binary(rank+1, depth)
	for {
		operator := ""
		for _, o := range operators[rank] {
			if operator == "" && p.take(o) {
				operator = o
			}
		}
		if operator == "" || p.failed {
			return left
		}
		left = combined(operator, left, p.binary(rank+1, depth))
	}
}

func combined(operator string, left, right node) node {
	return func(n int) (int, bool) {
		a, ok := left(n)
		if !ok {
			return 0, false
		}
		if operator == "&&" && a == 0 || operator == "||" && a != 0 {
			return truth(a != 0), true
		}
		b, ok := right(n)
		if !ok {
			return 0, false
		}
		return calculated(operator, a, b)
	}
}

func calculated(operator string, a, b int) (int, bool) {
	switch operator {
	case "||", "&&":
		return truth(b != 0), true
	case "==":
		return truth(a == b), true
	case "!=":
		return truth(a != b), true
	case "<=":
		return truth(a <= b), true
	case ">=":
		return truth(a >= b), true
	case "<":
		return truth(a < b), true
	case ">":
		return truth(a > b), true
	case "+":
		return a + b, true
	case "-":
		return a - b, true
	case "*":
		return a * b, true
	}
	if b == 0 {
		return 0, false
	}
	if operator == "/" {
		return a / b, true
	}
	return a % b, true
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (p *exprParser) unary(depth int) node {
	if depth > maxDepth {
		return p.fail()
	}
	switch {
	case p.take("!"):
		inside := p.unary(depth + 1)
		return func(n int) (int, bool) {
			value, ok := inside(n)
			return truth(value == 0), ok
		}
	case p.take("("):
		inside := p.ternary(depth + 1)
		if !p.take(")") {
			return p.fail()
		}
		return inside
	case p.take("n"):
		return func(n int) (int, bool) { return n, true }
	}
	return p.number()
}

func (p *exprParser) number() node {
	start := p.pos
	for p.pos < len(p.text) && '0' <= p.text[p.pos] && p.text[p.pos] <= '9' {
		p.pos++
	}
	value, err := strconv.Atoi(p.text[start:p.pos])
	if err != nil {
		return p.fail()
	}
	return func(int) (int, bool) { return value, true }
}
