package formats

import (
	"strconv"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// object appends the members of a JSON object.
type object struct {
	dst   []byte
	comma bool
}

func newObject(dst []byte) object { return object{dst: append(dst, '{')} }

func (o *object) key(name string) {
	if o.comma {
		o.dst = append(o.dst, ',')
	}
	o.comma = true
	o.dst = jsontext.AppendQuoted(o.dst, name)
	o.dst = append(o.dst, ':')
}

func (o *object) text(name, value string) {
	o.key(name)
	o.dst = jsontext.AppendQuoted(o.dst, value)
}

func (o *object) number(name string, n int) {
	o.key(name)
	o.dst = strconv.AppendInt(o.dst, int64(n), 10)
}

func (o *object) end() []byte { return append(o.dst, '}') }

// appendErrorCount appends the number of errors if the body does not hold all of them.
func appendErrorCount(dst []byte, member string, o *fault.Occurrence) []byte {
	if !incomplete(o) {
		return dst
	}
	dst = append(dst, member...)
	return strconv.AppendInt(dst, int64(o.ErrorCount()), 10)
}

// appendInput appends the facts about the request's body as such, as a member after another one.
func appendInput(dst []byte, o *fault.Occurrence) []byte {
	if _, _, ok := o.Input(); !ok {
		return dst
	}
	return o.AppendInput(append(dst, `,"input":`...))
}

func incomplete(o *fault.Occurrence) bool {
	sent := 0
	for range o.Errors() {
		sent++
	}
	return o.ErrorCount() > sent
}

func mediaType(own string) string {
	if own == "" {
		return "application/json"
	}
	return own
}
