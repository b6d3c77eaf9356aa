package fault

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/internal/negotiate"
	"github.com/polyfault/polyfault/internal/plural"
)

// A catalogue is all loaded texts in all loaded languages, compiled. It is immutable: a reload
// builds another one and publishes it through an atomic pointer.
type catalogue struct {
	languages  []*loadedLanguage
	texts      map[string]*text
	titles     map[string]*text // by the id of the text they head
	negotiator *negotiate.Languages

	body            []int // the languages of the all-languages body, in order
	defaultLanguage int
	english         int
	labels          bool // there are texts that name fields

	// prepared are the responses to bare kinds, by format and Kind.index: see Responder.prepareResponses.
	prepared [][]*Response
}

// A loadedLanguage is one language tag with everything prepared that a response says of it.
type loadedLanguage struct {
	tag    string   // BCP 47, canonical: "pt-BR"
	key    string   // wire key: "PT-BR"
	member string   // `"PT-BR":"`
	header []string // Content-Language
	dir    string   // "ltr" or "rtl"
	rules  func() *plural.Rules
	lazy   func() []*forms // the built-in texts that wait in their file until one is needed; or nil
}

// A text is one text constant in all loaded languages.
type text struct {
	id        string
	catalogue *catalogue
	builtin   int      // index into builtinIDs, or none
	loaded    []*forms // by language; nil where the language lacks the text, or has not been needed yet
	available languageSet

	// For the all-languages body:
	configured bool  // one of the body's languages has the text
	languages  []int // those that have it; without any, the best of the others
	bodySet    languageSet
	header     []string // Content-Language
	whole      string   // the languages' members, when all of them are one literal
	program    []step   // the languages' members, when there are placeholders but no plural forms
	args       []string // the placeholders of program
	size       int      // bytes of the literals
	slots      int      // placeholders, over all languages

	// prepared are the responses to faults that have this text and nothing else of their own.
	prepared atomic.Pointer[[]preparedText]
}

// A step of a program: a literal, across the borders of languages, and the argument behind it.
type step struct {
	literal  string
	arg      int // index into args, or none
	language int // that the argument stands in
}

const none = -1

type preparedText struct {
	kind   *Kind
	format int
	resp   *Response // nil: there can be none
	suffix []byte    // of its body, behind the texts
}

// defaultBody is the frozen set of the all-languages body of applications that choose none: a
// locale added later changes nobody's payload.
var defaultBody = []string{"de", "en", "fr", "pt"}

// builtin is the catalogue of the built-in texts alone.
var builtin = sync.OnceValue(func() *catalogue {
	c, err := newCatalogue(nil, nil, "")
	if err != nil {
		panic("fault: " + err.Error())
	}
	return c
})

// newCatalogue lays the application's files, later ones over earlier ones, over the built-in ones.
// languages and defaultLanguage are the options of the same names, "" and nil when not given.
func newCatalogue(own []*localeFile, languages []string, defaultLanguage string) (*catalogue, error) {
	c := &catalogue{texts: map[string]*text{}, titles: map[string]*text{}}
	if err := c.loadLanguages(own); err != nil {
		return nil, err
	}
	if err := c.configure(own, languages, defaultLanguage); err != nil {
		return nil, err
	}
	c.enterTexts(own)
	for _, t := range c.texts {
		c.layOut(t)
		if id, ok := strings.CutSuffix(t.id, ".title"); ok {
			c.titles[id] = t
		}
		c.labels = c.labels || strings.HasPrefix(t.id, fieldPrefix)
	}
	return c, nil
}

// loadLanguages finds out which languages there are.
func (c *catalogue) loadLanguages(own []*localeFile) error {
	var tags, foreign []language.Tag
	for _, l := range builtinLocales() {
		tags = append(tags, l.tag)
	}
	for _, file := range own {
		if !slices.Contains(tags, file.tag) {
			tags, foreign = append(tags, file.tag), append(foreign, file.tag)
		}
	}
	if tag, found := plural.Unknown(foreign); found {
		i := slices.IndexFunc(own, func(f *localeFile) bool { return f.tag == tag })
		return &LocaleError{File: own[i].name, Rule: fmt.Sprintf("language %s has no plural rules in go-i18n, so it cannot be loaded", tag)}
	}
	if len(tags) > negotiate.MaxLanguages {
		return fmt.Errorf("%d languages are loaded; %d is the limit", len(tags), negotiate.MaxLanguages)
	}
	slices.SortFunc(tags, func(a, b language.Tag) int { return strings.Compare(a.String(), b.String()) })
	c.negotiator = negotiate.NewLanguages(tags)
	for _, tag := range tags {
		c.languages = append(c.languages, newLanguage(tag))
	}
	return nil
}

// enterTexts enters the built-in texts, then the application's over them. Of the built-in languages
// only those are read that every body or every fallback needs; the others wait for their first reader.
func (c *catalogue) enterTexts(own []*localeFile) {
	for n, id := range builtinIDs() {
		c.texts[id] = &text{id: id, catalogue: c, builtin: n, loaded: make([]*forms, len(c.languages))}
	}
	for _, l := range builtinLocales() {
		i := c.index(l.tag.String())
		if i != c.english && i != c.defaultLanguage && !slices.Contains(c.body, i) {
			c.enterLazily(i, l)
			continue
		}
		for n, id := range builtinIDs() {
			c.enter(id, i, l.forms()[n])
		}
	}
	for _, file := range own {
		i := c.index(file.tag.String())
		for id, compiled := range file.texts {
			c.enter(id, i, &compiled)
		}
	}
}

func (c *catalogue) enterLazily(language int, l *builtinLocale) {
	c.languages[language].lazy = l.forms
	for _, id := range builtinIDs() {
		c.texts[id].available.put(language)
	}
}

func (c *catalogue) enter(id string, language int, compiled *forms) {
	if compiled == nil {
		return
	}
	t := c.texts[id]
	if t == nil {
		t = &text{id: id, catalogue: c, builtin: none, loaded: make([]*forms, len(c.languages))}
		c.texts[id] = t
	}
	t.loaded[language] = compiled
	t.available.put(language)
}

// forms are the text's forms in the language, nil when it lacks the text.
func (t *text) forms(language int) *forms {
	if loaded := t.loaded[language]; loaded != nil {
		return loaded
	}
	if lazy := t.catalogue.languages[language].lazy; lazy != nil && t.builtin != none {
		return lazy()[t.builtin]
	}
	return nil
}

func newLanguage(tag language.Tag) *loadedLanguage {
	l := &loadedLanguage{tag: tag.String(), dir: "ltr"}
	l.key = strings.ToUpper(l.tag)
	l.member = `"` + l.key + `":"`
	l.header = []string{l.tag}
	if script, _ := tag.Script(); slices.Contains(rightToLeft, script.String()) {
		l.dir = "rtl"
	}
	l.rules = sync.OnceValue(func() *plural.Rules {
		rules, err := plural.For(tag)
		if err != nil {
			panic(err) // loadLanguages has refused such tags
		}
		return rules
	})
	return l
}

// rightToLeft are the scripts of living languages that are written from right to left.
var rightToLeft = []string{"Adlm", "Arab", "Aran", "Hebr", "Nkoo", "Rohg", "Syrc", "Thaa"}

func (c *catalogue) configure(own []*localeFile, languages []string, defaultLanguage string) error {
	var err error
	switch {
	case len(languages) > 0:
		c.body, err = c.indexes("WithLanguages", languages)
	case len(own) > 0:
		var tags []string
		for _, file := range own {
			tags = append(tags, file.tag.String())
		}
		slices.Sort(tags)
		c.body, err = c.indexes("WithLocales", slices.Compact(tags))
	default:
		c.body, err = c.indexes("the built-in locales", defaultBody)
	}
	if err != nil {
		return err
	}
	c.english = c.index("en")
	c.defaultLanguage = c.body[0]
	if slices.Contains(c.body, c.english) {
		c.defaultLanguage = c.english
	}
	if defaultLanguage != "" {
		found, err := c.indexes("WithDefaultLanguage", []string{defaultLanguage})
		if err != nil {
			return err
		}
		c.defaultLanguage = found[0]
	}
	return nil
}

func (c *catalogue) index(tag string) int {
	return slices.IndexFunc(c.languages, func(l *loadedLanguage) bool { return l.tag == tag })
}

func (c *catalogue) indexes(option string, tags []string) ([]int, error) {
	var found []int
	for _, name := range tags {
		tag, err := language.Parse(name)
		if err != nil {
			return nil, fmt.Errorf("%s: %q is not a known BCP 47 language tag", option, name)
		}
		i := c.index(tag.String())
		if i < 0 {
			return nil, fmt.Errorf("%s: no locale file active.%s.toml is loaded; loaded are %s", option, tag, c.loaded())
		}
		if slices.Contains(found, i) {
			return nil, fmt.Errorf("%s: language %q stands twice", option, name)
		}
		found = append(found, i)
	}
	return found, nil
}

func (c *catalogue) loaded() string {
	var tags []string
	for _, l := range c.languages {
		tags = append(tags, l.tag)
	}
	return strings.Join(tags, ", ")
}

// layOut computes what the all-languages body needs of t.
func (c *catalogue) layOut(t *text) {
	for _, i := range c.body {
		if t.available.has(i) {
			t.languages = append(t.languages, i)
		}
	}
	t.configured = len(t.languages) > 0
	if !t.configured {
		t.languages = []int{c.anyLanguage(t)}
	}
	plain := true
	var literal []byte
	var tags []string
	for n, i := range t.languages {
		t.bodySet.put(i)
		tags = append(tags, c.languages[i].tag)
		forms := t.forms(i)
		other := forms[plural.Other]
		plain = plain && forms.plain()
		t.slots += other.Slots()
		t.size += len(c.languages[i].member) + other.Size() + len(`",`)
		if n > 0 {
			literal = append(literal, ',')
		}
		literal = append(literal, c.languages[i].member...)
		for _, s := range other.Segments() {
			if s.Arg == "" {
				literal = append(literal, s.Escaped...)
				continue
			}
			t.program = append(t.program, step{string(literal), t.arg(s.Arg), i})
			literal = nil
		}
		literal = append(literal, '"')
	}
	t.header = []string{strings.Join(tags, ", ")}
	switch {
	case !plain:
		t.program = nil
	case t.program == nil:
		t.whole = string(literal)
	default:
		t.program = append(t.program, step{string(literal), none, none})
	}
}

// arg is the index of the placeholder, entered at its first appearance.
func (t *text) arg(name string) int {
	i := slices.Index(t.args, name)
	if i < 0 {
		i = len(t.args)
		t.args = append(t.args, name)
	}
	return i
}

// resolve finds the text of an error: the id it chose, else its kind's text, else that of the
// nearest ancestor. For a body of all languages a text counts when one of the body's languages has
// it, otherwise when any language has. There always is one: English is always loaded and has the
// root's text.
func (c *catalogue) resolve(id string, k *Kind, allLanguages bool) *text {
	reserve := c.texts[id]
	if reserve != nil && (reserve.configured || !allLanguages) {
		return reserve
	}
	return chain(c.texts, reserve, k, func(t *text) bool { return t.configured || !allLanguages })
}

// resolveTitle finds the title of a kind: its own, else that of the nearest ancestor.
func (c *catalogue) resolveTitle(k *Kind) *text {
	return chain(c.titles, nil, k, func(*text) bool { return true })
}

// nearest finds the text of k or of its nearest ancestor that the language has, nil without any.
func (c *catalogue) nearest(k *Kind, language int) *text {
	return chain(c.texts, nil, k, func(t *text) bool { return t.available.has(language) })
}

// chain goes up from k to the first text that fits; reserve, or else the first text at all, stands
// in when none does.
func chain(texts map[string]*text, reserve *text, k *Kind, fits func(*text) bool) *text {
	for ; k != nil; k = k.parent {
		t := texts[k.spec.Text]
		if t == nil {
			continue
		}
		if fits(t) {
			return t
		}
		if reserve == nil {
			reserve = t
		}
	}
	return reserve
}

// rule finds the text of a field error, else the one that says no more than that the value is not
// valid.
func (c *catalogue) rule(id string, allLanguages bool) *text {
	t := c.texts[id]
	if t != nil && (t.configured || !allLanguages) {
		return t
	}
	if general := c.texts[ruleInvalid]; general != nil && (t == nil || general.configured) {
		return general
	}
	return t
}
