package fault

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/polyfault/polyfault/internal/clean"
	"github.com/polyfault/polyfault/internal/jsontext"
	"github.com/polyfault/polyfault/internal/message"
	"github.com/polyfault/polyfault/internal/plural"
)

// appendMembers appends the texts of the all-languages body as JSON members: "DE":"…","EN":"…".
func (t *text) appendMembers(dst []byte, c *catalogue, attrs []Attr) []byte {
	if t.whole != "" {
		return append(dst, t.whole...)
	}
	if t.program != nil {
		return t.run(dst, attrs)
	}
	var space [fewArgs]argText
	args := argTexts(space[:0], attrs, escaped) // once for all languages
	for n, i := range t.languages {
		if n > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, c.languages[i].member...)
		dst = appendForm(dst, t.form(c, i, attrs), args, i, escaped)
		dst = append(dst, '"')
	}
	return dst
}

// run appends the members by the program: no look-up of languages, forms and names is left to do.
func (t *text) run(dst []byte, attrs []Attr) []byte {
	var space [fewArgs]argText
	return t.write(dst, t.argsOf(space[:0], attrs))
}

// argsOf makes the arguments of the program ready.
func (t *text) argsOf(args []argText, attrs []Attr) []argText {
	for _, name := range t.args {
		args = append(args, argOf(attrs, name, escaped))
	}
	return args
}

// length returns about that of the members with the arguments, exact for plain ones.
func (t *text) length(args []argText) int {
	n := 0
	for i := range t.program {
		step := &t.program[i]
		n += len(step.literal)
		if step.arg != none {
			n += max(len(args[step.arg].text), 2)
		}
	}
	return n
}

func (t *text) write(dst []byte, args []argText) []byte {
	for i := range t.program {
		step := &t.program[i]
		dst = append(dst, step.literal...)
		if step.arg != none {
			dst = args[step.arg].append(dst, step.language, escaped)
		}
	}
	return dst
}

// plain returns the text in one language as it is.
func (t *text) plain(c *catalogue, language int, attrs []Attr) string {
	var space [fewArgs]argText
	s := c.isolation(language)
	return string(appendForm(nil, t.form(c, language, attrs), argTexts(space[:0], attrs, s), language, s))
}

// appendQuoted appends the text in one language as a JSON string.
func (t *text) appendQuoted(dst []byte, c *catalogue, language int, attrs []Attr) []byte {
	var space [fewArgs]argText
	s := escaped | c.isolation(language)
	dst = append(dst, '"')
	dst = appendForm(dst, t.form(c, language, attrs), argTexts(space[:0], attrs, s), language, s)
	return append(dst, '"')
}

func (c *catalogue) isolation(language int) style {
	if c.languages[language].dir == "rtl" {
		return isolated
	}
	return 0
}

// form picks the plural form for the count among attrs. A form that the text lacks is "other".
func (t *text) form(c *catalogue, language int, attrs []Attr) *message.Text {
	forms := t.forms(language)
	if forms.plain() {
		return forms[plural.Other]
	}
	for i := len(attrs) - 1; i >= 0; i-- {
		if attrs[i].op != opCount {
			continue
		}
		if form := forms[c.languages[language].rules().Form(int(attrs[i].num))]; form != nil {
			return form
		}
		break
	}
	return forms[plural.Other]
}

type style uint8

const (
	escaped  style = 1 << iota // as the inside of a JSON string
	isolated                   // values between U+2068 and U+2069: they may be of the other direction
)

func appendForm(dst []byte, form *message.Text, args []argText, language int, s style) []byte {
	segments := form.Segments()
	for i := range segments {
		segment := &segments[i]
		switch {
		case segment.Arg != "":
			dst = appendArg(dst, segment.Arg, args, language, s)
		case s&escaped != 0:
			dst = append(dst, segment.Escaped...)
		default:
			dst = append(dst, segment.Plain...)
		}
	}
	return dst
}

const (
	firstStrongIsolate    = "\u2068"
	popDirectionalIsolate = "\u2069"
)

// fewArgs is how many arguments find room on the stack.
const fewArgs = 4

// An argText is an argument made ready for a text.
type argText struct {
	name   string
	text   string // in the style asked for
	number int64  // in place of text
	isText bool
	label  *text        // in place of text, in the languages that have it
	others []fieldLabel // in place of text, likewise
}

// argTexts makes the arguments among attrs ready, so that a body does it once and not per language.
func argTexts(args []argText, attrs []Attr, s style) []argText {
	for i := range attrs {
		if a := &attrs[i]; a.op == opArg || a.op == opCount {
			args = append(args, a.text(s))
		}
	}
	return args
}

// argOf prepares the last argument of the name; a missing argument reads as nothing.
func argOf(attrs []Attr, name string, s style) argText {
	for i := len(attrs) - 1; i >= 0; i-- {
		if a := &attrs[i]; a.name == name && (a.op == opArg || a.op == opCount) {
			return a.text(s)
		}
	}
	return argText{isText: true}
}

func (a *Attr) text(s style) argText {
	if a.op == opCount {
		return argText{name: a.name, number: a.num}
	}
	switch v := a.value.(type) {
	case int:
		return argText{name: a.name, number: int64(v)}
	case *fieldLabel:
		return argText{name: a.name, text: styledText(v.name, s), isText: true, label: v.text}
	case *otherFields:
		if v.labels != nil {
			return argText{name: a.name, others: v.labels}
		}
	case string:
		if len(v) <= maxArg && isPlainASCII(v) {
			return argText{name: a.name, text: v, isText: true}
		}
	}
	return argText{name: a.name, text: styled(a.value, s), isText: true}
}

func (a *argText) append(dst []byte, language int, s style) []byte {
	if a.label != nil && a.label.available.has(language) {
		return appendForm(dst, a.label.forms(language)[plural.Other], nil, language, s)
	}
	for i := range a.others {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		other := &a.others[i]
		dst = (&argText{text: styledText(other.name, s), isText: true, label: other.text}).append(dst, language, s)
	}
	if a.others != nil {
		return dst
	}
	if a.isText {
		return append(dst, a.text...)
	}
	return strconv.AppendInt(dst, a.number, 10)
}

func styled(value any, s style) string { return styledText(valueText(value), s) }

// styledText returns the text of a value, in the style.
func styledText(text string, s style) string {
	if isPlainASCII(text) {
		return text
	}
	if s&escaped != 0 {
		return string(jsontext.AppendEscaped(nil, text))
	}
	return strings.ToValidUTF8(text, "\ufffd")
}

// isPlainASCII reports whether s reads the same in every style.
func isPlainASCII(s string) bool {
	for i := range len(s) {
		if !jsontext.IsPlain(s[i]) {
			return false
		}
	}
	return true
}

// appendArg appends the value of the placeholder, the last one given; a missing argument appends
// nothing.
func appendArg(dst []byte, name string, args []argText, language int, s style) []byte {
	for i := len(args) - 1; i >= 0; i-- {
		a := &args[i]
		if a.name != name {
			continue
		}
		if s&isolated != 0 {
			dst = append(dst, firstStrongIsolate...)
		}
		dst = a.append(dst, language, s)
		if s&isolated != 0 {
			dst = append(dst, popDirectionalIsolate...)
		}
		return dst
	}
	return dst
}

// valueText is how a value reads inside a sentence. Values that have no such form (structures,
// channels, bare errors) read as nothing.
func valueText(v any) string {
	return neutral(shortened(plainText(v)))
}

func plainText(v any) (s string) {
	defer func() {
		if recover() != nil { // a String or MarshalText of the application
			s = ""
		}
	}()
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case time.Time:
		return v.Format(time.RFC3339)
	case error:
		return "" // its text is for logs only
	case fmt.Stringer:
		return v.String() // a nil pointer may panic: see above
	case encoding.TextMarshaler:
		text, err := v.MarshalText()
		if err != nil {
			return ""
		}
		return string(text)
	}
	return basicText(reflect.ValueOf(v))
}

func basicText(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(v.Uint(), 10)
	case reflect.Float32, reflect.Float64:
		return floatText(v.Float(), v.Type().Bits())
	case reflect.Slice, reflect.Array:
		return listText(v)
	}
	return ""
}

func floatText(f float64, bits int) string {
	if math.Abs(f) >= 1e21 {
		return strconv.FormatFloat(f, 'g', -1, bits)
	}
	return strconv.FormatFloat(f, 'f', -1, bits)
}

// listText joins the values of a list of plain values: what an enumeration allows, for example.
func listText(v reflect.Value) string {
	var b strings.Builder
	for i := range min(v.Len(), maxArg) {
		element := v.Index(i)
		if element.Kind() == reflect.Interface {
			element = element.Elem()
		}
		if k := element.Kind(); k == reflect.Slice || k == reflect.Array || !element.IsValid() {
			return ""
		}
		if i > 0 {
			b.WriteString(", ")
		}
		if b.Len() > maxArg {
			break
		}
		b.WriteString(plainText(element.Interface()))
	}
	return b.String()
}

// shortened returns a text in the bounds of an argument.
func shortened(s string) string { return clean.Shorten(s, maxArg) }

// neutral replaces control characters and bidirectional overrides, which could rewrite how the
// sentence around them looks.
func neutral(s string) string {
	for i := range len(s) {
		if s[i] < 0x20 || s[i] >= 0x7f { // worth a closer look
			return strings.Map(neutralRune, s)
		}
	}
	return s
}

func neutralRune(r rune) rune {
	switch {
	case r < 0x20 || r >= 0x7f && r < 0xa0,
		r >= '\u202a' && r <= '\u202e',
		r >= '\u2066' && r <= '\u2069':
		return '\ufffd'
	}
	return r
}
