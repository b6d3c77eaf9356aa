package checks

import (
	"errors"
	"io/fs"

	fault "github.com/polyfault/polyfault/core"
)

// A T is the part of [testing.T] that the test functions need. This package does not import testing, because programs link
// it.
type T interface {
	Helper()
	Errorf(format string, args ...any)
}

// KindOptions choose what [TestKinds] compares. The zero value means the application's own kinds.
type KindOptions struct {
	// Update appends kinds and arguments that the lock file lacks. It changes no line: a change is still an
	// error. The caller usually has a flag -update for it.
	Update bool
	// Keep chooses the kinds that the lock file is for; nil means all kinds that are not built in.
	Keep func(*fault.Kind) bool
	// Responder has the texts whose arguments are pinned; nil means [fault.Default].
	Responder *fault.Responder
}

// TestKinds fails for every change of the kinds that clients would notice, by the lock file, and for every kind without an
// entry: see [CheckKinds]. It is the body of a test:
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

// CodeOptions choose what [TestCodes] compares. The zero value means all keys of [DefaultRegistry].
type CodeOptions struct {
	// Update appends keys that the lock file lacks, and tombstones. It changes no line.
	Update bool
	// Registry is the registry of the keys; nil means [DefaultRegistry].
	Registry *Registry
	// Apps are the apps that the lock file is for; empty means all.
	Apps []string
}

// TestCodes fails for every difference between the registered keys and the lock file: see
// [Registry.Verify]. It is the body of a test, like [TestKinds]; both may use the same file.
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
