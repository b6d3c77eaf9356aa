package fault

import (
	"fmt"
	"iter"
	"maps"
	"reflect"
	"slices"
)

// A Catalogue is what a responder has to say and in which languages, for tools: documentation,
// checks, OpenAPI. It is a view of one moment ([Responder.Reload] makes the next) and safe for
// concurrent use. The zero Catalogue is empty.
type Catalogue struct{ c *catalogue }

// A Language is one loaded language.
type Language struct {
	Tag string // BCP 47, canonical: "pt-BR"
	Key string // its key in all-language bodies: "PT-BR"
	Dir string // base direction: "ltr" or "rtl"
}

// Catalogue returns the texts that the responder serves now.
func (r *Responder) Catalogue() Catalogue {
	if r == nil || r.catalogue.Load() == nil {
		r = Default()
	}
	return Catalogue{r.catalogue.Load()}
}

// Languages returns every loaded language, in the order of the tags.
func (c Catalogue) Languages() []Language {
	var list []Language
	if c.c != nil {
		for i := range c.c.languages {
			list = append(list, c.language(i))
		}
	}
	return list
}

// Body returns the languages of the all-languages body, in its order.
func (c Catalogue) Body() []Language {
	var list []Language
	if c.c != nil {
		for _, i := range c.c.body {
			list = append(list, c.language(i))
		}
	}
	return list
}

// Default returns the language for clients that accept none of the loaded ones.
func (c Catalogue) Default() Language {
	if c.c == nil {
		return Language{}
	}
	return c.language(c.c.defaultLanguage)
}

// Negotiate returns the language of a response to a client with this Accept-Language header, by the
// rules of negotiated responses: the first acceptable one that is loaded, else the default. It is for
// pages and mails beside the responder's own responses.
func (c Catalogue) Negotiate(acceptLanguage string) Language {
	if c.c == nil {
		return Language{}
	}
	p := c.c.negotiator.Prefer(acceptLanguage, c.c.defaultLanguage, c.c.body)
	if p.Len() > 0 {
		return c.language(p.At(0))
	}
	for _, i := range append([]int{c.c.defaultLanguage}, c.c.body...) {
		if !p.Excludes(i) {
			return c.language(i)
		}
	}
	return c.Default()
}

func (c Catalogue) language(i int) Language {
	l := c.c.languages[i]
	return Language{Tag: l.tag, Key: l.key, Dir: l.dir}
}

// IDs yields the id of every text that any language has, titles included, sorted.
func (c Catalogue) IDs() iter.Seq[string] {
	if c.c == nil {
		return func(func(string) bool) {}
	}
	return slices.Values(slices.Sorted(maps.Keys(c.c.texts)))
}

// Text is the text with the arguments of attrs, in the language with exactly this tag; false when
// that language lacks it.
func (c Catalogue) Text(id, tag string, attrs ...Attr) (string, bool) {
	t, i := c.find(id, tag)
	if t == nil {
		return "", false
	}
	return string(t.appendPlain(nil, c.c, i, attrs)), true
}

// Placeholders are the names of the placeholders in the text of that language, over all its plural
// forms, sorted; false when the language lacks the text.
func (c Catalogue) Placeholders(id, tag string) ([]string, bool) {
	t, i := c.find(id, tag)
	if t == nil {
		return nil, false
	}
	var names []string
	for _, form := range t.forms(i) {
		if form == nil {
			continue
		}
		for _, s := range form.Segments() {
			if s.Arg != "" {
				names = append(names, s.Arg)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), true
}

// Plural reports whether the text has plural forms in that language.
func (c Catalogue) Plural(id, tag string) bool {
	t, i := c.find(id, tag)
	return t != nil && !t.forms(i).plain()
}

// find returns nil when the language lacks the text.
func (c Catalogue) find(id, tag string) (*text, int) {
	if c.c == nil {
		return nil, 0
	}
	t, i := c.c.texts[id], c.c.index(tag)
	if t == nil || i < 0 || !t.available.has(i) {
		return nil, 0
	}
	return t, i
}

// Exposure is what [WithExposure] set.
func (r *Responder) Exposure() Exposure {
	if r == nil {
		return ExposeNone
	}
	return r.exposure
}

// A MapperReport is what can be told of one mapper of a responder.
type MapperReport struct {
	Name        string // "MapIs(io.EOF's text)", "MapAs[*pgconn.PgError]" or "func"
	Unreachable string // why it never decides anything; "" when nothing speaks against it
}

// Mappers reports on the mappers of [WithMapper], in their order, for checks at start-up. It calls
// them with the errors that others of them are made for.
func (r *Responder) Mappers() []MapperReport {
	if r == nil {
		return nil
	}
	var reports []MapperReport
	var earlier []Mapper
	types := map[reflect.Type]int{}
	for i, m := range r.mappers {
		probe := &mapperProbe{}
		guarded(m, probe)
		report := MapperReport{Name: probe.name()}
		if probe.target != nil {
			report.Unreachable = unreachable(probe.target, earlier)
		}
		if first, taken := types[probe.typ]; taken && probe.typ != nil {
			report.Unreachable = fmt.Sprintf("mapper %d is made for the same type; it has to pass by returning nil", first+1)
		} else {
			types[probe.typ] = i
		}
		reports = append(reports, report)
		earlier = append(earlier, m)
	}
	return reports
}

func unreachable(target error, earlier []Mapper) string {
	if f, ours := From(target); ours {
		return fmt.Sprintf("its target is the kind %s: mappers are not asked about errors that are ours", f.Code())
	}
	for i, m := range earlier {
		if guarded(m, target) != nil {
			return fmt.Sprintf("mapper %d already maps its target", i+1)
		}
	}
	return ""
}

// guarded is m(err) without its panic.
func guarded(m Mapper, err error) (f *Fault) {
	defer func() {
		if recover() != nil {
			f = nil
		}
	}()
	return m(err)
}

// A mapperProbe asks a mapper what it is made for: MapIs and MapAs fill it in.
type mapperProbe struct {
	target error
	typ    reflect.Type
}

func (*mapperProbe) Error() string { return "fault: a question to a mapper" }

func (p *mapperProbe) name() string {
	switch {
	case p.target != nil:
		return "MapIs(" + errorText(p.target) + ")"
	case p.typ != nil:
		return "MapAs[" + p.typ.String() + "]"
	}
	return "func"
}
