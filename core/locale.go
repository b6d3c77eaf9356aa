package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/internal/family"
	"github.com/polyfault/polyfault/internal/localefile"
	"github.com/polyfault/polyfault/internal/message"
	"github.com/polyfault/polyfault/internal/plural"
	"github.com/polyfault/polyfault/locales"
)

// A LocaleError is a mistake in a locale file. [NewResponder] and [Responder.Reload] return it, wrapped; no file of
// the set is used then.
type LocaleError struct {
	File string // path inside the fs.FS
	Key  string // text id, with the plural form if one is meant; "" for the file as a whole
	Rule string // the mistake and its remedy
}

// Error returns file, key and rule.
func (e *LocaleError) Error() string {
	if e.Key == "" {
		return fmt.Sprintf("locale file %q: %s", e.File, e.Rule)
	}
	return fmt.Sprintf("locale file %q: key %q: %s", e.File, e.Key, e.Rule)
}

// A localeFile is one parsed file: the texts of one language.
type localeFile struct {
	name  string
	tag   language.Tag
	texts map[string]forms

	emptyOther map[string]bool   // ids whose form "other" stands there and is not translated
	notes      map[string]string // by id: descriptions that declare types of arguments
}

// forms are the compiled plural forms of one text in one language; other is always there.
type forms [plural.Forms]*message.Text

func (f *forms) plain() bool {
	for _, form := range f[:plural.Other] {
		if form != nil {
			return false
		}
	}
	return true
}

// A builtinLocale is a language of package locales. Its file is parsed at most once a process, and not
// before a text in it is needed: parsing them all would cost more than the rest of the start.
type builtinLocale struct {
	tag   language.Tag
	key   family.Key
	forms func() []*forms // the file's texts in the order of builtinIDs
}

// builtinLocales are the languages of package locales, sorted by tag. Every one has exactly the texts
// of English: polyfault's own lint sees to that.
var builtinLocales = sync.OnceValue(func() []*builtinLocale {
	entries, err := fs.ReadDir(locales.FS, ".")
	if err != nil {
		panic("fault: built-in locales: " + err.Error())
	}
	var all []*builtinLocale
	for _, entry := range entries {
		tag, rule := tagOfFile(entry.Name())
		if rule != "" {
			panic(fmt.Sprintf("fault: built-in locale file %s: %s", entry.Name(), rule))
		}
		all = append(all, newBuiltinLocale(tag, entry.Name()))
	}
	slices.SortFunc(all, func(a, b *builtinLocale) int { return strings.Compare(a.tag.String(), b.tag.String()) })
	return all
})

func newBuiltinLocale(tag language.Tag, name string) *builtinLocale {
	return &builtinLocale{tag, family.KeyOf(tag), sync.OnceValue(func() []*forms {
		list := make([]*forms, len(builtinIDs()))
		texts := readBuiltin(name).texts
		for i, id := range builtinIDs() {
			if compiled, ok := texts[id]; ok {
				list[i] = &compiled
			}
		}
		return list
	})}
}

// builtinIDs are the ids of the built-in texts, sorted.
var builtinIDs = sync.OnceValue(func() []string {
	return slices.Sorted(maps.Keys(builtinEnglish().texts))
})

var builtinEnglish = sync.OnceValue(func() *localeFile { return parseBuiltin("active.en.toml") })

func readBuiltin(name string) *localeFile {
	if english := builtinEnglish(); english.name == name {
		return english
	}
	return parseBuiltin(name)
}

func parseBuiltin(name string) *localeFile {
	content, err := fs.ReadFile(locales.FS, name)
	if err != nil {
		panic("fault: built-in locales: " + err.Error())
	}
	tag, _ := tagOfFile(name)
	if texts, ok := readCanonical(string(content)); ok {
		return &localeFile{name: name, tag: tag, texts: texts}
	}
	file, err := parseLocale(name, tag, content)
	if err != nil {
		panic("fault: built-in " + err.Error())
	}
	return file
}

// readLocales parses every locale file of fsys, sorted by language.
func readLocales(fsys fs.FS) ([]*localeFile, error) {
	if fsys == nil {
		return nil, errors.New("the file system of locale files is nil")
	}
	var files []*localeFile
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return &LocaleError{File: name, Rule: "cannot be read: " + err.Error()}
		}
		if entry.IsDir() {
			return nil
		}
		file, err := readLocale(fsys, name)
		if file != nil {
			files = append(files, file)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("the file system holds no locale file; files are named active.<tag>.toml, active.pt-BR.toml for example, " +
			"or .json")
	}
	slices.SortStableFunc(files, func(a, b *localeFile) int { return strings.Compare(a.tag.String(), b.tag.String()) })
	for i, file := range files[1:] {
		if before := files[i]; before.tag == file.tag {
			return nil, &LocaleError{File: file.name,
				Rule: fmt.Sprintf("language %s already has the file %q; keep one file a language", file.tag, before.name)}
		}
	}
	return files, nil
}

// readLocale returns nil for a file that is not a locale file.
func readLocale(fsys fs.FS, name string) (*localeFile, error) {
	found := localefile.NameOf(path.Base(name))
	if found.Fault == localefile.Foreign {
		return nil, nil
	}
	if rule := nameRule(found); rule != "" {
		return nil, &LocaleError{File: name, Rule: rule}
	}
	content, err := localefile.Read(fsys, name)
	if err != nil {
		return nil, &LocaleError{File: name, Rule: err.Error()}
	}
	return parseLocale(name, found.Tag, content)
}

func tagOfFile(base string) (language.Tag, string) {
	found := localefile.NameOf(base)
	return found.Tag, nameRule(found)
}

const otherMissing = `the form "other" is missing; add it: it is for each number that has no form of its own`

// shapeOf is what a value is in the file.
func shapeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case map[string]any:
		return "a table"
	case json.Number, int64, float64:
		return "a number"
	case time.Time:
		return "a date"
	}
	return "a list"
}

// nameRule says what is wrong with the name of a file; "" for nothing.
func nameRule(n localefile.Name) string {
	switch n.Fault {
	case localefile.NoLocaleFile:
		return "the name of a locale file is active.<tag>.toml or <tag>.toml, or .json, active.pt-BR.toml for example; " +
			"where other files lie beside them, give the folder of the locale files alone"
	case localefile.OtherFormat:
		lower := strings.ToLower(n.Ext)
		if lower == "toml" || lower == "json" {
			return fmt.Sprintf("the ending %q is not in lower case; rename the file to end in .%s", n.Ext, lower)
		}
		if slices.Contains(localefile.Importable, lower) {
			return fmt.Sprintf("locale files are TOML or JSON, not %q; polyfault locales import makes one of it", n.Ext)
		}
		return fmt.Sprintf("locale files are TOML or JSON, not %q; keep files of other kinds in another folder", n.Ext)
	case localefile.UnknownTag:
		return fmt.Sprintf("%q is not a known BCP 47 language tag", shortened(n.Written))
	case localefile.NotCanonical:
		return fmt.Sprintf("language tag %q is not canonical; rename the file to active.%s.%s", n.Written, n.Tag, n.Ext)
	}
	return ""
}

func parseLocale(name string, tag language.Tag, content []byte) (*localeFile, error) {
	fail := func(key, rule string) (*localeFile, error) {
		return nil, &LocaleError{File: name, Key: shortened(key), Rule: rule}
	}
	if rule := localefile.Encoding(content); rule != "" {
		return fail("", rule)
	}
	ext := strings.TrimPrefix(path.Ext(name), ".")
	tree, err := localefile.Decode(ext, content)
	if err != nil {
		return fail(syntaxKey(err), err.Error())
	}
	check := treeCheck{map[string]bool{}}
	if key, rule := check.tree(tree); rule != "" {
		return fail(key, rule)
	}
	messages, err := i18n.ParseMessageBytes([]byte{'x'}, func(_ []byte, v any) error {
		*v.(*any) = tree // already decoded
		return nil
	})
	if err != nil && !isEmpty(tree) {
		return fail("", err.Error())
	}
	file := &localeFile{name: name, tag: tag, texts: make(map[string]forms, len(messages)), emptyOther: check.emptyOther,
		notes: map[string]string{}}
	if key, rule := file.enter(messages); rule != "" {
		return fail(key, rule)
	}
	return file, nil
}

func syntaxKey(err error) string {
	if syntax, ok := errors.AsType[*localefile.SyntaxError](err); ok {
		return syntax.Key
	}
	return ""
}

func isEmpty(tree any) bool {
	table, _ := tree.(map[string]any)
	return len(table) == 0
}

// A treeCheck names the first key, in sorted order, that is not a text. go-i18n reports the same faults without naming
// the key.
type treeCheck struct{ emptyOther map[string]bool }

func (c *treeCheck) tree(tree any) (key, rule string) {
	switch tree := tree.(type) {
	case map[string]any:
		return c.table("", tree)
	case []any: // as go-i18n's first version wrote them
		for i, entry := range tree {
			if key, rule = c.entry(fmt.Sprintf("[%d]", i), entry); rule != "" {
				return key, rule
			}
		}
		return "", ""
	}
	return "", "a locale file is a table of texts, not " + shapeOf(tree)
}

// table looks at a table of texts and further tables.
func (c *treeCheck) table(prefix string, table map[string]any) (key, rule string) {
	for _, name := range slices.Sorted(maps.Keys(table)) {
		id := prefix + name
		switch value := table[name].(type) {
		case map[string]any:
			key, rule = c.nested(id, name, value)
		case string:
			if localefile.IsReserved(name) {
				key, rule = id, fmt.Sprintf("%q is a reserved word of the file format and no text id", name)
			}
		default:
			key, rule = id, "a text is a string or a table of plural forms, not "+shapeOf(value)
		}
		if name == "" {
			key, rule = id, "an id is empty"
		}
		if rule != "" {
			return key, rule
		}
	}
	return "", ""
}

// nested looks at a table inside a file: a text, or more texts.
func (c *treeCheck) nested(id, name string, table map[string]any) (key, rule string) {
	switch {
	case len(table) == 0:
		return id, otherMissing
	case name == localefile.Translation:
		return id, fmt.Sprintf("%q is a reserved word of the file format and no text id", name)
	case isText(table):
		return c.members(id, "", table)
	}
	return c.table(id+".", table)
}

func isText(table map[string]any) bool {
	for name, value := range table {
		if localefile.IsMember(name, value) {
			return true
		}
	}
	return false
}

// entry looks at an entry of a list: a text that says its id.
func (c *treeCheck) entry(at string, entry any) (key, rule string) {
	table, _ := entry.(map[string]any)
	id, _ := table["id"].(string)
	if id == "" {
		return at, `an entry of a list is a table with the member "id"`
	}
	members := maps.Clone(table)
	delete(members, "id")
	return c.members(id, "", members)
}

// members looks at the table of a text, or at the one inside it that go-i18n's first version had.
func (c *treeCheck) members(id, inside string, table map[string]any) (key, rule string) {
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		at, member := id+inside+"."+name, strings.ToLower(name)
		if name == localefile.Translation {
			member = "other"
		}
		nested, isTable := table[name].(map[string]any)
		text, isString := table[name].(string)
		switch {
		case !slices.Contains(localefile.Keys, member):
			return at, fmt.Sprintf("unknown member %q; a text has %s", name, strings.Join(localefile.Keys, ", "))
		case seen[member]:
			return at, fmt.Sprintf("%q stands twice; keep one", member)
		case isTable && name == localefile.Translation && inside == "":
			if key, rule = c.members(id, "."+name, nested); rule != "" {
				return key, rule
			}
			continue
		case !isString:
			return at, "must be a string, not " + shapeOf(table[name])
		case member == "other" && text == "":
			c.emptyOther[id] = true
		}
		seen[member] = true
	}
	return "", ""
}

// enter compiles the messages that are translated.
func (f *localeFile) enter(messages []*i18n.Message) (key, rule string) {
	slices.SortFunc(messages, func(a, b *i18n.Message) int { return strings.Compare(a.ID, b.ID) })
	rules := sync.OnceValues(func() (*plural.Rules, error) { return plural.For(f.tag) })
	for i, m := range messages {
		if i > 0 && messages[i-1].ID == m.ID {
			return m.ID, "the id stands twice, once quoted and once as nested tables; keep one"
		}
		compiled, form, err := compile(m)
		if err != nil {
			return strings.TrimSuffix(m.ID+"."+form, "."), err.Error()
		}
		lacksOther, err := compiled.complete(rules)
		switch {
		case err != nil:
			return m.ID, err.Error()
		case lacksOther && !f.emptyOther[m.ID]:
			return m.ID, otherMissing
		}
		if compiled[plural.Other] != nil {
			f.texts[m.ID] = compiled
		}
		if strings.Contains(m.Description, "Types:") {
			f.notes[m.ID] = m.Description
		}
	}
	return "", ""
}

// compile compiles every form of m; on failure form names the one that is wrong.
func compile(m *i18n.Message) (compiled forms, form string, err error) {
	for i, source := range [plural.Forms]string{m.Zero, m.One, m.Two, m.Few, m.Many, m.Other} {
		if source == "" {
			continue
		}
		if compiled[i], err = message.Compile(source); err != nil {
			return compiled, plural.Form(i).String(), err
		}
	}
	return compiled, "", nil
}

// complete drops the forms that the language does not have, as go-i18n never uses them. A text without "other" is not
// translated yet, unless whole numbers have no use for that form and all others are there: one of them stands in.
func (f *forms) complete(rulesOf func() (*plural.Rules, error)) (lacksOther bool, err error) {
	if f.plain() {
		return false, nil
	}
	rules, err := rulesOf()
	if err != nil {
		return false, err
	}
	whole := !rules.Whole(plural.Other)
	for form := range plural.Other {
		if !rules.Has(form) {
			f[form] = nil
		}
		whole = whole && (f[form] != nil || !rules.Whole(form))
	}
	switch {
	case f[plural.Other] != nil:
		return false, nil
	case whole:
		f[plural.Other] = f[rules.Form(0)]
		return false, nil
	}
	return true, nil
}
