package checks_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/core/checks"
)

// locked is a lock with the five keys of M-01 in their order.
func locked(t testing.TB) *checks.Lock {
	t.Helper()
	l := checks.NewLock("codes.lock")
	for _, reg := range djutils {
		must(l.Add(reg.key, reg.app, reg.level))
	}
	return l
}

// swapped are the keys of M-01 in another order of registration.
func swapped() []registration {
	return []registration{djutils[3], djutils[4], djutils[1], djutils[0], djutils[2]}
}

func TestRegistryTakesIdsFromTheLock(t *testing.T) {
	fresh := registration{"new", "djutils", checks.Error, "djutils.E003"}
	t.Run("before registration", func(t *testing.T) {
		r := checks.NewRegistry(locked(t))
		register(t, r, fresh)
		register(t, r, swapped()...)
		assertCodes(t, r, append(swapped(), fresh)...)
		assert.Len(t, r.All(), 6)
		r.Reset()
		register(t, r, swapped()...)
		assertCodes(t, r, djutils...)
	})
	t.Run("after registration", func(t *testing.T) {
		var r checks.Registry
		register(t, &r, fresh)
		register(t, &r, swapped()...)
		require.NoError(t, r.UseLock(locked(t)))
		assertCodes(t, &r, append(swapped(), fresh)...)
		e, ok := r.Find("djutils.E003")
		assert.True(t, ok)
		assert.Equal(t, "new", e.Key)
	})
	t.Run("behind all numbers of the lock", func(t *testing.T) {
		r := checks.NewRegistry(locked(t))
		register(t, r, djutils[0], fresh)
		assertCodes(t, r, djutils[0], fresh)
	})
	t.Run("with a retired key", func(t *testing.T) {
		var r checks.Registry
		register(t, &r, djutils...)
		require.NoError(t, r.Retire("0A25CEA3F2C3"))
		require.NoError(t, r.UseLock(locked(t)))
		_, err := r.Make("0A25CEA3F2C3", "", "", nil)
		assert.ErrorIs(t, err, checks.ErrRetired)
	})
	t.Run("later changes of the lock do not count", func(t *testing.T) {
		l := locked(t)
		r := checks.NewRegistry(l)
		must(l.Add("new", "djutils", checks.Error))
		must(l.Add("newer", "djutils", checks.Error))
		r.Reset()
		register(t, r, registration{"newer", "djutils", checks.Error, ""})
		assertCodes(t, r, registration{"newer", "", checks.Error, "djutils.E003"})
	})
	t.Run("without a lock", func(t *testing.T) {
		r := checks.NewRegistry(nil)
		register(t, r, djutils...)
		assertCodes(t, r, djutils...)
	})
}

func TestRegistryAndLockDisagree(t *testing.T) {
	t.Run("another level", func(t *testing.T) {
		r := checks.NewRegistry(locked(t))
		err := r.Register("0A25CEA3F2C3", "djutils", checks.Error)
		assert.ErrorIs(t, err, checks.ErrLocked)
		assert.ErrorContains(t, err, `"0A25CEA3F2C3"`)
		assert.ErrorContains(t, err, "djutils.W001")
		assert.ErrorIs(t, r.Register("0A25CEA3F2C3", "other", checks.Warning), checks.ErrLocked)
		assert.Empty(t, r.All())
	})
	t.Run("retired in the lock", func(t *testing.T) {
		l := locked(t)
		require.NoError(t, l.Retire("0A25CEA3F2C3"))
		r := checks.NewRegistry(l)
		assert.ErrorIs(t, r.Register("0A25CEA3F2C3", "djutils", checks.Warning), checks.ErrRetired)
		register(t, r, registration{"new", "djutils", checks.Warning, ""})
		assertCodes(t, r, registration{"new", "", checks.Warning, "djutils.W002"})

		var late checks.Registry
		register(t, &late, djutils...)
		assert.ErrorIs(t, late.UseLock(l), checks.ErrRetired)
		assertCodes(t, &late, djutils...)
		require.NoError(t, late.Retire("0A25CEA3F2C3"))
		assert.NoError(t, late.UseLock(l), "both agree")
	})
	t.Run("ids that were seen", func(t *testing.T) {
		for name, look := range map[string]func(*checks.Registry){
			"Code": func(r *checks.Registry) { must(r.Code(djutils[0].key)) },
			"Make": func(r *checks.Registry) { must(r.Make(djutils[0].key, "", "", nil)) },
			"Find": func(r *checks.Registry) { r.Find("djutils.E001") },
			"All":  func(r *checks.Registry) { r.All() },
		} {
			var r checks.Registry
			register(t, &r, swapped()...)
			look(&r)
			before := r.All()
			err := r.UseLock(locked(t))
			assert.ErrorIs(t, err, checks.ErrLocked, name)
			assert.ErrorContains(t, err, "djutils.E002")
			assert.ErrorContains(t, err, "djutils.E001")
			assert.Equal(t, before, r.All())
			r.Reset()
			register(t, &r, swapped()...)
			assert.NoError(t, r.UseLock(locked(t)), "nobody has seen the new ids")
		}
		var r checks.Registry
		register(t, &r, djutils...)
		r.All()
		assert.NoError(t, r.UseLock(locked(t)), "no id changes")
	})
}

func TestVerify(t *testing.T) {
	for _, c := range []struct {
		name    string
		arrange func(*checks.Registry, *checks.Lock)
		apps    []string
		want    []string // a part of each problem, in their order
		missing bool
	}{
		{name: "all the same", arrange: func(r *checks.Registry, _ *checks.Lock) { register(t, r, djutils...) }},
		{name: "M-13: another order", arrange: func(r *checks.Registry, _ *checks.Lock) { register(t, r, swapped()...) }, want: []string{
			`codes.lock:2: key "D5A88CC0B3EC": the id is djutils.E001 in the lock file and djutils.E002 in the registry`,
			`codes.lock:5: key "5DE1BAF3E498": the id is djutils.E002 in the lock file and djutils.E001 in the registry`,
		}},
		{name: "another level", arrange: func(r *checks.Registry, _ *checks.Lock) {
			register(t, r, djutils[:4]...)
			register(t, r, registration{djutils[4].key, "djutils", checks.Info, ""})
		}, want: []string{`codes.lock:6: key "FA9544893762": the id is djutils.D001 in the lock file and djutils.I002 in the registry`}},
		{name: "vanished", arrange: func(r *checks.Registry, _ *checks.Lock) { register(t, r, djutils[:4]...) },
			want: []string{`codes.lock:6: key "FA9544893762": djutils.D001 is in the lock file and is not registered`}},
		{name: "vanished and used again", arrange: func(r *checks.Registry, _ *checks.Lock) {
			register(t, r, djutils[:4]...)
			register(t, r, registration{"new", "djutils", checks.Debug, ""})
		}, want: []string{
			`codes.lock:6: key "new": djutils.D001 belongs to key "FA9544893762" in the lock file`,
			`codes.lock:6: key "FA9544893762": djutils.D001 is in the lock file and is not registered`,
		}},
		{name: "not in the lock", arrange: func(r *checks.Registry, _ *checks.Lock) {
			register(t, r, djutils...)
			register(t, r, registration{"new", "djutils", checks.Debug, ""})
		}, want: []string{`codes.lock: key "new": djutils.D002 is registered and has no line`}, missing: true},
		{name: "retired and still registered", arrange: func(r *checks.Registry, l *checks.Lock) {
			register(t, r, djutils...)
			require.NoError(t, l.Retire("FA9544893762"))
		}, want: []string{`codes.lock:6: key "FA9544893762": djutils.D001 is retired in the lock file and is registered`}},
		{name: "retired in the registry only", arrange: func(r *checks.Registry, _ *checks.Lock) {
			register(t, r, djutils...)
			require.NoError(t, r.Retire("FA9544893762"))
		}, want: []string{`codes.lock:6: key "FA9544893762": djutils.D001 is in use in the lock file and retired in the registry`}},
		{name: "retired on both sides", arrange: func(r *checks.Registry, l *checks.Lock) {
			register(t, r, djutils...)
			require.NoError(t, r.Retire("FA9544893762"))
			require.NoError(t, l.Retire("FA9544893762"))
		}},
		{name: "retired and not registered", arrange: func(r *checks.Registry, l *checks.Lock) {
			register(t, r, djutils[:4]...)
			require.NoError(t, l.Retire("FA9544893762"))
		}},
		{name: "other apps do not count", apps: []string{"djutils", "third"}, arrange: func(r *checks.Registry, l *checks.Lock) {
			register(t, r, djutils...)
			register(t, r, registration{"new", "other", checks.Debug, ""})
			must(l.Add("old", "elsewhere", checks.Error))
		}},
		{name: "a key that left its app counts", apps: []string{"djutils"}, arrange: func(r *checks.Registry, _ *checks.Lock) {
			register(t, r, djutils[:4]...)
			register(t, r, registration{"FA9544893762", "other", checks.Debug, ""})
		}, want: []string{`codes.lock:6: key "FA9544893762": the id is djutils.D001 in the lock file and other.D001 in the registry`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r checks.Registry
			l := locked(t)
			c.arrange(&r, l)
			before := l.String()
			problems := r.Verify(l, c.apps...)
			require.Len(t, problems, len(c.want), "%v", problems)
			for i, want := range c.want {
				assert.ErrorContains(t, problems[i], want)
				assert.Equal(t, c.missing, problems[i].Missing)
			}
			assert.Equal(t, before, l.String())
		})
	}
	var r checks.Registry
	register(t, &r, djutils...)
	assert.Len(t, r.Verify(nil), 5)
}

func TestLockAddsWhatIsRegistered(t *testing.T) {
	l := locked(t)
	r := checks.NewRegistry(l)
	register(t, r, registration{"new", "djutils", checks.Error, ""}, registration{"other", "elsewhere", checks.Error, ""},
		registration{"gone", "djutils", checks.Error, ""})
	register(t, r, swapped()...)
	require.NoError(t, r.Retire("gone"))
	require.NoError(t, r.Retire("FA9544893762"))
	before := l.String()
	added, err := l.AddRegistered(r, "djutils")
	require.NoError(t, err)
	assert.Equal(t, before+"code new djutils.E003\ncode gone djutils.E004\nretire code gone\nretire code FA9544893762\n", l.String())
	var keys []string
	for _, e := range added {
		keys = append(keys, e.Key)
	}
	assert.Equal(t, []string{"new", "gone"}, keys)
	assert.True(t, added[1].Retired)
	assert.Empty(t, r.Verify(l, "djutils"))
	assert.Len(t, r.Verify(l), 1)
	added, err = l.AddRegistered(r)
	require.NoError(t, err)
	assert.Len(t, added, 1)
	assert.Empty(t, r.Verify(l))
	added, err = l.AddRegistered(r)
	assert.NoError(t, err)
	assert.Empty(t, added, "all is there")
	assert.Equal(t, l, parse(t, l.String()))
}

func TestTestCodes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "codes.lock")
	var r checks.Registry
	register(t, &r, djutils...)
	run := func(opts checks.CodeOptions) []string {
		var rec recorder
		checks.TestCodes(&rec, path, opts)
		return rec.failures
	}
	assert.Len(t, run(checks.CodeOptions{Registry: &r}), 1, "no file")
	assert.Empty(t, run(checks.CodeOptions{Registry: &r, Update: true}))
	assertFile(t, path, locked(t).String())
	assert.Empty(t, run(checks.CodeOptions{Registry: &r}))
	register(t, &r, registration{"new", "djutils", checks.Error, ""}, registration{"other", "elsewhere", checks.Error, ""})
	failures := run(checks.CodeOptions{Registry: &r, Apps: []string{"djutils"}})
	require.Len(t, failures, 1)
	assert.Contains(t, failures[0], "djutils.E003")
	assert.Contains(t, failures[0], "update flag")

	var other checks.Registry
	register(t, &other, swapped()...)
	before := must(checks.LoadLock(path)).String()
	failures = run(checks.CodeOptions{Registry: &other, Update: true})
	require.Len(t, failures, 2)
	assert.NotContains(t, failures[0], "update flag")
	assertFile(t, path, before)
	assert.Len(t, run(checks.CodeOptions{}), 5, "the default registry is empty")
}
