package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// in is an entry with the texts of a language. Of "-" there is none.
func in(language, title, description string) store.Entry {
	e := store.Entry{Language: language}
	if title != "-" {
		e.Title = &title
	}
	if description != "-" {
		e.Description = &description
	}
	return e
}

func update(t testing.TB, s *store.Store, id, version int64, e store.Entry) store.Record {
	t.Helper()
	r, err := s.Update(t.Context(), id, version, e)
	require.NoError(t, err)
	return r
}

// texts are those of a record, as "de: title, description"; "-" is what nobody has written.
func texts(t testing.TB, s *store.Store, id int64) []string {
	t.Helper()
	list, err := s.ErrorTexts(t.Context(), id)
	require.NoError(t, err)
	require.NotNil(t, list)
	lines := []string{}
	for _, text := range list {
		title, description := text.Title, text.Description
		if !text.TitleEdited {
			require.Empty(t, title)
			title = "-"
		}
		if !text.DescriptionEdited {
			require.Empty(t, description)
			description = "-"
		}
		lines = append(lines, text.Language+": "+title+", "+description)
	}
	return lines
}

// An edited text replaces one language only, whichever it is and however it is written.
func TestTextsOfOneLanguage(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		c := newClock()
		s := d.open(t, store.WithClock(c.now))
		require.NoError(t, s.SyncKinds(t.Context()))
		own := named(t, s, "", "not_found")
		assert.Equal(t, []string{}, texts(t, s, own.ID))
		last := own
		for _, x := range []struct {
			entry      store.Entry
			title, raw string // of the record: "" is the program's
			want       string
		}{
			{in("de", "Nicht da", "-"), "", "", "de: Nicht da, -"},
			{in("de_de", "Weg", "-"), "", "", "de: Nicht da, -|de-DE: Weg, -"},
			{in("DE", "-", "Es ist\n\tweg."), "", "", "de: Nicht da, Es ist\n\tweg.|de-DE: Weg, -"},
			{in("zh-tw", "找不到", "-"), "", "", "de: Nicht da, Es ist\n\tweg.|de-DE: Weg, -|zh-TW: 找不到, -"},
			{in("de-DE", "", "-"), "", "", "de: Nicht da, Es ist\n\tweg.|zh-TW: 找不到, -"},
			{in("zh-TW", "", ""), "", "", "de: Nicht da, Es ist\n\tweg."},
			{in("en-US", "Gone", "-"), "", "", "de: Nicht da, Es ist\n\tweg.|en-US: Gone, -"},
			{in("EN", "Away", "-"), "Away", "", "de: Nicht da, Es ist\n\tweg.|en: Away, -|en-US: Gone, -"},
			{in("en", "-", "It is away."), "Away", "It is away.", "de: Nicht da, Es ist\n\tweg.|en: Away, It is away.|en-US: Gone, -"},
			{in("en", "", "-"), "", "It is away.", "de: Nicht da, Es ist\n\tweg.|en: -, It is away.|en-US: Gone, -"},
			{in("en", "-", ""), "", "", "de: Nicht da, Es ist\n\tweg.|en-US: Gone, -"},
			{in("iw", "אין", "-"), "", "", "de: Nicht da, Es ist\n\tweg.|en-US: Gone, -|he: אין, -"},
			{in("he", "", "-"), "", "", "de: Nicht da, Es ist\n\tweg.|en-US: Gone, -"},
			{in("de", "", "-"), "", "", "de: -, Es ist\n\tweg.|en-US: Gone, -"},
		} {
			now := c.move(time.Second)
			got := update(t, s, own.ID, last.Version, x.entry)
			assert.Greater(t, got.Version, last.Version, "a change of a text is one of the record")
			assert.Equal(t, now, got.LastModified)
			want := outside(own)
			want.LastModified = now
			if x.title != "" {
				want.Title = x.title
			}
			if x.raw != "" {
				want.Description = x.raw
			}
			assert.Equal(t, want, outside(got), x.want)
			assert.Equal(t, got, get(t, s, own.ID))
			assert.Equal(t, got, get(t, d.other(t), own.ID))
			assert.Equal(t, strings.Split(x.want, "|"), texts(t, s, own.ID))
			last = got
		}
		require.NoError(t, s.SyncKinds(t.Context()))
		assert.Equal(t, last, get(t, s, own.ID), "nothing of the record differs")
		assert.Equal(t, 2, d.count(t, "SELECT count(*) FROM polyfault_error_texts"), "nothing is left of a language without an edit")

		for _, language := range []string{"", "de", "en"} {
			same := update(t, s, own.ID, last.Version, store.Entry{Language: language})
			assert.Equal(t, last, same, "an entry that names nothing but a language")
		}
		_, err := s.ErrorTexts(t.Context(), 1<<40)
		assert.ErrorIs(t, err, store.ErrNotFound)
	})
}

// Without a language an empty text is a text, as it always was; with the default one it is the program's again.
func TestEmptyTexts(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		require.NoError(t, s.SyncKinds(t.Context()))
		own := named(t, s, "", "conflict")
		got := update(t, s, own.ID, 0, in("", "", ""))
		assert.Equal(t, "|", got.Title+"|"+got.Description)
		assert.Equal(t, []string{"en: , "}, texts(t, s, own.ID))
		require.NoError(t, s.SyncKinds(t.Context()))
		assert.Equal(t, got, get(t, s, own.ID), "it stays")
		for _, how := range []func(e store.Entry) store.Record{
			func(e store.Entry) store.Record { return update(t, s, own.ID, 0, e) },
			func(e store.Entry) store.Record { e.Name = "Conflict"; return save(t, s, "", e)[0] },
		} {
			how(in("en", "T", "D"))
			got = how(in("en", "", ""))
			assert.Equal(t, []string{own.Title, own.Description}, []string{got.Title, got.Description})
			assert.Empty(t, texts(t, s, own.ID))
		}
		d.exec(t, "UPDATE polyfault_errors SET title = 'older' WHERE name = 'conflict'")
		require.NoError(t, s.SyncKinds(t.Context()))
		assert.Equal(t, own.Title, named(t, d.other(t), "", "conflict").Title, "it is the program’s to change")

		d.exec(t, "UPDATE polyfault_errors SET name = 'vanished', name_key = 'vanished' WHERE name = 'conflict'")
		s = d.other(t)
		update(t, s, own.ID, 0, in("en", "T", "D"))
		got = update(t, s, own.ID, 0, in("en", "", "-"))
		assert.Equal(t, "|D", got.Title+"|"+got.Description, "a kind that is no more has no text")
		assert.Equal(t, []string{"en: -, D"}, texts(t, s, own.ID))

		mine := save(t, s, "job", entry("mine", "T", "D"))[0]
		got = update(t, s, mine.ID, 0, in("en", "", "-"))
		assert.Equal(t, "|D", got.Title+"|"+got.Description, "the program has no text for it")
		assert.Equal(t, []string{"en: , D"}, texts(t, s, mine.ID))
	})
}

// The default language is that of the responder.
func TestTextsOfAnotherDefaultLanguage(t *testing.T) {
	t.Parallel()
	responder, err := fault.NewResponder(fault.WithLanguages("en", "de"), fault.WithDefaultLanguage("de"))
	require.NoError(t, err)
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t, store.WithResponder(responder))
		require.NoError(t, s.SyncKinds(t.Context()))
		own := named(t, s, "", "not_found")
		require.Equal(t, "Nicht gefunden", own.Title)
		update(t, s, own.ID, 0, in("en", "Gone", "-"))
		assert.Equal(t, "Nicht gefunden", get(t, s, own.ID).Title)
		update(t, s, own.ID, 0, in("de", "Weg", "-"))
		assert.Equal(t, "Weg", get(t, s, own.ID).Title)
		assert.Equal(t, []string{"de: Weg, -", "en: Gone, -"}, texts(t, s, own.ID))
		assert.Equal(t, []string{"en: Weg, -"}, texts(t, d.other(t), own.ID), "a record’s texts are in the default language, each language is told once")
		update(t, s, own.ID, 0, in("de", "", "-"))
		assert.Equal(t, "Nicht gefunden", get(t, s, own.ID).Title)
	})
}

// Save and Create write texts, too, and what a record becomes does not touch them.
func TestTextsOfNewRecords(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		e := in("de", "Zu dunkel", "Kein Licht")
		e.Name = "Store_Test_Too_Dark"
		r, err := s.Create(t.Context(), "", e)
		require.NoError(t, err)
		assert.Equal(t, "|", r.Title+"|"+r.Description, "a text of another language is not the record’s")
		fr, other := in("fr", "Trop sombre", "-"), in("de", "Anderes", "-")
		fr.Name, other.Name = e.Name, "other"
		saved := save(t, s, "", fr, other)
		assert.Equal(t, r.ID, saved[0].ID)
		want := []string{"de: Zu dunkel, Kein Licht", "fr: Trop sombre, -"}
		assert.Equal(t, want, texts(t, s, r.ID))
		assert.Equal(t, []string{"de: Anderes, -"}, texts(t, s, saved[1].ID))

		require.NoError(t, s.SyncKinds(t.Context()))
		got := get(t, s, r.ID)
		assert.True(t, got.Builtin)
		assert.NotEmpty(t, got.Title, "nobody has written the one of the default language")
		assert.Equal(t, want, texts(t, s, r.ID), "a record that becomes built-in keeps them")

		renamed := update(t, s, saved[1].ID, 0, store.Entry{Name: "else", Language: "de", Title: new("Sonst")})
		assert.Equal(t, "else", renamed.Name)
		assert.Equal(t, []string{"de: Sonst, -"}, texts(t, s, saved[1].ID))
		d.exec(t, "DELETE FROM polyfault_errors WHERE name = 'else'")
		assert.Equal(t, 2, d.count(t, "SELECT count(*) FROM polyfault_error_texts"), "texts go with their record")
		_, err = s.ErrorTexts(t.Context(), saved[1].ID)
		assert.ErrorIs(t, err, store.ErrNotFound)
	})
}

// A language has one tag, and its texts the bounds of the record's. What breaks a rule writes nothing.
func TestTextsAreChecked(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("𝄞", n) }
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		r := save(t, s, "", entry("a", "A", ""))[0]
		for _, language := range []string{
			"x", "*", "-", " ", "d", "de ", "de-", "de,fr", "deutsch-deutsch", "und", "mul", "x-own", "qq-XX-", "de\x00", "de\xff", "'; --",
			strings.Repeat("x", 300), "de-" + strings.Repeat("x-abcdefgh-", 30) + "z", "en-" + strings.Repeat("abcdefgh-", 30) + "abcdefgh",
		} {
			assertRefused(t, s, r.ID, in(language, "T", "-"), "language invalid")
			assertRefused(t, s, r.ID, store.Entry{Language: language}, "language invalid")
		}
		for _, language := range []string{"de", "en", "zh-TW"} {
			assertRefused(t, s, r.ID, in(language, long(51), "-"), "title max.string")
			assertRefused(t, s, r.ID, in(language, "a\nb", "-"), "title invalid")
			assertRefused(t, s, r.ID, in(language, "a\xff", "-"), "title invalid")
			assertRefused(t, s, r.ID, in(language, "fine", long(251)), "description max.string")
			assertRefused(t, s, r.ID, in(language, "fine", "\x00"), "description invalid")
		}
		assert.Equal(t, r, get(t, d.other(t), r.ID))
		assert.Zero(t, d.count(t, "SELECT count(*) FROM polyfault_error_texts"))

		for _, title := range []string{
			long(50), "'; DROP TABLE polyfault_error_texts; --", "<script>alert(1)</script>", "?, $1, %s", "\u202eevil", " ",
		} {
			description := long(249-utf8.RuneCountInString(title)) + "\n" + title
			update(t, s, r.ID, 0, in("de-x-OWN", title, description))
			list, err := s.ErrorTexts(t.Context(), r.ID)
			require.NoError(t, err)
			assert.Equal(t, store.ErrorText{
				Language: "de-x-own", Title: title, Description: description, TitleEdited: true, DescriptionEdited: true,
			}, list[0])
		}
	})
}

func assertRefused(t *testing.T, s *store.Store, id int64, e store.Entry, want string) {
	t.Helper()
	_, updated := s.Update(t.Context(), id, 0, e)
	e.Name = "refused"
	_, created := s.Create(t.Context(), "", e)
	_, saved := s.Save(t.Context(), "", []store.Entry{{Name: "fine"}, e})
	for _, err := range []error{updated, created, saved} {
		refusal, ok := errors.AsType[*store.FieldError](err)
		require.True(t, ok, "%q: %v", e.Language, err)
		assert.Equal(t, want, refusal.Field+" "+refusal.Rule, "%q", e.Language)
		assert.Less(t, len(refusal.Error()), 200)
		assertAnswer(t, err, fault.ValidationFailed, 400)
	}
}

// Whoever edits a text of a record that has changed since, in any language, hears of it, and nothing is written.
func TestTextsConflict(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		a, b := d.open(t, store.WithPollInterval(time.Hour)), d.other(t, store.WithPollInterval(time.Hour))
		r := save(t, a, "", entry("a", "A", ""))[0]
		require.Equal(t, r, get(t, b, r.ID))
		german := update(t, a, r.ID, r.Version, in("de", "Eins", "-"))
		for _, language := range []string{"de", "fr", "en", ""} {
			_, err := b.Update(t.Context(), r.ID, r.Version, in(language, "lost", ""))
			assert.ErrorIs(t, err, store.ErrConflict)
		}
		assert.Equal(t, german, get(t, b, r.ID), "who is told of a conflict reads what it is with")
		for _, s := range []*store.Store{a, b} {
			assert.Equal(t, []string{"de: Eins, -", "en: A, "}, texts(t, s, r.ID))
		}
		renamed := update(t, b, r.ID, german.Version, in("", "B", "-"))
		_, err := a.Update(t.Context(), r.ID, german.Version, in("de", "lost", "-"))
		assert.ErrorIs(t, err, store.ErrConflict)
		assert.Equal(t, renamed, get(t, a, r.ID))
		_, err = a.Update(t.Context(), 1<<40, 0, in("de", "nobody", "-"))
		assert.ErrorIs(t, err, store.ErrNotFound)
		assert.Equal(t, 1, d.count(t, "SELECT count(*) FROM polyfault_error_texts"))
	})
}

// Another instance learns of a changed text as of any change of a record, and its ETag is another one.
func TestTextsOfOtherInstances(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		a, b := d.open(t), d.other(t, store.WithPollInterval(20*time.Millisecond))
		r := save(t, a, "", entry("a", "A", ""))[0]
		require.Equal(t, r, get(t, b, r.ID))
		clients := newAPI(t, reading(b, nil))
		target := fmt.Sprintf("/errors/%d/", r.ID)
		tag := clients.get(target).Header.Get("ETag")
		for i, e := range []store.Entry{in("de", "Eins", "-"), in("de", "-", "Zwei"), in("de", "", "")} {
			written := update(t, a, r.ID, 0, e)
			assert.Equal(t, texts(t, a, r.ID), texts(t, b, r.ID))
			eventually(t, func() bool { return get(t, b, r.ID) == written }, "the other instance never sees the write")
			answer := clients.get(target, "If-None-Match", tag)
			assert.Equal(t, 200, answer.Status, i)
			assert.Equal(t, "A", decode[wireError](t, answer).Title)
			tag = answer.Header.Get("ETag")
		}
	})
}

// All or none: a Save whose second entry fails, or whose last statement does, has written no text of the first.
func TestTextsAreRolledBack(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		recorder, s := newRecorder(t, d)
		require.NoError(t, s.SyncKinds(t.Context()))
		first := save(t, s, "", entry("first", "A", "B"))[0]
		update(t, s, first.ID, 0, in("de", "Eins", "-"))
		german := in("de", "lost", "lost")
		german.Name = "first"
		_, err := s.Save(t.Context(), "", []store.Entry{german, {Name: "conflict", Status: new(599)}})
		require.ErrorIs(t, err, store.ErrReadOnly)
		german.Title, german.Description = new(""), new("")
		_, err = s.Save(t.Context(), "", []store.Entry{german, {Name: "new", ExitCode: new(1)}, {Name: "newer", ExitCode: new(1)}})
		require.Error(t, err)

		broken := errors.New("broken")
		for _, last := range []string{"INSERT INTO polyfault_error_texts", "UPDATE polyfault_changes"} {
			recorder.during(last, func() error { return broken }, func() {
				_, err := s.Save(t.Context(), "", []store.Entry{{Name: "first", Language: "fr", Title: new("lost")}})
				assert.ErrorIs(t, err, broken)
				_, err = s.Create(t.Context(), "", store.Entry{Name: "second", Language: "fr", Title: new("lost")})
				assert.ErrorIs(t, err, broken)
				_, err = s.Update(t.Context(), first.ID, 0, in("fr", "lost", "-"))
				assert.ErrorIs(t, err, broken)
			})
		}
		assert.Equal(t, []string{"de: Eins, -", "en: A, B"}, texts(t, s, first.ID))
		assert.Equal(t, 1, d.count(t, "SELECT count(*) FROM polyfault_error_texts"))
		assert.Zero(t, d.count(t, "SELECT count(*) FROM polyfault_errors WHERE name IN ('second', 'new', 'newer')"))
		assert.Equal(t, get(t, d.other(t), first.ID), get(t, s, first.ID))
	})
}

// Reading texts is one statement, and a database that fails says so as everywhere.
func TestReadingTexts(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		recorder, s := newRecorder(t, d)
		r := save(t, s, "", entry("a", "A", ""))[0]
		update(t, s, r.ID, 0, in("de", "Eins", "-"))
		recorder.take()
		texts(t, s, r.ID)
		assert.Len(t, recorder.take(), 1)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := s.ErrorTexts(ctx, r.ID)
		assert.ErrorIs(t, err, context.Canceled)
		d.exec(t, "DROP TABLE polyfault_error_texts")
		_, err = s.ErrorTexts(t.Context(), r.ID)
		f, ok := mapped(err)
		require.True(t, ok, err)
		assert.Equal(t, "database", f.Kind().Code())
	})
}

// Writers of all languages of one record do not undo one another's texts, and versions lose nothing.
func TestWritersOfTexts(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		stores := []*store.Store{d.open(t), d.other(t)}
		r := save(t, stores[0], "", entry("a", "", ""))[0]
		languages := []string{"de", "en", "fr", "zh-TW"}
		const each = 10
		var group sync.WaitGroup
		for i, language := range slices.Repeat(languages, 2) {
			s := stores[i%2]
			group.Go(func() {
				for done := 0; done < each; {
					written, err := lengthen(t.Context(), s, r.ID, language)
					if !assert.NoError(t, err) {
						return
					}
					done += written
				}
			})
		}
		group.Wait()
		full := strings.Repeat("x", 2*each)
		for _, s := range stores {
			want := []string{"de: " + full + ", -", "en: " + full + ", ", "fr: " + full + ", -", "zh-TW: " + full + ", -"}
			assert.Equal(t, want, texts(t, s, r.ID))
		}
		assert.Equal(t, full, get(t, d.other(t), r.ID).Title)
	})
}

// lengthen adds an x to the title, and returns 1, or 0 if somebody else was faster.
func lengthen(ctx context.Context, s *store.Store, id int64, language string) (written int, err error) {
	now, err := s.Get(ctx, id)
	if err != nil {
		return 0, err
	}
	list, err := s.ErrorTexts(ctx, id)
	if err != nil {
		return 0, err
	}
	title := ""
	if i := slices.IndexFunc(list, func(text store.ErrorText) bool { return text.Language == language }); i >= 0 {
		title = list[i].Title
	}
	_, err = s.Update(ctx, id, now.Version, in(language, title+"x", "-"))
	if errors.Is(err, store.ErrConflict) {
		return 0, nil
	}
	return 1, err
}
