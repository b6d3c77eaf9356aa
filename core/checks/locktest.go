package checks

import (
	"errors"
	"io/fs"

	fault "github.com/polyfault/polyfault/core"
)

// A T is what the test helpers need of a [testing.T]. This package does not import testing, as
// programs link it.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// KindOptions say what [TestKinds] looks at. The zero value is for an application's own kinds.
type KindOptions struct {
	// Update appends kinds and arguments that the lock file has not. It changes no line: what has
	// changed stays an error. The caller has a flag for it, usually -update.
	Update bool
	// Keep chooses the kinds that the lock file is for; nil means every kind that polyfault has not
	// brought itself.
	Keep func(*fault.Kind) bool
	// Responder has the texts whose arguments are locked; nil means [fault.Default].
	Responder *fault.Responder
}

// TestKinds fails for everything that clients would lose by a change of the kinds, as the lock file
// knows them, and for every kind without an entry: see [CheckKinds]. It is the body of a test:
//
//	var update = flag.Bool("update", false, "append new kinds to codes.lock")
//
//	func TestKinds(t *testing.T) {
//		checks.TestKinds(t, "codes.lock", checks.KindOptions{Update: *update, Responder: responder})
//	}
func TestKinds(t T, path string, opts KindOptions) {
	t.Helper()
	if opts.Keep == nil {
		opts.Keep = func(k *fault.Kind) bool { return !BuiltinKind(k) }
	}
	kinds := KindEntries(where(opts.Keep), opts.Responder.Catalogue())
	testLock(t, path, opts.Update,
		func(l *Lock) error { _, err := l.AddKinds(kinds); return err },
		func(l *Lock) []Problem { return CheckKinds(l, kinds) })
}

// CodeOptions say what [TestCodes] looks at.
type CodeOptions struct {
	// Update appends keys that the lock file has not, and tombstones. It changes no line.
	Update bool
	// Registry has the keys; nil means [DefaultRegistry].
	Registry *Registry
	// Apps are the apps that the lock file is for; none means all.
	Apps []string
}

// TestCodes fails for every difference between the registered keys and the lock file: see
// [Registry.Verify]. It is the body of a test, as [TestKinds] is; both may use the same file.
func TestCodes(t T, path string, opts CodeOptions) {
	t.Helper()
	r := opts.Registry
	if r == nil {
		r = DefaultRegistry()
	}
	testLock(t, path, opts.Update,
		func(l *Lock) error { _, err := l.AddRegistered(r, opts.Apps...); return err },
		func(l *Lock) []Problem { return r.Verify(l, opts.Apps...) })
}

func testLock(t T, path string, update bool, add func(*Lock) error, check func(*Lock) []Problem) {
	t.Helper()
	if update {
		if err := UpdateLock(path, add); err != nil {
			t.Errorf("%v", err)
			return
		}
	}
	l, err := LoadLock(path)
	if errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%v (run the test with its update flag to begin one, and commit the file)", err)
		return
	}
	if err != nil {
		t.Errorf("%v", err)
		return
	}
	for _, p := range check(l) {
		if p.Missing {
			t.Errorf("%v (run the test with its update flag, and commit the file)", p)
			continue
		}
		t.Errorf("%v", p)
	}
}
