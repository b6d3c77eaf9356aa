package localetest

import "github.com/polyfault/polyfault/internal/localefile"

// lintNear finds ids that look like a mistyped id of polyfault: such a text overrides nothing and is never shown. It reports
// an id once, in the source if the source has it.
func (l *linter) lintNear(id string) {
	own := l.set.source.texts[id] != nil
	if _, declared := l.Arguments[id]; declared || own && l.file != l.set.source || builtinSource().texts[id] != nil {
		return
	}
	for _, known := range builtinSource().ids {
		if localefile.Near(id, known) && l.set.source.texts[known] == nil {
			l.file.report(ruleNear, l.file.at(id, ""), "write "+known+" to put the text in place of polyfault's",
				"polyfault has no text %q, but one %q", id, known)
			return
		}
	}
}
