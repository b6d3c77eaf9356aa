package fault

import (
	"iter"

	"github.com/polyfault/polyfault/internal/jsonpointer"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// A DetailError is a detail that is an error: a field error, an error of ours, or the text of another
// one.
type DetailError struct {
	o     *Occurrence
	at    Location
	name  string
	again bool
	field bool
	code  string
	fault *Fault // of an error of ours
	text  *text  // nil for a foreign error
	plain string // the text of a foreign error
	attrs []Attr
}

// isDetailError reports whether the value of a detail is an error.
func isDetailError(value any) bool {
	if _, ok := value.(*fieldError); ok {
		return true
	}
	_, ok := detailError(value)
	return ok
}

// detailError finds the error in a detail's value.
func detailError(value any) (error, bool) { //nolint:revive // the error is what was found, not a failure
	switch v := value.(type) {
	case failed:
		return v.err, true
	case *Kind:
		return v, v != nil
	case *Fault:
		return v, v != nil
	case error: // by Detail: shown only when it is one of ours
		_, ours := From(v)
		return v, ours
	}
	return nil, false
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
	err, ok := detailError(d.value)
	if !ok {
		return e, false
	}
	e.at = Location{pointer: jsonpointer.To(d.name), name: d.name}
	f, ours := From(err)
	if !ours {
		e.plain = errorText(err)
		return e, true
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

// Code is the rule that a field breaks, or the code of the error's kind; "" for an error that is not
// ours.
func (e DetailError) Code() string { return e.code }

// Fault is the error when it is one of ours; nil for field errors and foreign errors.
func (e DetailError) Fault() *Fault { return e.fault }

// Text is the text in the language of the response.
func (e DetailError) Text() string {
	if e.text == nil {
		return e.plain
	}
	return e.text.plain(e.o.catalogue, e.o.languageOf(e.text), e.attrs)
}

// TextIn is the text in the language with exactly this tag; false when that language lacks it, and for
// an error that is not ours.
func (e DetailError) TextIn(tag string) (string, bool) { return e.o.textIn(e.text, tag, e.attrs) }

// AppendText appends [DetailError.Text] as a JSON string.
func (e DetailError) AppendText(dst []byte) []byte {
	if e.text == nil {
		return jsontext.AppendQuoted(dst, e.plain)
	}
	return e.text.appendQuoted(dst, e.o.catalogue, e.o.languageOf(e.text), e.attrs)
}

// Texts yields wire key and text for every language of the all-languages body; nothing for an error
// that is not ours.
func (e DetailError) Texts() iter.Seq2[string, string] {
	if e.text == nil {
		return func(func(string, string) bool) {}
	}
	return e.o.textsOf(e.text, e.attrs)
}

// AppendTexts appends the texts as JSON members, as [Occurrence.AppendTexts] does; nothing for an error
// that is not ours.
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

// HasDetails reports whether the error, one of ours, has details itself.
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
