package fault

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/polyfault/polyfault/internal/clean"
	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// Details collects structured details, one per attribute of the request, say, so that one response
// names all failing attributes. It keeps their order; adding a name again replaces its value. The
// zero Details is ready to use. It is not safe for concurrent use; the errors it makes are.
type Details struct {
	entries []detail
	index   map[string]int // only once there are many
}

type detail struct {
	name  string
	value any
	again bool  // a further field error of the same place: a JSON object has room for one
	text  *text // that was declared of the error, in one occurrence
}

// failed is the value of an entry that AddError made; judged is what the responder made of it.
type failed struct{ err error }

type judged struct {
	fault *Fault
	err   error
}

// declared is the value of an entry that AddText made.
type declared string

const indexFrom = 32

// elsewhere begins names of members that would not be safe by themselves. The whole of it is the place, as the fragment of a pointer.
const elsewhere = "#/"

// memberName is the name as that of a member: valid UTF-8, so that no two of an object read as one, and none that changes the
// objects of a program in JavaScript that it is copied into.
func memberName(name string) string {
	if !utf8.ValidString(name) {
		name = strings.ToValidUTF8(name, "\ufffd")
	}
	if name == "__proto__" || name == "constructor" || name == "prototype" || strings.HasPrefix(name, elsewhere) {
		return "#" + jsonpointer.To(name)
	}
	return name
}

// plainName is the name that memberName was given.
func plainName(member string) string {
	if step, ok := strings.CutPrefix(member, elsewhere); ok {
		return jsonpointer.Unescape(step)
	}
	return member
}

// Add adds a member. See [Detail] for what value may be. It returns d; a nil d makes a new one.
func (d *Details) Add(name string, value any) *Details {
	return d.add(memberName(name), value)
}

// add adds a member under its name.
func (d *Details) add(name string, value any) *Details {
	if d == nil {
		d = &Details{}
	}
	if i, ok := d.find(name); ok {
		d.entries[i].value = value
		return d
	}
	if d.index != nil {
		d.index[name] = len(d.entries)
	}
	d.entries = append(d.entries, detail{name: name, value: value})
	return d
}

// AddError adds {"error": <text>}, a map of languages in bodies that carry all languages, a string in the others. The text
// is that of the kind that err is of: its own, when err is or wraps a *[Kind] or *[Fault]; else what the responder's
// mappers and its knowledge of foreign errors make of it, when the response is made; else that of [BadFieldValue].
// err.Error() is for the log, as "detail_causes". A nil err adds nothing.
func (d *Details) AddError(name string, err error) *Details {
	if IsNil(err) {
		return d
	}
	return d.Add(name, failed{err})
}

// AddText adds {"error": "<text>"}, a text of no language that the application declares fit for its clients. Line breaks
// and control characters in it are replaced, and what is longer than 4096 bytes is cut.
func (d *Details) AddText(name, text string) *Details {
	return d.Add(name, declared(clean.Line(strings.ReplaceAll(text, "\r\n", "\n"), maxDeclared)))
}

const maxDeclared = 4096

// Err is nil while nothing was added; otherwise an error of kind k with everything that was. Later
// changes of d do not change the error.
func (d *Details) Err(k *Kind, attrs ...Attr) error {
	if d == nil || len(d.entries) == 0 {
		return nil
	}
	f := k.New(attrs...)
	f.attrs = append(f.attrs, DetailsOf(d))
	return f
}

func (d *Details) find(name string) (int, bool) {
	if d.index == nil && len(d.entries) >= indexFrom {
		d.index = make(map[string]int, 2*len(d.entries))
		for i, e := range d.entries {
			d.index[e.name] = i
		}
	}
	if d.index != nil {
		i, ok := d.index[name]
		return i, ok
	}
	i := slices.IndexFunc(d.entries, func(e detail) bool { return e.name == name })
	return i, i >= 0
}

func (d *Details) snapshot() []detail {
	if d == nil {
		return nil
	}
	return slices.Clone(d.entries)
}

// maxDetailErrors is how many field errors and other errors among the details a response carries.
const maxDetailErrors = 100

// limitErrors leaves away what is too much of the entries' errors, and counts them.
func (o *Occurrence) limitErrors() {
	o.errors = 0
	for i := range o.entries {
		if isDetailError(o.entries[i].value) {
			o.errors++
			if field, ok := o.entries[i].value.(*fieldError); ok {
				o.errors += field.others
			}
		}
	}
	if o.errors <= maxDetailErrors {
		return
	}
	kept, errors := make([]detail, 0, maxDetailErrors), 0
	for _, e := range o.entries {
		if isDetailError(e.value) {
			if errors++; errors > maxDetailErrors {
				continue
			}
		}
		kept = append(kept, e)
	}
	o.entries = kept
	o.note(fmt.Sprintf("%d field errors, %d of them sent", o.errors, min(errors, maxDetailErrors)))
}
