package shop

import (
	"errors"
	"log/slog"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

func known(err error, d *fault.Details) error {
	switch {
	case err == nil:
		return OrderNotFound.New(fault.Arg("ID", 1), fault.Arg("Customer", "Ada"))
	case errors.Is(err, OrderNotFound):
		return HoursLeft.Wrap(err, fault.Arg("Name", "Ada"), fault.Count(3))
	case errors.Is(err, HoursLeft):
		return fault.Conflict.New(fault.Text("number"), fault.Count(1))
	case errors.Is(err, OrderPaid):
		return fault.Conflict.New(fault.Text("number"), fault.Arg("Count", int64(1)))
	case errors.Is(err, fault.NotFound):
		return unexported.New(fault.Arg("A", 1)).With(fault.Arg("B", fault.Secret(1)))
	case errors.Is(err, fault.Gone):
		return fault.TaskLocked.New(fault.Text("both"), fault.Arg("A", 1), fault.Arg("B", 1), fault.Detail("a", OrderNotFound),
			fault.DetailsOf(d), fault.Header("A", "b"), fault.AddHeader("A", "b"), fault.HeadersFunc(nil), fault.RetryAfter(time.Second),
			fault.Cause(err), fault.TraceID("1"), fault.Subtype("a"), fault.Log(slog.Int("a", 1)), fault.Field(fault.InBody("a"), "required"))
	case errors.Is(err, fault.Locked):
		return fault.TaskLocked.New(fault.Text("both"), fault.Text("order_paid"))
	case errors.Is(err, fault.Conflict):
		return TextLess.New(fault.Arg("ID", 1)) // its parent's text stands in until it has one
	}
	_ = fault.Conflict.New(fault.Text("order_paid")).With(fault.Text("order_paid")).With(fault.Text("both"), fault.Arg("A", 1), fault.Arg("B", 1))
	if d == nil {
		return fault.Conflict.New(fault.Text("german_plural"), fault.Count(1))
	}
	return d.Err(unexported, fault.Arg("A", 1), fault.Arg("B", 1))
}

// What cannot be seen may be right.
func unseen(id string, attrs []fault.Attr, attr fault.Attr, err error) error {
	switch id {
	case "a":
		return fault.Conflict.New(fault.Text(id), fault.Arg("X", 1))
	case "b":
		return unexported.New(attrs...)
	case "c":
		return unexported.New(attr)
	case "d":
		return unexported.New(append(attrs, fault.Arg("C", 1))...)
	case "e":
		return unexported.New(fault.Arg(id, 1))
	case "f":
		return unexported.New().With(attrs...)
	case "g":
		return unexported.New(both()...)
	case "h":
		return unexported.New(one(), fault.Arg("C", 1))
	case "i":
		return FromSpec.New(fault.Arg("X", 1))
	case "j":
		return FromCode.New(fault.Arg("X", 1))
	case "k":
		return FromText.New(fault.Arg("X", 1))
	case "l":
		return Changed.New(fault.Arg("X", 1))
	case "m":
		return Pointed.New(fault.Arg("X", 1))
	case "n":
		return FromCall
	case "o":
		return Fresh.New(fault.Arg("X", 1))
	case "p":
		return (*fault.Kind).New(unexported, fault.Arg("X", 1))
	case "q":
		return fault.Conflict.Derive(spec).New(fault.Arg("X", 1))
	case "r":
		return unexported.Wrap(pair())
	case "s":
		return Undeclared.New(fault.Arg("X", 1))
	}
	return unexported.New(fault.Attr(fault.Arg("A", 1)))
}

func pair() (error, fault.Attr) { return nil, fault.Attr{} }
func one() fault.Attr           { return fault.Arg("A", 1) }
func both() []fault.Attr        { return []fault.Attr{fault.Arg("A", 1), fault.Arg("B", 1)} }

var kept = unexported.New(fault.Arg("A", 1))

type holder struct{ fault *fault.Fault }

// A *fault.Fault that is kept may get more.
func keeps(f **fault.Fault) (*fault.Fault, *fault.Kind) {
	made := unexported.New(fault.Arg("C", 1))
	*f = unexported.New()
	var declared = unexported.New()
	_ = holder{unexported.New()}
	_ = own{Fault: unexported.New()}
	_ = []*fault.Fault{unexported.New(), made, declared}
	_ = id(unexported.New())
	_, _ = fault.From(unexported.New())
	_ = unexported.New().Error()
	return unexported.New(), unexported
}

func id[T any](v T) T { return v }

// Unwrap gives what errors.Is compares with.
func (holder) Unwrap() error { return unexported }

func targets(err error) bool {
	_ = fault.MapIs(err, unexported)
	return errors.Is(err, unexported)
}

func rules(code string, attrs ...fault.Attr) []fault.Attr {
	return []fault.Attr{
		fault.Field(fault.InBody("a"), "odd", fault.Arg("Limit", 1)),
		fault.Field(fault.InBody("a"), "odd", attrs...),
		fault.Field(fault.InBody("a"), "even", attrs...),
		fault.Field(fault.InBody("a"), "even", fault.Text("order_paid")),
		fault.Field(fault.InBody("a"), code),
		fault.Field(fault.InBody("a"), ""),
		fault.Field(fault.InBody("a"), "required"),
		fault.Field(fault.InBody("a"), "uuid4"), // a validator's name for rule.uuid
		fault.Field(fault.InBody("a"), "min", fault.Arg("Limit", 1), fault.Arg("Field", "b")),
	}
}

func localized(l fault.Localizer, id string, attrs ...fault.Attr) {
	_ = l.Text("both", fault.Arg("A", 1), fault.Arg("B", 1))
	_ = l.Texts("both", attrs...)
	_ = l.Texts(id)
}

// Others have functions of these names, too.
func others(c fault.Catalogue) {
	_, _ = c.Text("maybe", "en")
	text := text{}
	text.Text("lost")
	_ = []string{"Text"}
	panic("both")
}

type text struct{}

// Text is not fault's.
func (text) Text(string) {}
