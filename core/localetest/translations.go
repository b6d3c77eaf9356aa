package localetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/internal/plural"
)

// LockFile is the name of a file beside the locale files. It records the source of each translation, the findings that are
// right as they are, and who has reviewed a language:
//
//	# polyfault translations.lock v1 …
//	* allow locales.E019 mail.*
//	de review 5d41402a machine
//	de allow locales.W005 page.status
//	de text not_found 1f3a9c0b
//
// An allowance is for one language, the source included, or with "*" for all languages. It has an id or a pattern with "*",
// "?" and "[…]", as in [path.Match]. Warnings can be allowed, and errors about style: see [Allowable].
//
// The file is plain text, one line for each entry, sorted, so that git merges work on two languages without conflicts.
// [Stamp] writes it. The numbers are the first 8 digits of a SHA-256: in review lines of the language's texts, in text lines
// of the source's text without its description.
const LockFile = "translations.lock"

const (
	lockFormat = "# polyfault translations.lock v"
	lockHeader = lockFormat + "1: what each translation was made from; polyfault locales stamp writes it"
)

// Machine is the review state of a language that nobody has reviewed.
const Machine = "machine"

// reviewedBy begins every other review state.
const reviewedBy = "reviewed by "

// allLanguages stands in place of a tag in allowances.
const allLanguages = "*"

// translations is the content of a lock file; nil if there is none.
type translations struct {
	languages map[string]*stamps
}

// stamps are the records of one language.
type stamps struct {
	review     string
	reviewHash string
	allowed    map[allowance]int // line
	sources    map[string]string // hash of the source text, by id
	lines      map[string]int    // of the text lines
}

// An allowance means that findings of the rule in the text are right as they are.
type allowance struct{ rule, id string }

func (a allowance) String() string { return a.rule + " " + a.id }

// isPattern reports whether the id is a pattern for several.
func isPattern(id string) bool { return strings.ContainsAny(id, "*?[") }

// covers reports whether the allowance covers the finding.
func (a allowance) covers(found allowance) bool {
	if a.rule != found.rule || a.id == found.id {
		return a == found
	}
	matched, err := path.Match(a.id, found.id)
	return err == nil && matched && isPattern(a.id)
}

// of returns the records of the language, never nil.
func (t *translations) of(tag language.Tag) *stamps { return t.named(tag.String()) }

func (t *translations) named(tag string) *stamps {
	if t != nil && t.languages[tag] != nil {
		return t.languages[tag]
	}
	return &stamps{}
}

// allowing returns the lines that allow the finding in the language.
func (t *translations) allowing(tag language.Tag, found allowance) (lines []int) {
	for _, s := range []*stamps{t.of(tag), t.named(allLanguages)} {
		for a, line := range s.allowed {
			if a.covers(found) {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

// A lockError is a mistake in a lock file.
type lockError struct {
	line          int
	problem, hint string
}

func (e *lockError) Error() string {
	return fmt.Sprintf("%s:%d: %s; %s", LockFile, e.line, e.problem, e.hint)
}

func lockFinding(err error) checks.Message {
	e, ok := errors.AsType[*lockError](err)
	if !ok {
		e = &lockError{problem: "cannot be read: " + reason(err), hint: "make it readable"}
	}
	return finding(ruleLock, Place{File: LockFile, Line: e.line}, e.hint, "%s", e.problem)
}

func readTranslations(fsys fs.FS) (*translations, error) {
	content, err := fs.ReadFile(fsys, LockFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return parseTranslations(string(content))
}

func parseTranslations(content string) (*translations, error) {
	t := &translations{languages: map[string]*stamps{}}
	n := 0
	for line := range strings.Lines(content) {
		n++
		if n == 1 && !strings.HasPrefix(line, lockFormat+"1") {
			return nil, &lockError{1, "the first line is not " + lockFormat + "1",
				"restore the file from version control, or remove it and stamp anew"}
		}
		line = strings.TrimRight(line, "\r\n")
		if line == "" || line[0] == '#' {
			continue
		}
		if problem := t.enter(line, n); problem != "" {
			return nil, &lockError{n, problem, "keep one whole line an entry, or remove it and stamp anew"}
		}
	}
	if n == 0 {
		return nil, &lockError{1, "the file is empty", "remove it, or stamp anew"}
	}
	return t, nil
}

// enter reads one line, and returns the problem if it is wrong.
func (t *translations) enter(line string, n int) (problem string) {
	tag, rest, _ := strings.Cut(line, " ")
	what, rest, _ := strings.Cut(rest, " ")
	if parsed, err := language.Parse(tag); (err != nil || parsed.String() != tag) && tag != allLanguages {
		return fmt.Sprintf("%q is no language tag", tag)
	}
	if tag == allLanguages && what != "allow" {
		return fmt.Sprintf("%q is no entry of all languages: those allow", what)
	}
	s := t.languages[tag]
	if s == nil {
		s = newStamps()
		t.languages[tag] = s
	}
	id, hash, _ := strings.Cut(rest, " ")
	if i := strings.LastIndexByte(rest, ' '); what == "text" && i > 0 {
		id, hash = rest[:i], rest[i+1:] // an id may have spaces
	}
	switch what {
	case "review":
		if s.review != "" {
			return "language " + tag + " has two review lines"
		}
		s.reviewHash, s.review = id, hash
		return reviewProblem(s.review)
	case "allow":
		a := allowance{id, hash}
		if s.allowed[a] != 0 {
			return fmt.Sprintf("%q stands twice", line)
		}
		s.allowed[a] = n
		return a.problem()
	case "text":
		if s.lines[id] != 0 {
			return fmt.Sprintf("language %s has two lines for text %q", tag, id)
		}
		s.sources[id], s.lines[id] = hash, n
		return ""
	}
	return fmt.Sprintf("%q is no entry: entries are review, allow and text", line)
}

func newStamps() *stamps {
	return &stamps{allowed: map[allowance]int{}, sources: map[string]string{}, lines: map[string]int{}}
}

// stances are rules of errors that do not fit every folder: a mail has line breaks, a page has markup, a menu of languages
// has letters of many scripts.
var stances = []string{ruleSpace, ruleScript, ruleMarkup, ruleTitle}

// Allowable reports whether a [LockFile] can allow findings of the rule, by its id (locales.E019). It can for warnings, and
// for the errors white-space, script, markup and title. Findings of the other errors break a text in every use. Allowable
// returns false for an unknown id.
func Allowable(rule string) bool {
	e, ok := rules().Find(rule)
	return ok && (e.Code.Level < checks.Error || slices.Contains(stances, e.Key))
}

// problem returns the reason why such an allowance is not possible, or "".
func (a allowance) problem() string {
	_, known := rules().Find(a.rule)
	_, badPattern := path.Match(a.id, "")
	switch {
	case !known:
		return fmt.Sprintf("%q is no rule", a.rule)
	case !Allowable(a.rule):
		return a.rule + " is an error: it cannot be allowed"
	case a.id == "":
		return "the allowance of " + a.rule + " names no text"
	case isPattern(a.id) && badPattern != nil:
		return fmt.Sprintf("%q is no pattern of text ids", a.id)
	}
	return ""
}

func reviewProblem(state string) string {
	if who, ok := strings.CutPrefix(state, reviewedBy); state == Machine || ok && strings.TrimSpace(who) != "" {
		return ""
	}
	return fmt.Sprintf("review state %q is neither %q nor %q and a name", state, Machine, strings.TrimSpace(reviewedBy))
}

// String returns the content of the file.
func (t *translations) String() string {
	var b strings.Builder
	b.WriteString(lockHeader + "\n")
	for _, tag := range slices.Sorted(maps.Keys(t.languages)) {
		s := t.languages[tag]
		if s.review != "" {
			fmt.Fprintf(&b, "%s review %s %s\n", tag, s.reviewHash, s.review)
		}
		for _, a := range slices.SortedFunc(maps.Keys(s.allowed), func(a, b allowance) int { return strings.Compare(a.String(), b.String()) }) {
			fmt.Fprintf(&b, "%s allow %s\n", tag, a)
		}
		for _, id := range slices.Sorted(maps.Keys(s.sources)) {
			fmt.Fprintf(&b, "%s text %s %s\n", tag, id, s.sources[id])
		}
	}
	return b.String()
}

// sourceHash returns the hash of what a translator translates: the forms, not the description.
func (e *entry) sourceHash() string {
	h := sha256.New()
	e.hashForms(func(s string) { h.Write([]byte(s)) })
	return hex.EncodeToString(h.Sum(nil)[:4])
}

func (e *entry) hashForms(write func(string)) {
	for form, text := range e.forms {
		if text != "" {
			write(plural.Form(form).String() + "\x00" + text + "\x00")
		}
	}
}

// textsHash returns the hash of all texts of the file, independent of order and layout.
func (f *localeFile) textsHash() string {
	h := sha256.New()
	for _, id := range slices.Sorted(maps.Keys(f.texts)) {
		h.Write([]byte(id + "\x00"))
		f.texts[id].hashForms(func(s string) { h.Write([]byte(s)) })
	}
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// StampOptions choose what [Stamp] records.
type StampOptions struct {
	Source string // as in [Options]
	// Languages are the tags to stamp; empty means all but the source. Allow also takes the source's tag,
	// and "*" for all languages.
	Languages []string
	// IDs are the texts to stamp, or patterns of them (mail.*), which Allow records as patterns; empty
	// means all. Name a text after you have checked its translation.
	IDs []string
	// Review is the new review state of the languages: [Machine], or "reviewed by " and a name. ""
	// keeps the present state; a new language begins with Machine.
	Review string
	// Allow are rules whose findings in the texts are right as they are, by id (locales.W005) or key
	// (untranslated). They must be [Allowable]. Only present findings are allowed.
	Allow []string
}

// Stamp returns the content of a new [LockFile]. It records that every present translation was made from the present
// source, and leaves out texts and languages that no longer exist. It writes no file. It returns an error if a file of fsys
// cannot be read.
func Stamp(fsys fs.FS, o StampOptions) ([]byte, error) {
	if o.Review != "" {
		if problem := reviewProblem(o.Review); problem != "" {
			return nil, errors.New("localetest: " + problem)
		}
	}
	set, err := load(fsys, Options{Source: o.Source})
	if err != nil {
		return nil, err
	}
	if err := set.whole(); err != nil {
		return nil, err
	}
	if err := set.known(o); err != nil {
		return nil, err
	}
	o.Allow, err = ruleIDs(o.Allow)
	if err != nil {
		return nil, err
	}
	return []byte(set.stampAll(o).String()), nil
}

func (s *localeSet) stampAll(o StampOptions) *translations {
	next := &translations{languages: map[string]*stamps{}}
	everywhere := map[allowance]bool{}
	for _, f := range s.files {
		found := s.findingsOf(f)
		maps.Copy(everywhere, found)
		st := newStamps()
		if f != s.source {
			st = s.stamp(f, o)
		}
		st.allow(s.lock.of(f.tag), found, o, f.tag.String())
		if f != s.source || len(st.allowed) > 0 {
			next.languages[f.tag.String()] = st
		}
	}
	all := newStamps()
	if all.allow(s.lock.named(allLanguages), everywhere, o, allLanguages); len(all.allowed) > 0 {
		next.languages[allLanguages] = all
	}
	return next
}

// allow keeps the allowances that have a finding, and adds the requested ones.
func (s *stamps) allow(old *stamps, found map[allowance]bool, o StampOptions, tag string) {
	chosen := slices.Contains(o.Languages, tag) || len(o.Languages) == 0 && tag != allLanguages
	for a := range found {
		for was := range old.allowed {
			if was.covers(a) {
				s.allowed[was] = 1
			}
		}
		if !chosen || !slices.Contains(o.Allow, a.rule) {
			continue
		}
		if len(o.IDs) == 0 {
			s.allowed[a] = 1
		}
		for _, id := range o.IDs {
			if asked := (allowance{a.rule, id}); asked.covers(a) {
				s.allowed[asked] = 1
			}
		}
	}
}

// ruleIDs returns the ids of the named rules, which must be allowable.
func ruleIDs(names []string) (ids []string, err error) {
	for _, name := range names {
		if code, err := rules().Code(name); err == nil {
			name = code.String()
		}
		if problem := (allowance{name, "any"}).problem(); problem != "" {
			return nil, errors.New("localetest: " + problem)
		}
		ids = append(ids, name)
	}
	return ids, nil
}

// whole returns an error for a set that was not read completely.
func (s *localeSet) whole() error {
	findings := slices.Clone(s.findings)
	for _, f := range s.files {
		if f.broken() || f.tag == language.Und {
			findings = append(findings, f.findings...)
		}
	}
	if len(findings) > 0 {
		return fmt.Errorf("localetest: %s", findings[0])
	}
	return nil
}

// known returns an error for languages and ids that do not exist.
func (s *localeSet) known(o StampOptions) error {
	for _, tag := range o.Languages {
		if len(o.Allow) > 0 && (tag == allLanguages || tag == s.source.tag.String()) {
			continue
		}
		if !slices.ContainsFunc(s.files, func(f *localeFile) bool { return f.tag.String() == tag && f != s.source }) {
			return fmt.Errorf("localetest: there is no translation active.%s.toml to stamp", tag)
		}
	}
	for _, id := range o.IDs {
		_, err := path.Match(id, "")
		switch {
		case s.source.texts[id] != nil:
		case !isPattern(id):
			return fmt.Errorf("localetest: %s has no text %q", s.source.name, id)
		case err != nil:
			return fmt.Errorf("localetest: %q is no pattern of text ids", id)
		case !slices.ContainsFunc(s.source.ids, func(known string) bool { return matches(id, known) }):
			return fmt.Errorf("localetest: %s has no text like %q", s.source.name, id)
		}
	}
	return nil
}

// matches reports whether the pattern is or matches the id.
func matches(pattern, id string) bool { return allowance{"", pattern}.covers(allowance{"", id}) }

// findingsOf returns the findings in the file's texts, by rule and text.
func (s *localeSet) findingsOf(f *localeFile) map[allowance]bool {
	l := &linter{set: s, file: f, stamps: newStamps()}
	l.lintMissing()
	l.lintTexts()
	found := map[allowance]bool{}
	for _, m := range f.findings {
		found[allowance{m.ID, m.Object.(Place).ID}] = true
	}
	return found
}

func (s *localeSet) stamp(f *localeFile, o StampOptions) *stamps {
	old := s.lock.of(f.tag)
	chosen := len(o.Languages) == 0 || slices.Contains(o.Languages, f.tag.String())
	next := newStamps()
	next.review, next.reviewHash = old.review, old.reviewHash
	if chosen && o.Review != "" {
		next.review, next.reviewHash = o.Review, f.textsHash()
	}
	if next.review == "" || next.review == Machine {
		next.review, next.reviewHash = Machine, f.textsHash()
	}
	for id, e := range f.texts {
		source := s.source.texts[id]
		if source == nil || e.empty() {
			continue
		}
		hash, stamped := old.sources[id]
		if chosen && (len(o.IDs) == 0 || slices.ContainsFunc(o.IDs, func(named string) bool { return matches(named, id) })) {
			hash, stamped = source.sourceHash(), true
		}
		if stamped {
			next.sources[id] = hash
		}
	}
	return next
}
