package checks

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
)

// Errors of registrations, as targets of [errors.Is]. The returned errors name the key and a remedy.
var (
	ErrKey          = errors.New("the key is empty")
	ErrApp          = errors.New("the app is not a name")
	ErrLevel        = errors.New("the level is unknown")
	ErrDuplicateKey = errors.New("the key is already registered")
	ErrUnknownKey   = errors.New("the key is not registered")
	ErrRetired      = errors.New("the key is retired")
	ErrSealed       = errors.New("the registry is sealed")
	ErrLocked       = errors.New("the lock file says otherwise")
)

// An Entry is a key and its code, in a [Registry] or in a [Lock].
type Entry struct {
	Key     string
	Code    Code
	Retired bool
	Line    int // the line of the code in a Lock; 0 in a Registry
}

// A Registry gives serial ids to keys, so that two people never choose the same id. Every app has a series of numbers for
// each level, from 1 and without gaps. Keys are opaque; [NewKey] makes one.
//
// Numbers follow the order of registration, unless a [Lock] pins them (see [Registry.UseLock]).
//
// The zero Registry is empty and ready. A Registry is safe for concurrent use and must not be copied. A call that returns
// an error changes nothing.
type Registry struct {
	mu     sync.RWMutex
	table  table
	lock   []Entry // what UseLock has read
	sealed bool
	handed atomic.Bool // an id was given out
}

// A table is the content of a registry. The zero table is empty.
type table struct {
	order  []*Entry // of registration
	byKey  map[string]*Entry
	byCode map[Code]*Entry
	issued map[series]int // the number issued last
	pinned map[string]*Entry
}

// NewRegistry returns a registry whose ids come from the lock; with a nil lock it is the zero Registry. See
// [Registry.UseLock].
func NewRegistry(l *Lock) *Registry {
	lock := l.Codes()
	return &Registry{table: newTable(lock), lock: lock}
}

func newTable(lock []Entry) table {
	t := table{byKey: map[string]*Entry{}, byCode: map[Code]*Entry{}, issued: map[series]int{}, pinned: map[string]*Entry{}}
	for _, e := range lock {
		t.pinned[e.Key] = &e
		t.issued[e.Code.series()]++
	}
	return t
}

// UseLock binds the registry to the lock: a key in the lock has its id from there, in any order of registration, and other
// keys get the numbers after the lock's. Call it before or after registrations: packages can register at init, and main
// brings the lock. UseLock reads the lock once and does not see later changes of l. A nil lock does nothing.
//
// The error is an [ErrSealed]; an [ErrRetired] for a registered key that the lock has retired; or an [ErrLocked] if a key
// has another app or level in the lock, or if an id would change that was already given out.
func (r *Registry) UseLock(l *Lock) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sealed {
		return fmt.Errorf("checks: UseLock: %w; call it before Seal", ErrSealed)
	}
	lock := l.Codes()
	t := newTable(lock)
	for _, old := range r.table.order {
		e, err := t.add(old.Key, old.Code.App, old.Code.Level)
		if err != nil && !(old.Retired && errors.Is(err, ErrRetired)) {
			return err
		}
		if err != nil {
			continue // retired on both sides; the lock keeps its number
		}
		if e.Code != old.Code && r.handed.Load() {
			return fmt.Errorf("checks: key %q is %s, and %s in the lock file: %w; call UseLock before ids are used",
				old.Key, old.Code, e.Code, ErrLocked)
		}
		e.Retired = old.Retired
	}
	r.table, r.lock = t, lock
	return nil
}

// Register gives the key the number that the lock has for it, or else the next one in the series of app and level. An app is
// a name like djutils or acme.billing.
//
// The error is an [ErrKey], [ErrApp], [ErrLevel], [ErrDuplicateKey], [ErrRetired], [ErrSealed] or
// [ErrLocked].
func (r *Registry) Register(key, app string, level Level) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sealed {
		return fmt.Errorf("checks: key %q: %w; register at init, before Seal", key, ErrSealed)
	}
	_, err := r.table.add(key, app, level)
	return err
}

func (t *table) add(key, app string, level Level) (*Entry, error) {
	if err := checkRegistration(key, app, level); err != nil {
		return nil, err
	}
	if old, taken := t.byKey[key]; taken {
		return nil, takenError(*old)
	}
	code, err := t.codeFor(key, series{app, level})
	if err != nil {
		return nil, err
	}
	if t.byKey == nil {
		*t = newTable(nil)
	}
	e := &Entry{Key: key, Code: code}
	t.order = append(t.order, e)
	t.byKey[key], t.byCode[code] = e, e
	t.issued[code.series()] = max(t.issued[code.series()], code.Number)
	return e, nil
}

// codeFor returns the pinned code of the key, or the next one of the series.
func (t *table) codeFor(key string, s series) (Code, error) {
	pinned, ok := t.pinned[key]
	if !ok {
		return Code{App: s.app, Level: s.level, Number: t.issued[s] + 1}, nil
	}
	if pinned.Retired {
		return Code{}, takenError(*pinned)
	}
	if pinned.Code.series() != s {
		return Code{}, fmt.Errorf("checks: key %q is registered for app %s and level %s, and is %s in the lock file: %w; "+
			"ids do not move: take a new key", key, s.app, s.level, pinned.Code, ErrLocked)
	}
	return pinned.Code, nil
}

func checkRegistration(key, app string, level Level) error {
	switch {
	case key == "":
		return fmt.Errorf("checks: app %q: %w; NewKey makes one", app, ErrKey)
	case app == "":
		return fmt.Errorf("checks: key %q: %w: it is empty", key, ErrApp)
	case !isApp(app):
		return fmt.Errorf("checks: key %q: %w: %q; use letters, digits, _ and -, a letter first, and single dots between", key, ErrApp, app)
	case !level.known():
		return fmt.Errorf("checks: key %q: %w: %d; use Debug, Info, Warning, Error or Critical", key, ErrLevel, int(level))
	}
	return nil
}

// takenError returns the error for registering the key of e again.
func takenError(e Entry) error {
	if e.Retired {
		return fmt.Errorf("checks: key %q (%s): %w; its number is never issued again: take a new key", e.Key, e.Code, ErrRetired)
	}
	return fmt.Errorf("checks: key %q (%s): %w; every message has a key of its own", e.Key, e.Code, ErrDuplicateKey)
}

// Retire takes the key out of use: no message can be made with it, it can never be registered again, and its number stays
// taken. Either keep the registration and call Retire after it, or retire the key in the lock ([Lock.Retire]) and remove the
// registration.
//
// The error is an [ErrUnknownKey], [ErrRetired] or [ErrSealed].
func (r *Registry) Retire(key string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.sealed {
		return fmt.Errorf("checks: key %q: %w; retire keys before Seal", key, ErrSealed)
	}
	e, ok := r.table.byKey[key]
	switch {
	case !ok:
		return unknownKey(key)
	case e.Retired:
		return takenError(*e)
	}
	e.Retired = true
	return nil
}

func unknownKey(key string) error {
	return fmt.Errorf("checks: key %q: %w; call Register first", key, ErrUnknownKey)
}

// Code returns the code of the key, retired or not. The error is an [ErrUnknownKey].
func (r *Registry) Code(key string) (Code, error) {
	e, ok := r.entry(key)
	if !ok {
		return Code{}, unknownKey(key)
	}
	return e.Code, nil
}

func (r *Registry) entry(key string) (Entry, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	e, ok := r.table.byKey[key]
	if !ok {
		return Entry{}, false
	}
	r.handed.Store(true)
	return *e, true
}

// Make makes a message with the level and id of the key. hint may be empty and object nil. The
// error is an [ErrUnknownKey] or [ErrRetired].
func (r *Registry) Make(key, message, hint string, object any) (Message, error) {
	e, ok := r.entry(key)
	switch {
	case !ok:
		return Message{}, unknownKey(key)
	case e.Retired:
		return Message{}, takenError(e)
	}
	return Message{Level: e.Code.Level, Text: message, Hint: hint, Object: object, ID: e.Code.String()}, nil
}

// Find returns the entry with an id such as "djutils.E001", and false if no key has it.
func (r *Registry) Find(id string) (Entry, bool) {
	code, err := ParseCode(id)
	if err != nil {
		return Entry{}, false
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	e, ok := r.table.byCode[code]
	if !ok {
		return Entry{}, false
	}
	r.handed.Store(true)
	return *e, true
}

// All returns every entry, with retired ones, in the order of the ids. The slice is a copy.
func (r *Registry) All() []Entry {
	list := r.registered()
	if len(list) > 0 {
		r.handed.Store(true)
	}
	slices.SortFunc(list, func(a, b Entry) int { return compareCodes(a.Code, b.Code) })
	return list
}

// registered returns the entries in the order of registration.
func (r *Registry) registered() []Entry {
	r.mu.RLock()
	defer r.mu.RUnlock()
	list := make([]Entry, 0, len(r.table.order))
	for _, e := range r.table.order {
		list = append(list, *e)
	}
	return list
}

// Seal ends registration: Register, Retire and UseLock return [ErrSealed] from now on.
func (r *Registry) Seal() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sealed = true
}

// Reset forgets all registrations and the seal, and keeps the lock. The same registrations in the same order then give the
// same ids.
func (r *Registry) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.table, r.sealed = newTable(r.lock), false
	r.handed.Store(false)
}
