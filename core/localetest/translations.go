package localetest

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/internal/plural"
)

// LockFile is the name of the file beside the locale files that records what each translation was
// made from, which warnings are right as they are, and who has read a language:
//
//	# polyfault translations.lock v1 …
//	de review 5d41402a machine
//	de allow locales.W005 page.status
//	de text not_found 1f3a9c0b
//
// It is plain text, one line an entry, sorted, so that work on two languages merges by itself.
// [Stamp] writes it. The numbers are the first 8 digits of a SHA-256: in review lines of the
// language's texts, in text lines of the source's text, its description not included.
const LockFile = "translations.lock"

const (
	lockFormat = "# polyfault translations.lock v"
	lockHeader = lockFormat + "1: what each translation was made from; polyfault locales stamp writes it"
)

// Machine is the review state of a language that nobody has reviewed.
const Machine = "machine"

// reviewedBy begins every other review state.
const reviewedBy = "reviewed by "

// translations are the content of a lock file; nil when there is none.
type translations struct {
	languages map[string]*stamps
}

// stamps are what is recorded of one language.
type stamps struct {
	review     string
	reviewHash string
	allowed    map[allowance]int // line
	sources    map[string]string // hash of the source text, by id
	lines      map[string]int    // of the text lines
}

// An allowance says that findings of the rule in the text are right as they are.
type allowance struct{ rule, id string }

func (a allowance) String() string { return a.rule + " " + a.id }

// of returns what is recorded of the language, never nil.
func (t *translations) of(tag language.Tag) *stamps {
	if t != nil && t.languages[tag.String()] != nil {
		return t.languages[tag.String()]
	}
	return &stamps{}
}

// A lockError is what is wrong with a lock file.
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

// enter reads one line and says what is wrong with it.
func (t *translations) enter(line string, n int) (problem string) {
	tag, rest, _ := strings.Cut(line, " ")
	what, rest, _ := strings.Cut(rest, " ")
	if parsed, err := language.Parse(tag); err != nil || parsed.String() != tag {
		return fmt.Sprintf("%q is no language tag", tag)
	}
	s := t.languages[tag]
	if s == nil {
		s = newStamps()
		t.languages[tag] = s
	}
	id, hash, _ := strings.Cut(rest, " ")
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

// problem says why there can be no such allowance: an error is never right.
func (a allowance) problem() string {
	e, ok := rules().Find(a.rule)
	switch {
	case !ok:
		return fmt.Sprintf("%q is no rule", a.rule)
	case e.Code.Level >= checks.Error:
		return a.rule + " is an error: it cannot be allowed"
	case a.id == "":
		return "the allowance of " + a.rule + " names no text"
	}
	return ""
}

func reviewProblem(state string) string {
	if who, ok := strings.CutPrefix(state, reviewedBy); state == Machine || ok && strings.TrimSpace(who) != "" {
		return ""
	}
	return fmt.Sprintf("review state %q is neither %q nor %q and a name", state, Machine, strings.TrimSpace(reviewedBy))
}

// String writes the file.
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

// sourceHash stands for what a translator has translated: the forms, not the description.
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

// textsHash stands for all texts of the file, in any order and layout.
func (f *localeFile) textsHash() string {
	h := sha256.New()
	for _, id := range slices.Sorted(maps.Keys(f.texts)) {
		h.Write([]byte(id + "\x00"))
		f.texts[id].hashForms(func(s string) { h.Write([]byte(s)) })
	}
	return hex.EncodeToString(h.Sum(nil)[:4])
}

// StampOptions say what [Stamp] records.
type StampOptions struct {
	Source string // as in [Options]
	// Languages are the tags to stamp; none means all but the source.
	Languages []string
	// IDs are the texts to stamp; none means all. Name them after you have looked at them.
	IDs []string
	// Review is the new review state of the languages, [Machine] or "reviewed by " and a name; ""
	// keeps the one there is, and begins with Machine.
	Review string
	// Allow are rules, warnings, whose findings in the texts are right as they are: ids
	// (locales.W005) or keys (untranslated).
	Allow []string
}

// Stamp returns the content of a new [LockFile]: every translation that is there now is recorded as
// made from the source as it is now. Entries of texts and languages that are gone are left out. It
// writes nothing, and refuses file systems with files that cannot be read.
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
	next := &translations{languages: map[string]*stamps{}}
	for _, f := range set.files {
		if f != set.source {
			next.languages[f.tag.String()] = set.stamp(f, o)
		}
	}
	return []byte(next.String()), nil
}

// ruleIDs are the ids of rules that can be allowed.
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

// whole refuses sets of which something would be lost.
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

// known refuses languages and ids that there are not.
func (s *localeSet) known(o StampOptions) error {
	for _, tag := range o.Languages {
		if !slices.ContainsFunc(s.files, func(f *localeFile) bool { return f.tag.String() == tag && f != s.source }) {
			return fmt.Errorf("localetest: there is no translation active.%s.toml to stamp", tag)
		}
	}
	for _, id := range o.IDs {
		if s.source.texts[id] == nil {
			return fmt.Errorf("localetest: %s has no text %q", s.source.name, id)
		}
	}
	return nil
}

// findingsOf are the findings in the file's texts, by rule and text.
func (s *localeSet) findingsOf(f *localeFile) map[allowance]bool {
	l := &linter{set: s, file: f, stamps: newStamps()}
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
		if chosen && (len(o.IDs) == 0 || slices.Contains(o.IDs, id)) {
			hash, stamped = source.sourceHash(), true
		}
		if stamped {
			next.sources[id] = hash
		}
	}
	for a := range s.findingsOf(f) {
		_, was := old.allowed[a]
		if was || chosen && slices.Contains(o.Allow, a.rule) && (len(o.IDs) == 0 || slices.Contains(o.IDs, a.id)) {
			next.allowed[a] = 1
		}
	}
	return next
}
