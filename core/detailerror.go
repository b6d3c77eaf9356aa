package fault

import (
	"iter"
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/jsonpointer"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// A DetailError is a detail that is an error: a field error, an error of [Details.AddError], or a text of
// [Details.AddText].
type DetailError struct {
	o     *Occurrence
	at    Location
	name  string
	again bool
	field bool
	code  string
	fault *Fault // of an error other than a field error
	text  *text  // nil for a declared text
	plain string // the declared text
	attrs []Attr
}

// isDetailError reports whether the value of a detail is an error.
func isDetailError(value any) bool {
	switch v := value.(type) {
	case *fieldError, failed, judged, declared:
		return true
	case error: // by Detail: shown only when it is one of ours
		_, ours := From(v)
		return ours
	}
	return false
}

// faultIn returns the error of ours in the value of a detail that is not a field error, or nil.
func (o *Occurrence) faultIn(value any) *Fault {
	switch v := value.(type) {
	case judged:
		return v.fault
	case failed:
		return o.judge(v.err)
	case error:
		f, _ := From(v)
		return f
	}
	return nil
}

// judgeEntries asks, once for each error among the details, what it is, and which texts it declares.
func (o *Occurrence) judgeEntries() {
	shared := true
	for i := range o.entries {
		bad, isFailed := o.entries[i].value.(failed)
		declares := o.entries[i].declares()
		if !isFailed && !declares {
			continue
		}
		if shared { // with other occurrences of the fault
			o.entries, shared = slices.Clone(o.entries), false
		}
		if isFailed {
			o.entries[i].value = judged{o.judge(bad.err), bad.err}
		}
		if declares || o.entries[i].declares() {
			o.entries[i].text = o.declaredText(&o.entries[i])
		}
	}
}

// declares reports whether the error in the detail brings texts of its own.
func (d *detail) declares() bool {
	switch v := d.value.(type) {
	case *fieldError:
		return v.declares
	case judged:
		return len(declaredIn(v.fault.all())) > 0
	case *Fault:
		return len(declaredIn(v.all())) > 0
	}
	return false
}

func (o *Occurrence) declaredText(d *detail) *text {
	own, f := o.entryText(d)
	if field, ok := d.value.(*fieldError); ok {
		return o.catalogue.declare(field.named(o.catalogue), own)
	}
	return o.catalogue.declare(f.all(), own)
}

// judge finds what an error among the details is: one of ours, else what mappers and the rules for foreign errors
// make of it, but for those that hold while the request is read; else no more than that a value is not valid.
func (o *Occurrence) judge(err error) *Fault {
	inner := &Occurrence{responder: o.responder, request: o.request, err: err, nested: true}
	f := inner.resolve()
	for _, problem := range inner.notes() {
		o.note(problem)
	}
	if f == nil || inner.redirect || inner.unknown {
		return &Fault{kind: BadFieldValue}
	}
	return f
}

// errorOf prepares the error of a detail, if the detail is one.
func (o *Occurrence) errorOf(d *detail) (e DetailError, ok bool) {
	e = DetailError{o: o, name: d.name, again: d.again}
	if field, ok := d.value.(*fieldError); ok {
		e.field, e.at, e.code = true, field.at, field.code
		e.attrs = field.named(o.catalogue)
		e.text, _ = o.entryText(d)
		if e.plain = field.undetermined(); e.plain != "" && !e.text.declared {
			e.text = nil
			return e, true
		}
		o.withinLanguage(&e, ValidationFailed)
		return e, true
	}
	name := jsonpointer.OfMember(d.name)
	e.at = Location{pointer: jsonpointer.To(name), name: name}
	if text, ok := d.value.(declared); ok {
		e.plain = string(text)
		return e, true
	}
	f := o.faultIn(d.value)
	if f == nil {
		return e, false
	}
	e.fault, e.code, e.attrs = f, f.Code(), f.all()
	e.text, _ = o.entryText(d)
	o.withinLanguage(&e, f.Kind())
	return e, true
}

// At returns the place of the error in the request. For an error that [Details] holds by name, it is the member of
// the body with that name.
func (e DetailError) At() Location { return e.at }

// Name returns the key of the error among the details: "items.0.qty", or "query.page" if the body has a "page" too. A
// name that would change objects of a JavaScript program is a pointer: "#/__proto__".
func (e DetailError) Name() string { return e.name }

// Again reports whether an earlier error has the same name: formats with an object keyed by name leave this one out.
func (e DetailError) Again() bool { return e.again }

// Code returns the rule that a field breaks, or the code of the error's kind, or "" for a declared text.
func (e DetailError) Code() string { return e.code }

// Fault returns the error as the responder understands it, or nil for field errors and declared texts.
func (e DetailError) Fault() *Fault { return e.fault }

// Text returns the text in the language of the response.
func (e DetailError) Text() string {
	if e.text == nil {
		return e.plain
	}
	return e.text.plain(e.o.catalogue, e.o.languageOf(e.text), e.attrs)
}

// TextIn returns the text in the language with exactly this tag. It returns false if that language lacks it, and for
// a declared text, which has no language.
func (e DetailError) TextIn(tag string) (string, bool) { return e.o.textIn(e.text, tag, e.attrs) }

// AppendText appends [DetailError.Text] as a JSON string.
func (e DetailError) AppendText(dst []byte) []byte {
	if e.text == nil {
		return jsontext.AppendQuoted(dst, e.plain)
	}
	return e.text.appendQuoted(dst, e.o.catalogue, e.o.languageOf(e.text), e.attrs)
}

// Texts yields wire key and text for every language of the all-languages body, and nothing for a declared text.
func (e DetailError) Texts() iter.Seq2[string, string] {
	if e.text == nil {
		return func(func(string, string) bool) {}
	}
	return e.o.textsOf(e.text, e.attrs)
}

// AppendTexts appends the texts as JSON members, like [Occurrence.AppendTexts], and nothing for a declared text.
func (e DetailError) AppendTexts(dst []byte) []byte {
	switch {
	case e.text == nil:
		return dst
	case e.o.allLanguages:
		return e.text.appendMembers(dst, e.o.catalogue, e.attrs)
	}
	dst = jsontext.AppendQuoted(dst, e.o.catalogue.languages[e.o.language].key)
	dst = append(dst, ':')
	return e.AppendText(dst)
}

// HasParams reports whether there are arguments.
func (e DetailError) HasParams() bool { return hasParams(e.attrs) }

// AppendParams appends the arguments as a JSON object.
func (e DetailError) AppendParams(dst []byte) []byte {
	dst, complete := appendParams(dst, e.attrs, e.o.paramsLimit())
	if !complete {
		e.o.note("an argument cannot be encoded as JSON")
	}
	return dst
}

// HasDetails reports whether the error has details itself.
func (e DetailError) HasDetails() bool { return len(e.fault.details()) > 0 }

// AppendDetails appends the details of the error, like [Occurrence.AppendDetails].
func (e DetailError) AppendDetails(dst []byte) []byte {
	return e.o.appendEntries(dst, e.fault.details(), 1)
}

func (e *DetailError) appendField(dst []byte) []byte {
	dst = append(dst, '{')
	bare := e.code == "" && (e.text == nil || e.text.declared) // as an error under a name, but for its place
	if !bare {
		dst = append(dst, `"code":`...)
		dst = jsontext.AppendQuoted(dst, e.code)
		dst = append(dst, ',')
	}
	dst = e.appendPlace(dst, bare)
	if !bare && e.text != nil {
		dst = e.AppendTexts(dst)
	} else {
		dst = e.appendError(dst)
	}
	if e.HasParams() {
		dst = append(dst, `,"params":`...)
		dst = e.AppendParams(dst)
	}
	return append(dst, '}')
}

// appendError appends the member "error": a map of languages in a body that carries all of them, else the text.
func (e *DetailError) appendError(dst []byte) []byte {
	dst = append(dst, `"error":`...)
	if e.text == nil || !e.o.allLanguages {
		return e.AppendText(dst)
	}
	dst = append(dst, '{')
	dst = e.AppendTexts(dst)
	return append(dst, '}')
}

// appendPlace appends what the name of the member does not say of the place, and a comma.
func (e *DetailError) appendPlace(dst []byte, plain bool) []byte {
	if e.at.in == "" {
		if plain && e.at.pointer == jsonpointer.To(e.name) || !plain && e.at.isDotted(e.name) {
			return dst
		}
		dst = append(dst, `"pointer":`...)
		dst = jsonpointer.AppendFragment(dst, e.at.pointer)
		return append(dst, ',')
	}
	dst = append(dst, `"in":`...)
	dst = jsontext.AppendQuoted(dst, e.at.in)
	if strings.TrimPrefix(e.name, e.at.in+".") != e.at.name {
		dst = append(dst, `,"name":`...)
		dst = jsontext.AppendQuoted(dst, e.at.name)
	}
	return append(dst, ',')
}
