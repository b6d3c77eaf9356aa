package fault

import (
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// A Kind is a node in the hierarchy of errors. It has a stable identity for programs (code, status, type, number,
// exit code) and the id of a localized text. It is an error itself, a target of [errors.Is] for itself and all its
// descendants, and a constructor of [Fault] values.
//
// Kinds are immutable, compared by pointer and safe for concurrent use. Make them with [Kind.Derive] in package-level
// variables. The methods of a nil *Kind are those of [Any], except Derive, which panics; as an error it is none
// ([IsNil]). The zero Kind is not usable.
type Kind struct {
	spec    Spec // as resolved: nothing is left to inherit
	parent  *Kind
	index   int           // in the table of kinds
	inherit bool          // the status comes from the parent
	exits   bool          // the exit code is the kind's own
	self    *Fault        // of the kind and nothing else
	never   bool          // the kind itself says RetryNever
	headers []headerField // by name, of spec.Headers
}

// A Category tells where the cause of an error lies: [CategorySystem], [CategoryAlgorithm] or [CategoryData].
type Category string

// The categories. The empty Category in a [Spec] inherits the parent's.
const (
	CategorySystem    Category = "SYSTEM"    // the service or what it depends on
	CategoryAlgorithm Category = "ALGORITHM" // the processing of valid data
	CategoryData      Category = "DATA"      // what the client sent
)

// A RetryPolicy tells whether repeating the same request can help: [RetryInherit], the zero value, [RetryNever] or
// [RetryLater].
type RetryPolicy uint8

// The retry policies.
const (
	RetryInherit RetryPolicy = iota // the parent's
	RetryNever                      // repeating does not help
	RetryLater                      // repeating after a while may help
)

// A Spec describes a kind to [Kind.Derive]. Zero fields inherit from the parent or have the default beside them.
type Spec struct {
	Code     string       // stable name for programs, snake_case, at most 50 bytes, unique in the process
	Text     string       // text id; default Code. While no locale has it, the parent's text is used
	Status   int          // 400..599; 0 inherits
	Number   int          // numeric code of formats.WebAPI; 0 means none
	Type     string       // string type, the end of a problem's type URI; "" means Code in kebab-case
	ExitCode int          // process exit code 1..255, unique; 0 inherits
	Category Category     // "" inherits
	Retry    RetryPolicy  // RetryInherit inherits
	Level    slog.Leveler // level of the log line; nil inherits, and for built-in kinds means 5xx Error, 4xx [WithClientErrorLevel]

	// RetryAfter is the wait in the Retry-After header of responses whose error has none itself; 0 inherits, or
	// sends no header if there is nothing to inherit.
	RetryAfter time.Duration

	// Headers are the headers of every response of the kind, such as WWW-Authenticate on an Unauthorized of the
	// application. They are copied. Descendants inherit them name by name; an empty list removes one. An error's own
	// header of the same name replaces it.
	Headers http.Header

	// Aliases are former codes of the kind, snake_case, unique among the codes and aliases of the process. Clients and
	// lock files still know them, and KindByCode finds the kind by them. Responses have Code.
	Aliases []string
}

// kinds is the table of all kinds of the process: the only package-level state that changes. It is
// written at init, by Derive.
var kinds = struct {
	sync.RWMutex
	list       []*Kind
	byCode     map[string]*Kind // by aliases, too
	byExitCode map[int]*Kind
}{byCode: map[string]*Kind{}, byExitCode: map[int]*Kind{}}

// Derive makes a kind below k and enters it in the table of the process.
//
// Call it for package-level variables. It panics, with a message that tells what to change,
//   - if the code or an alias is empty, not snake_case or taken, or the code is longer than 50 bytes;
//   - if the status is outside 400..599, or the exit code is outside 1..255 or taken;
//   - if the name or value of a header is invalid;
//   - if the category or retry policy is unknown.
//
// A refused kind is not entered.
func (k *Kind) Derive(s Spec) *Kind {
	if k == nil {
		panic(fmt.Sprintf("fault: kind %q is derived from a nil *Kind; "+
			"derive it from fault.ClientError, fault.ServerError or a kind below them", s.Code))
	}
	return register(k, s)
}

func register(parent *Kind, s Spec) *Kind {
	kinds.Lock()
	defer kinds.Unlock()
	k := &Kind{spec: s, parent: parent, inherit: s.Status == 0, exits: s.ExitCode != 0, never: s.Retry == RetryNever}
	if problem := k.check(); problem != "" {
		panic("fault: kind " + k.describe() + ": " + problem)
	}
	k.resolve()
	k.self = &Fault{kind: k}
	k.index = len(kinds.list)
	kinds.list = append(kinds.list, k)
	kinds.byCode[s.Code] = k
	for _, alias := range s.Aliases {
		kinds.byCode[alias] = k
	}
	if k.exits {
		kinds.byExitCode[s.ExitCode] = k
	}
	return k
}

func (k *Kind) describe() string {
	if k.parent == nil {
		return fmt.Sprintf("%q", k.spec.Code)
	}
	return fmt.Sprintf("%q (below %q)", k.spec.Code, k.parent.spec.Code)
}

// check returns what is wrong with the spec and what to change, or "".
func (k *Kind) check() string {
	s := k.spec
	if s.Code == "" {
		return "the code is empty; set Spec.Code to a stable snake_case name"
	}
	if !isSnakeCase(s.Code) {
		return "the code is not snake_case; use lower-case letters, digits and single underscores, a letter first"
	}
	if len(s.Code) > maxCode {
		return fmt.Sprintf("the code has %d bytes, more than %d; choose a shorter Spec.Code", len(s.Code), maxCode)
	}
	if other, taken := kinds.byCode[s.Code]; taken {
		return "the code is already that of kind " + other.describe() + "; choose another Spec.Code"
	}
	if problem := k.checkAliases(); problem != "" {
		return problem
	}
	if problem := k.checkHeaders(); problem != "" {
		return problem
	}
	if s.Status != 0 && !isErrorStatus(s.Status) {
		return fmt.Sprintf("status %d is outside 400..599; choose an error status, or 0 to inherit the parent's", s.Status)
	}
	if s.ExitCode < 0 || s.ExitCode > 255 {
		return fmt.Sprintf("exit code %d is outside 1..255; choose another Spec.ExitCode, or 0 to inherit the parent's", s.ExitCode)
	}
	if other, taken := kinds.byExitCode[s.ExitCode]; taken {
		return fmt.Sprintf("exit code %d is already that of kind %s; "+
			"choose another Spec.ExitCode, or 0 to inherit the parent's", s.ExitCode, other.describe())
	}
	if !slices.Contains([]Category{"", CategorySystem, CategoryAlgorithm, CategoryData}, s.Category) {
		return fmt.Sprintf("category %q is unknown; use CategorySystem, CategoryAlgorithm or CategoryData", s.Category)
	}
	if s.RetryAfter < 0 || s.RetryAfter > 0 && s.Retry == RetryNever {
		return fmt.Sprintf("the wait of %s is negative or contradicts RetryNever; change Spec.RetryAfter", s.RetryAfter)
	}
	if s.Retry > RetryLater {
		return fmt.Sprintf("retry policy %d is unknown; use RetryInherit, RetryNever or RetryLater", s.Retry)
	}
	return ""
}

func (k *Kind) checkAliases() string {
	for i, alias := range k.spec.Aliases {
		if !isSnakeCase(alias) {
			return fmt.Sprintf("the alias %q is not snake_case, so it can never have been a code", alias)
		}
		if alias == k.spec.Code || slices.Contains(k.spec.Aliases[:i], alias) {
			return fmt.Sprintf("the alias %q is given twice, or is the code itself", alias)
		}
		if other, taken := kinds.byCode[alias]; taken {
			return fmt.Sprintf("the alias %q is a code or alias of kind %s; one of the two has to go", alias, other.describe())
		}
	}
	return ""
}

func (k *Kind) checkHeaders() string {
	for name, values := range k.spec.Headers {
		if !isToken(name) || describesBody(http.CanonicalHeaderKey(name)) {
			return fmt.Sprintf("header name %q is not valid, or belongs to the body; change Spec.Headers", name)
		}
		if !slices.ContainsFunc(values, func(value string) bool { return !isFieldValue(value) }) {
			continue
		}
		return fmt.Sprintf("header %s has control characters in its value; change Spec.Headers", name)
	}
	return ""
}

// inheritHeaders lays the headers of the spec over those of the parent.
func (k *Kind) inheritHeaders() {
	own := http.Header{}
	if k.parent != nil {
		for _, f := range k.parent.headers {
			own[f.name] = f.values
		}
	}
	for name, values := range k.spec.Headers {
		own[http.CanonicalHeaderKey(name)] = slices.Clone(values)
	}
	for _, name := range slices.Sorted(maps.Keys(own)) {
		if len(own[name]) > 0 {
			k.headers = append(k.headers, headerField{name, own[name]})
		}
	}
	k.spec.Headers = nil // the caller's
}

// resolve fills in what the spec leaves to its defaults and to the parent.
func (k *Kind) resolve() {
	s := &k.spec
	k.inheritHeaders()
	s.Aliases = slices.Clone(s.Aliases)
	if s.Text == "" {
		s.Text = s.Code
	}
	if s.Type == "" {
		s.Type = strings.ReplaceAll(s.Code, "_", "-")
	}
	if k.parent == nil {
		return
	}
	p := k.parent.spec
	if s.Status == 0 {
		s.Status = p.Status
	}
	if s.ExitCode == 0 {
		s.ExitCode = p.ExitCode
	}
	if s.Category == "" {
		s.Category = p.Category
	}
	if s.RetryAfter == 0 && s.Retry != RetryNever {
		s.RetryAfter = p.RetryAfter
	}
	if s.Retry == RetryInherit {
		s.Retry = p.Retry
	}
	if s.Level == nil {
		s.Level = p.Level
	}
}

func isSnakeCase(s string) bool {
	previous := byte('_')
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z':
		case '0' <= c && c <= '9' && i > 0:
		case c == '_' && previous != '_':
		default:
			return false
		}
		previous = c
	}
	return previous != '_'
}

func isErrorStatus(status int) bool { return status >= 400 && status <= 599 }

// New makes an error of the kind. Its attributes describe what happened this time; without any, the client reads the
// kind's own text. For kinds with a 5xx status New records the call stack.
func (k *Kind) New(attrs ...Attr) *Fault {
	k = k.orAny()
	f := newFault(k, attrs, 0)
	if k.spec.Status >= 500 {
		f.stack = callers(1)
	}
	return f
}

// newFault copies attrs. The sizes that occur share one allocation with the Fault; extra leaves room
// in front.
func newFault(k *Kind, attrs []Attr, extra int) *Fault {
	var f *Fault
	switch n := extra + len(attrs); {
	case n == 0:
		return &Fault{kind: k}
	case n == 1:
		single := &struct {
			Fault
			attrs [1]Attr
		}{}
		f = &single.Fault
		f.attrs = single.attrs[:]
	case n == 2:
		small := &struct {
			Fault
			attrs [2]Attr
		}{}
		f = &small.Fault
		f.attrs = small.attrs[:]
	case n == 3:
		three := &struct {
			Fault
			attrs [3]Attr
		}{}
		f = &three.Fault
		f.attrs = three.attrs[:]
	case n == 4:
		medium := &struct {
			Fault
			attrs [4]Attr
		}{}
		f = &medium.Fault
		f.attrs = medium.attrs[:]
	default:
		f = &Fault{attrs: make([]Attr, n)}
	}
	f.kind = k
	copy(f.attrs[extra:], attrs)
	return f
}

// Wrap makes an error of the kind with a cause: [errors.Is] and the log find it, and the client does not see it. With
// a nil cause, Wrap is [Kind.New].
func (k *Kind) Wrap(cause error, attrs ...Attr) *Fault {
	k = k.orAny()
	f := newFault(k, attrs, 1)
	f.attrs[0] = Cause(cause)
	if k.spec.Status >= 500 {
		f.stack = callers(1)
	}
	return f
}

// Error returns the code: a kind itself can be returned, panicked and wrapped.
func (k *Kind) Error() string { return k.Code() }

// Is reports whether target is this kind or one of its ancestors. It serves [errors.Is].
func (k *Kind) Is(target error) bool {
	other, ok := target.(*Kind)
	if !ok || other == nil {
		return false
	}
	for k = k.orAny(); k != nil; k = k.parent {
		if k == other {
			return true
		}
	}
	return false
}

// orAny returns k, or [Any] for a nil Kind.
func (k *Kind) orAny() *Kind {
	if k == nil {
		return Any
	}
	return k
}

// Code returns the stable machine name, unique in the process.
func (k *Kind) Code() string { return k.orAny().spec.Code }

// Status returns the HTTP status, 400..599.
func (k *Kind) Status() int { return k.orAny().spec.Status }

// TextID returns the id of the kind's text constant.
func (k *Kind) TextID() string { return k.orAny().spec.Text }

// Parent returns the kind above, or nil for [Any].
func (k *Kind) Parent() *Kind { return k.orAny().parent }

// Number returns the numeric code of formats.WebAPI; 0 means none.
func (k *Kind) Number() int { return k.orAny().spec.Number }

// Type returns the string type: the end of a problem's type URI, and the type of formats.WebAPI.
func (k *Kind) Type() string { return k.orAny().spec.Type }

// ExitCode returns the exit code, 1..255, of a process that ends with an error of the kind.
func (k *Kind) ExitCode() int { return k.orAny().spec.ExitCode }

// Category returns where the cause lies.
func (k *Kind) Category() Category { return k.orAny().spec.Category }

// Retryable reports whether repeating the same request can help.
func (k *Kind) Retryable() bool { return k.orAny().spec.Retry == RetryLater }

// RetryAfter returns the wait that responses advertise if the error has none itself; 0 means none.
func (k *Kind) RetryAfter() time.Duration { return k.orAny().spec.RetryAfter }

// Aliases returns the former codes of the kind, as a copy.
func (k *Kind) Aliases() []string { return slices.Clone(k.orAny().spec.Aliases) }

// Headers returns a copy of the headers of every response of the kind, with inherited ones, or nil.
func (k *Kind) Headers() (header http.Header) {
	for _, f := range k.orAny().headers {
		if header == nil {
			header = http.Header{}
		}
		header[f.name] = slices.Clone(f.values)
	}
	return header
}

// Kinds yields every kind of the process in the order of registration: parents come before their
// children, the built-in kinds before all others.
func Kinds() iter.Seq[*Kind] {
	return func(yield func(*Kind) bool) {
		kinds.RLock()
		list := slices.Clip(kinds.list) // entries are never changed or removed
		kinds.RUnlock()
		for _, k := range list {
			if !yield(k) {
				return
			}
		}
	}
}

// KindByCode returns the kind with the code, or with an alias that equals it, and false if there is none.
func KindByCode(code string) (*Kind, bool) {
	kinds.RLock()
	defer kinds.RUnlock()
	k, ok := kinds.byCode[code]
	return k, ok
}

// KindByExitCode returns the kind that declares the exit code, and false if there is none. Kinds that inherit it are
// not considered.
func KindByExitCode(n int) (*Kind, bool) {
	kinds.RLock()
	defer kinds.RUnlock()
	k, ok := kinds.byExitCode[n]
	return k, ok
}

// ExitCode returns the exit code of a process that ends with err: 0 for nil, the kind's for an error of ours at any
// depth of wrapping, otherwise 1.
func ExitCode(err error) int {
	if IsNil(err) {
		return 0
	}
	if f, ok := From(err); ok {
		return f.Kind().ExitCode()
	}
	return Any.ExitCode()
}

// KindByStatus returns the kind for a bare HTTP status: that of the registered status, or else [ClientError] or
// [ServerError] by family. For a status outside 400..599 it returns [ServerError].
func KindByStatus(status int) *Kind {
	if k, ok := statusKinds[status]; ok {
		return k
	}
	if status >= 400 && status <= 499 {
		return ClientError
	}
	return ServerError
}
