package fault

import (
	"strconv"

	"github.com/polyfault/polyfault/internal/jsontext"
)

// input is what polyfault itself has to say of a request that could not be read. Bodies have it as "input", apart
// from the details, whose names are the client's.
type input struct {
	position int64 // bytes of the body read; 0 when it is not known
	at       Location
}

func inputAttrs(position int64, at Location) []Attr {
	return []Attr{{op: opInput, value: input{position, at}}}
}

// input is what the error says of the input; the last one counts.
func (f *Fault) input() (in input, ok bool) {
	a, ok := f.lookup(opInput)
	if ok {
		in, ok = a.value.(input)
	}
	return in, ok && (in.position > 0 || in.at != Location{})
}

// Input returns where the body of the request as such could not be read. position is the number of bytes read until
// then, or 0 if that is not known; at is the member of the body, or the zero Location if that is not known. ok is
// false if neither is known.
func (o *Occurrence) Input() (position int64, at Location, ok bool) {
	in, ok := o.fault.input()
	return in.position, in.at, ok
}

// AppendInput appends [Occurrence.Input] as a JSON object: {"position":17,"field":"/items/0/qty"}. position counts
// the bytes of the body up to the mistake, field is a JSON Pointer (RFC 6901); each is left out if it is not known.
func (o *Occurrence) AppendInput(dst []byte) []byte {
	in, _ := o.fault.input()
	dst = append(dst, '{')
	if in.position > 0 {
		dst = append(dst, `"position":`...)
		dst = strconv.AppendInt(dst, in.position, 10)
	}
	if in.at.pointer != "" {
		if in.position > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `"field":`...)
		dst = jsontext.AppendQuoted(dst, in.at.pointer)
	}
	return append(dst, '}')
}

// appendInput appends the member of the built-in formats.
func (o *Occurrence) appendInput(dst []byte) []byte {
	if _, _, ok := o.Input(); !ok {
		return dst
	}
	return o.AppendInput(append(dst, `,"input":`...))
}
