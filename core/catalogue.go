package fault

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/internal/family"
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
	families   *family.Set    // of the languages
	merged     map[string]int // built-in tags whose language has another tag here

	body            []int // the languages of the all-languages body, in order
	defaultLanguage int
	english         int
	choice          choice
	labels          bool // there are texts that name fields

	ofKinds  []textsOfKind // by Kind.index, for the kinds of the time
	prepared [][]*template // of bare kinds, by format and Kind.index: see Responder.prepareResponses
	made     atomic.Int32  // templates, those that were lost included
}

// A loadedLanguage is one language tag with everything prepared that a response says of it.
type loadedLanguage struct {
	tag    string   // BCP 47, canonical: "pt-BR"
	key    string   // wire key: "PT-BR"
	member string   // `"PT-BR":"`
	header []string // Content-Language
	dir    string   // "ltr" or "rtl"
	rules  func() *plural.Rules

	own bool // the application brings it, or has it in the body

	// files are the application's that the language has texts from, the nearest first: its own, those of the same
	// language, those of its parents. The first overBuiltin of them lie over the built-in texts.
	files       []*localeFile
	overBuiltin int
	builtin     *builtinLocale // the nearest built-in texts, which wait in their file until one is needed; or nil
}

// A text is one text constant in all loaded languages.
type text struct {
	id        string
	catalogue *catalogue
	builtin   int      // index into builtinIDs, or none
	loaded    []*forms // by language; nil where the language lacks the text, or has not been needed yet
	available languageSet
	own       languageSet // those whose forms are of the application's files
	declared  bool        // by Texts: no text constant

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

	// templates are those of failures with this text, by language behind the one of all languages. Nil until one is made.
	templates atomic.Pointer[[]atomic.Pointer[[]*template]]
}

// A step of a program: a literal, across the borders of languages, and the argument behind it.
type step struct {
	literal  string
	arg      int // index into args, or none
	language int // that the argument stands in
}

const none = -1

// textsOfKind are the texts of an error of the kind: in a body of all languages, in a body of one language, and as title.
type textsOfKind struct{ all, one, title *text }

// defaultBody is the fixed set of languages for applications that choose none: a locale that is added later changes no body.
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
	body, err := c.chooseBody(own, languages)
	if err != nil {
		return nil, err
	}
	if err := c.loadLanguages(own, body); err != nil {
		return nil, err
	}
	if err := c.configure(body, defaultLanguage); err != nil {
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
	for k := range Kinds() {
		c.ofKinds = append(c.ofKinds, c.textsOf(k))
	}
	return c, nil
}

// loadLanguages finds out which languages there are, and where each has its texts from.
func (c *catalogue) loadLanguages(own []*localeFile, body []language.Tag) error {
	var tags []language.Tag
	for _, file := range own {
		tags = append(tags, file.tag)
	}
	chosen := slices.Concat(tags, body)
	if tag, found := withoutPlurals(chosen); found {
		rule := fmt.Sprintf("language %s has no plural rules in go-i18n, so it cannot be loaded", tag)
		if i := slices.Index(tags, tag); i >= 0 {
			return &LocaleError{File: own[i].name, Rule: rule}
		}
		return errors.New("WithLanguages: " + rule)
	}
	tags = withBuiltin(slices.Clone(chosen))
	if len(tags) > negotiate.MaxLanguages {
		return fmt.Errorf("%d languages are loaded; %d is the limit", len(tags), negotiate.MaxLanguages)
	}
	sources := newSources(own)
	for _, tag := range tags {
		l := newLanguage(tag)
		l.own = slices.Contains(chosen, tag)
		sources.give(l, tag)
		c.languages = append(c.languages, l)
	}
	return nil
}

// withoutPlurals finds the first tag that go-i18n has no plural rules for. The built-in ones are known to have them.
func withoutPlurals(tags []language.Tag) (language.Tag, bool) {
	foreign := slices.DeleteFunc(slices.Clone(tags), func(tag language.Tag) bool {
		return slices.ContainsFunc(builtinLocales(), func(l *builtinLocale) bool { return l.tag == tag })
	})
	if len(foreign) == 0 {
		return language.Und, false // to ask costs go-i18n's whole table
	}
	return plural.Unknown(foreign)
}

// withBuiltin adds the built-in languages to the tags, but those that have another tag there, and sorts them.
func withBuiltin(tags []language.Tag) []language.Tag {
	keys := map[family.Key]bool{}
	for _, tag := range tags {
		keys[family.KeyOf(tag)] = true
	}
	for _, l := range builtinLocales() {
		if !keys[l.key] {
			tags = append(tags, l.tag)
		}
	}
	slices.SortFunc(tags, func(a, b language.Tag) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(tags)
}

// sources are all files that there are, the application's first, of two of one language the later one first.
type sources struct {
	own []*localeFile
	set *family.Set
}

func newSources(own []*localeFile) *sources {
	s := &sources{own: slices.Clone(own)}
	slices.Reverse(s.own)
	var members []family.Member
	for _, file := range s.own {
		members = append(members, family.Member{Tag: file.tag, Own: true})
	}
	for _, l := range builtinLocales() {
		members = append(members, family.Member{Tag: l.tag})
	}
	s.set = family.NewSet(members)
	return s
}

// give tells the language of this tag where its texts are.
func (s *sources) give(l *loadedLanguage, tag language.Tag) {
	lineage, _ := s.set.Lineage(tag)
	for _, i := range lineage {
		switch {
		case i < len(s.own):
			l.files = append(l.files, s.own[i])
		case l.builtin == nil: // every one has all built-in texts: none is looked for behind it
			l.builtin, l.overBuiltin = builtinLocales()[i-len(s.own)], len(l.files)
		}
	}
}

// enterTexts enters the built-in texts, then the application's over them. Of the built-in languages
// only those are read that every body or every fallback needs; the others wait for their first reader.
func (c *catalogue) enterTexts(own []*localeFile) {
	for n, id := range builtinIDs() {
		c.texts[id] = &text{id: id, catalogue: c, builtin: n, loaded: make([]*forms, len(c.languages))}
	}
	for _, file := range own {
		for id := range file.texts {
			if c.texts[id] == nil {
				c.texts[id] = &text{id: id, catalogue: c, builtin: none, loaded: make([]*forms, len(c.languages))}
			}
		}
	}
	for i, l := range c.languages {
		if l.builtin != nil {
			c.enterBuiltin(i, l.builtin)
		}
		c.enterOwn(i, l)
	}
}

func (c *catalogue) enterBuiltin(language int, l *builtinLocale) {
	needed := language == c.english || language == c.defaultLanguage || slices.Contains(c.body, language)
	for n, id := range builtinIDs() {
		t := c.texts[id]
		t.available.put(language)
		if needed {
			t.loaded[language] = l.forms()[n]
		}
	}
}

// enterOwn enters the application's texts, the nearest last.
func (c *catalogue) enterOwn(language int, l *loadedLanguage) {
	for n, file := range slices.Backward(l.files) {
		for id, compiled := range file.texts {
			t := c.texts[id]
			if l.builtin != nil && t.builtin != none && n >= l.overBuiltin {
				continue // the built-in text is nearer
			}
			t.loaded[language] = &compiled
			t.available.put(language)
			t.own.put(language)
		}
	}
}

// forms returns the text's forms in the language, or nil if it lacks the text.
func (t *text) forms(language int) *forms {
	if loaded := t.loaded[language]; loaded != nil {
		return loaded
	}
	if l := t.catalogue.languages[language].builtin; l != nil && t.builtin != none {
		return l.forms()[t.builtin]
	}
	return nil
}

// ownIn reports whether the form in use for the language came from one of the application's files, be it another
// one's of the family.
func (t *text) ownIn(language int) bool { return t.own.has(language) }

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

// What the languages were chosen by, for people.
const (
	byOption  = "option"
	byFiles   = "own files"
	byBuiltin = "built in"
	byEnglish = "English"
	byOrder   = "first of the body"
)

// A choice is what chose languages.
type choice struct{ body, defaultLanguage string }

// chooseBody finds the tags of the all-languages body.
func (c *catalogue) chooseBody(own []*localeFile, languages []string) (tags []language.Tag, err error) {
	c.choice.body = byOption
	if len(languages) > 0 {
		return parseTags("WithLanguages", languages)
	}
	if !chooses(own) {
		c.choice.body = byBuiltin
		return parseTags("the built-in locales", defaultBody)
	}
	c.choice.body = byFiles
	for _, file := range own {
		tags = append(tags, file.tag)
	}
	slices.SortFunc(tags, func(a, b language.Tag) int { return strings.Compare(a.String(), b.String()) })
	return slices.Compact(tags), nil
}

// chooses reports whether the files have a text that is not built in: files that only word built-in texts in another
// way say nothing of the languages that the application speaks.
func chooses(own []*localeFile) bool {
	for _, file := range own {
		for id := range file.texts {
			if _, found := slices.BinarySearch(builtinIDs(), id); !found {
				return true
			}
		}
	}
	return false
}

func parseTags(option string, names []string) (tags []language.Tag, err error) {
	for _, name := range names {
		tag, known := family.Parse(name)
		if !known {
			return nil, fmt.Errorf("%s: %q is not a known BCP 47 language tag", option, shortened(name))
		}
		if slices.Contains(tags, tag) {
			return nil, fmt.Errorf("%s: language %q stands twice", option, name)
		}
		tags = append(tags, tag)
	}
	return tags, nil
}

// configure finds the languages of the body, the default one and English, and makes negotiation ready.
func (c *catalogue) configure(body []language.Tag, defaultLanguage string) error {
	for _, tag := range body {
		i := c.index(tag.String())
		if l := c.languages[i]; l.builtin == nil && len(l.files) == 0 {
			return fmt.Errorf("WithLanguages: no locale file active.%s.toml is loaded; loaded are %s", tag, c.loaded())
		}
		c.body = append(c.body, i)
	}
	members := make([]family.Member, len(c.languages))
	for i, l := range c.languages {
		members[i] = family.Member{Tag: language.Make(l.tag), Own: l.own}
	}
	set := family.NewSet(members)
	c.families = set
	english, _ := set.Lineage(language.English)
	c.english = english[0]
	if err := c.chooseDefault(set, defaultLanguage); err != nil {
		return err
	}
	c.merged = map[string]int{}
	for _, l := range builtinLocales() {
		if c.index(l.tag.String()) < 0 {
			lineage, _ := set.Lineage(l.tag)
			c.merged[l.tag.String()] = lineage[0]
		}
	}
	others := slices.DeleteFunc(slices.Clone(c.body), func(i int) bool { return i == c.defaultLanguage })
	c.negotiator = negotiate.NewLanguages(members, slices.Insert(others, 0, c.defaultLanguage))
	return nil
}

func (c *catalogue) chooseDefault(set *family.Set, name string) error {
	if name != "" {
		tags, err := parseTags("WithDefaultLanguage", []string{name})
		if err != nil {
			return err
		}
		order, _ := set.Order(tags[0])
		if len(order) == 0 {
			return fmt.Errorf("WithDefaultLanguage: no locale file active.%s.toml is loaded; loaded are %s", tags[0], c.loaded())
		}
		c.defaultLanguage, c.choice.defaultLanguage = order[0], byOption
		return nil
	}
	c.defaultLanguage, c.choice.defaultLanguage = c.body[0], byOrder
	english := family.KeyOf(language.English)
	for _, is := range []func(family.Key) bool{
		func(k family.Key) bool { return k == english }, // "en" itself comes before "en-US", which equals it
		func(k family.Key) bool { return k.Base == english.Base },
	} {
		i := slices.IndexFunc(c.body, func(i int) bool { return is(family.KeyOf(language.Make(c.languages[i].tag))) })
		if i >= 0 {
			c.defaultLanguage, c.choice.defaultLanguage = c.body[i], byEnglish
			break
		}
	}
	if exact := c.index("en"); slices.Contains(c.body, exact) {
		c.defaultLanguage = exact
	}
	return nil
}

func (c *catalogue) index(tag string) int {
	return slices.IndexFunc(c.languages, func(l *loadedLanguage) bool { return l.tag == tag })
}

// named returns index, for a built-in tag too whose language has another tag here; negative without any.
func (c *catalogue) named(tag string) int {
	if i, ok := c.merged[tag]; ok {
		return i
	}
	return c.index(tag)
}

func (c *catalogue) loaded() string {
	var tags []string
	for _, l := range c.languages {
		if l.builtin != nil || len(l.files) > 0 {
			tags = append(tags, l.tag)
		}
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
	c.assemble(t)
}

// assemble makes the members of t's languages.
func (c *catalogue) assemble(t *text) {
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

// arg returns the index of the placeholder, entered at its first appearance.
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
	if id == "" && k.self != nil && k.index < len(c.ofKinds) {
		if allLanguages {
			return c.ofKinds[k.index].all
		}
		return c.ofKinds[k.index].one
	}
	reserve := c.texts[id]
	if reserve != nil && (reserve.configured || !allLanguages) {
		return reserve
	}
	return chain(c.texts, reserve, k, func(t *text) bool { return t.configured || !allLanguages })
}

// resolveTitle finds the title of a kind: its own, else that of the nearest ancestor.
func (c *catalogue) resolveTitle(k *Kind) *text {
	if k.self != nil && k.index < len(c.ofKinds) {
		return c.ofKinds[k.index].title
	}
	return c.titleOf(k)
}

func (c *catalogue) textsOf(k *Kind) textsOfKind {
	one := chain(c.texts, nil, k, func(*text) bool { return true })
	all := chain(c.texts, nil, k, func(t *text) bool { return t.configured })
	return textsOfKind{all, one, c.titleOf(k)}
}

func (c *catalogue) titleOf(k *Kind) *text {
	return chain(c.titles, nil, k, func(*text) bool { return true })
}

// nearest finds the text of k or of its nearest ancestor that the language has, nil without any.
func (c *catalogue) nearest(k *Kind, language int) *text {
	return chain(c.texts, nil, k, func(t *text) bool { return t.available.has(language) })
}

// readable returns the languages that have t, or the text of k or of an ancestor.
func (c *catalogue) readable(t *text, k *Kind) languageSet {
	set := t.available
	for ; k != nil; k = k.parent {
		if of := c.texts[k.spec.Text]; of != nil {
			set.add(&of.available)
		}
	}
	return set
}

// chain returns the first text that fits, from k upwards. If none fits, it returns reserve, or else the first text that it met.
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
