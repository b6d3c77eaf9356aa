package localetest

import (
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/language"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/internal/plural"
	"github.com/polyfault/polyfault/locales"
)

// Options choose how locale files are checked. The zero value fits the files of an application.
type Options struct {
	// Source is the language that the others are compared with; "" means en, or else the only
	// language.
	Source string
	// Required are the languages in which a missing text is an error; in others it is a warning. A
	// language should have the texts of the source.
	Required []string
	// Arguments are the arguments that the program gives to a text, by text id. Texts that are not in it
	// may have the placeholders of the source. "Count" means [fault.Count].
	Arguments map[string][]string
	// AllowIsolates permits the characters U+2066 to U+2069 in texts. The responder itself puts them
	// around values.
	AllowIsolates bool
	// Silenced are ids of findings that are left out, such as locales.W004.
	Silenced []string
	// Profile is the kind of texts; the zero value means texts of errors.
	Profile Profile
}

// A Profile is the purpose of the texts in a folder, on which the rules of style depend. The values are [ErrorTexts] and
// [AnyTexts].
type Profile uint8

const (
	// ErrorTexts are short sentences of plain text on one line, which go into bodies, pages, logs and
	// terminals alike.
	ErrorTexts Profile = iota
	// AnyTexts are texts of any kind: mails, chats, pages, menus. They may have markup, addresses, line breaks,
	// indentation, spaces at the ends and emoji if the source has them. Titles are ordinary texts, ids may be
	// sentences, and a text may end with another mark than the source.
	AnyTexts
)

// A Place is the place of a finding: the Object of the messages of [Lint].
type Place struct {
	File string // path inside the file system
	Line int    // from 1; 0 for the whole file
	ID   string // text id; "" for the whole file
	Form string // plural form; "" for the whole text
}

// String returns "active.de.toml:12: not_found.other", without the parts that are not known.
func (p Place) String() string {
	s := p.File
	if p.Line > 0 {
		s = fmt.Sprintf("%s:%d", s, p.Line)
	}
	if p.ID != "" {
		s += ": " + p.ID
	}
	if p.Form != "" {
		s += "." + p.Form
	}
	return s
}

// Lint checks the locale files of fsys by the rules in the package comment. Findings are sorted by file, line and rule, and
// their Object is a [Place]. A file that polyfault would not load has an error among its findings.
//
// Lint returns an error, and checks nothing, if fsys cannot be read, has no locale file, or none in the source language.
func Lint(fsys fs.FS, o Options) ([]checks.Message, error) {
	s, err := load(fsys, o)
	if err != nil {
		return nil, err
	}
	used := map[int]bool{}
	for _, f := range s.files {
		l := &linter{Options: o, set: s, file: f, stamps: s.lock.of(f.tag), used: used}
		l.lint()
	}
	s.reportUnused(used)
	found := slices.Clone(s.findings)
	for _, f := range s.files {
		found = append(found, f.findings...)
	}
	found = append(found, s.refusedByLoader(fsys, found)...)
	found = slices.DeleteFunc(found, func(m checks.Message) bool { return m.Silenced(o.Silenced) })
	slices.SortStableFunc(found, func(a, b checks.Message) int {
		x, y := a.Object.(Place), b.Object.(Place)
		return cmp.Or(cmp.Compare(x.File, y.File), cmp.Compare(x.Line, y.Line), cmp.Compare(a.ID, b.ID))
	})
	return found, nil
}

// refusedByLoader loads the files with the real loader, which may have a rule that is missing here.
func (s *localeSet) refusedByLoader(fsys fs.FS, found []checks.Message) []checks.Message {
	if slices.ContainsFunc(found, func(m checks.Message) bool { return m.Level >= checks.Error }) {
		return nil
	}
	_, err := fault.NewResponder(fault.WithLocales(fsys), fault.WithLogger(slog.New(slog.DiscardHandler)))
	if err == nil {
		return nil
	}
	at := Place{File: s.source.name}
	if bad, ok := errors.AsType[*fault.LocaleError](err); ok {
		at.File, at.ID = bad.File, bad.Key
	}
	return []checks.Message{finding(ruleSyntax, at, "change what it names", "polyfault does not load the files: %v", err)}
}

// builtinSource has polyfault's own English texts, for files that override them.
var builtinSource = sync.OnceValue(func() *localeFile { return readFile(locales.FS, "active.en.toml") })

// A linter checks one file.
type linter struct {
	Options
	set    *localeSet
	file   *localeFile
	stamps *stamps
	used   map[int]bool // lines of the lock file that allow something

	categories [plural.Forms]bool // that the language has for whole numbers
}

func (l *linter) lint() {
	f := l.file
	if f.tag == language.Und || f.layout == nil || l.set.source == nil || l.set.source.layout == nil {
		return // this is reported already, and there is nothing to compare with
	}
	l.lintIDs()
	l.lintMissing()
	l.lintTexts()
	l.lintStamps()
	l.applyAllowances()
	if f.ext != "toml" {
		return
	}
	if formatted, err := format(f, l.set.source); err == nil && string(formatted) != f.content {
		f.report(ruleLayout, f.at("", ""), "polyfault locales fmt writes it", "the order of texts or the layout is not the usual one")
	}
}

func (l *linter) lintTexts() {
	l.categories = categoriesOf(l.file.rules)
	for _, id := range l.file.ids {
		l.lintText(l.file.texts[id])
	}
}

// applyAllowances removes findings that the lock file allows.
func (l *linter) applyAllowances() {
	l.file.findings = slices.DeleteFunc(l.file.findings, func(m checks.Message) bool {
		lines := l.set.lock.allowing(l.file.tag, allowance{m.ID, m.Object.(Place).ID})
		for _, line := range lines {
			l.used[line] = true
		}
		return len(lines) > 0
	})
}

// reportUnused reports allowances without a finding, except for languages that have no file.
func (s *localeSet) reportUnused(used map[int]bool) {
	where := map[string]string{allLanguages: "all languages"}
	for _, f := range s.files {
		if f.layout != nil {
			where[f.tag.String()] = f.tag.String()
		}
	}
	for tag, name := range where {
		for a, line := range s.lock.named(tag).allowed {
			if !used[line] {
				s.findings = append(s.findings, finding(ruleAllowance, Place{File: LockFile, Line: line, ID: a.id}, "remove the line",
					"%s is allowed in %s, and has nothing to say", a.rule, name))
			}
		}
	}
}

// categoriesOf returns the plural categories of whole numbers: see package plural for the table.
func categoriesOf(rules *plural.Rules) (has [plural.Forms]bool) {
	for n := range 200 {
		has[rules.Form(n)] = true
	}
	has[rules.Form(1_000_000)] = true
	return has
}

func (l *linter) lintIDs() {
	isID := isTextID
	if l.Profile == AnyTexts {
		isID = isPrintable
	}
	for _, id := range l.file.ids {
		if !isID(id) {
			l.file.report(ruleID, l.file.at(id, ""), "use words of letters, digits, _ and -, joined by dots: order.not_found",
				"%q is no text id", id)
		}
	}
}

func isTextID(id string) bool {
	for word := range strings.SplitSeq(id, ".") {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r != '_' && r != '-' && !isLetterOrDigit(r) }) {
			return false
		}
	}
	return true
}

// isPrintable reports whether the id is printable: in go-i18n, some ids are sentences.
func isPrintable(id string) bool {
	return strings.TrimSpace(id) == id && id != "" && !strings.ContainsFunc(id, func(r rune) bool { return !unicode.IsPrint(r) })
}

// sourceOf returns the source text: that of the set, or polyfault's own if the file overrides it.
func (l *linter) sourceOf(id string) *entry {
	if e := l.set.source.texts[id]; e != nil {
		return e
	}
	return builtinSource().texts[id]
}

func (l *linter) lintMissing() {
	for _, id := range l.set.source.ids {
		e := l.file.texts[id]
		translate := fmt.Sprintf("translate %q", l.set.source.texts[id].forms[plural.Other])
		switch {
		case e != nil && e.empty():
			l.file.report(ruleMissing, l.file.at(id, ""), translate+", or leave it out: polyfault locales fmt --prune",
				"the text is empty, and polyfault does not load empty texts")
		case e != nil:
		case l.file == l.set.source || slices.Contains(l.Required, l.file.tag.String()):
			l.file.report(ruleMissing, l.file.at(id, ""), translate, "the text is missing in %s", l.file.tag)
		default:
			l.file.report(ruleIncomplete, l.file.at(id, ""), translate, "the text is missing in %s", l.file.tag)
		}
	}
}

func (l *linter) lintText(e *entry) {
	l.lintNear(e.id)
	source := l.sourceOf(e.id)
	if source == nil {
		l.file.report(ruleExtra, l.file.at(e.id, ""), "remove it, or add it to "+l.set.source.name, "%s has no such text", l.set.source.name)
		return
	}
	if e.empty() {
		return // lintMissing has reported it
	}
	l.lintForms(e, source)
	declared := l.declared(source)
	for form, text := range e.forms {
		if text != "" {
			c := textCase{l, e, source, plural.Form(form), text, declared}
			c.lint()
		}
	}
	l.lintHash(e, source)
}

// lintForms compares the plural forms with what language and source need.
func (l *linter) lintForms(e, source *entry) {
	f := l.file
	if !e.present[plural.Other] {
		f.report(ruleFormLack, f.at(e.id, ""), `every text has the form "other"`, `the form "other" is missing`)
	}
	counted := source.plural()
	for form := range plural.Other {
		name := form.String()
		switch {
		case e.present[form] && !counted:
			f.report(ruleFormExtra, f.at(e.id, name), `keep "other" alone`, "the source has no plural forms")
		case e.present[form] && !f.rules.Has(form):
			f.report(ruleFormExtra, f.at(e.id, name), "remove it; the language has "+l.categoryNames(),
				"language %s has no plural form %q", f.tag, name)
		case counted && !e.present[form] && l.categories[form]:
			f.report(ruleFormLack, f.at(e.id, ""), l.formHint(form), "the plural form %q is missing", name)
		case counted && !e.present[form] && f.rules.Has(form):
			f.report(ruleFormRare, f.at(e.id, ""), "polyfault counts whole numbers: it may be left out",
				"the plural form %q, for decimals only, is missing", name)
		}
	}
}

func (l *linter) categoryNames() string {
	var names []string
	for form, has := range l.categories {
		if has || plural.Form(form) == plural.Other {
			names = append(names, plural.Form(form).String())
		}
	}
	return strings.Join(names, ", ")
}

// formHint returns a hint: a form only for multiples of a million usually equals "other".
func (l *linter) formHint(form plural.Form) string {
	switch {
	case l.millionsOnly(form):
		return `it is for multiples of a million: --fix copies "other"`
	case isUninflected(l.file.tag):
		return `the language counts without inflection: --fix copies "other"`
	}
	return "language " + l.file.tag.String() + " needs " + l.categoryNames()
}

func (l *linter) millionsOnly(form plural.Form) bool { return millionsOnly(l.file.rules, form) }

func millionsOnly(rules *plural.Rules, form plural.Form) bool {
	for n := range 200 {
		if rules.Form(n) == form {
			return false
		}
	}
	return rules.Form(1_000_000) == form && form != plural.Other
}

// declared returns the placeholders that a text may have: the program's arguments, or the placeholders of the source.
func (l *linter) declared(source *entry) []string {
	if names, ok := l.Arguments[source.id]; ok {
		return names
	}
	return placeholdersOf(source)
}

// lintHash compares the hash that the command goi18n writes.
func (l *linter) lintHash(e, source *entry) {
	if e.hash == "" || l.file == l.set.source {
		return
	}
	sum := sha1.Sum([]byte(source.description + source.forms[plural.Other]))
	if want := "sha1-" + hex.EncodeToString(sum[:]); e.hash != want {
		l.file.report(ruleStale, l.file.at(e.id, "hash"), "look at the translation, then write hash = \""+want+"\"",
			"the source has changed since the text was translated")
	}
}

// lintStamps compares the texts with the lock file, if there is one.
func (l *linter) lintStamps() {
	f := l.file
	if l.set.lock == nil || f == l.set.source {
		return
	}
	if len(l.stamps.sources) == 0 && len(f.ids) > 0 {
		f.report(ruleUnstamped, f.at("", ""), "polyfault locales stamp "+f.tag.String()+" records it",
			"%s does not know what the language was translated from", LockFile)
		return
	}
	for _, id := range f.ids {
		source := l.set.source.texts[id]
		if source == nil || f.texts[id].empty() {
			continue
		}
		switch hash, stamped := l.stamps.sources[id]; {
		case !stamped:
			f.report(ruleUnstamped, f.at(id, ""), "polyfault locales stamp "+f.tag.String()+" records it",
				"%s does not know what the text was translated from", LockFile)
		case hash != source.sourceHash():
			hint := fmt.Sprintf("look at the translation of %q, then: polyfault locales stamp %s --id %s", source.forms[plural.Other], f.tag, id)
			f.report(ruleStale, f.at(id, ""), hint, "the source has changed since the text was translated")
		}
	}
	if strings.HasPrefix(l.stamps.review, reviewedBy) && l.stamps.reviewHash != f.textsHash() {
		f.report(ruleReview, f.at("", ""),
			"let it be read again, then: polyfault locales stamp "+f.tag.String()+" --review \"reviewed by …\"",
			"texts have changed since it was %s", l.stamps.review)
	}
}

// sameAsSource reports whether a form of the text equals a form of the source. It is false for texts without a letter, and
// for texts of the source's own language (en-GB beside en).
func (s *localeSet) sameAsSource(f *localeFile, e *entry) bool {
	source := s.source.texts[e.id]
	if source == nil || sameBase(f.tag, s.source.tag) {
		return false
	}
	return slices.ContainsFunc(e.forms[:], func(text string) bool { return isCopy(text, source) })
}

func isCopy(text string, source *entry) bool {
	return strings.ContainsFunc(literalOf(text), isLetter) && slices.Contains(source.forms[:], text)
}

func sameBase(a, b language.Tag) bool {
	x, _ := a.Base()
	y, _ := b.Base()
	return x == y
}
