package fault

import (
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/clean"
	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// Details collects structured details, such as one for each attribute of the request, so that one response names all
// failing attributes. It keeps their order; adding a name again replaces its value, unless it is a field error. The
// zero Details is ready. It keeps 100 errors, as many as a response carries, and counts the others. It is not safe
// for concurrent use; the errors that it makes are.
type Details struct {
	entries []detail
	index   map[string]int // only once there are many
	errors  int            // among the entries
	others  int            // that were left away, as no response sends them
}

type detail struct {
	name   string
	value  any
	again  bool  // a further field error of the same place: a JSON object has room for one
	others int   // how many further errors were left away
	text   *text // that was declared of the error, in one occurrence
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

// memberName returns the name as that of a member: safe, so that no two of an object read as one, and none that changes the
// objects of a program in JavaScript that it is copied into.
func memberName(name string) string {
	return jsonpointer.Member(safeName(name))
}

// Add adds a member; [Detail] describes the values. It returns d; a nil d makes a new one.
func (d *Details) Add(name string, value any) *Details {
	return d.put(memberName(name), value)
}

// put adds a member under its name. A field error that has the name moves to that of its place.
func (d *Details) put(name string, value any) *Details {
	if d == nil {
		d = &Details{}
	}
	i, taken := d.find(name)
	if !taken {
		d.append(detail{name: name, value: value})
		return d
	}
	field, _ := d.entries[i].value.(*fieldError)
	d.replace(i, value)
	if field == nil {
		return d
	}
	return d.addElsewhere(field, field.at.In()+"."+field.name)
}

// add adds a field error under its name, even if another detail has the name.
func (d *Details) add(name string, e *fieldError) *Details {
	if i, taken := d.find(name); taken {
		d.replace(i, e)
		return d
	}
	d.append(detail{name: name, value: e})
	return d
}

func (d *Details) replace(i int, value any) {
	d.errors += errorsIn(value) - errorsIn(d.entries[i].value)
	d.entries[i].value = value
}

// append adds an entry. Collecting stops where sending stops: further errors are counted.
func (d *Details) append(e detail) {
	n := errorsIn(e.value)
	if d.errors+n > maxDetailErrors {
		d.others++
		return
	}
	d.errors += n
	if d.index != nil && !e.again {
		d.index[e.name] = len(d.entries)
	}
	d.entries = append(d.entries, e)
}

func errorsIn(value any) int {
	if isDetailError(value) {
		return 1
	}
	return 0
}

// AddError adds {"error": <text>}: a map of languages in bodies that carry all languages, a string in the others. The
// text is that of err's kind. If err is or wraps a *[Kind] or *[Fault], that is its own; else the responder's mappers
// and its knowledge of foreign errors decide when the response is made; else it is [BadFieldValue]. err.Error() goes
// to the log only, as "detail_causes". A nil err adds nothing.
func (d *Details) AddError(name string, err error) *Details {
	if IsNil(err) {
		return d
	}
	return d.Add(name, failed{err})
}

// AddText adds {"error": "<text>"}, a text of no language that the application declares fit for its clients. Line
// breaks and control characters in it are replaced, and it is cut after 4096 bytes.
func (d *Details) AddText(name, text string) *Details {
	text = clean.Shorten(text, 2*maxDeclared)
	return d.Add(name, declared(clean.Line(strings.ReplaceAll(text, "\r\n", "\n"), maxDeclared)))
}

const maxDeclared = 4096

// Err returns nil if nothing was added, and otherwise an error of kind k with everything that was added. Later
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
			if !e.again {
				d.index[e.name] = i
			}
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
	return (&Details{entries: slices.Clone(d.entries), others: d.others}).sealed()
}

// sealed returns the entries; the last one knows how many errors were left away.
func (d *Details) sealed() []detail {
	if d.others > 0 { // there are errors then
		d.entries[len(d.entries)-1].others += d.others
		d.others = 0
	}
	return d.entries
}
