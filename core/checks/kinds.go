package checks

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
)

// A KindEntry is what clients may rely on in a kind: its identity, and the arguments of its text.
type KindEntry struct {
	Code      string
	Status    int
	Type      string
	Number    int
	ExitCode  int
	Retryable bool
	Args      []string // sorted, without duplicates
	Aliases   []string // former codes, which have lines of their own; empty in a Lock

	Retired bool // in a Lock: the kind is gone for good
	Line    int  // in a Lock: the line of the entry
}

// ErrDuplicateKind is the error of [Lock.AddKind] for a kind that already has a line, retired or not.
var ErrDuplicateKind = errors.New("the kind already has a line")

// KindEntries returns the entries of the kinds, in their order; nil means those of [fault.Kinds]. The arguments are the
// placeholders of the English text, or else of the text in the catalogue's default language. A kind without a text has its
// parent's text, and so its parent's arguments.
func KindEntries(kinds iter.Seq[*fault.Kind], c fault.Catalogue) []KindEntry {
	if kinds == nil {
		kinds = fault.Kinds()
	}
	var list []KindEntry
	for k := range kinds {
		list = append(list, KindEntry{
			Code:      k.Code(),
			Status:    k.Status(),
			Type:      k.Type(),
			Number:    k.Number(),
			ExitCode:  k.ExitCode(),
			Retryable: k.Retryable(),
			Args:      arguments(k, c),
			Aliases:   k.Aliases(),
		})
	}
	return list
}

func arguments(k *fault.Kind, c fault.Catalogue) []string {
	for ; k != nil; k = k.Parent() {
		for _, tag := range []string{"en", c.Default().Tag} {
			if names, ok := c.Placeholders(k.TextID(), tag); ok {
				return names
			}
		}
	}
	return nil
}

// BuiltinKind reports whether polyfault brought the kind: polyfault's own lock file holds it.
func BuiltinKind(k *fault.Kind) bool {
	_, ok := builtinLock().Kind(k.Code())
	return ok
}

// where yields the kinds that keep chooses; nil chooses all.
func where(keep func(*fault.Kind) bool) iter.Seq[*fault.Kind] {
	return func(yield func(*fault.Kind) bool) {
		for k := range fault.Kinds() {
			if (keep == nil || keep(k)) && !yield(k) {
				return
			}
		}
	}
}

// Kinds returns the entries of kinds, with retired ones, in the order of the file. The slice is a copy.
func (l *Lock) Kinds() []KindEntry {
	if l == nil {
		return nil
	}
	var list []KindEntry
	for _, e := range l.kinds {
		list = append(list, e.clone())
	}
	return list
}

// Kind returns the entry of a kind by its code, and false if there is none.
func (l *Lock) Kind(code string) (KindEntry, bool) {
	if l == nil || l.byKind[code] == nil {
		return KindEntry{}, false
	}
	return l.byKind[code].clone(), true
}

func (e KindEntry) clone() KindEntry {
	e.Args = slices.Clone(e.Args)
	return e
}

// AddKind appends the kind; it ignores Retired and Line. The error is an [ErrDuplicateKind], or names what a lock file
// cannot hold.
func (l *Lock) AddKind(e KindEntry) error {
	if old, taken := l.byKind[e.Code]; taken {
		return fmt.Errorf("checks: kind %s: %w: %d", e.Code, ErrDuplicateKind, old.Line)
	}
	e.Args = slices.Compact(slices.Sorted(slices.Values(e.Args)))
	if e.Code == "" || !areArguments(e.Args) {
		return fmt.Errorf("checks: kind %q with arguments %q cannot stand in a lock file: "+
			"codes are not empty, and arguments are words of ASCII letters, digits and _", e.Code, e.Args)
	}
	return l.enter(kindLine(e))
}

// AddArgs pins further arguments of the kind, and skips those that are pinned already. The error is an [ErrUnknownKey], or
// names what cannot be an argument.
func (l *Lock) AddArgs(code string, names ...string) error {
	e, ok := l.byKind[code]
	if !ok {
		return fmt.Errorf("checks: kind %q: %w; %s has no line for it", code, ErrUnknownKey, l.file)
	}
	names = without(slices.Compact(slices.Sorted(slices.Values(names))), e.Args)
	if len(names) == 0 {
		return nil
	}
	if !areArguments(names) {
		return fmt.Errorf("checks: kind %q cannot get the arguments %q: arguments are words of ASCII letters, digits and _", code, names)
	}
	return l.enter(argsLine(code, names))
}

// RetireKind appends a tombstone for the kind, which may then disappear and never come back. The
// error is an [ErrUnknownKey] or [ErrRetired].
func (l *Lock) RetireKind(code string) error {
	e, ok := l.byKind[code]
	switch {
	case !ok:
		return fmt.Errorf("checks: kind %q: %w; %s has no line for it", code, ErrUnknownKey, l.file)
	case e.Retired:
		return fmt.Errorf("checks: kind %q: %w", code, ErrRetired)
	}
	return l.enter(retireLine("kind", code))
}

// AddKinds appends the kinds and arguments that the lock lacks. It returns the entries that it added; on an error, those
// added before it. It changes no entry: see [CheckKinds].
func (l *Lock) AddKinds(kinds []KindEntry) ([]KindEntry, error) {
	var added []KindEntry
	for _, e := range kinds {
		var err error
		switch old := l.byKind[e.Code]; {
		case old == nil:
			if err = l.AddKind(e); err == nil {
				added = append(added, l.byKind[e.Code].clone())
			}
		case !old.Retired:
			err = l.AddArgs(e.Code, e.Args...)
		}
		if err != nil {
			return added, err
		}
	}
	return added, nil
}

// without returns names without those in others.
func without(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(others, name) })
}

func kindLine(e KindEntry) string {
	retryable := "no"
	if e.Retryable {
		retryable = "yes"
	}
	return fmt.Sprintf("kind %s status=%d type=%s number=%d exit=%d retryable=%s args=%s",
		word(e.Code), e.Status, word(e.Type), e.Number, e.ExitCode, retryable, strings.Join(e.Args, ","))
}

func argsLine(code string, names []string) string {
	return "args " + word(code) + " " + strings.Join(names, ",")
}

func (l *Lock) readKind(line, rest string) *LockError {
	e, ok := parseKind(rest)
	if !ok || kindLine(e) != line {
		return corrupt(line)
	}
	if old, taken := l.byKind[e.Code]; taken {
		return &LockError{
			Problem: fmt.Sprintf("kind %q already stands in line %d", e.Code, old.Line),
			Remedy:  "keep the line that was published first and remove the other",
		}
	}
	e.Line = l.lines + 1
	l.kinds = append(l.kinds, &e)
	l.byKind[e.Code] = &e
	return nil
}

// parseKind reads the rest of a line after "kind "; readKind compares it with the only spelling.
func parseKind(rest string) (e KindEntry, ok bool) {
	e.Code, rest, ok = cutWord(rest)
	values := map[string]string{}
	for _, name := range []string{"status", "type", "number", "exit", "retryable"} {
		value, found := strings.CutPrefix(rest, name+"=")
		if !found {
			return e, false
		}
		values[name], rest, _ = cutWord(value)
	}
	var failed [3]error
	e.Status, failed[0] = strconv.Atoi(values["status"])
	e.Number, failed[1] = strconv.Atoi(values["number"])
	e.ExitCode, failed[2] = strconv.Atoi(values["exit"])
	e.Type, e.Retryable = values["type"], values["retryable"] == "yes"
	args, found := strings.CutPrefix(rest, "args=")
	names, valid := parseArgs(args)
	e.Args = names
	return e, ok && e.Code != "" && errors.Join(failed[:]...) == nil && found && (valid || args == "")
}

// parseArgs splits a list of at least one name.
func parseArgs(s string) ([]string, bool) {
	if s == "" {
		return nil, false
	}
	names := strings.Split(s, ",")
	for i, name := range names[1:] {
		if names[i] >= name {
			return nil, false
		}
	}
	return names, areArguments(names)
}

func areArguments(names []string) bool {
	return !slices.ContainsFunc(names, func(name string) bool { return !isArgument(name) })
}

// isArgument reports whether s can be the name of a placeholder.
func isArgument(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) && s[i] != '_' && (i == 0 || !isDigit(s[i])) {
			return false
		}
	}
	return s != ""
}

func (l *Lock) readArgs(line, rest string) *LockError {
	code, rest, _ := cutWord(rest)
	names, ok := parseArgs(rest)
	if !ok || argsLine(code, names) != line {
		return corrupt(line)
	}
	e := l.byKind[code]
	if e == nil {
		return &LockError{
			Problem: fmt.Sprintf("kind %q gets arguments and has no line above: lines were moved or removed", code),
			Remedy:  restoreRemedy,
		}
	}
	if rest := without(names, e.Args); len(rest) < len(names) {
		return &LockError{
			Problem: fmt.Sprintf("kind %q already has the arguments %s", code, strings.Join(without(names, rest), ", ")),
			Remedy:  "remove them from this line",
		}
	}
	e.Args = slices.Sorted(slices.Values(append(slices.Clone(e.Args), names...)))
	return nil
}

// CheckKinds compares kinds with the lock and returns every difference that clients would notice, sorted by line: kinds
// that were removed; statuses, types, numbers, exit codes or retry promises that changed; arguments that were removed. New
// arguments are no problem. A kind without an entry is one, marked as [Problem.Missing].
//
// A kind also stands for its aliases: the entry of a former code has to be true of the kind.
//
// kinds are all the kinds that the lock is for; see [KindEntries].
func CheckKinds(l *Lock, kinds []KindEntry) []Problem {
	p := &problems{file: l.File()}
	current := map[string]bool{}
	for _, is := range kinds {
		current[is.Code] = true
		for _, alias := range is.Aliases {
			current[alias] = true
			if was, ok := l.Kind(alias); ok {
				p.compareKinds(was, is)
			}
		}
		if was, ok := l.Kind(is.Code); ok {
			p.compareKinds(was, is)
		} else {
			p.missing("kind %s: has no entry: nothing holds what clients will rely on; add it", is.Code)
		}
	}
	for _, was := range l.Kinds() {
		if !was.Retired && !current[was.Code] {
			p.add(was.Line, "kind %s: existed and is gone: clients that know its code meet an unknown one, "+
				"and errors.Is finds it no more; restore it, or retire it in the lock file when nobody can know it", was.Code)
		}
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int { return a.Line - b.Line })
	return p.list
}

func (p *problems) compareKinds(was, is KindEntry) {
	if was.Retired {
		p.add(was.Line, "kind %s: is retired in the lock file and exists: "+
			"clients that know the old meaning misread the new one; choose another code", was.Code)
		return
	}
	for _, c := range []struct {
		what, loss string
		was, is    any
	}{
		{"status", "clients that branch on the status break", was.Status, is.Status},
		{"type", "clients that branch on the type break", was.Type, is.Type},
		{"number", "clients that branch on the number break", was.Number, is.Number},
		{"exit code", "scripts that branch on the exit code break", was.ExitCode, is.ExitCode},
		{"retryable", "clients that repeat requests do so at the wrong time", was.Retryable, is.Retryable},
	} {
		if c.was != c.is {
			p.add(was.Line, "kind %s: %s was %v and is %v: %s; derive a new kind or restore it", is.Code, c.what, c.was, c.is, c.loss)
		}
	}
	for _, name := range without(was.Args, is.Args) {
		p.add(was.Line, "kind %s: argument %s is gone from its text: "+
			"clients that show or read it lose it; derive a new kind or restore it", is.Code, name)
	}
}
