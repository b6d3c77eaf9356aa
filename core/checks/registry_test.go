package checks_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/core/checks"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

type registration struct {
	key, app string
	level    checks.Level
	id       string
}

// djutils is seeds case M-01.
var djutils = []registration{
	{"D5A88CC0B3EC", "djutils", checks.Error, "djutils.E001"},
	{"0A25CEA3F2C3", "djutils", checks.Warning, "djutils.W001"},
	{"A84DEF26F5A0", "djutils", checks.Info, "djutils.I001"},
	{"5DE1BAF3E498", "djutils", checks.Error, "djutils.E002"},
	{"FA9544893762", "djutils", checks.Debug, "djutils.D001"},
}

func register(t testing.TB, r *checks.Registry, list ...registration) {
	t.Helper()
	for _, reg := range list {
		require.NoError(t, r.Register(reg.key, reg.app, reg.level))
	}
}

func assertCodes(t testing.TB, r *checks.Registry, list ...registration) {
	t.Helper()
	for _, reg := range list {
		code, err := r.Code(reg.key)
		assert.NoError(t, err)
		assert.Equal(t, reg.id, code.String(), reg.key)
		assert.Equal(t, reg.level, code.Level, reg.key)
	}
}

func TestRegistryNumbersPerAppAndLevel(t *testing.T) {
	var r checks.Registry
	register(t, &r, djutils...)
	more := []registration{
		{"a", "other", checks.Error, "other.E001"},
		{"b", "other", checks.Critical, "other.C001"},
		{"c", "djutils", checks.Error, "djutils.E003"},
		{"d", "acme.billing-2", checks.Error, "acme.billing-2.E001"},
		{"a key with blanks", "other", checks.Error, "other.E002"},
	}
	register(t, &r, more...)
	assertCodes(t, &r, slices.Concat(djutils, more)...)

	r.Reset()
	assert.Empty(t, r.All())
	register(t, &r, djutils...)
	assertCodes(t, &r, djutils...)
}

func TestRegistryNumbersGrowWider(t *testing.T) {
	var r checks.Registry
	for i := range 1001 {
		require.NoError(t, r.Register(fmt.Sprint(i), "wide", checks.Error))
	}
	assertCodes(t, &r, registration{"998", "", checks.Error, "wide.E999"}, registration{"999", "", checks.Error, "wide.E1000"})
	all := r.All()
	assert.Equal(t, "wide.E001", all[0].Code.String())
	assert.Equal(t, "wide.E1001", all[1000].Code.String(), "sorted by number, not by letter")
}

func TestRegistryRefusesAndKeepsItsCounters(t *testing.T) {
	for _, c := range []struct {
		name     string
		key, app string
		level    checks.Level
		want     error
		names    string
	}{
		{"duplicate", "first", "app", checks.Error, checks.ErrDuplicateKey, `"first" (app.E001)`},
		{"duplicate of another app", "first", "other", checks.Warning, checks.ErrDuplicateKey, `"first" (app.E001)`},
		{"retired", "gone", "app", checks.Error, checks.ErrRetired, `"gone" (app.E002)`},
		{"no key", "", "app", checks.Error, checks.ErrKey, `"app"`},
		{"no app", "key", "", checks.Error, checks.ErrApp, `"key"`},
		{"blank in the app", "key", "my app", checks.Error, checks.ErrApp, `"key"`},
		{"digit first", "key", "1app", checks.Error, checks.ErrApp, `"key"`},
		{"dot last", "key", "app.", checks.Error, checks.ErrApp, `"key"`},
		{"two dots", "key", "a..b", checks.Error, checks.ErrApp, `"key"`},
		{"letters of others", "key", "äpp", checks.Error, checks.ErrApp, `"key"`},
		{"level 0", "key", "app", 0, checks.ErrLevel, `"key"`},
		{"level between", "key", "app", 45, checks.ErrLevel, `45`},
		{"negative level", "key", "app", -10, checks.ErrLevel, `"key"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r checks.Registry
			register(t, &r, registration{"first", "app", checks.Error, ""}, registration{"gone", "app", checks.Error, ""})
			require.NoError(t, r.Retire("gone"))
			before := r.All()
			err := r.Register(c.key, c.app, c.level)
			assert.ErrorIs(t, err, c.want)
			assert.ErrorContains(t, err, c.names)
			assert.Equal(t, before, r.All())
			register(t, &r, registration{"next", "app", checks.Error, ""}, registration{"other", "app", checks.Warning, ""})
			assertCodes(t, &r, registration{"next", "", checks.Error, "app.E003"}, registration{"other", "", checks.Warning, "app.W001"})
		})
	}
}

func TestRegistryWithoutTheKey(t *testing.T) {
	var r checks.Registry
	_, err := r.Code("nobody")
	assert.ErrorIs(t, err, checks.ErrUnknownKey)
	assert.ErrorContains(t, err, `"nobody"`)
	_, err = r.Make("nobody", "text", "", nil)
	assert.ErrorIs(t, err, checks.ErrUnknownKey)
	assert.ErrorContains(t, err, `"nobody"`)
	assert.ErrorIs(t, r.Retire("nobody"), checks.ErrUnknownKey)
	for _, id := range []string{"", "x", "app.E001", "app.", ".E001", "app.E01"} {
		_, ok := r.Find(id)
		assert.False(t, ok, id)
	}
}

func TestRegistryMakes(t *testing.T) {
	var r checks.Registry
	register(t, &r, djutils...)
	m, err := r.Make("0A25CEA3F2C3", "text", "hint", 7)
	require.NoError(t, err)
	assert.Equal(t, checks.Message{Level: checks.Warning, Text: "text", Hint: "hint", Object: 7, ID: "djutils.W001"}, m)
}

func TestRegistryRetires(t *testing.T) {
	var r checks.Registry
	register(t, &r, djutils...)
	require.NoError(t, r.Retire("D5A88CC0B3EC"))
	err := r.Retire("D5A88CC0B3EC")
	assert.ErrorIs(t, err, checks.ErrRetired)
	_, err = r.Make("D5A88CC0B3EC", "text", "", nil)
	assert.ErrorIs(t, err, checks.ErrRetired)
	assert.ErrorContains(t, err, `"D5A88CC0B3EC" (djutils.E001)`)
	assertCodes(t, &r, djutils...) // no number moves
	register(t, &r, registration{"new", "djutils", checks.Error, ""})
	assertCodes(t, &r, registration{"new", "", checks.Error, "djutils.E003"})
	e, ok := r.Find("djutils.E001")
	assert.True(t, ok)
	assert.Equal(t, checks.Entry{Key: "D5A88CC0B3EC", Code: checks.Code{App: "djutils", Level: checks.Error, Number: 1}, Retired: true}, e)
}

func TestRegistrySealed(t *testing.T) {
	var r checks.Registry
	register(t, &r, djutils...)
	r.Seal()
	err := r.Register("new", "djutils", checks.Error)
	assert.ErrorIs(t, err, checks.ErrSealed)
	assert.ErrorContains(t, err, `"new"`)
	assert.ErrorIs(t, r.Retire(djutils[0].key), checks.ErrSealed)
	assert.ErrorIs(t, r.UseLock(nil), checks.ErrSealed)
	assertCodes(t, &r, djutils...)
	assert.Len(t, r.All(), 5)
	_, err = r.Make(djutils[0].key, "text", "", nil)
	assert.NoError(t, err)
	r.Reset()
	assert.NoError(t, r.Register("new", "djutils", checks.Error))
}

func TestRegistryListsSorted(t *testing.T) {
	var r checks.Registry
	register(t, &r, registration{"z", "zebra", checks.Debug, ""})
	register(t, &r, djutils...)
	var ids []string
	for _, e := range r.All() {
		ids = append(ids, e.Code.String())
	}
	assert.Equal(t, []string{"djutils.D001", "djutils.E001", "djutils.E002", "djutils.I001", "djutils.W001", "zebra.D001"}, ids)
	r.All()[0].Key = "changed"
	assert.Equal(t, "FA9544893762", r.All()[0].Key, "the slice is the caller's")
}

func TestRegistryIsSafeForConcurrentUse(t *testing.T) {
	const n = 10_000
	var r checks.Registry
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			key := fmt.Sprintf("key %d", i)
			level := []checks.Level{checks.Error, checks.Warning}[i%2]
			assert.NoError(t, r.Register(key, "app", level))
			assert.ErrorIs(t, r.Register(key, "app", level), checks.ErrDuplicateKey)
			m, err := r.Make(key, "", "", nil)
			assert.NoError(t, err)
			e, ok := r.Find(m.ID)
			assert.True(t, ok)
			assert.Equal(t, key, e.Key)
			if i%1000 == 0 {
				r.All()
				assert.NoError(t, r.Retire(key))
			}
		})
	}
	wg.Wait()
	all := r.All()
	require.Len(t, all, n)
	for i, e := range all {
		assert.Equal(t, i%(n/2)+1, e.Code.Number)
	}
}

func TestDefaultRegistryHasPackageFunctions(t *testing.T) {
	defer checks.Reset()
	for _, reg := range djutils {
		require.NoError(t, checks.Register(reg.key, reg.app, reg.level))
	}
	for _, reg := range djutils {
		assert.Equal(t, reg.id, must(checks.CodeOf(reg.key)).String())
	}
	require.NoError(t, checks.Retire(djutils[0].key))
	assert.Len(t, checks.All(), 5)
	e, ok := checks.Find("djutils.E001")
	assert.True(t, ok && e.Retired)
	assert.Equal(t, "djutils.W001", must(checks.Make("0A25CEA3F2C3", "text", "", nil)).ID)
	r := checks.DefaultRegistry()
	assert.Same(t, r, checks.DefaultRegistry())
	assertCodes(t, checks.DefaultRegistry(), djutils...)
	checks.Reset()
	l := checks.NewLock("codes.lock")
	must(l.Add("other", "djutils", checks.Error))
	require.NoError(t, checks.UseLock(l))
	require.NoError(t, checks.Register("D5A88CC0B3EC", "djutils", checks.Error))
	assert.Equal(t, "djutils.E002", must(checks.CodeOf("D5A88CC0B3EC")).String())
	checks.Seal()
	assert.ErrorIs(t, checks.Register("x", "djutils", checks.Error), checks.ErrSealed)
	checks.Reset()
	require.NoError(t, checks.UseLock(nil))
}

func TestLevelsAndCodes(t *testing.T) {
	for l, want := range map[checks.Level][2]string{
		checks.Debug: {"Debug", "D"}, checks.Info: {"Info", "I"}, checks.Warning: {"Warning", "W"},
		checks.Error: {"Error", "E"}, checks.Critical: {"Critical", "C"}, 0: {"Level(0)", ""}, 41: {"Level(41)", ""},
	} {
		assert.Equal(t, want, [2]string{l.String(), l.Letter()})
		for _, s := range want {
			parsed, err := checks.ParseLevel(s)
			if l%10 != 0 || l == 0 {
				assert.ErrorIs(t, err, checks.ErrLevel)
				continue
			}
			assert.NoError(t, err)
			assert.Equal(t, l, parsed)
		}
	}
	assert.Equal(t, []checks.Level{10, 20, 30, 40, 50},
		[]checks.Level{checks.Debug, checks.Info, checks.Warning, checks.Error, checks.Critical})
	assert.Equal(t, checks.Error, must(checks.ParseLevel("error")))

	for _, id := range []string{"djutils.E001", "a.b.W1000", "x-y_z.C099"} {
		assert.Equal(t, id, must(checks.ParseCode(id)).String())
	}
	for _, id := range []string{"", ".", "a", "a.", "a.E", ".E001", "a.E01", "a.E0001", "a.e001", "a.X001", "a.E000",
		"a.E-01", "a.E+01", "a b.E001", "a.E001 ", "a..E001"} {
		code, err := checks.ParseCode(id)
		assert.Error(t, err, id)
		assert.Zero(t, code, id)
	}
	assert.Empty(t, checks.Code{}.String())
}
