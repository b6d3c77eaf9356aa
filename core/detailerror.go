package fault

import (
	"iter"
	"slices"

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
	fault *Fault // of an error that is no field error
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

// faultIn is the error in the value of a detail that is no field error; nil when there is none, or none of ours.
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

// judgeEntries asks, once for each error among the details, what it is.
func (o *Occurrence) judgeEntries() {
	shared := true
	for i := range o.entries {
		bad, ok := o.entries[i].value.(failed)
		if !ok {
			continue
		}
		if shared { // with other occurrences of the fault
			o.entries, shared = slices.Clone(o.entries), false
		}
		o.entries[i].value = judged{o.judge(bad.err), bad.err}
	}
}

// judge finds what an error among the details is: one of ours, else what mappers and the rules for foreign errors
// make of it, but for those that hold while the request is read; else no more than that a value is not valid.
func (o *Occurrence) judge(err error) *Fault {
	inner := &Occurrence{responder: o.responder, request: o.request, err: err, nested: true}
	f := inner.resolve()
	for _, problem := range inner.notes {
		o.note(problem)
	}
	if f == nil || inner.redirect || inner.unknown {
		return &Fault{kind: BadFieldValue}
	}
	return f
}

// errorOf makes the error of a detail ready, unless the detail is none.
func (o *Occurrence) errorOf(d *detail) (e DetailError, ok bool) {
	e = DetailError{o: o, name: d.name, again: d.again}
	if field, ok := d.value.(*fieldError); ok {
		e.field, e.at, e.code = true, field.at, field.code
		e.text = o.catalogue.rule(field.text, o.allLanguages)
		e.attrs = field.named(o.catalogue)
		o.withinLanguage(&e, ValidationFailed)
		return e, true
	}
	e.at = Location{pointer: jsonpointer.To(d.name), name: d.name}
	if text, ok := d.value.(declared); ok {
		e.plain = string(text)
		return e, true
	}
	f := o.faultIn(d.value)
	if f == nil {
		return e, false
	}
	e.fault, e.code, e.attrs = f, f.Code(), f.all()
	e.text = o.catalogue.resolve(f.textID(), f.Kind(), o.allLanguages)
	o.withinLanguage(&e, f.Kind())
	return e, true
}

// At is where in the request the error lies; the member of the body for an error that [Details] holds
// by name.
func (e DetailError) At() Location { return e.at }

// Name is the key of the error among the details: "items.0.qty", or "query.page" when the body has a
// "page" too.
func (e DetailError) Name() string { return e.name }

// Again reports that an earlier error has the same name: formats with an object keyed by name leave
// this one away.
func (e DetailError) Again() bool { return e.again }

// Code is the rule that a field breaks, or the code of the error's kind; "" for a declared text.
func (e DetailError) Code() string { return e.code }

// Fault is the error, as the responder understands it; nil for field errors and declared texts.
func (e DetailError) Fault() *Fault { return e.fault }

// Text is the text in the language of the response.
func (e DetailError) Text() string {
	if e.text == nil {
		return e.plain
	}
	return e.text.plain(e.o.catalogue, e.o.languageOf(e.text), e.attrs)
}

// TextIn is the text in the language with exactly this tag; false when that language lacks it, and for
// a declared text, which is of no language.
func (e DetailError) TextIn(tag string) (string, bool) { return e.o.textIn(e.text, tag, e.attrs) }

// AppendText appends [DetailError.Text] as a JSON string.
func (e DetailError) AppendText(dst []byte) []byte {
	if e.text == nil {
		return jsontext.AppendQuoted(dst, e.plain)
	}
	return e.text.appendQuoted(dst, e.o.catalogue, e.o.languageOf(e.text), e.attrs)
}

// Texts yields wire key and text for every language of the all-languages body; nothing for a declared
// text.
func (e DetailError) Texts() iter.Seq2[string, string] {
	if e.text == nil {
		return func(func(string, string) bool) {}
	}
	return e.o.textsOf(e.text, e.attrs)
}

// AppendTexts appends the texts as JSON members, as [Occurrence.AppendTexts] does; nothing for a declared
// text.
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
	dst, complete := appendParams(dst, e.attrs)
	if !complete {
		e.o.note("an argument cannot be encoded as JSON")
	}
	return dst
}

// HasDetails reports whether the error has details itself.
func (e DetailError) HasDetails() bool { return len(e.fault.details()) > 0 }

// AppendDetails appends them, as [Occurrence.AppendDetails] does.
func (e DetailError) AppendDetails(dst []byte) []byte {
	return e.o.appendEntries(dst, e.fault.details(), 1)
}

func (e *DetailError) appendField(dst []byte) []byte {
	dst = append(dst, `{"code":`...)
	dst = jsontext.AppendQuoted(dst, e.code)
	if e.at.in != "" {
		dst = append(dst, `,"in":`...)
		dst = jsontext.AppendQuoted(dst, e.at.in)
	}
	dst = append(dst, ',')
	dst = e.AppendTexts(dst)
	if e.HasParams() {
		dst = append(dst, `,"params":`...)
		dst = e.AppendParams(dst)
	}
	return append(dst, '}')
}
