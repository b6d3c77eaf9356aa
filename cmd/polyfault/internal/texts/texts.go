// Package texts writes Go code for the texts of locale files: a function for each text, with its placeholders as typed
// parameters. It is the generator of the command "polyfault texts".
//
// A function returns attributes of an error, [fault.Text] and its arguments. Every function that takes attributes takes them:
//
//	return fault.NotFound.New(texts.OrderNotFound(id)...)
//	return fault.Conflict.Wrap(err, texts.HoursLeft(3)...).With(fault.Detail("task", id))
//
// There is a function for each text in the file of the source language. Titles ("<id>.title") and names of fields
// ("field.<name>") have none: polyfault finds them by the id or the name that they belong to.
package texts

import (
	"cmp"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/localefile"
)

// Options choose what to generate. The zero value is ready.
type Options struct {
	Package  string // the package clause; "" means "texts"
	Language string // tag of the source language; "" means "en" if there is such a file, else the only language
}

// Generate returns the code for the locale files in fsys, the same files as for [fault.WithLocales]. The same files give the
// same code, formatted by gofmt. An error names file, key and rule; there is no code then.
func Generate(fsys fs.FS, opts Options) ([]byte, error) {
	opts.Package = cmp.Or(opts.Package, "texts")
	if err := checkPackage(opts.Package); err != nil {
		return nil, err
	}
	set, err := read(fsys)
	if err != nil {
		return nil, err
	}
	source, err := set.source(opts.Language)
	if err != nil {
		return nil, err
	}
	if err := set.checkStrays(source); err != nil {
		return nil, err
	}
	functions, err := set.functions(source)
	if err != nil {
		return nil, err
	}
	return write(opts.Package, source.tag, functions)
}

// A localeSet is a folder of locale files.
type localeSet struct {
	files     []*localeFile // by language
	catalogue fault.Catalogue
}

// A localeFile is the texts of one language, sorted by id.
type localeFile struct {
	name, tag string
	messages  []*i18n.Message
}

// read reads every locale file of fsys. It refuses the files that a service would refuse at start-up.
func read(fsys fs.FS) (*localeSet, error) {
	responder, err := fault.NewResponder(fault.WithLocales(fsys), fault.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		return nil, err
	}
	set := &localeSet{catalogue: responder.Catalogue()}
	err = fs.WalkDir(fsys, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		found := localefile.NameOf(path.Base(name))
		if found.Fault != localefile.Fine {
			return nil
		}
		file, err := set.readFile(fsys, name, found)
		set.files = append(set.files, file)
		return err
	})
	slices.SortFunc(set.files, func(a, b *localeFile) int { return strings.Compare(a.tag, b.tag) })
	return set, err
}

func (s *localeSet) readFile(fsys fs.FS, name string, found localefile.Name) (*localeFile, error) {
	content, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, err
	}
	tree, err := localefile.Decode(found.Ext, content)
	if err != nil {
		return nil, err
	}
	// The responder has accepted the file, so an error can only mean that it has no text.
	messages, _ := i18n.ParseMessageBytes([]byte{'x'}, func(_ []byte, v any) error {
		*v.(*any) = tree
		return nil
	})
	messages = slices.DeleteFunc(messages, func(m *i18n.Message) bool {
		_, translated := s.catalogue.Text(m.ID, found.Tag.String())
		return !translated
	})
	slices.SortFunc(messages, func(a, b *i18n.Message) int { return strings.Compare(a.ID, b.ID) })
	return &localeFile{name, found.Tag.String(), messages}, nil
}

// source returns the file whose texts become functions.
func (s *localeSet) source(tag string) (*localeFile, error) {
	if tag == "" && len(s.files) == 1 {
		return s.files[0], nil
	}
	var tags []string
	for _, file := range s.files {
		if file.tag == cmp.Or(tag, "en") {
			return file, nil
		}
		tags = append(tags, file.tag)
	}
	if tag == "" {
		return nil, fmt.Errorf("which language is the source? There is no active.en.toml; name one of %s with -language",
			strings.Join(tags, ", "))
	}
	return nil, fmt.Errorf("language %q has no file active.%s.toml; there are %s", tag, tag, strings.Join(tags, ", "))
}

// checkStrays refuses texts that the source language lacks. Texts with built-in ids are translations of polyfault's.
func (s *localeSet) checkStrays(source *localeFile) error {
	known := map[string]bool{}
	for id := range fault.Default().Catalogue().IDs() {
		known[id] = true
	}
	for _, m := range source.messages {
		known[m.ID] = true
	}
	for _, file := range s.files {
		for _, m := range file.messages {
			if !known[m.ID] && hasFunction(m.ID) {
				return &fault.LocaleError{File: file.name, Key: m.ID,
					Rule: "the source language lacks the text; add it to " + source.name + " or remove it here"}
			}
		}
	}
	return nil
}

// hasFunction reports whether the text is one of errors, and not a title or the name of a field.
func hasFunction(id string) bool {
	return !strings.HasSuffix(id, ".title") && !strings.HasPrefix(id, "field.")
}

// A function is the function for one text.
type function struct {
	name, id    string
	forms       []form
	description string
	plural      bool
	params      []param
}

// A form is one plural form as in the file; name is "" for a text without plural forms.
type form struct{ name, text string }

// A param is the parameter for one placeholder.
type param struct{ placeholder, name, typ string }

func (s *localeSet) functions(source *localeFile) ([]function, error) {
	var list []function
	ids := map[string]string{} // name → id
	for _, m := range source.messages {
		if !hasFunction(m.ID) {
			continue
		}
		f, err := s.function(source, m)
		if err != nil {
			return nil, err
		}
		if other, taken := ids[f.name]; taken {
			return nil, &fault.LocaleError{File: source.name, Key: m.ID,
				Rule: fmt.Sprintf("the function %s is that of key %q already; rename one of them", f.name, other)}
		}
		ids[f.name] = m.ID
		list = append(list, f)
	}
	slices.SortFunc(list, func(a, b function) int { return strings.Compare(a.name, b.name) })
	return list, nil
}

func (s *localeSet) function(source *localeFile, m *i18n.Message) (function, error) {
	wrong := func(rule string) (function, error) {
		return function{}, &fault.LocaleError{File: source.name, Key: m.ID, Rule: rule}
	}
	description, types, err := localefile.DeclaredTypes(m.Description)
	if err != nil {
		return wrong(err.Error())
	}
	f := function{name: functionName(m.ID), id: m.ID, forms: formsOf(m), description: description}
	placeholders, err := s.placeholders(source, m.ID, types)
	if err != nil {
		return function{}, err
	}
	for _, file := range s.files {
		f.plural = f.plural || s.catalogue.Plural(m.ID, file.tag)
	}
	if f.plural && !slices.Contains(placeholders, count) {
		placeholders = append(placeholders, count)
		slices.Sort(placeholders)
	}
	if f.params, err = parameters(placeholders, types); err != nil {
		return wrong(err.Error())
	}
	return f, nil
}

const (
	count     = "Count" // is given by fault.Count
	fieldName = "Field" // is given by fault.Field
)

// placeholders returns the placeholders of the source's text, and those of other languages that the source's description
// declares. The name of a field in the text of a rule is left out: fault.Field gives it.
func (s *localeSet) placeholders(source *localeFile, id string, types map[string]string) ([]string, error) {
	names, _ := s.catalogue.Placeholders(id, source.tag)
	for _, file := range s.files {
		others, _ := s.catalogue.Placeholders(id, file.tag)
		for _, name := range others {
			if slices.Contains(names, name) {
				continue
			}
			if _, known := types[name]; !known && name != count {
				return nil, &fault.LocaleError{File: file.name, Key: id, Rule: fmt.Sprintf(
					"%s does not have the placeholder {{.%s}}; use one that it has, or declare this one in its description "+
						"(Types: %s string)", source.name, name, name)}
			}
			names = append(names, name)
		}
	}
	if strings.HasPrefix(id, "rule.") {
		names = slices.DeleteFunc(names, func(name string) bool { return name == fieldName })
	}
	slices.Sort(names)
	return names, nil
}

// formsOf returns the plural forms in the order of CLDR.
func formsOf(m *i18n.Message) []form {
	var forms []form
	for _, f := range []form{{"zero", m.Zero}, {"one", m.One}, {"two", m.Two}, {"few", m.Few}, {"many", m.Many}, {"other", m.Other}} {
		if f.text != "" {
			forms = append(forms, f)
		}
	}
	if len(forms) == 1 {
		forms[0].name = ""
	}
	return forms
}

// parameters returns the parameters of the placeholders, in the same order.
func parameters(placeholders []string, types map[string]string) ([]param, error) {
	if err := checkTypes(placeholders, types); err != nil {
		return nil, err
	}
	var list []param
	names := map[string]string{} // parameter → placeholder
	for _, placeholder := range placeholders {
		p := param{placeholder, parameterName(placeholder), cmp.Or(types[placeholder], "any")}
		if placeholder == count {
			p.typ = "int"
		}
		if other, taken := names[p.name]; taken {
			return nil, fmt.Errorf("the placeholders {{.%s}} and {{.%s}} are both the parameter %s; rename one of them", other, placeholder, p.name)
		}
		names[p.name] = placeholder
		list = append(list, p)
	}
	return list, nil
}

func checkTypes(placeholders []string, types map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(types)) {
		if !slices.Contains(placeholders, name) {
			return fmt.Errorf("in \"Types:\", no language has the placeholder {{.%s}} to fill; remove %q", name, name+" "+types[name])
		}
		if name == count && types[name] != "int" {
			return fmt.Errorf("in \"Types:\", Count is always int; remove %q", name+" "+types[name])
		}
	}
	return nil
}
