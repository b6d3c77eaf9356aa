package localetest

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/localefile"
	"github.com/polyfault/polyfault/internal/plural"
)

// A Change is the new content of a file, from [Format], [Fix], [New] or [Merge]. The caller writes the file; this package
// writes none.
type Change struct {
	File    string // path inside the file system
	Before  []byte // nil for a new file
	Content []byte
}

// FormatOptions choose what [Format] and [Fix] do. The zero value is ready.
type FormatOptions struct {
	Source string // as in [Options]
	// Prune leaves out texts that are not translated yet, which polyfault does not load. [New] adds
	// them again.
	Prune bool
	// Profile is as in [Options]: [Fix] keeps white space that the profile or the [LockFile] allows.
	Profile Profile
}

// Format returns the files of fsys that are not in the usual layout, brought into it: one table for each text, in the order
// of the source, description and hash first, forms in CLDR's order, one line each. Comments stay with their statement;
// those of [New] are removed once the text is translated. Formatting twice changes nothing more.
//
// JSON files stay as they are. Format returns an error, and no changes, if it cannot read a file completely.
func Format(fsys fs.FS, o FormatOptions) ([]Change, error) {
	s, err := loadWhole(fsys, o.Source)
	if err != nil {
		return nil, err
	}
	return s.rewrite(fsys, func(f *localeFile) ([]byte, error) {
		if f.ext != "toml" {
			return nil, nil
		}
		if o.Prune {
			f.prune()
		}
		return format(f, s.source)
	})
}

// prune removes empty texts, unless somebody has written a comment at one.
func (f *localeFile) prune() {
	_, byID := f.comments()
	f.ids = slices.DeleteFunc(f.ids, func(id string) bool {
		c := byID[id]
		own := func(line string) bool { return !isGenerated(line) }
		return f.texts[id].empty() && (c == nil || len(c.members) == 0 && !slices.ContainsFunc(c.lead, own))
	})
}

// Fix repairs mechanical mistakes, such as translators' tools leave, and then does what [Format] does:
//
//   - It removes byte order marks, carriage returns, wrong white space and invisible characters, and restores the normal
//     form and plain letters in place of full-width and mathematical ones.
//   - It removes plural forms that the language or the source lacks.
//   - It restores "other" from the other forms if no whole number needs it (Polish) or only one form is present.
//   - It restores forms that always equal "other": those for multiples of a million (French), and all of them in languages
//     whose words do not change after a number (Vietnamese, Turkish).
//
// Fix rewrites a JSON file only if it has repaired a text.
func Fix(fsys fs.FS, o FormatOptions) ([]Change, error) {
	s, err := loadWhole(fsys, o.Source)
	if err != nil {
		return nil, err
	}
	before := map[*localeFile]map[string]entry{}
	for _, f := range s.files {
		before[f] = map[string]entry{}
		for id, e := range f.texts {
			before[f][id] = *e
		}
	}
	for _, f := range s.files {
		l := &linter{Options: Options{Profile: o.Profile}, set: s, file: f}
		for _, id := range f.ids {
			l.fix(f.texts[id])
		}
	}
	return s.rewrite(fsys, func(f *localeFile) ([]byte, error) {
		if f.ext == "toml" {
			return format(f, s.source)
		}
		for id, e := range f.texts {
			if before[f][id] != *e {
				return formatJSON(f, s.source), nil
			}
		}
		return nil, nil
	})
}

func loadWhole(fsys fs.FS, source string) (*localeSet, error) {
	s, err := load(fsys, Options{Source: source})
	if err != nil {
		return nil, err
	}
	return s, s.whole()
}

// rewrite collects the new contents that write returns for the files; nil leaves a file alone.
func (s *localeSet) rewrite(fsys fs.FS, write func(f *localeFile) ([]byte, error)) (changes []Change, err error) {
	for _, f := range s.files {
		content, err := write(f)
		if err != nil {
			return nil, err
		}
		if content == nil {
			continue
		}
		before, err := fs.ReadFile(fsys, f.name)
		if err != nil {
			return nil, fmt.Errorf("localetest: %s: %s", f.name, reason(err))
		}
		if string(before) != string(content) {
			changes = append(changes, Change{f.name, before, content})
		}
	}
	return changes, nil
}

func isGenerated(line string) bool { return strings.HasPrefix(line, generated) }

// comments are the comments of one text.
type comments struct {
	lead    []string // above its table
	members map[string]memberComments
}

type memberComments struct {
	lead  []string
	trail string
}

// format writes the file in the usual layout. The caller checks broken before.
func format(f, source *localeFile) ([]byte, error) {
	head, byID := f.comments()
	var b strings.Builder
	writeComments(&b, head)
	for _, id := range f.canonicalOrder(source) {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		f.texts[id].write(&b, byID[id])
	}
	if tail := trimmed(f.layout.tail); len(tail) > 0 {
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		writeComments(&b, tail)
	}
	return []byte(b.String()), f.compare(b.String())
}

// compare reads the written file again, to make sure that nothing is lost.
func (f *localeFile) compare(written string) error {
	again := &localeFile{name: f.name, ext: f.ext, tag: f.tag, rules: f.rules, texts: map[string]*entry{}}
	again.parse([]byte(written))
	same := len(again.findings) == 0 && len(again.texts) == len(f.ids)
	for _, id := range f.ids {
		same = same && again.texts[id] != nil && *again.texts[id] == *f.texts[id]
	}
	if same && again.layout.commentLines() >= f.layout.commentLines() {
		return nil
	}
	return fmt.Errorf("localetest: %s cannot be written anew without a loss; "+
		"write every text as a table [id], with its forms one below the other", f.name)
}

// generated begins the comments that [New] writes above a text that is not translated yet, as in gettext. They are removed
// once the text is translated.
const generated = "#."

// commentLines counts the comments that people have written.
func (l *layout) commentLines() (n int) {
	count := func(line string) {
		if line != "" && !strings.HasPrefix(line, generated) {
			n++
		}
	}
	for _, s := range l.statements {
		for _, line := range s.lead {
			count(line)
		}
		count(s.trail)
	}
	for _, line := range l.tail {
		count(line)
	}
	return n
}

// canonicalOrder returns the source's order, followed by the texts that the source lacks in their own order.
func (f *localeFile) canonicalOrder(source *localeFile) []string {
	position := map[string]int{}
	for i, id := range source.ids {
		position[id] = i
	}
	ids := slices.Clone(f.ids)
	rank := func(id string) int {
		if i, ok := position[id]; ok {
			return i
		}
		return len(position)
	}
	slices.SortStableFunc(ids, func(a, b string) int { return rank(a) - rank(b) })
	return ids
}

// comments returns the comments at the head of the file, up to the first empty line, and those of the texts.
func (f *localeFile) comments() (head []string, byID map[string]*comments) {
	byID = map[string]*comments{}
	for i, s := range f.layout.statements {
		lead := s.lead
		if i == 0 {
			head, lead = splitHead(lead)
		}
		id, member := f.owner(s)
		c := byID[id]
		if c == nil {
			c = &comments{members: map[string]memberComments{}}
			byID[id] = c
		}
		lead = trimmed(lead)
		if member == "" {
			c.lead = append(c.lead, lead...)
			if s.trail != "" {
				c.lead = append(c.lead, s.trail)
			}
			continue
		}
		if len(lead) > 0 || s.trail != "" {
			c.members[member] = memberComments{lead, s.trail}
		}
	}
	return head, byID
}

// owner returns the text that a statement belongs to, and the member of the text, "" for the table itself. The table above
// nested ids is no text; it belongs to the first text below it.
func (f *localeFile) owner(s *statement) (id, member string) {
	key := s.key()
	if f.texts[key] != nil {
		if s.header {
			return key, ""
		}
		return key, "other"
	}
	if n := len(s.path); n > 1 && !s.header {
		if id = strings.Join(s.path[:n-1], "."); f.texts[id] != nil {
			return id, s.path[n-1]
		}
	}
	for _, id := range f.ids {
		if strings.HasPrefix(id, key+".") {
			return id, ""
		}
	}
	return key, ""
}

// splitHead cuts after the last empty line, so that comments right above the first text stay there.
func splitHead(lead []string) (head, rest []string) {
	for i := len(lead) - 1; i >= 0; i-- {
		if lead[i] == "" {
			return trimmed(lead[:i]), lead[i:]
		}
	}
	return nil, lead
}

// trimmed returns lines without the empty ones at both ends.
func trimmed(lines []string) []string {
	for len(lines) > 0 && lines[0] == "" {
		lines = lines[1:]
	}
	for len(lines) > 0 && lines[len(lines)-1] == "" {
		lines = lines[:len(lines)-1]
	}
	return lines
}

func writeComments(b *strings.Builder, lines []string) {
	for _, line := range lines {
		b.WriteString(line + "\n")
	}
}

func (e *entry) write(b *strings.Builder, c *comments) {
	if c == nil {
		c = &comments{}
	}
	if !e.empty() {
		c.lead = slices.DeleteFunc(c.lead, isGenerated)
	}
	writeComments(b, c.lead)
	b.WriteString("[" + quoteKey(e.id) + "]\n")
	for _, name := range localefile.Keys {
		value, present := e.member(name)
		if !present {
			continue
		}
		writeComments(b, c.members[name].lead)
		b.WriteString(name + " = " + quoteText(value))
		if trail := c.members[name].trail; trail != "" {
			b.WriteString(" " + trail)
		}
		b.WriteByte('\n')
	}
}

func (e *entry) member(name string) (value string, present bool) {
	switch name {
	case "description":
		return e.description, e.description != ""
	case "hash":
		return e.hash, e.hash != ""
	}
	form := slices.Index(localefile.Keys, name) - localefile.FirstForm
	return e.forms[form], e.present[form]
}

// NewOptions choose what [New] makes. The zero value is ready.
type NewOptions struct {
	Source string // as in [Options]
}

// New returns the file of a new language, or completes the present file. It adds every text of the source that the language
// lacks, in the source's order, with empty plural forms: those that the language has for whole numbers. The source's
// description and text stand above as comments ("#."). polyfault does not load empty texts; [FormatOptions.Prune] removes
// them.
//
// The tag is a canonical BCP 47 tag that has plural rules. If there is nothing to add, the change has the present content. A
// JSON file gets the empty texts without comments. In a folder without files the error is [ErrNoFiles]: begin with
// [NewSource].
func New(fsys fs.FS, tag string, o NewOptions) (Change, error) {
	s, err := loadWhole(fsys, o.Source)
	if err != nil {
		return Change{}, err
	}
	f, err := newFile(tag)
	if err != nil {
		return Change{}, err
	}
	change := Change{File: f.name}
	for _, existing := range s.files {
		if existing.tag == f.tag {
			f, change = existing, Change{File: existing.name, Before: []byte(existing.content)}
		}
	}
	if f == s.source {
		return Change{}, fmt.Errorf("localetest: %s is the source; add texts to it by hand", f.name)
	}
	change.Content, err = f.complete(s.source)
	return change, err
}

// NewSource returns the source file for a folder without locale files. Its comments tell how texts are written. The tag is as
// in [New].
func NewSource(tag string) (Change, error) {
	f, err := newFile(tag)
	if err != nil {
		return Change{}, err
	}
	return Change{File: f.name, Content: []byte(fmt.Sprintf(sourceHead, f.tag))}, nil
}

const sourceHead = `# %s: the source of all texts. A text is a table:
#
# [order_paid]
# description = "For translators: when it is shown, and what its placeholders are."
# other = "Order {{.Number}} has been paid already."
`

// newFile returns a file without texts.
func newFile(tag string) (*localeFile, error) {
	f := &localeFile{name: "active." + tag + ".toml", texts: map[string]*entry{}, layout: &layout{}}
	f.readName()
	if len(f.findings) > 0 {
		return nil, fmt.Errorf("localetest: %s", f.findings[0])
	}
	if f.tag.String() != tag {
		return nil, fmt.Errorf("localetest: %s: the name is not that of a locale file", f.name)
	}
	return f, nil
}

// putHead puts comments at the head of a file that has none.
func (f *localeFile) putHead(lines []string) {
	if len(f.layout.statements) == 0 {
		f.layout.tail = lines
		return
	}
	first := f.layout.statements[0]
	first.lead = append(append(slices.Clone(lines), ""), first.lead...)
}

func (f *localeFile) complete(source *localeFile) ([]byte, error) {
	fresh := len(f.layout.statements) == 0 && len(f.layout.tail) == 0
	categories := categoriesOf(f.rules)
	for _, id := range source.ids {
		if f.texts[id] == nil {
			f.texts[id] = skeleton(source.texts[id], categories)
			f.ids = append(f.ids, id)
			f.layout.statements = append(f.layout.statements, &statement{path: []string{id}, header: true, lead: source.texts[id].forTranslators()})
		}
	}
	if f.ext == "json" {
		return formatJSON(f, source), nil
	}
	if fresh {
		f.putHead([]string{fmt.Sprintf("# %s. Source of all texts: %s.", f.tag, source.name)})
	}
	return format(f, source)
}

func skeleton(source *entry, categories [plural.Forms]bool) *entry {
	e := &entry{id: source.id}
	e.present[plural.Other] = true
	for form := range plural.Other {
		e.present[form] = source.plural() && categories[form]
	}
	return e
}

// forTranslators returns the comments above a text that is not translated yet.
func (e *entry) forTranslators() (lines []string) {
	if e.description != "" {
		lines = append(lines, generated+" "+oneLine(e.description))
	}
	for form, text := range e.forms {
		if text == "" {
			continue
		}
		name := ""
		if e.plural() {
			name = " (" + plural.Form(form).String() + ")"
		}
		lines = append(lines, generated+" Source"+name+": "+oneLine(text))
	}
	return lines
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
