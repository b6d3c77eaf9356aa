package localetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/internal/localefile"
	"github.com/polyfault/polyfault/internal/plural"
)

// A localeFile is one file, such as active.<tag>.toml, as far as it could be read.
type localeFile struct {
	name    string // path inside the fs.FS
	ext     string // toml or json
	tag     language.Tag
	rules   *plural.Rules
	content string
	layout  *layout
	texts   map[string]*entry
	ids     []string // in the order of the file

	findings []checks.Message
}

// An entry is one text.
type entry struct {
	id          string
	description string
	hash        string // as goi18n writes it; usually ""
	forms       [plural.Forms]string
	present     [plural.Forms]bool
}

func (e *entry) plural() bool { return slices.Contains(e.present[:plural.Other], true) }

// empty reports whether no form is translated yet.
func (e *entry) empty() bool { return e.forms == [plural.Forms]string{} }

func (f *localeFile) at(id, form string) Place {
	p := Place{File: f.name, ID: id, Form: form}
	if f.layout != nil && id != "" {
		p.Line = f.layout.lineOf(id, form)
	}
	return p
}

func (f *localeFile) report(rule string, at Place, hint, format string, args ...any) {
	f.findings = append(f.findings, finding(rule, at, hint, format, args...))
}

// A localeSet is the content of a file system of locale files.
type localeSet struct {
	files    []*localeFile // sorted by language; files with an unusable name have none and come first
	source   *localeFile
	lock     *translations
	findings []checks.Message
}

// ErrNoFiles is the error for a file system without a locale file. [NewSource] begins one.
var ErrNoFiles = errors.New("localetest: there is no locale file; files are named active.<tag>.toml, active.pt-BR.toml for example")

// load reads all files. Its error is about the file system as a whole.
func load(fsys fs.FS, o Options) (*localeSet, error) {
	if fsys == nil {
		return nil, errors.New("localetest: the file system of locale files is nil")
	}
	s := &localeSet{}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil && name == "." {
			return err
		}
		if err != nil {
			s.findings = append(s.findings, finding(ruleUnreadable, Place{File: name}, "make it readable", "cannot be read: %s", reason(err)))
			return nil
		}
		if !d.IsDir() && localefile.NameOf(path.Base(name)).Fault != localefile.Foreign {
			s.files = append(s.files, readFile(fsys, name))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("localetest: the locale files cannot be read: %s", reason(err))
	}
	if len(s.files) == 0 && len(s.findings) == 0 {
		return nil, ErrNoFiles
	}
	slices.SortStableFunc(s.files, func(a, b *localeFile) int { return strings.Compare(a.tag.String(), b.tag.String()) })
	s.reportTwins()
	s.lock, err = readTranslations(fsys)
	if err != nil {
		s.findings = append(s.findings, lockFinding(err))
	}
	return s, s.findSource(o.Source)
}

// reason returns the error without the path, which the finding has.
func reason(err error) string {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err.Error()
	}
	return err.Error()
}

// reportTwins finds two files of one language.
func (s *localeSet) reportTwins() {
	for i, f := range s.files {
		if f.tag != language.Und && i > 0 && s.files[i-1].tag == f.tag {
			f.report(ruleDuplicate, f.at("", ""), "keep one file a language", "language %s already has the file %q", f.tag, s.files[i-1].name)
		}
	}
}

// findSource picks the file that the others are compared with.
func (s *localeSet) findSource(tag string) error {
	wanted := tag
	if wanted == "" {
		wanted = "en"
	}
	var tags []string
	for _, f := range s.files {
		if f.tag.String() == wanted {
			s.source = f
			return nil
		}
		if f.tag != language.Und {
			tags = append(tags, f.tag.String())
		}
	}
	switch {
	case tag == "" && len(tags) == 1:
		return s.findSource(tags[0])
	case len(tags) == 0:
		return nil // the findings say why
	}
	return fmt.Errorf("localetest: there is no active.%s.toml, which the other files are compared with; "+
		"add it, or choose another source language of %s", wanted, strings.Join(tags, ", "))
}

// readFile reads one file, with findings about its name, bytes and syntax.
func readFile(fsys fs.FS, name string) *localeFile {
	f := &localeFile{name: name, texts: map[string]*entry{}}
	if f.readName(); f.ext == "" {
		return f
	}
	content, problem := readBounded(fsys, name)
	if problem != "" {
		f.report(ruleUnreadable, f.at("", ""), "a locale file is a readable file of at most 1 MiB", "%s", problem)
		return f
	}
	f.parse(content)
	return f
}

// readBounded checks the file before it reads it: a pipe would block, and a large file would fill the memory.
func readBounded(fsys fs.FS, name string) (content []byte, problem string) {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return nil, "cannot be read: " + reason(err)
	case !info.Mode().IsRegular():
		return nil, "is no regular file"
	case info.Size() > localefile.MaxSize:
		return nil, fmt.Sprintf("has %d bytes; %d is the limit", info.Size(), localefile.MaxSize)
	}
	content, err = fs.ReadFile(fsys, name)
	if err != nil {
		return nil, "cannot be read: " + reason(err)
	}
	return content, ""
}

// readName finds format and language.
func (f *localeFile) readName() {
	n := localefile.NameOf(path.Base(f.name))
	if n.Fault == localefile.OtherFormat {
		hint := "keep files of other kinds in another folder"
		if slices.Contains(localefile.Importable, strings.ToLower(n.Ext)) {
			hint = "polyfault locales import makes TOML of it"
		}
		f.report(ruleFileName, f.at("", ""), hint, "locale files are TOML or JSON, not %q", n.Ext)
		return
	}
	f.ext = n.Ext
	switch n.Fault {
	case localefile.NoLocaleFile:
		f.report(ruleFileName, f.at("", ""), "name it active.<tag>.toml, active.pt-BR.toml for example", "the name is not that of a locale file")
		return
	case localefile.UnknownTag:
		f.report(ruleFileName, f.at("", ""), "use a tag like de, pt-BR or zh-Hant", "%q is not a known BCP 47 language tag", n.Written)
		return
	case localefile.NotCanonical:
		f.report(ruleFileName, f.at("", ""), "rename it to active."+n.Tag.String()+"."+n.Ext, "language tag %q is not canonical", n.Written)
		return
	}
	var err error
	f.rules, err = plural.For(n.Tag)
	if err != nil {
		f.report(ruleFileName, f.at("", ""), "remove it: go-i18n cannot load it", "language %s has no plural rules", n.Tag)
		return
	}
	f.tag = n.Tag
}

func (f *localeFile) parse(content []byte) {
	text := string(content)
	if rest, found := strings.CutPrefix(text, "\ufeff"); found {
		f.report(ruleEncoding, Place{File: f.name, Line: 1}, "save it as UTF-8 without one (--fix does)", "starts with a byte order mark (BOM)")
		text = rest
	}
	if i := strings.IndexByte(text, '\r'); i >= 0 {
		f.report(ruleEncoding, f.line(text, i), "save it with LF line ends (--fix does)", "has a carriage return")
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	if !utf8.ValidString(text) {
		f.report(ruleEncoding, f.line(text, invalidAt(text)), "save it as UTF-8", "is not valid UTF-8")
		return
	}
	f.content = text
	tree, err := localefile.Decode(f.ext, []byte(text))
	if err != nil {
		f.reportSyntax(err)
		return
	}
	if f.ext == "json" {
		f.layout = scanJSON(text)
	} else {
		f.layout = scan(text)
	}
	f.walkAll(tree)
	f.order()
}

func (f *localeFile) line(text string, offset int) Place {
	return Place{File: f.name, Line: 1 + strings.Count(text[:offset], "\n")}
}

func invalidAt(text string) int {
	for i, r := range text {
		if _, size := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && size == 1 {
			return i
		}
	}
	return len(text)
}

func (f *localeFile) reportSyntax(err error) {
	at := Place{File: f.name}
	problem := err.Error()
	if syntax, ok := errors.AsType[*localefile.SyntaxError](err); ok {
		at.Line, at.ID = syntax.Line, syntax.Key
	}
	rule, hint := ruleSyntax, "repair the "+strings.ToUpper(f.ext)+"; texts stand in double quotes, on one line"
	if strings.Contains(problem, "has already been defined") || strings.Contains(problem, "defined twice") ||
		strings.Contains(problem, "already exists") || strings.Contains(problem, "stands twice") {
		rule, hint = ruleDuplicate, "keep one of the two"
	}
	f.report(rule, at, hint, "%s", problem)
}

// walkAll walks the file: a table, or the list of go-i18n's first version.
func (f *localeFile) walkAll(tree any) {
	switch tree := tree.(type) {
	case map[string]any:
		f.walk("", tree)
	case []any:
		for _, value := range tree {
			table, _ := value.(map[string]any)
			id, _ := table["id"].(string)
			if id == "" {
				f.report(ruleSyntax, f.at("", ""), "write {\"id\": …, \"translation\": …}", "an entry of a list is a table with the member \"id\"")
				continue
			}
			delete(table, "id")
			f.enterTable(id, table)
		}
	default:
		f.report(ruleSyntax, f.at("", ""), "write a table", "a locale file is a table of texts, not %s", typeName(tree))
	}
}

func (f *localeFile) walk(prefix string, tree map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		id := prefix + name
		if reservedStep(name, tree[name]) {
			f.report(ruleID, f.at(id, ""), "choose another id; reserved are "+strings.Join(localefile.Reserved, ", "),
				"%q is a reserved word of the file format and no text id", name)
			continue
		}
		switch value := tree[name].(type) {
		case string:
			f.enter(&entry{id: id, forms: [plural.Forms]string{plural.Other: value}, present: [plural.Forms]bool{plural.Other: true}})
		case map[string]any:
			f.walkTable(id, value)
		default:
			f.report(ruleSyntax, f.at(id, ""), "write the text in double quotes",
				"a text is a string or a table of plural forms, not %s", typeName(value))
		}
	}
}

// reservedStep reports whether the name cannot be an id or a step of one, or looks like a plural form. polyfault loads such
// a step, but people take it for a form.
func reservedStep(name string, value any) bool {
	return localefile.IsMember(name, value) || slices.Contains(localefile.Keys[localefile.FirstForm:], strings.ToLower(name))
}

// walkTable reads a table, which is either a text or holds further ids.
func (f *localeFile) walkTable(id string, table map[string]any) {
	isText := false
	for name, value := range table {
		isText = isText || localefile.IsMember(name, value)
	}
	if len(table) > 0 && !isText {
		f.walk(id+".", table)
		return
	}
	f.enterTable(id, table)
}

// enterTable reads the table of a text.
func (f *localeFile) enterTable(id string, table map[string]any) {
	e := &entry{id: id}
	f.members(e, table)
	f.enter(e)
}

func (f *localeFile) members(e *entry, table map[string]any) {
	for _, name := range slices.Sorted(maps.Keys(table)) {
		member := strings.ToLower(name)
		if name == localefile.Translation {
			member = "other"
		}
		text, isString := table[name].(string)
		nested, isTable := table[name].(map[string]any)
		switch {
		case !slices.Contains(localefile.Keys, member):
			f.report(ruleSyntax, f.at(e.id, name), "a text has "+strings.Join(localefile.Keys, ", "), "unknown member %q", name)
		case isTable && name == localefile.Translation:
			f.members(e, nested)
		case !isString:
			f.report(ruleSyntax, f.at(e.id, name), "write the text in double quotes", "%q must be a string, not %s", name, typeName(table[name]))
		default:
			e.set(member, text)
		}
	}
}

func typeName(value any) string {
	switch value.(type) {
	case int64, float64, json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	case map[string]any, []map[string]any:
		return "a table"
	}
	return "a date or time"
}

func (e *entry) set(name, text string) {
	switch name {
	case "description":
		e.description = text
	case "hash":
		e.hash = text
	default:
		form := slices.Index(localefile.Keys, name) - localefile.FirstForm
		e.forms[form], e.present[form] = text, true
	}
}

func (f *localeFile) enter(e *entry) {
	if _, twice := f.texts[e.id]; twice {
		f.report(ruleDuplicate, f.at(e.id, ""), "keep one of the two", "the id stands twice, once quoted and once as nested tables")
		return
	}
	f.texts[e.id] = e
}

// order finds the order of the ids: the order of the statements, and after them the ids of inline tables.
func (f *localeFile) order() {
	seen := map[string]bool{}
	enter := func(id string) {
		if _, known := f.texts[id]; known && !seen[id] {
			f.ids, seen[id] = append(f.ids, id), true
		}
	}
	for _, s := range f.layout.statements {
		enter(s.key())
		if n := len(s.path); n > 1 {
			enter(strings.Join(s.path[:n-1], "."))
		}
	}
	for _, id := range slices.Sorted(maps.Keys(f.texts)) {
		enter(id)
	}
}

// broken reports whether rewriting the file would lose something.
func (f *localeFile) broken() bool {
	return slices.ContainsFunc(f.findings, func(m checks.Message) bool {
		e, _ := rules().Find(m.ID)
		switch e.Key {
		case ruleUnreadable, ruleSyntax, ruleDuplicate, ruleID:
			return true
		case ruleEncoding:
			return f.layout == nil
		}
		return false
	})
}
