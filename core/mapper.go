package fault

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/polyfault/polyfault/internal/errtree"
)

// A Mapper turns a foreign error into one of ours, or returns nil if it does not know it. It is not called for errors
// that are ours already. It must be safe for concurrent use; one that panics is skipped. The responder keeps the
// foreign error as the cause for the log.
type Mapper func(err error) *Fault

// MapIs maps errors for which errors.Is(err, target) holds to k. It panics if k is nil.
func MapIs(target error, k *Kind) Mapper {
	if k == nil {
		panic("fault: MapIs: the kind is nil; name the kind that stands for " + errorText(target))
	}
	return func(err error) *Fault {
		if probe, ok := err.(*mapperProbe); ok {
			probe.target = target
			return nil
		}
		if !errtree.Is(err, target) {
			return nil
		}
		return &Fault{kind: k}
	}
}

// MapAs maps errors whose tree holds a T, as by [errors.As], with f. f may return nil to pass. MapAs panics if f is
// nil.
func MapAs[T error](f func(T) *Fault) Mapper {
	if f == nil {
		panic("fault: MapAs: the function is nil")
	}
	return func(err error) *Fault {
		if probe, ok := err.(*mapperProbe); ok {
			probe.typ = reflect.TypeFor[T]()
			return nil
		}
		if t, ok := errtree.As[T](err); ok {
			return f(t)
		}
		return nil
	}
}

// mapEach asks rule about each error of a tree; the first that it knows decides. A rule that panics, as methods of
// foreign errors may, knows nothing of that error. An end of a context in the tree tells more than a fault that yields to
// the request's, and than one that says no more than that a database failed.
func mapEach(name string, rule func(error) *Fault) Mapper {
	return func(err error) *Fault {
		if probe, ok := err.(*mapperProbe); ok {
			probe.label = name
			return nil
		}
		f, _ := errtree.Find(err, func(e error) (*Fault, bool) {
			f := guarded(rule, e, nil)
			return f, f != nil
		})
		if f != nil && (f.yields() || f.kind == Database) && tellsContext(err) {
			return nil
		}
		return f
	}
}

// yields reports whether the end of the request's context explains the error better.
func (f *Fault) yields() bool {
	return slices.ContainsFunc(f.attrs, func(a Attr) bool { return a.op == opYields })
}

// ask returns the result of the first mapper that knows err. It skips nil mappers and those that panic; panicked, unless it is
// nil, gets the panic value.
func ask(mappers []Mapper, err error, panicked func(value any)) *Fault {
	for _, m := range mappers {
		if f := guarded(m, err, panicked); f != nil {
			return f
		}
	}
	return nil
}

// A MapperReport describes one mapper of a responder.
type MapperReport struct {
	Name        string // "MapIs(io.EOF's text)", "MapAs[*pgconn.PgError]", "SQLMappers: connections" or "func"
	Unreachable string // the reason why it never decides anything, or ""
}

// Mappers reports on the mappers of [WithMapper], in their order, for checks at start-up. It calls each with the
// errors that the others are made for.
func (r *Responder) Mappers() []MapperReport {
	if r == nil {
		return nil
	}
	var reports []MapperReport
	var earlier []Mapper
	types := map[reflect.Type]int{}
	for i, m := range r.mappers {
		probe := &mapperProbe{}
		_ = guarded(m, probe, nil)
		report := MapperReport{Name: probe.name()}
		if probe.target != nil {
			report.Unreachable = unreachable(probe.target, earlier)
		}
		if first, taken := types[probe.typ]; taken && probe.typ != nil {
			report.Unreachable = fmt.Sprintf("mapper %d is made for the same type; it has to pass by returning nil", first+1)
		} else {
			types[probe.typ] = i
		}
		reports = append(reports, report)
		earlier = append(earlier, m)
	}
	return reports
}

func unreachable(target error, earlier []Mapper) string {
	if f, ours := From(target); ours {
		return fmt.Sprintf("its target is the kind %s: mappers are not asked about errors that are ours", f.Code())
	}
	for i, m := range earlier {
		if guarded(m, target, nil) != nil {
			return fmt.Sprintf("mapper %d already maps its target", i+1)
		}
	}
	return ""
}

// guarded calls m and returns nil if it panics.
func guarded(m Mapper, err error, panicked func(value any)) (f *Fault) {
	if m == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			f = nil
			if panicked != nil {
				panicked(v)
			}
		}
	}()
	return m(err)
}

// A mapperProbe asks a mapper what it is made for: MapIs, MapAs and mapEach fill it in.
type mapperProbe struct {
	target error
	typ    reflect.Type
	label  string
}

func (*mapperProbe) Error() string { return "fault: a question to a mapper" }

func (p *mapperProbe) name() string {
	switch {
	case p.target != nil:
		return "MapIs(" + errorText(p.target) + ")"
	case p.typ != nil:
		return "MapAs[" + p.typ.String() + "]"
	case p.label != "":
		return p.label
	}
	return "func"
}
