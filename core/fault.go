package fault

import (
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	"github.com/polyfault/polyfault/internal/clean"
	"github.com/polyfault/polyfault/internal/errtree"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// A Fault is one error: a [Kind] with its text, arguments, details, headers and cause.
//
// A Fault never changes: [Fault.With] returns a copy. It is safe for concurrent use and may be kept in a
// package-level variable. The cause is for logs, observers and [errors.Is]; no format sends it. The zero Fault is of
// kind [Any]; the methods accept a nil Fault.
//
// An application's own error types can embed *Fault. They have its kind, status, text and details, [errors.As] finds
// the *Fault inside, and a method ErrorBody gives them a body of their own: see [Localizer].
type Fault struct {
	kind  *Kind
	attrs []Attr
	stack Stack
}

// With returns a copy with attrs added; f does not change. Without attrs it returns f.
func (f *Fault) With(attrs ...Attr) *Fault {
	if f != nil && len(attrs) == 0 {
		return f
	}
	c := &Fault{kind: f.Kind()}
	if f != nil {
		c.stack = f.stack
		c.attrs = append(slices.Clip(f.attrs), attrs...)
	} else {
		c.attrs = slices.Clone(attrs)
	}
	return c
}

// Kind returns the kind of the error, and [Any] for a nil or zero Fault.
func (f *Fault) Kind() *Kind {
	if f == nil || f.kind == nil {
		return Any
	}
	return f.kind
}

// StatusCode returns the HTTP status of the kind. Frameworks and libraries that look for this method
// (echo v5, GoFr, goa) understand a Fault by it.
func (f *Fault) StatusCode() int { return f.Kind().Status() }

// Code returns the code of the kind.
func (f *Fault) Code() string { return f.Kind().Code() }

// Error returns the English line for logs: "code: text: cause". The text is the built-in English one; a text id of
// the application shows as the id itself. Do not send it to clients.
func (f *Fault) Error() string {
	var line strings.Builder
	for {
		line.WriteString(f.Code() + ": " + f.english())
		cause := f.Unwrap()
		if cause == nil {
			return line.String()
		}
		line.WriteString(": ")
		next, ours := cause.(*Fault)
		if !ours { // a chain of ours is written in one go, however long it is
			return line.String() + errorText(cause)
		}
		f = next
	}
}

// Unwrap returns the cause, or nil.
func (f *Fault) Unwrap() error {
	a, _ := f.lookup(opCause)
	err, _ := a.value.(error)
	return err
}

// Is reports whether target is f's kind or one of its ancestors. It serves [errors.Is].
func (f *Fault) Is(target error) bool { return f.Kind().Is(target) }

// As finds the *Fault inside a type that embeds it. It serves [errors.As].
func (f *Fault) As(target any) bool {
	if t, ok := target.(**Fault); ok && f != nil {
		*t = f
		return true
	}
	return false
}

// Format prints Error() for %v, %s and %q, and adds the call stack, if one was recorded, for %+v.
func (f *Fault) Format(s fmt.State, verb rune) {
	switch {
	case verb == 'q':
		_, _ = fmt.Fprintf(s, "%q", f.Error())
	case verb == 'v' && s.Flag('+') && f != nil && len(f.stack) > 0:
		_, _ = io.WriteString(s, f.Error()+"\n"+f.stack.String())
	default:
		_, _ = io.WriteString(s, f.Error())
	}
}

// LogValue returns everything about the error for logs: code, status, text, arguments, details, cause, stack, and the
// attributes given with [Log]. Values wrapped in [Secret] show as "***".
func (f *Fault) LogValue() slog.Value {
	attrs := []slog.Attr{
		slog.String("code", f.Code()),
		slog.Int("status", f.StatusCode()),
		slog.String("text", f.english()),
	}
	attrs = append(attrs, f.logAttrs()...)
	if cause := f.Unwrap(); cause != nil {
		attrs = append(attrs, slog.String("cause", errorText(cause)))
	}
	if f != nil && len(f.stack) > 0 {
		attrs = append(attrs, slog.String("stack", f.stack.String()))
	}
	return slog.GroupValue(attrs...)
}

// logAttrs returns the attributes that only f knows. Arguments and details are JSON texts: a handler
// given the values themselves could loop on a cycle among them.
func (f *Fault) logAttrs() []slog.Attr {
	var attrs []slog.Attr
	if params, _ := appendParams(nil, f.all(), maxParams); len(params) > len("{}") {
		attrs = append(attrs, slog.String("params", clean.Shorten(string(params), maxLogged)))
	}
	if entries := f.details(); len(entries) > 0 {
		attrs = append(attrs, slog.String("details", string(logDetails(entries))))
		if causes := detailCauses(entries); causes != nil {
			attrs = append(attrs, slog.String("detail_causes", string(causes)))
		}
	}
	for _, a := range f.all() {
		if a.op == opLog {
			list, _ := a.value.([]slog.Attr)
			attrs = append(attrs, list...)
		}
	}
	return attrs
}

// maxLogged bounds, in bytes, what a log line tells of the details, and of the arguments.
const maxLogged = 16 << 10

func logDetails(entries []detail) []byte {
	b := []byte{'{'}
	for i, e := range entries {
		if i > 0 {
			b = append(b, ',')
		}
		if len(b) > maxLogged {
			b = append(b, `"…":`...)
			b = strconv.AppendInt(b, int64(len(entries)-i), 10)
			break
		}
		b = jsontext.AppendQuoted(b, e.name)
		b = append(b, ':')
		b = appendLogDetail(b, e.value)
	}
	return append(b, '}')
}

func appendLogDetail(b []byte, value any) []byte {
	switch v := value.(type) {
	case *fieldError:
		return jsontext.AppendQuoted(b, v.code)
	case failed:
		if f, ours := From(v.err); ours {
			return jsontext.AppendQuoted(b, f.Code())
		}
		return jsontext.AppendQuoted(b, fmt.Sprintf("%T", v.err))
	case error:
		return jsontext.AppendQuoted(b, errorText(v))
	}
	b, _ = jsontext.AppendValue(b, value)
	return b
}

// maxDetailCauses bounds how many causes of details a log line tells.
const maxDetailCauses = 20

// detailCauses returns the texts of the causes of errors among the details, as a JSON object, or nil.
func detailCauses(entries []detail) []byte {
	var b []byte
	told := 0
	for _, e := range entries {
		bad, ok := e.value.(failed)
		if !ok {
			continue
		}
		cause := bad.err
		if f, ours := cause.(*Fault); ours {
			cause = f.Unwrap()
		}
		if _, ours := cause.(*Kind); ours || cause == nil {
			continue
		}
		if told++; told > maxDetailCauses {
			break
		}
		b = append(b, ',')
		b = jsontext.AppendQuoted(b, e.name)
		b = append(b, ':')
		b = jsontext.AppendQuoted(b, clean.Shorten(errorText(cause), maxArg))
	}
	if b == nil {
		return nil
	}
	b[0] = '{'
	return append(b, '}')
}

// From returns the outermost error of ours in the tree of err, and whether there is one. It finds everything that
// [errors.As] finds, through Unwrap() error, Unwrap() []error and As(any) bool, and also looks below Cause() error:
//   - a *Fault is returned as it is;
//   - a type that embeds *Fault gives the *Fault inside;
//   - a *Kind gives a Fault of that kind;
//   - nil, nil pointers and trees without any of these give nil and false.
//
// A tree may have cycles and methods that panic. In a tree of more than 100,000 errors, From does not look at all of
// them.
func From(err error) (*Fault, bool) {
	switch e := err.(type) {
	case *Fault:
		return e, e != nil
	case *Kind:
		return e.fault(), e != nil
	}
	var calls errtree.Calls
	return errtree.Find(err, func(e error) (*Fault, bool) {
		f := faultOf(e, &calls)
		return f, f != nil
	})
}

// faultOf returns the error itself as one of ours, without its tree, or nil.
func faultOf(err error, calls *errtree.Calls) *Fault {
	if ours, ok := err.(interface{ fault() *Fault }); ok {
		return ours.fault()
	}
	if _, more := err.(interface{ As(any) bool }); !more {
		return nil
	}
	if f, ok := errtree.One[*Fault](err, calls); ok {
		return f
	}
	k, _ := errtree.One[*Kind](err, calls)
	return k.fault()
}

// fault marks *Fault, and by promotion every type that embeds it.
func (f *Fault) fault() *Fault { return f }

func (k *Kind) fault() *Fault {
	switch {
	case k == nil:
		return nil
	case k.self == nil: // a Kind that was not registered
		return &Fault{kind: k}
	}
	return k.self
}

func (f *Fault) all() []Attr {
	if f == nil {
		return nil
	}
	return f.attrs
}

// lookup returns the last attribute of the kind.
func (f *Fault) lookup(o op) (Attr, bool) {
	attrs := f.all()
	for i := len(attrs) - 1; i >= 0; i-- {
		if attrs[i].op == o {
			return attrs[i], true
		}
	}
	return Attr{}, false
}

// textID returns the text id that the error chose itself, "" for the kind's own.
func (f *Fault) textID() string {
	a, _ := f.lookup(opText)
	return a.name
}

// details returns all details in order, the last value of each name. They are not to be changed.
func (f *Fault) details() []detail {
	attrs := f.all()
	if whole, ok := snapshotAlone(attrs); ok {
		return whole
	}
	entries, snapshots := 0, 0
	for i := range attrs {
		switch attrs[i].op {
		case opDetail, opField:
			entries++
		case opDetails:
			snapshots++
		}
	}
	if entries+snapshots == 0 {
		return nil
	}
	d := Details{entries: make([]detail, 0, entries)}
	for _, a := range attrs {
		switch a.op {
		case opDetail:
			d.Add(a.name, a.value)
		case opField:
			e, _ := a.value.(*fieldError)
			d.addField(e)
		case opDetails:
			entries, _ := a.value.([]detail)
			for _, e := range entries {
				d.addEntry(e)
			}
		}
	}
	return d.sealed()
}

func (d *Details) addEntry(e detail) {
	d.others += e.others
	if field, ok := e.value.(*fieldError); ok {
		d.addField(field)
		return
	}
	d.put(e.name, e.value)
}

// snapshotAlone returns the one snapshot among attrs when there are no details besides: most often there
// are none, and then nothing has to be merged.
func snapshotAlone(attrs []Attr) (whole []detail, ok bool) {
	for i := range attrs {
		switch attrs[i].op {
		case opDetail, opField:
			return nil, false
		case opDetails:
			if ok {
				return nil, false
			}
			whole, ok = attrs[i].value.([]detail)
		}
	}
	return whole, ok
}

// lastOf yields the arguments among attrs in order, of each name the last one.
func lastOf(attrs []Attr) iter.Seq[*Attr] {
	return func(yield func(*Attr) bool) {
		var last map[string]int // only once there are many
		if len(attrs) > indexFrom {
			last = make(map[string]int, len(attrs))
			for i := range attrs {
				if isParam(attrs[i]) {
					last[attrs[i].name] = i
				}
			}
		}
		for i := range attrs {
			if !isParam(attrs[i]) || last != nil && last[attrs[i].name] != i || last == nil && givenAgain(attrs[i+1:], attrs[i].name) {
				continue
			}
			if !yield(&attrs[i]) {
				return
			}
		}
	}
}

func givenAgain(later []Attr, name string) bool {
	return slices.ContainsFunc(later, func(a Attr) bool { return a.name == name && isParam(a) })
}

// english returns the built-in English text for logs.
func (f *Fault) english() string {
	id := f.textID()
	c := builtin()
	if id != "" && c.texts[id] == nil {
		return id
	}
	t := c.resolve(id, f.Kind(), false)
	return t.plain(c, c.english, f.all())
}
