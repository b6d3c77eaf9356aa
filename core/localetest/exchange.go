package localetest

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/localefile"
	"github.com/polyfault/polyfault/internal/plural"
)

// A Language is the texts of one language, independent of files. [Read] and [Parse] return it for translators' tools, and
// [Merge] takes it back. Tag and Texts are required; the other fields may be empty.
type Language struct {
	Tag    string
	Source bool     // the others are translated from it
	Review string   // as in [LanguageStatus]
	Head   []string // comment lines at the head of the file, with "#"
	Texts  []Text
}

// A Text is one text of a [Language].
type Text struct {
	ID          string
	Description string            // for translators, of this language's file
	Note        string            // the description in the source
	Hash        string            // as goi18n writes it
	Forms       map[string]string // by CLDR category, none empty; a text without a count has "other" only
	// Source are the forms that the text is translated from; nil if they are not known.
	Source map[string]string
	// Draft: nobody has confirmed the text. [Read] sets it if the source has changed since the translation.
	// [Merge] replaces no finished text with a draft.
	Draft bool
}

// Read reads the locale files of fsys as languages, sorted by tag. Each language has all texts of the source in the source's
// order, without forms if it lacks the text, and then its own. Read returns an error if it cannot read a file completely.
func Read(fsys fs.FS, o Options) ([]Language, error) {
	s, err := loadWhole(fsys, o.Source)
	if err != nil {
		return nil, err
	}
	var list []Language
	for _, f := range s.files {
		list = append(list, s.language(f))
	}
	return list, nil
}

func (s *localeSet) language(f *localeFile) Language {
	stamps := s.lock.of(f.tag)
	lang := Language{Tag: f.tag.String(), Source: f == s.source, Review: stamps.review}
	if f.ext == "toml" {
		lang.Head, _ = f.comments()
		if len(f.layout.statements) == 0 {
			lang.Head = trimmed(f.layout.tail)
		}
	}
	l := &linter{set: s, file: f}
	for _, id := range append(slices.Clone(s.source.ids), f.idsBeyond(s.source)...) {
		source := l.sourceOf(id)
		e := f.texts[id]
		if e == nil {
			e = &entry{id: id}
		}
		text := e.text()
		if source != nil {
			text.Source, text.Note = source.filled(), source.description
		}
		hash, stamped := stamps.sources[id]
		text.Draft = f != s.source && source != nil && stamped && hash != source.sourceHash()
		lang.Texts = append(lang.Texts, text)
	}
	return lang
}

// idsBeyond returns the ids that the source lacks.
func (f *localeFile) idsBeyond(source *localeFile) (ids []string) {
	for _, id := range f.ids {
		if source.texts[id] == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// text returns the entry in its exported form.
func (e *entry) text() Text {
	return Text{ID: e.id, Description: e.description, Hash: e.hash, Forms: e.filled()}
}

// filled returns the forms that are not empty.
func (e *entry) filled() map[string]string {
	forms := map[string]string{}
	for form, text := range e.forms {
		if text != "" {
			forms[plural.Form(form).String()] = text
		}
	}
	return forms
}

// Parse reads the texts of one file in any of go-i18n's layouts. It is TOML or JSON by the end of its name, which errors
// show. The tag is a canonical BCP 47 tag that has plural rules. For an invalid file, Parse returns one error with file,
// line and key.
func Parse(name, tag string, content []byte) (Language, error) {
	f, err := newFile(tag)
	if err != nil {
		return Language{}, err
	}
	f.name, f.ext = name, "toml"
	if strings.HasSuffix(strings.ToLower(name), ".json") {
		f.ext = "json"
	}
	if len(content) > localefile.MaxSize {
		return Language{}, fmt.Errorf("localetest: %s has %d bytes; %d is the limit", name, len(content), localefile.MaxSize)
	}
	if f.parse(content); f.broken() {
		return Language{}, fmt.Errorf("localetest: %s", f.findings[0])
	}
	lang := Language{Tag: tag}
	if f.ext == "toml" {
		lang.Head, _ = f.comments()
	}
	for _, id := range f.ids {
		lang.Texts = append(lang.Texts, f.texts[id].text())
	}
	return lang, nil
}

// JSON returns the language as the content of a go-i18n file active.<tag>.json. A text without forms has no member.
func (l Language) JSON() []byte {
	f := &localeFile{texts: map[string]*entry{}}
	for _, text := range l.Texts {
		if len(text.Forms) == 0 {
			continue
		}
		e := &entry{id: text.ID, hash: text.Hash, description: text.Description}
		e.take(text)
		f.texts[e.id] = e
		f.ids = append(f.ids, e.id)
	}
	return formatJSON(f, f)
}

// take sets the forms that the text has.
func (e *entry) take(text Text) {
	for form := range plural.Form(plural.Forms) {
		e.setForm(form, text.Forms[form.String()])
	}
}

// MergeOptions choose how [Merge] works. The zero value is ready.
type MergeOptions struct {
	Source string // as in [Options]
	// Lock is the content of the [LockFile] that came with the languages, for a folder without one.
	Lock []byte
}

// Left is a text that [Merge] has left out.
type Left struct {
	Tag, ID string
	Why     string // the reason, as the end of a sentence about the text
}

// String returns one line with tag, id and reason.
func (l Left) String() string { return fmt.Sprintf("%s: %s %s", l.Tag, l.ID, l.Why) }

// Merge returns the changes that bring the texts of languages into the files of fsys, which may be empty. A text replaces
// the present one form by form; empty or missing forms remove nothing. Comments stay. Merge leaves out, and returns, drafts
// of texts that are finished, and texts that the source lacks. If there is a [LockFile], or languages have a review, the
// lock file records what was translated, and from which source.
//
// Merge returns an error, and no changes, if it cannot read a file of fsys or the lock completely, if two languages have the
// same tag, or if a tag has no plural rules.
func Merge(fsys fs.FS, languages []Language, o MergeOptions) (changes []Change, left []Left, err error) {
	m, err := newMerge(fsys, languages, o)
	if err != nil {
		return nil, nil, err
	}
	for i := range m.languages {
		m.enter(&m.languages[i])
	}
	changes, err = m.changes()
	return changes, m.left, err
}

// A merge is one call of [Merge].
type merge struct {
	set       *localeSet
	languages []Language // the source first
	seen      map[string]bool
	before    map[string]string // previous content of the files, by name
	lockFile  []byte            // previous content of the lock file
	old       map[*localeFile]map[string]entry
	touched   []*localeFile
	left      []Left
}

func newMerge(fsys fs.FS, languages []Language, o MergeOptions) (*merge, error) {
	s, err := load(fsys, Options{Source: o.Source})
	switch {
	case errors.Is(err, ErrNoFiles):
		if s == nil {
			s = &localeSet{}
		}
		s.lock, err = readTranslations(fsys)
	case err != nil && s != nil && s.source == nil && len(s.files) > 0:
		err = nil // the source may be among the languages
	}
	if err == nil {
		s.files = slices.DeleteFunc(s.files, func(f *localeFile) bool { // they may be the imported files
			return localefile.NameOf(path.Base(f.name)).Fault == localefile.OtherFormat
		})
		err = s.whole()
	}
	if err != nil {
		return nil, err
	}
	if s.lock == nil && len(o.Lock) > 0 {
		if s.lock, err = parseTranslations(string(o.Lock)); err != nil {
			return nil, err
		}
	}
	lockFile, err := fs.ReadFile(fsys, LockFile)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("localetest: %s: %s", LockFile, reason(err))
	}
	m := &merge{lockFile: lockFile, set: s, seen: map[string]bool{}, before: map[string]string{}, old: map[*localeFile]map[string]entry{}}
	for _, f := range s.files {
		content, err := fs.ReadFile(fsys, f.name)
		if err != nil {
			return nil, fmt.Errorf("localetest: %s: %s", f.name, reason(err))
		}
		m.before[f.name] = string(content)
	}
	return m, m.order(languages, o.Source)
}

// order finds files for the languages, and the source, which comes first.
func (m *merge) order(languages []Language, source string) error {
	s := m.set
	for _, lang := range languages {
		if m.seen[lang.Tag] {
			return fmt.Errorf("localetest: language %s comes twice", lang.Tag)
		}
		m.seen[lang.Tag] = true
		if s.fileOf(lang.Tag) == nil {
			f, err := newFile(lang.Tag)
			if err != nil {
				return err
			}
			if len(s.files) > 0 && !slices.ContainsFunc(s.files, func(f *localeFile) bool { return f.ext != "json" }) {
				f.name, f.ext = "active."+lang.Tag+".json", "json"
			}
			s.files = append(s.files, f)
		}
	}
	if s.source == nil {
		if err := s.findSource(source); err != nil {
			return err
		}
	}
	m.languages = slices.Clone(languages)
	slices.SortStableFunc(m.languages, func(a, b Language) int {
		switch {
		case a.Tag == b.Tag:
			return 0
		case s.source != nil && a.Tag == s.source.tag.String():
			return -1
		case s.source != nil && b.Tag == s.source.tag.String():
			return 1
		}
		return strings.Compare(a.Tag, b.Tag)
	})
	return nil
}

func (s *localeSet) fileOf(tag string) *localeFile {
	i := slices.IndexFunc(s.files, func(f *localeFile) bool { return f.tag.String() == tag })
	if i < 0 {
		return nil
	}
	return s.files[i]
}

// enter puts the texts of one language into its file.
func (m *merge) enter(lang *Language) {
	f := m.set.fileOf(lang.Tag)
	m.touched = append(m.touched, f)
	m.old[f] = map[string]entry{}
	for id, e := range f.texts {
		m.old[f][id] = *e
	}
	fresh := m.before[f.name] == ""
	lang.Texts = slices.Clone(lang.Texts)
	for i, text := range lang.Texts {
		if problem := m.why(f, text); problem != "" {
			m.left = append(m.left, Left{lang.Tag, text.ID, problem})
			lang.Texts[i].Forms = nil
			continue
		}
		m.put(f, text)
	}
	if fresh && len(lang.Head) > 0 {
		f.putHead(lang.Head)
	}
}

// why returns the reason why a text cannot be taken, or "".
func (m *merge) why(f *localeFile, text Text) string {
	old, had := m.old[f][text.ID]
	_, ours := m.set.lock.of(f.tag).sources[text.ID]
	source := m.set.source
	known := source == nil || f == source || source.texts[text.ID] != nil || builtinSource().texts[text.ID] != nil || had
	switch {
	case len(text.Forms) == 0:
		return ""
	case !known:
		return "is not among the texts of " + source.name
	case text.Draft && had && !old.empty():
		if old.differs(text) {
			return "is not confirmed (fuzzy): the text stays as it was"
		}
	case text.Draft && !ours:
		return "is not confirmed (fuzzy)"
	}
	return ""
}

// differs reports whether the text and the entry have different forms.
func (e *entry) differs(text Text) bool {
	for form, own := range e.forms {
		if other := text.Forms[plural.Form(form).String()]; other != "" && other != own {
			return true
		}
	}
	return false
}

func (m *merge) put(f *localeFile, text Text) {
	e := f.texts[text.ID]
	if e == nil {
		if len(text.Forms) == 0 {
			return
		}
		e = &entry{id: text.ID}
		f.texts[e.id] = e
		f.ids = append(f.ids, e.id)
		f.layout.statements = append(f.layout.statements, &statement{path: []string{e.id}, header: true})
	}
	e.take(text)
	if text.Hash != "" {
		e.hash = text.Hash
	}
	source := m.set.source
	if f == source && text.Description == "" {
		text.Description = text.Note
	}
	if text.Description != "" && (source == nil || f == source || source.texts[e.id] == nil ||
		source.texts[e.id].description != text.Description) {
		e.description = text.Description
	}
}

// changes returns the files that have changed, and the lock.
func (m *merge) changes() (changes []Change, err error) {
	for _, f := range m.touched {
		content, err := f.written(m.set.source)
		if err != nil {
			return nil, err
		}
		before, was := m.before[f.name]
		if !was || before != string(content) {
			c := Change{File: f.name, Content: content}
			if was {
				c.Before = []byte(before)
			}
			changes = append(changes, c)
		}
	}
	if lock := m.lock(); lock != nil {
		changes = append(changes, *lock)
	}
	return changes, nil
}

func (f *localeFile) written(source *localeFile) ([]byte, error) {
	if source == nil {
		source = f
	}
	if f.ext == "json" {
		return formatJSON(f, source), nil
	}
	return format(f, source)
}
