package store_test

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// Kinds of this test's own.
var (
	tooDark = fault.ServerError.Derive(fault.Spec{
		Code: "store_test_too_dark", Status: 503, ExitCode: 77, Retry: fault.RetryLater, Category: fault.CategoryAlgorithm,
	})
	tooLight = tooDark.Derive(fault.Spec{Code: "store_test_too_light"})
)

// entry is one with a title and a description.
func entry(name, title, description string) store.Entry {
	return store.Entry{Name: name, Title: new(title), Description: new(description)}
}

func save(t testing.TB, s *store.Store, scope string, entries ...store.Entry) []store.Record {
	t.Helper()
	records, err := s.Save(t.Context(), scope, entries)
	require.NoError(t, err)
	require.Len(t, records, len(entries))
	return records
}

func get(t testing.TB, s *store.Store, id int64) store.Record {
	t.Helper()
	r, err := s.Get(t.Context(), id)
	require.NoError(t, err)
	return r
}

func named(t testing.TB, s *store.Store, scope, name string) store.Record {
	t.Helper()
	r, err := s.GetNamed(t.Context(), scope, name)
	require.NoError(t, err)
	return r
}

// A clock that tests move.
type clock struct {
	sync.Mutex
	t time.Time
}

func newClock() *clock { return &clock{t: time.Date(2026, 11, 21, 9, 0, 0, 123456789, time.UTC)} }

func (c *clock) now() time.Time {
	c.Lock()
	defer c.Unlock()
	return c.t
}

func (c *clock) move(d time.Duration) time.Time {
	c.Lock()
	defer c.Unlock()
	c.t = c.t.Add(d)
	return c.t.Truncate(time.Microsecond)
}

// What is stored is what comes back, at once, from memory and from the database.
func TestCreate(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		c := newClock()
		s := d.open(t, store.WithClock(c.now))
		r, err := s.Create(t.Context(), "job ñ", store.Entry{
			Name: "No Input", Title: new("No input’s there"), Description: new("line one\r\n\tline two"), Category: new(fault.CategoryData),
			Retryable: new(true), Status: new(422), ExitCode: new(255),
		})
		require.NoError(t, err)
		want := store.Record{
			Name: "No Input", Scope: "job ñ", Title: "No input’s there", Description: "line one\r\n\tline two", Category: "DATA",
			Retryable: true, Status: 422, ExitCode: 255, Created: c.move(0), LastModified: c.move(0),
		}
		for _, got := range []store.Record{r, get(t, s, r.ID), get(t, d.other(t), r.ID), named(t, s, "job ñ", "No Input")} {
			assert.Equal(t, outside(want), outside(got))
			assert.Equal(t, r, got)
		}
		assert.Positive(t, r.ID)
		assert.Positive(t, r.Version)

		plain, err := s.Create(t.Context(), "", store.Entry{Name: "plain"})
		require.NoError(t, err)
		assert.Equal(t, outside(store.Record{Name: "plain", Category: "ALGORITHM", Created: c.move(0), LastModified: c.move(0)}), outside(plain))
		assert.NotEqual(t, r.ID, plain.ID)

		_, err = s.Create(t.Context(), "job ñ", store.Entry{Name: "no input"})
		assert.ErrorIs(t, err, store.ErrExists)
		_, err = s.Create(t.Context(), "job", store.Entry{Name: "no input"})
		assert.NoError(t, err, "another scope")
	})
}

// outside are the record's fields that the caller chooses.
func outside(r store.Record) store.Record {
	return store.Record{Name: r.Name, Scope: r.Scope, Title: r.Title, Description: r.Description, Category: r.Category, Builtin: r.Builtin,
		Retryable: r.Retryable, Status: r.Status, ExitCode: r.ExitCode, Created: r.Created, LastModified: r.LastModified}
}

// Saving updates what is named and keeps everything else.
func TestSaveUpdatesWhatItNames(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		c := newClock()
		s := d.open(t, store.WithClock(c.now))
		first := save(t, s, "job", store.Entry{
			Name: "Broken", Title: new("t"), Description: new("d"), Category: new(fault.CategoryData), Retryable: new(true),
			Status: new(409), ExitCode: new(3),
		}, store.Entry{Name: "other"})
		for _, x := range []struct {
			name   string
			entry  store.Entry
			change func(*store.Record)
		}{
			{"nothing", store.Entry{Name: "BROKEN"}, func(*store.Record) {}},
			{"title", store.Entry{Name: "broken", Title: new("")}, func(r *store.Record) { r.Title = "" }},
			{"description", store.Entry{Name: "broken", Description: new("D")}, func(r *store.Record) { r.Description = "D" }},
			{"category", store.Entry{Name: "broken", Category: new(fault.CategorySystem)}, func(r *store.Record) { r.Category = "SYSTEM" }},
			{"retryable", store.Entry{Name: "broken", Retryable: new(false)}, func(r *store.Record) { r.Retryable = false }},
			{"status", store.Entry{Name: "broken", Status: new(0)}, func(r *store.Record) { r.Status = 0 }},
			{"exit code", store.Entry{Name: "broken", ExitCode: new(4)}, func(r *store.Record) { r.ExitCode = 4 }},
		} {
			before := get(t, s, first[0].ID)
			now := c.move(time.Second)
			got := save(t, s, "job", x.entry)[0]
			want := outside(before)
			x.change(&want)
			want.LastModified = now
			assert.Equal(t, want, outside(got), x.name)
			assert.Equal(t, before.ID, got.ID, x.name)
			assert.Greater(t, got.Version, before.Version, x.name)
			assert.Equal(t, got, get(t, s, got.ID), "the cache is stale: %s", x.name)
			assert.Equal(t, got, get(t, d.other(t), got.ID), "the database has another: %s", x.name)
		}
		assert.Equal(t, first[1], get(t, s, first[1].ID), "what is not saved stays")
		_, count, err := s.List(t.Context(), store.Filter{})
		require.NoError(t, err)
		assert.Equal(t, 2, count, "rows are doubled")
		none, err := s.Save(t.Context(), "job", nil)
		assert.NoError(t, err)
		assert.Empty(t, none)
	})
}

// Names that differ by letter case or normalisation only are the same name.
func TestNamesAreFolded(t *testing.T) {
	t.Parallel()
	same := [][]string{
		{"data", "DATA", "Data"},
		{"caf\u00e9", "cafe\u0301", "CAFE\u0301", "CAFÉ"},
		{"straße", "STRASSE", "Strasse"},
		{"σίγμας", "ΣΊΓΜΑΣ", "σίγμασ"},
		{"\u1e9b\u0323", "\u1e9b\u0323", "\u017f\u0323\u0307"}, // D145 needs NFD before folding
		{"𐐀", "𐐨"},
		{"__'; --", "__'; --"},
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		ids := map[int64]string{}
		for _, names := range same {
			r := save(t, s, "", store.Entry{Name: names[0]})[0]
			assert.Empty(t, ids[r.ID], "%q is not %q", names[0], ids[r.ID])
			ids[r.ID] = names[0]
			for _, name := range names[1:] {
				assert.Equal(t, r.ID, save(t, s, "", store.Entry{Name: name})[0].ID, "%q is %q", name, names[0])
				assert.Equal(t, r.ID, named(t, s, "", name).ID)
				_, err := s.Create(t.Context(), "", store.Entry{Name: name})
				assert.ErrorIs(t, err, store.ErrExists)
				found, _, err := s.List(t.Context(), store.Filter{Name: name})
				require.NoError(t, err)
				require.Len(t, found, 1)
				assert.Equal(t, r.ID, found[0].ID)
			}
		}
		nfc := save(t, s, "cafe\u0301", store.Entry{Name: "Cafe\u0301"})[0]
		assert.Equal(t, "caf\u00e9", nfc.Scope)
		assert.Equal(t, "Caf\u00e9", nfc.Name)
		assert.Equal(t, nfc, named(t, s, "cafe\u0301", "cafe\u0301"))
		_, err := s.GetNamed(t.Context(), "Caf\u00e9", "cafe\u0301")
		assert.ErrorIs(t, err, store.ErrNotFound, "scopes are told apart by case")
	})
}

// What a record cannot have is told by field and rule, and nothing is written.
func TestFieldErrors(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("é", n) }
	cases := []struct {
		name, scope string
		entry       store.Entry
		field, rule string
	}{
		{"no name", "", store.Entry{}, "name", "required"},
		{"blank name", "", store.Entry{Name: " \u00a0"}, "name", "required"},
		{"space at the end", "", store.Entry{Name: "a "}, "name", "invalid"},
		{"long name", "", store.Entry{Name: long(51)}, "name", "max.string"},
		{"NUL in the name", "", store.Entry{Name: "a\x00b"}, "name", "invalid"},
		{"line end in the name", "", store.Entry{Name: "a\nb"}, "name", "invalid"},
		{"C1 control in the name", "", store.Entry{Name: "a\u0085b"}, "name", "invalid"},
		{"name is no UTF-8", "", store.Entry{Name: "a\xff"}, "name", "invalid"},
		{"long scope", long(251), store.Entry{Name: "a"}, "scope", "max.string"},
		{"NUL in the scope", "\x00", store.Entry{Name: "a"}, "scope", "invalid"},
		{"scope is no UTF-8", "\xc0", store.Entry{Name: "a"}, "scope", "invalid"},
		{"long title", "", store.Entry{Name: "a", Title: new(long(51))}, "title", "max.string"},
		{"NUL in the title", "", store.Entry{Name: "a", Title: new("\x00")}, "title", "invalid"},
		{"line end in the title", "", store.Entry{Name: "a", Title: new("a\nb")}, "title", "invalid"},
		{"long description", "", store.Entry{Name: "a", Description: new(long(251))}, "description", "max.string"},
		{"NUL in the description", "", store.Entry{Name: "a", Description: new("a\n\x00")}, "description", "invalid"},
		{"description is no UTF-8", "", store.Entry{Name: "a", Description: new("\xed\xa0\x80")}, "description", "invalid"},
		{"unknown category", "", store.Entry{Name: "a", Category: new(fault.Category("system"))}, "category", "oneof"},
		{"empty category", "", store.Entry{Name: "a", Category: new(fault.Category(""))}, "category", "oneof"},
		{"status 399", "", store.Entry{Name: "a", Status: new(399)}, "status", "min"},
		{"status 600", "", store.Entry{Name: "a", Status: new(600)}, "status", "max"},
		{"exit code -1", "", store.Entry{Name: "a", ExitCode: new(-1)}, "exit_code", "min"},
		{"exit code 256", "", store.Entry{Name: "a", ExitCode: new(256)}, "exit_code", "max"},
		{"exit code is taken", "", store.Entry{Name: "a", ExitCode: new(9)}, "exit_code", "duplicate"},
	}
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		taken := save(t, s, "", store.Entry{Name: "taken", ExitCode: new(9)})[0]
		other := save(t, s, "", store.Entry{Name: "other"})[0]
		for _, c := range cases {
			_, saved := s.Save(t.Context(), c.scope, []store.Entry{{Name: "fine"}, c.entry})
			_, created := s.Create(t.Context(), c.scope, c.entry)
			errs := []error{saved, created}
			if c.field != "scope" && c.entry.Name != "" {
				_, updated := s.Update(t.Context(), other.ID, 0, c.entry)
				errs = append(errs, updated)
			}
			for _, err := range errs {
				e, ok := errors.AsType[*store.FieldError](err)
				require.True(t, ok, "%s: %v", c.name, err)
				assert.Equal(t, c.field+" "+c.rule, e.Field+" "+e.Rule, c.name)
				assert.NotEmpty(t, e.Problem)
				assertAnswer(t, err, fault.ValidationFailed, 400)
			}
		}
		_, err := s.Save(t.Context(), "", []store.Entry{{Name: "Twice"}, {Name: "tWICE"}})
		e, ok := errors.AsType[*store.FieldError](err)
		require.True(t, ok, err)
		assert.Equal(t, "name duplicate", e.Field+" "+e.Rule)

		_, count, err := s.List(t.Context(), store.Filter{})
		require.NoError(t, err)
		assert.Equal(t, 2, count, "something was written")
		assert.Equal(t, []store.Record{taken, other}, []store.Record{get(t, s, taken.ID), get(t, s, other.ID)})

		longest := save(t, s, long(250), store.Entry{Name: long(50), Title: new(long(50)), Description: new(long(250))})[0]
		assert.Equal(t, longest, get(t, d.other(t), longest.ID), "the limits are characters, not bytes")
		for _, code := range []int{400, 599} {
			save(t, s, "", store.Entry{Name: "limits", Status: new(code), ExitCode: new(1)})
		}
		swapped := save(t, s, "", store.Entry{Name: "taken", ExitCode: new(1)}, store.Entry{Name: "limits", ExitCode: new(9)})
		assert.Equal(t, []int{1, 9}, []int{swapped[0].ExitCode, swapped[1].ExitCode}, "entries may exchange their codes")
	})
}

// assertAnswer sees what a responder makes of the error.
func assertAnswer(t *testing.T, err error, kind *fault.Kind, status int) {
	t.Helper()
	f, ok := fault.From(err)
	require.True(t, ok, "%v is nothing to a responder", err)
	assert.Equal(t, kind.Code(), f.Kind().Code())
	assert.Equal(t, status, f.Kind().Status())
}

func TestUpdate(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		c := newClock()
		s := d.open(t, store.WithClock(c.now))
		r := save(t, s, "job", entry("a", "A", "first"))[0]
		other := save(t, s, "job", entry("b", "B", "second"))[0]

		c.move(time.Minute)
		got, err := s.Update(t.Context(), r.ID, r.Version, store.Entry{Title: new("AA"), Retryable: new(true)})
		require.NoError(t, err)
		assert.Equal(t, "AA first true", got.Title+" "+got.Description+" true")
		assert.Equal(t, r.Created.Add(time.Minute), got.LastModified)
		assert.Equal(t, r.Created, got.Created)
		assert.Equal(t, got, get(t, s, r.ID))

		_, err = s.Update(t.Context(), r.ID, r.Version, store.Entry{Title: new("lost")})
		assert.ErrorIs(t, err, store.ErrConflict)
		assertAnswer(t, err, fault.PreconditionFailed, http.StatusPreconditionFailed)
		_, err = s.Update(t.Context(), r.ID, r.Version+100, store.Entry{Title: new("lost")})
		assert.ErrorIs(t, err, store.ErrConflict)
		_, err = s.Update(t.Context(), 9999, 0, store.Entry{Title: new("nobody")})
		assert.ErrorIs(t, err, store.ErrNotFound)
		assertAnswer(t, err, fault.EntityNotFound, http.StatusNotFound)
		_, err = s.Update(t.Context(), r.ID, 0, store.Entry{Name: "B"})
		assert.ErrorIs(t, err, store.ErrExists)
		assertAnswer(t, err, fault.DuplicateItem, http.StatusConflict)
		assert.Equal(t, got, get(t, s, r.ID), "a refused update changes nothing")

		same, err := s.Update(t.Context(), r.ID, got.Version, store.Entry{})
		require.NoError(t, err)
		assert.Equal(t, got, same, "an entry that names nothing")

		renamed, err := s.Update(t.Context(), r.ID, 0, store.Entry{Name: "Ä"})
		require.NoError(t, err)
		assert.Equal(t, "Ä", renamed.Name)
		assert.Equal(t, renamed, named(t, s, "job", "ä"))
		_, err = s.GetNamed(t.Context(), "job", "a")
		assert.ErrorIs(t, err, store.ErrNotFound, "the old name is free")
		cased, err := s.Update(t.Context(), other.ID, 0, store.Entry{Name: "B", ExitCode: new(8)})
		require.NoError(t, err, "its own name in another case")
		assert.Equal(t, "B", cased.Name)
		_, err = s.Update(t.Context(), r.ID, 0, store.Entry{ExitCode: new(8)})
		e, ok := errors.AsType[*store.FieldError](err)
		require.True(t, ok, err)
		assert.Equal(t, "exit_code duplicate", e.Field+" "+e.Rule)
	})
}

// Times do not run backwards when the clock does, and versions grow all the same.
func TestClockThatRunsBackwards(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		c := newClock()
		s := d.open(t, store.WithClock(c.now))
		r := save(t, s, "", store.Entry{Name: "a"})[0]
		c.move(-time.Hour)
		got := save(t, s, "", entry("a", "later", ""))[0]
		assert.Equal(t, r.LastModified, got.LastModified)
		assert.Greater(t, got.Version, r.Version)
		assert.Equal(t, "later", get(t, s, r.ID).Title)
	})
}

func TestGetFindsNothing(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		for _, id := range []int64{-1, 0, 1, 1 << 62} {
			_, err := s.Get(t.Context(), id)
			assert.ErrorIs(t, err, store.ErrNotFound)
		}
		for _, name := range []string{"", "nobody", "a\x00", "\xff", strings.Repeat("x", 10000), "' OR ''='"} {
			_, err := s.GetNamed(t.Context(), "", name)
			assert.ErrorIs(t, err, store.ErrNotFound, "%q", name)
			_, err = s.GetNamed(t.Context(), name+"\x00", "a")
			assert.ErrorIs(t, err, store.ErrNotFound, "%q", name)
		}
	})
}

// Every kind of the process is a built-in record, with what the kind says.
func TestSyncKinds(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		assert.Zero(t, s.Unknown().ID)
		require.NoError(t, s.SyncKinds(t.Context()))
		kinds := 0
		for k := range fault.Kinds() {
			kinds++
			r := named(t, s, "", k.Code())
			assert.Equal(t, store.Record{Name: k.Code(), Builtin: true, Category: k.Category(), Retryable: k.Retryable(), Status: k.Status()},
				store.Record{Name: r.Name, Scope: r.Scope, Builtin: r.Builtin, Category: r.Category, Retryable: r.Retryable, Status: r.Status})
			assert.NotEmpty(t, r.Title, k.Code())
			assert.NotEmpty(t, r.Description, k.Code())
			assert.LessOrEqual(t, len([]rune(r.Title)), 50)
			assert.LessOrEqual(t, len([]rune(r.Description)), 250)
		}
		_, count, err := s.List(t.Context(), store.Filter{Builtin: new(true)})
		require.NoError(t, err)
		assert.Equal(t, kinds, count)
		assert.Equal(t, []int{77, 0, 1, 2}, []int{named(t, s, "", tooDark.Code()).ExitCode, named(t, s, "", tooLight.Code()).ExitCode,
			named(t, s, "", "unknown_error").ExitCode, named(t, s, "", "database").ExitCode}, "exit codes are of those that brought them in")
		assert.Equal(t, "Not Found", named(t, s, "", "not_found").Title)
		assert.Equal(t, named(t, s, "", "unknown_error"), s.Unknown())

		before := named(t, s, "", "not_found")
		require.NoError(t, s.SyncKinds(t.Context()))
		require.NoError(t, d.other(t).SyncKinds(t.Context()))
		assert.Equal(t, before.Version, named(t, d.other(t), "", "not_found").Version, "nothing differs, nothing is written")
	})
}

// What operators have written stays, everything else follows the program.
func TestSyncKindsKeepsEdits(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		adopted := save(t, s, "", store.Entry{
			Name: "Store_Test_Too_Dark", Title: new("own title"), Status: new(404), Retryable: new(false), ExitCode: new(78),
		})[0]
		assert.False(t, s.Retryable(tooDark))
		require.NoError(t, s.SyncKinds(t.Context()))
		got := get(t, s, adopted.ID)
		assert.True(t, got.Builtin, "a record of the name becomes built-in")
		assert.Equal(t, []any{"store_test_too_dark", "own title", 503, 77, fault.CategoryAlgorithm, false},
			[]any{got.Name, got.Title, got.Status, got.ExitCode, got.Category, got.Retryable})
		assert.NotEmpty(t, got.Description, "the description was not named")

		id := named(t, s, "", "not_found").ID
		_, err := s.Update(t.Context(), id, 0, store.Entry{Description: new("ours"), Retryable: new(true)})
		require.NoError(t, err)
		// The program was another one once: all columns differ.
		d.exec(t, "UPDATE polyfault_errors SET title = 'old', description = CASE name WHEN 'not_found' THEN description ELSE 'old' END, "+
			"category = 'SYSTEM', status = 599 WHERE is_builtin")
		d.exec(t, "INSERT INTO polyfault_errors (scope, name, name_key, title, description, category, is_builtin, should_be_retried, status, exit_code, "+
			"created, last_modified, version, edited) SELECT '', 'vanished', 'vanished', 'v', 'v', 'DATA', is_builtin, is_builtin, 418, 77, 1, 1, 1, 0 "+
			"FROM polyfault_errors WHERE name = 'database'")
		s = d.other(t)
		require.NoError(t, s.SyncKinds(t.Context()))
		got = get(t, s, id)
		assert.Equal(t, []any{"Not Found", "ours", 404, fault.CategoryData, true},
			[]any{got.Title, got.Description, got.Status, got.Category, got.Retryable})
		assert.Equal(t, "old", get(t, s, adopted.ID).Title, "an edited title is nobody’s but the operator’s")
		vanished := named(t, s, "", "vanished")
		assert.Equal(t, []any{true, "v", 418, 0}, []any{vanished.Builtin, vanished.Title, vanished.Status, vanished.ExitCode}, "its exit code is another kind’s now")
		dark, err := s.GetExitCode(t.Context(), "any", 77)
		require.NoError(t, err)
		assert.Equal(t, adopted.ID, dark.ID)
	})
}

// Of a built-in record only title, description and the retry flag can be written.
func TestBuiltinsAreReadOnly(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		require.NoError(t, s.SyncKinds(t.Context()))
		r := named(t, s, "", "conflict")
		for field, e := range map[string]store.Entry{
			"name":      {Name: "Conflict"},
			"category":  {Category: new(fault.CategorySystem)},
			"status":    {Status: new(0)},
			"exit_code": {ExitCode: new(99)},
		} {
			errs := []error{nil, nil}
			_, errs[0] = s.Update(t.Context(), r.ID, 0, e)
			if field != "name" {
				e.Name = "conflict"
			}
			_, errs[1] = s.Save(t.Context(), "", []store.Entry{e})
			if field == "name" {
				require.NoError(t, errs[1], "Save finds by the name and keeps it")
				errs = errs[:1]
				r = get(t, s, r.ID)
				assert.Equal(t, "conflict", r.Name)
			}
			for _, err := range errs {
				assert.ErrorIs(t, err, store.ErrReadOnly, field)
				assertAnswer(t, err, fault.FieldIsReadonly, 400)
				got, _ := errors.AsType[*store.FieldError](err)
				require.NotNil(t, got)
				assert.Equal(t, field, got.Field)
			}
		}
		assert.Equal(t, r, get(t, s, r.ID))
		got, err := s.Update(t.Context(), r.ID, r.Version, store.Entry{
			Name: "conflict", Category: new(r.Category), Status: new(409), ExitCode: new(0),
			Title: new("T"), Description: new("D"), Retryable: new(true),
		})
		require.NoError(t, err, "what does not change may be named")
		assert.Equal(t, []any{"T", "D", true}, []any{got.Title, got.Description, got.Retryable})
	})
}

func TestGetExitCode(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t, store.WithDefault("job", "Fallback"), store.WithDefault("broken", "nobody"), store.WithDefault("system", "database"))
		require.NoError(t, s.SyncKinds(t.Context()))
		save(t, s, "job", store.Entry{Name: "own two", ExitCode: new(2)}, store.Entry{Name: "fallback"}, store.Entry{Name: "no code"})
		save(t, s, "", store.Entry{Name: "unscoped", ExitCode: new(50)})
		for _, c := range []struct {
			scope string
			code  int
			want  string
		}{
			{"job", 2, "own two"},
			{"other", 2, "database"},
			{"", 2, "database"},
			{"job", 3, "database_operation"},
			{"job", 50, "unscoped"},
			{"job", 200, "fallback"},
			{"job", -1, "fallback"},
			{"system", 200, "database"},
			{"broken", 200, "unknown_error"},
			{"other", 200, "unknown_error"},
			{"other", 1, "unknown_error"},
		} {
			r, err := s.GetExitCode(t.Context(), c.scope, c.code)
			require.NoError(t, err)
			assert.Equal(t, c.want, r.Name, "%s %d", c.scope, c.code)
		}
		_, err := s.GetExitCode(t.Context(), "job", 0)
		assert.ErrorIs(t, err, store.ErrNotFound, "0 is success")

		save(t, s, "job", store.Entry{Name: "own two", ExitCode: new(5)})
		r, err := s.GetExitCode(t.Context(), "job", 2)
		require.NoError(t, err)
		assert.Equal(t, "database", r.Name, "the code is given up")
		r, err = s.GetExitCode(t.Context(), "job", 5)
		require.NoError(t, err)
		assert.Equal(t, "own two", r.Name)

		general := d.other(t, store.WithDefault("", "unscoped"))
		assert.Equal(t, "unscoped", general.Default("anything").Name)
		assert.Equal(t, "unknown_error", general.Unknown().Name)
	})
}

// Asking costs nothing. Not parallel: it counts allocations.
func TestRetryableAllocations(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector allocates")
	}
	s := newSQLite(t).open(t)
	require.NoError(t, s.SyncKinds(t.Context()))
	assert.Zero(t, testing.AllocsPerRun(100, func() { s.Retryable(tooDark) }))
}

// Operators decide about retries.
func TestRetryable(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		assert.True(t, s.Retryable(tooDark), "no record: the kind")
		assert.False(t, s.Retryable(fault.NotFound))
		assert.False(t, s.Retryable(nil))
		save(t, s, "", entry(tooDark.Code(), "says nothing of retries", ""))
		assert.True(t, s.Retryable(tooDark))
		require.NoError(t, s.SyncKinds(t.Context()))
		assert.True(t, s.Retryable(tooDark))
		save(t, s, "", store.Entry{Name: tooDark.Code(), Retryable: new(false)}, store.Entry{Name: "not_found", Retryable: new(true)})
		assert.False(t, s.Retryable(tooDark))
		assert.True(t, s.Retryable(fault.NotFound))
		assert.True(t, s.Retryable(tooLight), "a record of its own")
	})
}

// Whoever updates what another one has changed hears of it, whoever comes first and through whichever
// instance: no update is lost.
func TestLostUpdates(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		stores := []*store.Store{d.open(t), d.other(t), d.other(t)}
		r := save(t, stores[0], "", store.Entry{Name: "counter", Title: new("")})[0]
		const each = 8
		var group sync.WaitGroup
		for i := range 6 {
			s := stores[i%len(stores)]
			group.Go(func() {
				for range each {
					for {
						now, err := s.Get(t.Context(), r.ID)
						if !assert.NoError(t, err) {
							return
						}
						_, err = s.Update(t.Context(), r.ID, now.Version, store.Entry{Title: new(now.Title + "x")})
						if err == nil {
							break
						}
						if !assert.ErrorIs(t, err, store.ErrConflict) {
							return
						}
					}
				}
			})
		}
		group.Wait()
		assert.Empty(t, strings.Trim(get(t, d.other(t), r.ID).Title, "x"))
		assert.Len(t, get(t, d.other(t), r.ID).Title, 6*each)
	})
}
