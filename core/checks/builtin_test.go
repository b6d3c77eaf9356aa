package checks_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/checks"
)

func TestBuiltinCatalogueHasNoIssues(t *testing.T) {
	opts := checks.Options{Kinds: polyfaults, Deploy: true, FailLevel: checks.Debug}
	result, err := checks.RunFor(t.Context(), responder(t, fault.WithChallenge("Bearer")), opts)
	require.NoError(t, err)
	assert.False(t, result.Failed)
	assert.Equal(t, "System check identified no issues (0 silenced).\n", result.String())
	for _, r := range []*fault.Responder{nil, fault.Default()} {
		result, err := checks.RunFor(t.Context(), r, opts)
		require.NoError(t, err)
		require.Len(t, result.Messages, 1, "what only the application can know")
		assert.Equal(t, "polyfault.W005", result.Messages[0].ID)
		assert.Equal(t, "unauthorized", result.Messages[0].Object)
	}
}

// found are the ids and objects of what polyfault's checks have to say of the subject.
func found(t *testing.T, s *checks.Subject) (list []string) {
	t.Helper()
	r, err := checks.BuiltinSet().Run(t.Context(), s, checks.Options{Deploy: true})
	require.NoError(t, err)
	for _, m := range r.Messages {
		m.Hint = ""
		list = append(list, m.String())
	}
	return list
}

func form(language string, plural bool, placeholders ...string) checks.Form {
	return checks.Form{Language: language, Plural: plural, Placeholders: placeholders}
}

// Every check over data that a responder would refuse or does not have.
func TestBuiltinChecks(t *testing.T) {
	languages := checks.Subject{Languages: []string{"de", "en", "fr", "pt"}, Body: []string{"de", "en", "fr"}, Default: "en"}
	with := func(change func(*checks.Subject)) *checks.Subject {
		s := languages
		change(&s)
		return &s
	}
	texts := func(list ...checks.Text) *checks.Subject {
		return with(func(s *checks.Subject) { s.Texts = list })
	}
	kinds := func(list ...checks.Kind) *checks.Subject {
		return with(func(s *checks.Subject) {
			s.Kinds = list
			s.Texts = []checks.Text{{ID: "t", Forms: []checks.Form{form("de", false), form("en", false), form("fr", false)}}}
		})
	}
	everywhere := func(id string, forms ...checks.Form) checks.Text { return checks.Text{ID: id, Forms: forms} }
	for _, c := range []struct {
		name string
		s    *checks.Subject
		want []string
	}{
		{"nothing", &checks.Subject{}, nil},
		{"languages", &languages, nil},

		{"text everywhere", texts(everywhere("t", form("de", false), form("en", false), form("fr", false))), nil},
		{"text not in the default language", texts(everywhere("t", form("de", false), form("fr", false))),
			[]string{"t: (polyfault.E001) the default language en lacks the text; it stands in de, fr"}},
		{"text not in the body", texts(everywhere("t", form("en", false), form("pt", false))),
			[]string{"t: (polyfault.W001) languages of the body lack the text: de, fr; it stands in en, pt"}},
		{"text in neither", texts(everywhere("t", form("pt", false))), []string{
			"t: (polyfault.E001) the default language en lacks the text; it stands in pt",
			"t: (polyfault.W001) languages of the body lack the text: de, fr; it stands in pt",
		}},

		{"same placeholders", texts(everywhere("t", form("de", false, "B", "A", "A"), form("en", false, "A", "B"),
			form("fr", true, "A", "B"))), nil},
		{"placeholder misspelt", texts(everywhere("t", form("de", false, "Id"), form("en", false, "ID"), form("fr", false, "ID"))),
			[]string{"t: (polyfault.E002) placeholders differ: {{.ID}} in en, {{.Id}} in de"}},
		{"placeholder lost", texts(everywhere("t", form("de", false, "A", "B"), form("en", false, "A", "B"), form("fr", false))),
			[]string{"t: (polyfault.E002) placeholders differ: {{.A}}, {{.B}} in en, none in fr"}},
		{"placeholder of another language than the body's",
			texts(everywhere("t", form("de", false), form("en", false), form("fr", false), form("pt", false, "A"))),
			[]string{"t: (polyfault.E002) placeholders differ: none in en, {{.A}} in pt"}},
		{"count in a plural", texts(everywhere("t", form("de", true), form("en", true, "Count"), form("fr", false, "Count"))), nil},
		{"count left out in a language without plurals",
			texts(everywhere("t", form("de", true, "Count"), form("en", false), form("fr", true, "Count"))), nil},
		{"count without any plural", texts(everywhere("t", form("de", false, "Count"), form("en", false), form("fr", false, "Count"))), []string{
			"t: (polyfault.E002) placeholders differ: none in en, {{.Count}} in de",
			"t: (polyfault.E002) placeholders differ: none in en, {{.Count}} in fr",
		}},
		{"another placeholder in a plural",
			texts(everywhere("t", form("de", true, "Count"), form("en", true, "Count", "Who"), form("fr", true, "Count", "Who"))),
			[]string{"t: (polyfault.E002) placeholders differ: {{.Who}} in en, none in de"}},
		{"placeholders without the default language", texts(everywhere("t", form("de", false, "A"), form("fr", false))), []string{
			"t: (polyfault.E001) the default language en lacks the text; it stands in de, fr",
			"t: (polyfault.E002) placeholders differ: {{.A}} in de, none in fr",
		}},

		{"kind with a text", kinds(checks.Kind{Code: "k", Text: "t"}, checks.Kind{Code: "l", Text: "t", OwnStatus: true}), nil},
		{"status kind without", kinds(checks.Kind{Code: "k", Text: "none", Status: 418, OwnStatus: true}),
			[]string{"k: (polyfault.E003) the kind has a status of its own, 418, and no text of its own in any language"}},
		{"other kind without", kinds(checks.Kind{Code: "k", Text: "none", Status: 418}),
			[]string{"k: (polyfault.W002) the kind has no text of its own in any language"}},

		{"exit codes", kinds(
			checks.Kind{Code: "a", Text: "t", ExitCode: 1, OwnExitCode: true},
			checks.Kind{Code: "b", Text: "t", ExitCode: 255, OwnExitCode: true},
			checks.Kind{Code: "c", Text: "t", ExitCode: 1},
		), nil},
		{"exit code twice", kinds(
			checks.Kind{Code: "a", Text: "t", ExitCode: 7, OwnExitCode: true},
			checks.Kind{Code: "b", Text: "t", ExitCode: 7, OwnExitCode: true},
			checks.Kind{Code: "c", Text: "t", ExitCode: 7, OwnExitCode: true},
		), []string{
			"b: (polyfault.C001) exit code 7 is that of kind a too",
			"c: (polyfault.C001) exit code 7 is that of kind a too",
		}},
		{"exit codes out of range", kinds(
			checks.Kind{Code: "a", Text: "t", OwnExitCode: true},
			checks.Kind{Code: "b", Text: "t", ExitCode: 256, OwnExitCode: true},
			checks.Kind{Code: "c", Text: "t", ExitCode: -1, OwnExitCode: true},
			checks.Kind{Code: "d", Text: "t", ExitCode: 256},
		), []string{
			"a: (polyfault.C002) exit code 0 is outside 1..255",
			"b: (polyfault.C002) exit code 256 is outside 1..255",
			"c: (polyfault.C002) exit code -1 is outside 1..255",
		}},

		{"retryable with a wait", kinds(checks.Kind{Code: "a", Text: "t", Retryable: true, RetryAfter: time.Second},
			checks.Kind{Code: "b", Text: "t"}), nil},
		{"retryable without", kinds(checks.Kind{Code: "a", Text: "t", Retryable: true}),
			[]string{"a: (polyfault.W003) the kind is retryable and says nothing of when"}},

		{"exposure", with(func(s *checks.Subject) { s.Exposure = fault.ExposeException }),
			[]string{"?: (polyfault.E004) clients are shown the inside of unknown errors"}},
		{"mappers", with(func(s *checks.Subject) {
			s.Mappers = []fault.MapperReport{{Name: "good"}, {Name: "bad", Unreachable: "mapper 1 is greedy"}}
		}),
			[]string{"bad: (polyfault.W004) mapper 2 never decides anything: mapper 1 is greedy"}},

		{"language tags", with(func(s *checks.Subject) {
			s.Languages = []string{"de", "x1", "en_US", "zh-Hant-TW", "zz", "und", "iw"}
			s.Body = []string{"de", "x1", "pt_br"}
			s.Default = "not a tag"
		}),
			[]string{
				`en_US: (polyfault.E005) language tag "en_US" is not canonical`,
				`iw: (polyfault.E005) language tag "iw" is not canonical`,
				`not a tag: (polyfault.E005) language tag "not a tag" is unknown`,
				`pt_br: (polyfault.E005) language tag "pt_br" is not canonical`,
				`und: (polyfault.E005) language tag "und" is unknown`,
				`x1: (polyfault.E005) language tag "x1" is unknown`,
				`zz: (polyfault.E005) language tag "zz" is unknown`,
			}},
		{"no challenge", kinds(checks.Kind{Code: "unauthorized", Text: "t", Status: 401, Builtin: true},
			checks.Kind{Code: "login_failed", Text: "t", Status: 401, Builtin: true}, checks.Kind{Code: "own", Text: "t", Status: 401},
			checks.Kind{Code: "fine", Text: "t", Status: 401, Headers: http.Header{"Www-Authenticate": {"Bearer"}}}),
			[]string{
				"unauthorized: (polyfault.W005) responses with status 401 have no WWW-Authenticate, unless the error or middleware brings it " +
					"(RFC 9110, section 15.5.2)",
				"own: (polyfault.W005) responses with status 401 have no WWW-Authenticate, unless the error or middleware brings it " +
					"(RFC 9110, section 15.5.2)",
			}},
		{"a challenge for all", with(func(s *checks.Subject) {
			s.Challenged, s.Kinds = true, kinds(checks.Kind{Code: "own", Text: "t", Status: 401}).Kinds
			s.Texts = kinds().Texts
		}), nil},
		{"other headers that go with a status", kinds(checks.Kind{Code: "a", Text: "t", Status: 407}, checks.Kind{Code: "b", Text: "t",
			Status: 415},
			checks.Kind{Code: "c", Text: "t", Status: 426}, checks.Kind{Code: "d", Text: "t", Status: 426, Builtin: true},
			checks.Kind{Code: "e", Text: "t", Status: 415, Headers: http.Header{"Accept-Encoding": {"gzip"}}},
			checks.Kind{Code: "f", Text: "t", Status: 407, Headers: http.Header{"Proxy-Authenticate": {"Basic"}}}),
			[]string{
				"a: (polyfault.W006) responses with status 407 have no Proxy-Authenticate",
				"b: (polyfault.W006) responses with status 415 have no Accept or Accept-Encoding",
				"c: (polyfault.W006) responses with status 426 have no Upgrade",
			}},
	} {
		t.Run(c.name, func(t *testing.T) { assert.Equal(t, c.want, found(t, c.s)) })
	}
}

// The same over a responder that is configured badly.
func TestRunForFindsBadConfiguration(t *testing.T) {
	boom := errors.New("boom")
	r := responder(t,
		fault.WithLocales(files(
			"active.en.toml", "[greeting]\nother = \"{{.Name}}\"\n[order_paid]\none = \"one\"\nother = \"{{.Count}}\"\n",
			"active.de.toml", "[greeting]\nother = \"{{.Nam}}\"\n[only_german]\nother = \"x\"\n[order_paid]\nother = \"{{.Count}}\"\n",
		)),
		fault.WithDefaultLanguage("en"),
		fault.WithExposure(fault.ExposeTraceback),
		fault.WithMapper(fault.MapIs(io.EOF, fault.Gone), fault.MapIs(boom, fault.Gone), fault.MapIs(boom, fault.Conflict)),
	)
	ids := func(opts checks.Options) (list []string) {
		opts.Kinds = func(*fault.Kind) bool { return true }
		result, err := checks.RunFor(t.Context(), r, opts)
		require.NoError(t, err)
		for _, m := range result.Messages {
			list = append(list, m.ID+" "+m.Object.(string))
		}
		return list
	}
	assert.Equal(t, []string{
		"polyfault.E001 only_german", "polyfault.E002 greeting",
		"polyfault.W002 test_bare", "polyfault.W003 test_order_paid", "polyfault.W005 unauthorized", "polyfault.W004 MapIs(boom)",
	}, ids(checks.Options{}))
	assert.Equal(t, []string{"polyfault.W004 MapIs(boom)"}, ids(checks.Options{Tags: []string{"mappers"}}))
	assert.Equal(t, []string{"polyfault.W002 test_bare"},
		ids(checks.Options{Tags: []string{"kinds"}, Silenced: []string{"polyfault.W003", "polyfault.W005"}}))
	result, err := checks.RunFor(t.Context(), r, checks.Options{Deploy: true, Tags: []string{"security"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"clients are shown the inside of unknown errors"}, texts(result))
	assert.True(t, result.Failed)
	_, err = checks.RunFor(t.Context(), r, checks.Options{Tags: []string{"security"}})
	assert.ErrorIs(t, err, checks.ErrUnknownTag)
}

func TestSubjectOf(t *testing.T) {
	r := responder(t, fault.WithLanguages("fr", "en"), fault.WithDefaultLanguage("pt"), fault.WithExposure(fault.ExposeException),
		fault.WithMapper(fault.MapIs(io.EOF, fault.Gone)))
	s := checks.SubjectOf(r, appKinds)
	assert.Same(t, r, s.Responder)
	assert.Equal(t, []checks.Kind{
		{Code: "test_bare", Text: "test_bare", Status: 409, ExitCode: 1},
		{Code: "test_order_paid", Text: "order_paid", Status: 409, ExitCode: 77, Retryable: true, OwnExitCode: true},
	}, s.Kinds)
	assert.Contains(t, s.Languages, "de")
	assert.Equal(t, []string{"fr", "en"}, s.Body)
	assert.Equal(t, "pt", s.Default)
	assert.Equal(t, fault.ExposeException, s.Exposure)
	assert.Equal(t, []fault.MapperReport{{Name: "MapIs(EOF)"}}, s.Mappers)

	all := checks.SubjectOf(nil, nil)
	assert.Same(t, fault.Default(), all.Responder)
	kinds := map[string]checks.Kind{}
	for _, k := range all.Kinds {
		kinds[k.Code] = k
	}
	assert.Equal(t, checks.Kind{Code: "database_operation", Text: "database_operation", Status: 500, ExitCode: 3,
		Retryable: true, RetryAfter: 5 * time.Second, OwnExitCode: true, Builtin: true}, kinds["database_operation"])
	assert.True(t, kinds["unknown_error"].OwnStatus && kinds["unknown_error"].OwnExitCode, "the root has no parent")
	assert.True(t, kinds["locked"].OwnStatus)
	assert.False(t, kinds["task_locked"].OwnStatus)

	hours := files("active.en.toml", "[hours]\none = \"an hour for {{.Who}}\"\nother = \"{{.Count}} hours\"\n")
	s = checks.SubjectOf(responder(t, fault.WithLocales(hours)), nil)
	for _, text := range s.Texts {
		if text.ID == "hours" {
			assert.Equal(t, []checks.Form{{Language: "en", Placeholders: []string{"Count", "Who"}, Plural: true}}, text.Forms)
			_, ok := text.In("de")
			assert.False(t, ok)
			f, ok := text.In("en")
			assert.True(t, ok && f.Plural)
			return
		}
	}
	t.Error("no text hours")
}

type wake struct{}

// asleep adds a check to the default set, which is the process', so that it sleeps until a test
// wakes it.
var asleep = sync.OnceValue(func() error {
	return checks.AddCheck(checks.Check{Name: "asleep", Tags: []string{"test"},
		Run: func(ctx context.Context, s *checks.Subject) []checks.Message {
			if ctx.Value(wake{}) == nil {
				return nil
			}
			return []checks.Message{{Level: checks.Info, Text: s.Default, Object: len(s.Kinds)}}
		}})
})

func TestDefaultSet(t *testing.T) {
	require.NoError(t, asleep())
	require.Error(t, checks.AddCheck(checks.Check{Name: "asleep", Run: say("", nil).Run}))
	assert.Equal(t, []string{"test"}, checks.DefaultSet().Tags(true))
	assert.Equal(t, []string{"kinds", "languages", "mappers", "test", "texts"}, checks.Tags(false))
	assert.Equal(t, []string{"kinds", "languages", "mappers", "security", "test", "texts"}, checks.Tags(true))
	assert.Len(t, checks.BuiltinSet().Checks(), 9)

	ctx := context.WithValue(t.Context(), wake{}, true)
	r, err := checks.Run(ctx, checks.Options{Kinds: appKinds})
	require.NoError(t, err)
	assert.Equal(t, []checks.Message{{Level: checks.Info, Text: "en", Object: 2}}, r.Messages,
		"over the default responder, without polyfault's own")
	_, err = checks.Run(ctx, checks.Options{Tags: []string{"texts"}})
	assert.ErrorIs(t, err, checks.ErrUnknownTag)

	r, err = checks.RunFor(ctx, responder(t, fault.WithDefaultLanguage("fr")), checks.Options{Kinds: appKinds})
	require.NoError(t, err)
	assert.Equal(t, "fr", texts(r)[len(r.Messages)-1], "behind polyfault's own")
	assert.Len(t, r.Messages, 4)
}
