package checks_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/core/checks"
)

const header = "# polyfault codes.lock v1 append-only: lines are never changed, moved or removed\n"

const sample = header + `# the first release
code D5A88CC0B3EC djutils.E001
code 0A25CEA3F2C3 djutils.W001
code A84DEF26F5A0 djutils.I001
code 5DE1BAF3E498 djutils.E002
code FA9544893762 djutils.D001

kind task_locked status=423 type=task-locked number=0 exit=1 retryable=no args=
kind transaction_conflict status=500 type="a b" number=7 exit=3 retryable=yes args=Task,User
code "a key" my.app.C001
retire code 5DE1BAF3E498
args task_locked Task,_b
args task_locked A1
retire kind transaction_conflict
`

func parse(t testing.TB, content string) *checks.Lock {
	t.Helper()
	l, err := checks.ParseLock("codes.lock", []byte(content))
	require.NoError(t, err)
	return l
}

func TestLockIsRead(t *testing.T) {
	l := parse(t, sample)
	assert.Equal(t, sample, l.String())
	assert.Equal(t, "codes.lock", l.File())
	e, ok := l.Code("5DE1BAF3E498")
	assert.True(t, ok)
	want := checks.Entry{Key: "5DE1BAF3E498", Code: checks.Code{App: "djutils", Level: checks.Error, Number: 2}, Retired: true, Line: 6}
	assert.Equal(t, want, e)
	e, ok = l.Find("djutils.E002")
	assert.True(t, ok)
	assert.Equal(t, want, e)
	assert.Len(t, l.Codes(), 6)
	assert.Equal(t, "a key", l.Codes()[5].Key)
	k, ok := l.Kind("task_locked")
	assert.True(t, ok)
	assert.Equal(t, checks.KindEntry{Code: "task_locked", Status: 423, Type: "task-locked", ExitCode: 1,
		Args: []string{"A1", "Task", "_b"}, Line: 9}, k)
	assert.Equal(t, checks.KindEntry{Code: "transaction_conflict", Status: 500, Type: "a b", Number: 7, ExitCode: 3,
		Retryable: true, Args: []string{"Task", "User"}, Retired: true, Line: 10}, l.Kinds()[1])

	k.Args[0] = "changed"
	l.Kinds()[0].Args[0] = "changed"
	k, _ = l.Kind("task_locked")
	assert.Equal(t, "A1", k.Args[0])
	for _, id := range []string{"", "djutils.E009"} {
		_, ok = l.Find(id)
		assert.False(t, ok)
		_, ok = l.Code(id)
		assert.False(t, ok)
		_, ok = l.Kind(id)
		assert.False(t, ok)
	}

	fromReader, err := checks.ReadLock("codes.lock", strings.NewReader(sample))
	require.NoError(t, err)
	assert.Equal(t, l, fromReader)
	_, err = checks.ReadLock("codes.lock", iotest.ErrReader(os.ErrDeadlineExceeded))
	assert.ErrorIs(t, err, os.ErrDeadlineExceeded)
}

func TestEmptyLocks(t *testing.T) {
	var none *checks.Lock
	for _, l := range []*checks.Lock{none, {}, checks.NewLock("")} {
		assert.Equal(t, header, l.String())
		assert.Empty(t, l.Codes())
		assert.Empty(t, l.Kinds())
		assert.Empty(t, l.File())
		_, ok := l.Find("a.E001")
		assert.False(t, ok)
		_, ok = l.Code("a")
		assert.False(t, ok)
		_, ok = l.Kind("a")
		assert.False(t, ok)
	}
	assert.Empty(t, parse(t, header).Codes())
	assert.Empty(t, parse(t, "# polyfault codes.lock v1\n").Codes())
}

func TestLockIsStrict(t *testing.T) {
	const e1, e2, kind = "code a x.E001\n", "code b x.E002\n", "kind k status=400 type=k number=0 exit=1 retryable=no args=A\n"
	for _, c := range []struct {
		name, content string
		line          int
		names         []string // in the error
	}{
		{"empty", "", 1, []string{"empty"}},
		{"another file", "module x\n", 1, []string{"first line"}},
		{"no header", e1, 1, []string{"first line"}},
		{"later version", "# polyfault codes.lock v2\n", 1, []string{`"2"`, "later"}},
		{"version glued", "# polyfault codes.lock v11\n", 1, []string{`"11"`}},
		{"byte order mark", "\ufeff" + header, 1, []string{"first line"}},
		{"header without end", strings.TrimSuffix(header, "\n"), 1, []string{"truncated"}},
		{"truncated", header + e1 + "code b x.E0", 3, []string{"truncated", "restore"}},
		{"last line feed gone", header + e1 + strings.TrimSuffix(e2, "\n"), 3, []string{"truncated"}},
		{"truncated line in the middle", header + "code b\n" + e1, 2, []string{`"code b" is no entry`}},
		{"carriage returns", strings.ReplaceAll(header+e1, "\n", "\r\n"), 1, []string{"eol=lf"}},
		{"conflict", header + "<<<<<<< HEAD\n" + e1 + "=======\ncode b x.E001\n>>>>>>> theirs\n", 2,
			[]string{"conflict", "<<<<<<< HEAD", "both sides"}},
		{"conflict before all else", header + "nonsense\n" + e1 + "=======\n", 4, []string{"conflict"}},
		{"half resolved", header + e1 + ">>>>>>> theirs\n", 3, []string{"conflict"}},
		{"diff3", header + e1 + "||||||| base\n", 3, []string{"conflict"}},
		{"unknown verb", header + "codes a x.E001\n", 2, []string{"no entry"}},
		{"no verb", header + " code a x.E001\n", 2, []string{"no entry"}},
		{"two blanks", header + "code  a x.E001\n", 2, []string{"no entry"}},
		{"blank at the end", header + "code a x.E001 \n", 2, []string{"no entry"}},
		{"tab", header + "code\ta\tx.E001\n", 2, []string{"no entry"}},
		{"word too much", header + "code a x.E001 retired\n", 2, []string{"no entry"}},
		{"empty key", header + "code \"\" x.E001\n", 2, []string{"no entry"}},
		{"needless quotes", header + "code \"a\" x.E001\n", 2, []string{"no entry"}},
		{"open quote", header + "code \"a x.E001\n", 2, []string{"no entry"}},
		{"glued to the quote", header + "code \"a b\"x.E001\n", 2, []string{"no entry"}},
		{"number of four digits", header + "code a x.E0001\n", 2, []string{"no entry"}},
		{"duplicate key", header + e1 + "code a x.E002\n", 3, []string{`"a"`, "x.E002", "x.E001", "line 2", "first"}},
		{"same line twice", header + e1 + e1, 3, []string{`"a"`, "line 2"}},
		{"two branches took a number", header + e1 + "code b x.E001\n", 3, []string{"x.E001", `"a"`, `"b"`, "line 2", "next number"}},
		{"reordered", header + e2 + e1, 2, []string{"x.E002", "x.E001", "moved or removed"}},
		{"line removed", header + e1 + "code c x.E003\n", 3, []string{"x.E003", "x.E002"}},
		{"retired without line", header + "retire code a\n", 2, []string{`"a"`, "no line above"}},
		{"retired before line", header + "retire code a\n" + e1, 2, []string{"no line above"}},
		{"retired twice", header + e1 + "retire code a\nretire code a\n", 4, []string{"already retired"}},
		{"retired what", header + e1 + "retire text a\n", 3, []string{"no entry"}},
		{"retired nothing", header + e1 + "retire code\n", 3, []string{"no entry"}},
		{"retired code is no kind", header + e1 + "retire kind a\n", 3, []string{"no line above"}},
		{"retired kind is no code", header + kind + "retire code k\n", 3, []string{"no line above"}},
		{"retired with a word more", header + e1 + "retire code a b\n", 3, []string{"no entry"}},
		{"registered after retirement", header + e1 + "retire code a\ncode a x.E002\n", 4, []string{`"a"`, "line 2"}},
		{"duplicate kind", header + kind + kind, 3, []string{`"k"`, "line 2"}},
		{"changed kind appended", header + kind + strings.Replace(kind, "400", "409", 1), 3, []string{`"k"`, "line 2"}},
		{"kind without code", header + strings.Replace(kind, "kind k", "kind \"\"", 1), 2, []string{"no entry"}},
		{"kind without status", header + strings.Replace(kind, "status=400 ", "", 1), 2, []string{"no entry"}},
		{"kind without args", header + strings.Replace(kind, " args=A", "", 1), 2, []string{"no entry"}},
		{"status in words", header + strings.Replace(kind, "400", "bad", 1), 2, []string{"no entry"}},
		{"number in words", header + strings.Replace(kind, "number=0", "number=", 1), 2, []string{"no entry"}},
		{"exit code in words", header + strings.Replace(kind, "exit=1", "exit=x", 1), 2, []string{"no entry"}},
		{"number with a nought", header + strings.Replace(kind, "number=0", "number=00", 1), 2, []string{"no entry"}},
		{"retryable maybe", header + strings.Replace(kind, "=no", "=maybe", 1), 2, []string{"no entry"}},
		{"members swapped", header + strings.Replace(kind, "number=0 exit=1", "exit=1 number=0", 1), 2, []string{"no entry"}},
		{"args unsorted", header + strings.Replace(kind, "=A", "=B,A", 1), 2, []string{"no entry"}},
		{"args twice", header + strings.Replace(kind, "=A", "=A,A", 1), 2, []string{"no entry"}},
		{"args with a hole", header + strings.Replace(kind, "=A", "=A,", 1), 2, []string{"no entry"}},
		{"args no name", header + strings.Replace(kind, "=A", "=A-B", 1), 2, []string{"no entry"}},
		{"args with a digit first", header + strings.Replace(kind, "=A", "=1", 1), 2, []string{"no entry"}},
		{"more args of nobody", header + "args k B\n", 2, []string{`"k"`, "no line above"}},
		{"more args: none", header + kind + "args k \n", 3, []string{"no entry"}},
		{"more args: not even a blank", header + kind + "args k\n", 3, []string{"no entry"}},
		{"more args twice", header + kind + "args k A,B\n", 3, []string{`"k"`, "arguments A;"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l, err := checks.ParseLock("dir/codes.lock", []byte(c.content))
			assert.Nil(t, l)
			var wrong *checks.LockError
			require.ErrorAs(t, err, &wrong)
			assert.Equal(t, c.line, wrong.Line, err)
			assert.NotEmpty(t, wrong.Remedy)
			assert.True(t, strings.HasPrefix(err.Error(), fmt.Sprintf("dir/codes.lock:%d: ", c.line)), err)
			for _, name := range c.names {
				assert.ErrorContains(t, err, name)
			}

			path := filepath.Join(t.TempDir(), "codes.lock")
			require.NoError(t, os.WriteFile(path, []byte(c.content), 0o600))
			assert.Error(t, checks.UpdateLock(path, func(*checks.Lock) error { panic("called") }))
			other := parse(t, header+e1)
			assert.ErrorAs(t, other.WriteFile(path), &wrong)
			assertFile(t, path, c.content)
		})
	}
}

// assertFile also looks for temporary files that were left.
func assertFile(t testing.TB, path, want string) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, want, string(content))
	names, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, names, 1)
}

func TestLockOnlyGrows(t *testing.T) {
	l := parse(t, sample)
	assert.Equal(t, "djutils.E003", must(l.Add("new", "djutils", checks.Error)).String())
	assert.Equal(t, "djutils.C001", must(l.Add("with \"quotes\"\n", "djutils", checks.Critical)).String())
	require.NoError(t, l.Retire("new"))
	require.NoError(t, l.AddKind(checks.KindEntry{Code: "k", Status: 400, Type: "t", ExitCode: 1,
		Args: []string{"B", "A", "B"}, Retired: true, Line: 99}))
	require.NoError(t, l.AddArgs("k", "A", "C", "C"))
	require.NoError(t, l.AddArgs("k", "A"))
	require.NoError(t, l.RetireKind("k"))
	assert.Equal(t, sample+`code new djutils.E003
code "with \"quotes\"\n" djutils.C001
retire code new
kind k status=400 type=t number=0 exit=1 retryable=no args=A,B
args k C
retire kind k
`, l.String())
	assert.Equal(t, l, parse(t, l.String()))

	before := l.String()
	for want, err := range map[error]error{
		checks.ErrDuplicateKey:  second(l.Add("A84DEF26F5A0", "djutils", checks.Info)),
		checks.ErrRetired:       second(l.Add("new", "djutils", checks.Error)),
		checks.ErrKey:           second(l.Add("", "djutils", checks.Error)),
		checks.ErrApp:           second(l.Add("x", "", checks.Error)),
		checks.ErrLevel:         second(l.Add("x", "djutils", 1)),
		checks.ErrUnknownKey:    l.Retire("x"),
		checks.ErrDuplicateKind: l.AddKind(checks.KindEntry{Code: "k"}),
	} {
		assert.ErrorIs(t, err, want)
	}
	assert.ErrorIs(t, l.Retire("new"), checks.ErrRetired)
	assert.ErrorIs(t, l.RetireKind("k"), checks.ErrRetired)
	assert.ErrorIs(t, l.RetireKind("x"), checks.ErrUnknownKey)
	assert.ErrorIs(t, l.AddArgs("x", "A"), checks.ErrUnknownKey)
	assert.ErrorContains(t, l.AddArgs("task_locked", "a b"), "a b")
	assert.ErrorContains(t, l.AddKind(checks.KindEntry{Code: "new", Args: []string{"a,b"}}), "a,b")
	assert.ErrorContains(t, l.AddKind(checks.KindEntry{}), "cannot stand")
	assert.Equal(t, before, l.String())

	var zero checks.Lock
	must(zero.Add("a", "x", checks.Error))
	assert.Equal(t, header+"code a x.E001\n", zero.String())
}

func second[T any](_ T, err error) error { return err }

func TestLockIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "codes.lock")
	t.Setenv("TMPDIR", filepath.Join(filepath.Dir(path), "none")) // a rename works in one file system only
	add := func(key string) func(*checks.Lock) error {
		return func(l *checks.Lock) error { return second(l.Add(key, "x", checks.Error)) }
	}
	_, err := checks.LoadLock(path)
	assert.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, checks.UpdateLock(path, func(*checks.Lock) error { return nil }))
	assert.NoFileExists(t, path, "nothing to write")

	require.NoError(t, checks.UpdateLock(path, add("a")))
	assertFile(t, path, header+"code a x.E001\n")
	assertMode(t, path, 0o644)

	require.NoError(t, os.Chmod(path, 0o640))
	stale := must(checks.LoadLock(path))
	require.NoError(t, checks.UpdateLock(path, add("b")))
	assertFile(t, path, header+"code a x.E001\ncode b x.E002\n")
	assertMode(t, path, 0o640)

	must(stale.Add("c", "x", checks.Error))
	assert.ErrorContains(t, stale.WriteFile(path), "append-only")
	boom := errors.New("boom")
	assert.ErrorIs(t, checks.UpdateLock(path, func(l *checks.Lock) error { return errors.Join(add("c")(l), boom) }), boom)
	assertFile(t, path, header+"code a x.E001\ncode b x.E002\n")
}

func TestLockThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	l := checks.NewLock("codes.lock")
	must(l.Add("a", "x", checks.Error))
	assert.ErrorIs(t, l.WriteFile(filepath.Join(dir, "none", "codes.lock")), os.ErrNotExist)
	assert.Error(t, l.WriteFile(dir))
	names, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, names)
}

func assertMode(t *testing.T, path string, want os.FileMode) {
	t.Helper()
	if runtime.GOOS == "windows" { // it knows read-only and no more
		return
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, want, info.Mode())
}

func TestLockBehindALink(t *testing.T) {
	dir := t.TempDir()
	file, link := filepath.Join(dir, "file"), filepath.Join(dir, "link")
	require.NoError(t, os.WriteFile(file, []byte(header), 0o600))
	if err := os.Symlink(file, link); err != nil {
		t.Skip(err)
	}
	require.NoError(t, checks.UpdateLock(link, func(l *checks.Lock) error { return second(l.Add("a", "x", checks.Error)) }))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&os.ModeSymlink)
	assert.Len(t, must(checks.LoadLock(file)).Codes(), 1)
}

func TestNewKeysDiffer(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		key := checks.NewKey()
		assert.Regexp(t, "^[0-9A-F]{12}$", key)
		seen[key] = true
	}
	assert.Len(t, seen, 1000)
}

func FuzzLock(f *testing.F) {
	f.Add(sample)
	f.Add(header)
	f.Add(header + "code \"\\xff\" a.E001\nargs")
	f.Add("<<<<<<<\n")
	f.Fuzz(func(t *testing.T, content string) {
		l, err := checks.ParseLock("codes.lock", []byte(content))
		if err != nil {
			var wrong *checks.LockError
			require.ErrorAs(t, err, &wrong)
			assert.Nil(t, l)
			assert.Positive(t, wrong.Line)
			assert.LessOrEqual(t, wrong.Line, strings.Count(content, "\n")+1)
			return
		}
		assert.Equal(t, content, l.String())
		r := checks.NewRegistry(l)
		for _, e := range l.Codes() {
			if err := r.Register(e.Key, e.Code.App, e.Code.Level); e.Retired {
				assert.ErrorIs(t, err, checks.ErrRetired)
				continue
			}
			assert.Equal(t, e.Code, must(r.Code(e.Key)))
		}
		assert.Empty(t, r.Verify(l))
		assert.Empty(t, checks.CheckKinds(l, slices.DeleteFunc(l.Kinds(), func(e checks.KindEntry) bool { return e.Retired })))
		must(l.Add(checks.NewKey(), "fuzz", checks.Error))
		assert.Equal(t, l, must(checks.ParseLock("codes.lock", []byte(l.String()))))
	})
}
