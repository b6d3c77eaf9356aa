package localetest

import (
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/message"
	"github.com/polyfault/polyfault/internal/plural"
)

// placeholdersOf returns the names in all forms, sorted.
func placeholdersOf(e *entry) (names []string) {
	for _, text := range e.forms {
		if compiled, err := message.Compile(text); err == nil {
			names = append(names, placeholders(compiled)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func placeholders(t *message.Text) (names []string) {
	for _, s := range t.Segments() {
		if s.Arg != "" {
			names = append(names, s.Arg)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c *textCase) lintPlaceholders(names []string) {
	undeclared := ruleUnknownArg
	if c.entry == c.set.source.texts[c.entry.id] {
		undeclared = ruleArguments
	}
	for _, name := range names {
		if !slices.Contains(c.declared, name) {
			c.report(undeclared, "use "+braced(c.declared), "the text has no value for the placeholder {{.%s}}", name)
		}
	}
	for _, name := range c.declared {
		if !slices.Contains(names, name) && !(name == "Count" && c.mayOmitCount()) {
			c.report(ruleMissingArg, "put it in, in any place", "the placeholder {{.%s}} is missing", name)
		}
	}
}

// mayOmitCount reports whether the form needs no number, as in "one hour", "two hours" and "no hour".
func (c *textCase) mayOmitCount() bool {
	return c.form == plural.Zero || c.form == plural.One || c.form == plural.Two
}

func braced(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return "{{." + strings.Join(names, "}}, {{.") + "}}"
}
