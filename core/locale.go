package fault

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/internal/family"
	"github.com/polyfault/polyfault/internal/localefile"
	"github.com/polyfault/polyfault/internal/message"
	"github.com/polyfault/polyfault/internal/plural"
	"github.com/polyfault/polyfault/locales"
)

// A LocaleError is what is wrong with a locale file. [NewResponder] and [Responder.Reload] return
// it, wrapped; nothing of the file's set is in use then.
type LocaleError struct {
	File string // path inside the fs.FS
	Key  string // text id, with the plural form where one is meant; "" when the file as a whole is meant
	Rule string // what is wrong, and what is right
}

// Error names file, key and rule.
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

// readLocales parses every *.toml file of fsys, sorted by language.
func readLocales(fsys fs.FS) ([]*localeFile, error) {
	if fsys == nil {
		return nil, errors.New("the file system of locale files is nil")
	}
	var files []*localeFile
	err := fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return &LocaleError{File: name, Rule: "cannot be read: " + err.Error()}
		}
		if entry.IsDir() || path.Ext(name) != ".toml" {
			return nil
		}
		file, err := readLocale(fsys, name, entry)
		if err != nil {
			return err
		}
		files = append(files, file)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("the file system holds no locale file; files are named active.<tag>.toml, active.pt-BR.toml for example")
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

func readLocale(fsys fs.FS, name string, entry fs.DirEntry) (*localeFile, error) {
	if info, err := entry.Info(); err == nil && info.Size() > localefile.MaxSize {
		return nil, &LocaleError{File: name, Rule: fmt.Sprintf("is larger than %d bytes", localefile.MaxSize)}
	}
	tag, rule := tagOfFile(path.Base(name))
	if rule != "" {
		return nil, &LocaleError{File: name, Rule: rule}
	}
	content, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, &LocaleError{File: name, Rule: "cannot be read: " + err.Error()}
	}
	return parseLocale(name, tag, content)
}

func tagOfFile(base string) (language.Tag, string) {
	tag, written, wrong := localefile.TagOf(base)
	switch wrong {
	case localefile.NoLocaleFile:
		return language.Und, "the name of a locale file is active.<tag>.toml, active.pt-BR.toml for example"
	case localefile.UnknownTag:
		return language.Und, fmt.Sprintf("%q is not a known BCP 47 language tag", written)
	case localefile.NotCanonical:
		return language.Und, fmt.Sprintf("language tag %q is not canonical; rename the file to active.%s.toml", written, tag)
	}
	return tag, ""
}

func parseLocale(name string, tag language.Tag, content []byte) (*localeFile, error) {
	fail := func(key, rule string) (*localeFile, error) {
		return nil, &LocaleError{File: name, Key: key, Rule: rule}
	}
	if bytes.HasPrefix(content, []byte("\xef\xbb\xbf")) {
		return fail("", "starts with a byte order mark (BOM); save it as UTF-8 without one")
	}
	if !utf8.Valid(content) {
		return fail("", fmt.Sprintf("line %d is not valid UTF-8", invalidLine(content)))
	}
	var tree map[string]any
	if err := toml.Unmarshal(content, &tree); err != nil {
		return fail(tomlKey(err), "is not valid TOML: "+err.Error())
	}
	if key, rule := checkTree("", tree); rule != "" {
		return fail(key, rule)
	}
	messages, err := i18n.ParseMessageBytes(content, func(_ []byte, v any) error {
		*v.(*any) = tree // already decoded
		return nil
	})
	if err != nil && len(tree) > 0 {
		return fail("", err.Error())
	}
	file := &localeFile{name: name, tag: tag, texts: make(map[string]forms, len(messages))}
	for _, m := range messages {
		if _, twice := file.texts[m.ID]; twice {
			return fail(m.ID, "the id stands twice, once quoted and once as nested tables; keep one")
		}
		compiled, form, err := compile(m)
		if err != nil {
			return fail(strings.TrimSuffix(m.ID+"."+form, "."), err.Error())
		}
		file.texts[m.ID] = compiled
	}
	if key, rule := checkForms(file); rule != "" {
		return fail(key, rule)
	}
	return file, nil
}

func invalidLine(content []byte) int {
	line := 1
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		if r == utf8.RuneError && size == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		content = content[size:]
	}
	return line
}

func tomlKey(err error) string {
	if parseError, ok := errors.AsType[toml.ParseError](err); ok {
		return parseError.LastKey
	}
	return ""
}

// checkTree names the first key, in sorted order, that is not a text. go-i18n reports the same
// faults without naming the key.
func checkTree(prefix string, tree map[string]any) (key, rule string) {
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		id := prefix + name
		if name == "" {
			return id, "an id is empty"
		}
		if localefile.IsReserved(name) {
			return id, fmt.Sprintf("%q is a reserved word of the file format and no text id", name)
		}
		switch value := tree[name].(type) {
		case string:
		case map[string]any:
			if key, rule = checkTable(id, value); rule != "" {
				return key, rule
			}
		default:
			return id, fmt.Sprintf("a text is a string or a table of plural forms, not %T", value)
		}
	}
	return "", ""
}

func checkTable(id string, table map[string]any) (key, rule string) {
	if len(table) == 0 {
		return id, `the form "other" is missing`
	}
	if !slices.ContainsFunc(slices.Collect(maps.Keys(table)), localefile.IsReserved) {
		return checkTree(id+".", table)
	}
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(localefile.Keys, name) {
			return id + "." + name, fmt.Sprintf("unknown member %q; a text has %s", name, strings.Join(localefile.Keys, ", "))
		}
		if _, isString := table[name].(string); !isString {
			return id + "." + name, fmt.Sprintf("must be a string, not %T", table[name])
		}
	}
	if _, ok := table["other"]; !ok {
		return id, `the form "other" is missing`
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
	if compiled[plural.Other] == nil {
		return compiled, "", errors.New("the text is empty")
	}
	return compiled, "", nil
}

// checkForms refuses plural forms that the language does not have.
func checkForms(file *localeFile) (key, rule string) {
	var rules *plural.Rules
	for _, id := range slices.Sorted(maps.Keys(file.texts)) {
		texts := file.texts[id]
		if texts.plain() {
			continue
		}
		if rules == nil {
			var err error
			if rules, err = plural.For(file.tag); err != nil {
				return "", err.Error()
			}
		}
		for form := range plural.Other {
			if texts[form] != nil && !rules.Has(form) {
				return id + "." + form.String(), fmt.Sprintf("language %s has no plural form %q", file.tag, form)
			}
		}
	}
	return "", ""
}
