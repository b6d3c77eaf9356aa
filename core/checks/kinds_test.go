package checks_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/checks"
)

// The kinds of an application, as tests of this package see it.
var (
	// bareKind has no text of its own.
	bareKind  = fault.Conflict.Derive(fault.Spec{Code: "test_bare"})
	orderPaid = fault.Conflict.Derive(fault.Spec{Code: "test_order_paid", Text: "order_paid", Number: 201,
		Type: "order-paid", ExitCode: 77, Retry: fault.RetryLater})
)

func appKinds(k *fault.Kind) bool { return !polyfaults(k) }

func responder(t testing.TB, opts ...fault.Option) *fault.Responder {
	t.Helper()
	r, err := fault.NewResponder(opts...)
	require.NoError(t, err)
	return r
}

// files makes a file system of pairs of name and content.
func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for pair := range slices.Chunk(pairs, 2) {
		fsys[pair[0]] = &fstest.MapFile{Data: []byte(pair[1])}
	}
	return fsys
}

// A recorder is a checks.T that keeps what fails.
type recorder struct{ failures []string }

func (*recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func entry(k *fault.Kind, c fault.Catalogue) checks.KindEntry {
	for _, e := range checks.KindEntries(nil, c) {
		if e.Code == k.Code() {
			return e
		}
	}
	return checks.KindEntry{}
}

func TestKindEntriesDescribeKinds(t *testing.T) {
	c := responder(t, fault.WithLocales(files(
		"active.en.toml", "[order_paid]\none = \"{{.Who}} paid {{.Count}}\"\nother = \"{{.Count}} paid\"\n",
		"active.de.toml", "[order_paid]\nother = \"{{.Wer}}\"\n[test_bare]\nother = \"{{.Nur}}\"\n",
	))).Catalogue()
	assert.Equal(t, checks.KindEntry{
		Code: "test_order_paid", Status: 409, Type: "order-paid", Number: 201, ExitCode: 77, Retryable: true, Args: []string{"Count", "Who"},
	}, entry(orderPaid, c), "arguments of the English text, over all plural forms")
	assert.Empty(t, entry(bareKind, c).Args, "English has no text, so the parent's counts")

	c = responder(t, fault.WithDefaultLanguage("de"), fault.WithLocales(files(
		"active.de.toml", "[order_paid]\nother = \"{{.Wer}}\"\n[conflict]\nother = \"{{.Konflikt}}\"\n",
	))).Catalogue()
	assert.Equal(t, []string{"Wer"}, entry(orderPaid, c).Args, "English has no text, the default language has")

	c = responder(t, fault.WithDefaultLanguage("de"), fault.WithLocales(files(
		"active.de.toml", "[order_paid]\nother = \"{{.Wer}}\"\n", "active.en.toml", "[order_paid]\nother = \"{{.Who}}\"\n",
	))).Catalogue()
	assert.Equal(t, []string{"Who"}, entry(orderPaid, c).Args, "English comes first")

	c = responder(t, fault.WithLocales(files("active.en.toml", "[conflict]\nother = \"{{.What}}\"\n"))).Catalogue()
	assert.Equal(t, []string{"What"}, entry(bareKind, c).Args, "the text of the parent")

	only := func(yield func(*fault.Kind) bool) { yield(fault.TaskLocked) }
	assert.Equal(t, []checks.KindEntry{{Code: "task_locked", Status: 423, Type: "task-locked", ExitCode: 1}},
		checks.KindEntries(only, fault.Catalogue{}))
}

func TestCheckKindsSaysWhatClientsLose(t *testing.T) {
	was := checks.KindEntry{Code: "task_locked", Status: 423, Type: "task-locked", Number: 7, ExitCode: 2, Args: []string{"ID", "Name"}}
	changed := func(change func(*checks.KindEntry)) []checks.KindEntry {
		is := was
		is.Args = slices.Clone(is.Args)
		change(&is)
		return []checks.KindEntry{is}
	}
	for _, c := range []struct {
		name  string
		kinds []checks.KindEntry
		want  []string
	}{
		{"nothing", changed(func(*checks.KindEntry) {}), nil},
		{"status", changed(func(e *checks.KindEntry) { e.Status = 409 }),
			[]string{"kind task_locked: status was 423 and is 409: clients that branch on the status break; derive a new kind or restore it"}},
		{"type", changed(func(e *checks.KindEntry) { e.Type = "t" }),
			[]string{"kind task_locked: type was task-locked and is t: clients that branch on the type break; derive a new kind or restore it"}},
		{"number", changed(func(e *checks.KindEntry) { e.Number = 8 }),
			[]string{"kind task_locked: number was 7 and is 8: clients that branch on the number break; derive a new kind or restore it"}},
		{"exit code", changed(func(e *checks.KindEntry) { e.ExitCode = 1 }),
			[]string{"kind task_locked: exit code was 2 and is 1: scripts that branch on the exit code break; derive a new kind or restore it"}},
		{"retryable", changed(func(e *checks.KindEntry) { e.Retryable = true }),
			[]string{"kind task_locked: retryable was false and is true: " +
				"clients that repeat requests do so at the wrong time; derive a new kind or restore it"}},
		{"argument renamed", changed(func(e *checks.KindEntry) { e.Args[0] = "Id" }),
			[]string{"kind task_locked: argument ID is gone from its text: clients that show or read it lose it; derive a new kind or restore it"}},
		{"argument added", changed(func(e *checks.KindEntry) { e.Args = append(e.Args, "Added") }), nil},
		{"removed", nil,
			[]string{"kind task_locked: existed and is gone: clients that know its code meet an unknown one, " +
				"and errors.Is finds it no more; restore it, or retire it in the lock file when nobody can know it"}},
		{"two at once", changed(func(e *checks.KindEntry) { e.Status, e.Args = 409, nil }), []string{
			"kind task_locked: status was 423 and is 409: clients that branch on the status break; derive a new kind or restore it",
			"kind task_locked: argument ID is gone from its text: clients that show or read it lose it; derive a new kind or restore it",
			"kind task_locked: argument Name is gone from its text: clients that show or read it lose it; derive a new kind or restore it",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := checks.NewLock("codes.lock")
			require.NoError(t, l.AddKind(was))
			var texts []string
			for _, p := range checks.CheckKinds(l, c.kinds) {
				texts = append(texts, p.Text)
				assert.Equal(t, "codes.lock:2: "+p.Text, p.Error())
				assert.False(t, p.Missing)
			}
			assert.Equal(t, c.want, texts)
		})
	}
}

// A renamed kind stands for its former code, as far as it keeps what clients know of that.
func TestCheckKindsKnowsAliases(t *testing.T) {
	l := checks.NewLock("codes.lock")
	require.NoError(t, l.AddKind(checks.KindEntry{Code: "order_paid", Status: 409, Type: "order-paid"}))
	require.NoError(t, l.AddKind(checks.KindEntry{Code: "gone"}))
	require.NoError(t, l.RetireKind("gone"))
	renamed := checks.KindEntry{Code: "order_already_paid", Status: 409, Type: "order-paid", Aliases: []string{"order_paid"}}
	problems := checks.CheckKinds(l, []checks.KindEntry{renamed})
	require.Len(t, problems, 1)
	assert.True(t, problems[0].Missing, "the new code wants a line")
	require.NoError(t, l.AddKind(renamed))
	assert.Empty(t, checks.CheckKinds(l, []checks.KindEntry{renamed}))
	renamed.Status = 423
	problems = checks.CheckKinds(l, []checks.KindEntry{renamed})
	require.Len(t, problems, 2)
	assert.ErrorContains(t, problems[0], "status was 409 and is 423")
	renamed.Status, renamed.Aliases = 409, []string{"order_paid", "gone"}
	problems = checks.CheckKinds(l, []checks.KindEntry{renamed})
	require.Len(t, problems, 1)
	assert.ErrorContains(t, problems[0], "kind gone: is retired")
	renamed.Aliases = nil
	problems = checks.CheckKinds(l, []checks.KindEntry{renamed})
	require.Len(t, problems, 1)
	assert.ErrorContains(t, problems[0], "kind order_paid: existed and is gone")
}

func TestCheckKindsKnowsNewAndRetiredOnes(t *testing.T) {
	l := checks.NewLock("codes.lock")
	old, gone := checks.KindEntry{Code: "old"}, checks.KindEntry{Code: "gone"}
	require.NoError(t, l.AddKind(gone))
	require.NoError(t, l.AddKind(old))
	require.NoError(t, l.RetireKind("gone"))
	problems := checks.CheckKinds(l, []checks.KindEntry{old, {Code: "new"}})
	require.Len(t, problems, 1)
	assert.True(t, problems[0].Missing)
	assert.ErrorContains(t, problems[0], "codes.lock: kind new: has no entry")

	problems = checks.CheckKinds(l, []checks.KindEntry{{Code: "old", Status: 1}, {Code: "gone", Status: 1}})
	require.Len(t, problems, 2)
	assert.ErrorContains(t, problems[0], "codes.lock:2: kind gone: is retired", "sorted by line")
	assert.ErrorContains(t, problems[1], "codes.lock:3: kind old: status was 0 and is 1")

	added, err := l.AddKinds([]checks.KindEntry{{Code: "old", Args: []string{"A"}}, {Code: "gone", Args: []string{"A"}},
		{Code: "new", Args: []string{"A"}}})
	require.NoError(t, err)
	assert.Equal(t, []checks.KindEntry{{Code: "new", Args: []string{"A"}, Line: 6}}, added)
	k, _ := l.Kind("old")
	assert.Equal(t, []string{"A"}, k.Args)
	k, _ = l.Kind("gone")
	assert.Empty(t, k.Args)
	added, err = l.AddKinds([]checks.KindEntry{{Code: "first"}, {Code: "bad", Args: []string{"-"}}, {Code: "last"}})
	assert.ErrorContains(t, err, `"bad"`)
	assert.Len(t, added, 1)
}

// The helper of an application over some releases.
func TestTestKinds(t *testing.T) {
	path := filepath.Join(t.TempDir(), "codes.lock")
	texts := func(toml string) *fault.Responder {
		return responder(t, fault.WithLocales(files("active.en.toml", toml)))
	}
	run := func(opts checks.KindOptions) []string {
		var r recorder
		checks.TestKinds(&r, path, opts)
		return r.failures
	}
	first := texts("[order_paid]\nother = \"{{.ID}}\"")
	failures := run(checks.KindOptions{Responder: first})
	require.Len(t, failures, 1)
	assert.Contains(t, failures[0], "update flag")
	assert.NoFileExists(t, path)

	assert.Empty(t, run(checks.KindOptions{Responder: first, Update: true}))
	const lines = header +
		"kind test_bare status=409 type=test-bare number=0 exit=1 retryable=no args=\n" +
		"kind test_order_paid status=409 type=order-paid number=201 exit=77 retryable=yes args=ID\n"
	assertFile(t, path, lines)
	assert.Empty(t, run(checks.KindOptions{Responder: first}))

	second := texts("[order_paid]\nother = \"{{.ID}} {{.User}}\"")
	assert.Empty(t, run(checks.KindOptions{Responder: second}), "arguments may be added")
	assertFile(t, path, lines)
	assert.Empty(t, run(checks.KindOptions{Responder: second, Update: true}))
	assertFile(t, path, lines+"args test_order_paid User\n")
	failures = run(checks.KindOptions{Responder: first, Update: true})
	require.Len(t, failures, 1)
	assert.Contains(t, failures[0], path+":3: kind test_order_paid: argument User is gone", "an update does not hide what is lost")
	assert.Len(t, run(checks.KindOptions{}), 2, "the default responder has no argument at all")

	failures = run(checks.KindOptions{Responder: second, Keep: func(k *fault.Kind) bool { return k == orderPaid }})
	require.Len(t, failures, 1)
	assert.Contains(t, failures[0], "kind test_bare: existed and is gone")
	failures = run(checks.KindOptions{Responder: second, Keep: func(k *fault.Kind) bool { return appKinds(k) || k == fault.Locked }})
	require.Len(t, failures, 1)
	assert.Contains(t, failures[0], "kind locked: has no entry")
	assert.Contains(t, failures[0], "update flag")

	require.NoError(t, os.WriteFile(path, []byte("<<<<<<<\n"), 0o600))
	for _, update := range []bool{false, true} {
		failures = run(checks.KindOptions{Update: update})
		require.Len(t, failures, 1)
		assert.Contains(t, failures[0], "conflict marker")
	}
	assertFile(t, path, "<<<<<<<\n")
}
