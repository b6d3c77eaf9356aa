package checks

import (
	"fmt"
	"slices"
)

// A Problem is one difference between a [Lock] and the program. It is an error that names both sides and a remedy.
type Problem struct {
	File string // of the lock
	Line int    // of the lock; 0 if it has no line for the subject
	Text string

	// Missing: only the entry is missing; adding it solves the problem.
	Missing bool
}

// Error has the form "codes.lock:12: text".
func (p Problem) Error() string {
	if p.Line == 0 {
		return p.File + ": " + p.Text
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// problems collects the differences from a lock.
type problems struct {
	file string
	list []Problem
}

func (p *problems) add(line int, format string, args ...any) {
	p.list = append(p.list, Problem{File: p.file, Line: line, Text: fmt.Sprintf(format, args...)})
}

func (p *problems) missing(format string, args ...any) {
	p.list = append(p.list, Problem{File: p.file, Text: fmt.Sprintf(format, args...), Missing: true})
}

// Verify compares the registrations with the lock and returns every difference, sorted by line: an id that changed,
// vanished or belongs to another key, a key without a line, a retired key in use. If apps are given, it compares only keys
// of these apps, for programs that do not link everything that the lock holds.
//
// The ids of a registry that is bound to the lock ([Registry.UseLock]) cannot change.
func (r *Registry) Verify(l *Lock, apps ...string) []Problem {
	p := &problems{file: l.File()}
	registered := map[string]bool{}
	in := func(c Code) bool { return len(apps) == 0 || slices.Contains(apps, c.App) }
	for _, e := range r.registered() {
		locked, ok := l.Code(e.Key)
		if !in(e.Code) && (!ok || !in(locked.Code)) {
			continue
		}
		registered[e.Key] = true
		if ok {
			p.compare(e, locked)
		} else {
			p.unlocked(e, l)
		}
	}
	for _, e := range l.Codes() {
		if in(e.Code) && !e.Retired && !registered[e.Key] {
			p.add(e.Line, "key %q: %s is in the lock file and is not registered: "+
				"what silences or documents it points to nothing; register it, or retire it", e.Key, e.Code)
		}
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int { return a.Line - b.Line })
	return p.list
}

func (p *problems) compare(e, locked Entry) {
	switch {
	case locked.Retired && !e.Retired:
		p.add(locked.Line, "key %q: %s is retired in the lock file and is registered: "+
			"retired keys do not come back; register a new key", e.Key, locked.Code)
	case e.Code != locked.Code:
		p.add(locked.Line, "key %q: the id is %s in the lock file and %s in the registry: "+
			"what silences or documents the one meets the other; "+
			"bind the registry to the lock file (UseLock), or restore level and app", e.Key, locked.Code, e.Code)
	case e.Retired && !locked.Retired:
		p.add(locked.Line, "key %q: %s is in use in the lock file and retired in the registry; "+
			"retire it in the lock file too", e.Key, locked.Code)
	}
}

func (p *problems) unlocked(e Entry, l *Lock) {
	if other, reused := l.Find(e.Code.String()); reused {
		p.add(other.Line, "key %q: %s belongs to key %q in the lock file: the number is used again; "+
			"bind the registry to the lock file (UseLock) and add the key to it", e.Key, e.Code, other.Key)
		return
	}
	p.missing("key %q: %s is registered and has no line in the lock file; add it", e.Key, e.Code)
}
