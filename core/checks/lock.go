package checks

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// lockFormat begins the first line of every lock file; the rest of that line is for people.
const lockFormat = "# polyfault codes.lock v"

const lockHeader = lockFormat + "1 append-only: lines are never changed, moved or removed"

// A Lock is the content of a lock file. It pins the ids of message keys ([Entry]) and the facts about kinds that clients
// rely on ([KindEntry]). The file is plain text, with one line for each entry, in the order of addition:
//
//	# polyfault codes.lock v1 append-only: lines are never changed, moved or removed
//	code 0A25CEA3F2C3 djutils.W001
//	kind task_locked status=423 type=task-locked number=0 exit=1 retryable=no args=
//	args task_locked Task,User
//	retire code 0A25CEA3F2C3
//	retire kind task_locked
//
// An args line adds arguments to a kind; a retire line is a tombstone. Words with blanks are Go string literals. Lines
// that begin with # and empty lines are for people.
//
// The format is made for version control. Give the file the attributes "text eol=lf merge=union": then git keeps the lines
// of both branches, and [ParseLock] reports a key or number that both have taken.
//
// A Lock only grows: the content that it was read from stays a prefix of [Lock.String]. Goroutines may read it at the same
// time, but not while it is changed. The zero Lock is empty and ready. A nil Lock reads as empty and cannot be changed.
type Lock struct {
	file   string
	text   []byte
	lines  int
	codes  []*Entry
	byKey  map[string]*Entry
	byCode map[Code]*Entry
	issued map[series]int
	kinds  []*KindEntry
	byKind map[string]*KindEntry
}

// A LockError tells what is wrong with a lock file, and what to do about it. Reading stops at the first error, and nothing
// of a wrong file is used.
type LockError struct {
	File    string
	Line    int // from 1
	Problem string
	Remedy  string
}

// Error has the form "codes.lock:12: problem; remedy".
func (e *LockError) Error() string {
	return fmt.Sprintf("%s:%d: %s; %s", e.File, e.Line, e.Problem, e.Remedy)
}

// NewLock returns a lock without entries; file is the name that its errors show.
func NewLock(file string) *Lock { return &Lock{file: file} }

// ReadLock reads r to its end and calls [ParseLock]. It wraps an error of r.
func ReadLock(file string, r io.Reader) (*Lock, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("checks: reading %s: %w", file, err)
	}
	return ParseLock(file, content)
}

// ParseLock reads the content of a lock file; file is the name that errors show. It is strict: after a careless edit, a bad
// merge or a broken copy it returns one *[LockError]. It copies the content.
func ParseLock(file string, content []byte) (*Lock, error) {
	if err := checkLockFile(file, content); err != nil {
		return nil, err
	}
	header, rest, _ := bytes.Cut(content, []byte("\n"))
	l := NewLock(file)
	l.begin(string(header))
	for line := range strings.Lines(string(rest)) {
		if err := l.enter(strings.TrimSuffix(line, "\n")); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// checkLockFile finds what is wrong with the file as a whole.
func checkLockFile(file string, content []byte) error {
	fail := func(line int, problem, remedy string) error {
		return &LockError{File: file, Line: line, Problem: problem, Remedy: remedy}
	}
	if len(content) == 0 {
		return fail(1, "the file is empty", restoreRemedy+", or remove it to begin a new one")
	}
	lines := strings.Split(string(content), "\n")
	for i, line := range lines {
		if isConflictMarker(line) {
			return fail(i+1, fmt.Sprintf("conflict marker %q", line), "keep the lines of both sides, then give new numbers to what both sides took")
		}
	}
	if i := slices.IndexFunc(lines, func(line string) bool { return strings.HasSuffix(line, "\r") }); i >= 0 {
		return fail(i+1, "the line ends with a carriage return",
			"save the file with LF line ends, and keep them by the git attributes \"text eol=lf\"")
	}
	if version, ok := strings.CutPrefix(lines[0], lockFormat); !ok {
		return fail(1, fmt.Sprintf("the first line is not %q", lockHeader), restoreRemedy)
	} else if version, _, _ = strings.Cut(version, " "); version != "1" {
		return fail(1, fmt.Sprintf("format version %q is unknown", version), "use the release of polyfault that wrote the file, or a later one")
	}
	if lines[len(lines)-1] != "" {
		return fail(len(lines), "the last line has no end: the file is truncated", restoreRemedy)
	}
	return nil
}

const restoreRemedy = "restore the file from version control"

// isConflictMarker reports whether git has left the line in a file that it could not merge.
func isConflictMarker(line string) bool {
	for _, marker := range []string{"<<<<<<<", "|||||||", "=======", ">>>>>>>"} {
		if strings.HasPrefix(line, marker) {
			return true
		}
	}
	return false
}

func (l *Lock) begin(header string) {
	l.text = []byte(header + "\n")
	l.lines = 1
	l.byKey, l.byCode, l.issued = map[string]*Entry{}, map[Code]*Entry{}, map[series]int{}
	l.byKind = map[string]*KindEntry{}
}

// enter adds one line, or nothing and returns a *LockError.
func (l *Lock) enter(line string) error {
	if l.text == nil {
		l.begin(lockHeader)
	}
	if flaw := l.read(line); flaw != nil {
		flaw.File, flaw.Line = l.file, l.lines+1
		return flaw
	}
	l.text = append(append(l.text, line...), '\n')
	l.lines++
	return nil
}

// read reads one line. Every entry has one spelling, so that it can be searched for; read refuses any other.
func (l *Lock) read(line string) *LockError {
	if line == "" || line[0] == '#' {
		return nil
	}
	verb, rest, _ := strings.Cut(line, " ")
	switch verb {
	case "code":
		return l.readCode(line, rest)
	case "kind":
		return l.readKind(line, rest)
	case "args":
		return l.readArgs(line, rest)
	case "retire":
		return l.readRetire(line, rest)
	}
	return corrupt(line)
}

func corrupt(line string) *LockError {
	return &LockError{
		Problem: fmt.Sprintf("%q is no entry", line),
		Remedy:  restoreRemedy + "; entries are written as in the documentation of checks.Lock",
	}
}

func (l *Lock) readCode(line, rest string) *LockError {
	key, rest, _ := cutWord(rest)
	code, err := ParseCode(rest)
	if err != nil || key == "" || codeLine(key, code) != line {
		return corrupt(line)
	}
	if old, taken := l.byKey[key]; taken {
		return &LockError{
			Problem: fmt.Sprintf("key %q is %s here and %s in line %d", key, code, old.Code, old.Line),
			Remedy:  "keep the line that was published first and remove the other",
		}
	}
	if old, taken := l.byCode[code]; taken {
		return &LockError{
			Problem: fmt.Sprintf("%s belongs to key %q here and to key %q in line %d", code, key, old.Key, old.Line),
			Remedy:  "keep the line that was published first, remove the other and add its key again: it gets the next number",
		}
	}
	if next := l.issued[code.series()] + 1; code.Number != next {
		return &LockError{
			Problem: fmt.Sprintf("%s stands where %s is due: lines were moved or removed", code, Code{code.App, code.Level, next}),
			Remedy:  restoreRemedy + "; lines keep their place, and a key that is not used any more is retired",
		}
	}
	e := &Entry{Key: key, Code: code, Line: l.lines + 1}
	l.codes = append(l.codes, e)
	l.byKey[key], l.byCode[code] = e, e
	l.issued[code.series()] = code.Number
	return nil
}

func codeLine(key string, c Code) string { return "code " + word(key) + " " + c.String() }

func (l *Lock) readRetire(line, rest string) *LockError {
	what, name, _ := strings.Cut(rest, " ")
	value, _, ok := cutWord(name)
	if !ok || retireLine(what, value) != line {
		return corrupt(line)
	}
	retired, found := l.retired(what, value)
	switch {
	case retired == nil:
		return corrupt(line)
	case !found:
		return &LockError{
			Problem: fmt.Sprintf("%s %q is retired and has no line above: lines were moved or removed", what, value),
			Remedy:  restoreRemedy,
		}
	case *retired:
		return &LockError{
			Problem: fmt.Sprintf("%s %q is already retired", what, value),
			Remedy:  "remove this line",
		}
	}
	*retired = true
	return nil
}

// retired returns the mark of a code or kind, or nil if what is neither.
func (l *Lock) retired(what, name string) (mark *bool, found bool) {
	switch what {
	case "code":
		if e, ok := l.byKey[name]; ok {
			return &e.Retired, true
		}
		return new(bool), false
	case "kind":
		if e, ok := l.byKind[name]; ok {
			return &e.Retired, true
		}
		return new(bool), false
	}
	return nil, false
}

func retireLine(what, name string) string { return "retire " + what + " " + word(name) }

// word writes s as one word of a line: as it is, or as a Go string literal.
func word(s string) string {
	quoted := strconv.Quote(s)
	if s == "" || strings.Contains(s, " ") || quoted != `"`+s+`"` {
		return quoted
	}
	return s
}

// cutWord reads the word at the beginning of s, and returns the rest after one blank. It is lenient, since its callers
// compare the line with the only spelling.
func cutWord(s string) (value, rest string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		value, rest, _ = strings.Cut(s, " ")
		return value, rest, value != ""
	}
	quoted, _ := strconv.QuotedPrefix(s) // empty on an error, which Unquote then refuses
	value, err := strconv.Unquote(quoted)
	return value, strings.TrimPrefix(s[len(quoted):], " "), err == nil
}

// File returns the name that errors show.
func (l *Lock) File() string {
	if l == nil {
		return ""
	}
	return l.file
}

// String returns the content of the file.
func (l *Lock) String() string {
	if l == nil || l.text == nil {
		return lockHeader + "\n"
	}
	return string(l.text)
}

// Codes returns the entries of message keys, with retired ones, in the order of the file. The slice is a copy.
func (l *Lock) Codes() []Entry {
	if l == nil {
		return nil
	}
	var list []Entry
	for _, e := range l.codes {
		list = append(list, *e)
	}
	return list
}

// Code returns the entry of a message key, and false if there is none.
func (l *Lock) Code(key string) (Entry, bool) {
	if l == nil || l.byKey[key] == nil {
		return Entry{}, false
	}
	return *l.byKey[key], true
}

// Find returns the entry with an id such as "djutils.E001", and false if there is none.
func (l *Lock) Find(id string) (Entry, bool) {
	code, err := ParseCode(id)
	if err != nil || l == nil || l.byCode[code] == nil {
		return Entry{}, false
	}
	return *l.byCode[code], true
}

// Add appends the key with the next number in the series of app and level. The error is an [ErrKey],
// [ErrApp], [ErrLevel], [ErrDuplicateKey] or [ErrRetired].
func (l *Lock) Add(key, app string, level Level) (Code, error) {
	if err := checkRegistration(key, app, level); err != nil {
		return Code{}, err
	}
	if old, taken := l.byKey[key]; taken {
		return Code{}, takenError(*old)
	}
	code := Code{App: app, Level: level, Number: l.issued[series{app, level}] + 1}
	return code, l.enter(codeLine(key, code))
}

// Retire appends a tombstone for the key: its number is never issued again. The error is an
// [ErrUnknownKey] or [ErrRetired].
func (l *Lock) Retire(key string) error {
	e, ok := l.byKey[key]
	switch {
	case !ok:
		return fmt.Errorf("checks: key %q: %w; %s has no line for it", key, ErrUnknownKey, l.file)
	case e.Retired:
		return takenError(*e)
	}
	return l.enter(retireLine("code", key))
}

// AddRegistered appends what the lock lacks: the new keys of the registry in the order of their registration, and
// tombstones of retired ones. If apps are given, keys of other apps are skipped. It returns the new entries; on an error,
// those added before it.
//
// A registry bound to the lock gives out the same numbers.
func (l *Lock) AddRegistered(r *Registry, apps ...string) ([]Entry, error) {
	var added []Entry
	for _, e := range r.registered() {
		if len(apps) > 0 && !slices.Contains(apps, e.Code.App) {
			continue
		}
		_, err := l.Add(e.Key, e.Code.App, e.Code.Level)
		old := errors.Is(err, ErrDuplicateKey) || errors.Is(err, ErrRetired)
		if err != nil && !old {
			return added, err
		}
		if e.Retired && !l.byKey[e.Key].Retired {
			if err := l.Retire(e.Key); err != nil {
				return added, err
			}
		}
		if !old {
			added = append(added, *l.byKey[e.Key])
		}
	}
	return added, nil
}
