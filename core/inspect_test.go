package fault_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
)

func TestCatalogueTellsWhatIsLoaded(t *testing.T) {
	c := fault.Default().Catalogue()
	assert.Equal(t, fault.Language{Tag: "pt", Key: "PT", Dir: "ltr"}, c.Body()[3])
	assert.Equal(t, "en", c.Default().Tag)
	assert.Contains(t, c.Languages(), fault.Language{Tag: "fr", Key: "FR", Dir: "ltr"})
	ids := slices.Collect(c.IDs())
	assert.True(t, slices.IsSorted(ids))
	for k := range fault.Kinds() {
		if builtIn(k) {
			assert.Contains(t, ids, k.TextID())
		}
	}
	text, ok := c.Text("task_locked", "de")
	assert.True(t, ok)
	assert.NotEmpty(t, text)
	_, ok = c.Text("task_locked", "xx")
	assert.False(t, ok)
	_, ok = c.Text("nothing", "de")
	assert.False(t, ok)

	assert.Equal(t, ids, slices.Collect((*fault.Responder)(nil).Catalogue().IDs()), "no responder is the default one")
	assert.Equal(t, fault.ExposeNone, (*fault.Responder)(nil).Exposure())
	assert.Equal(t, fault.ExposeTraceback, responder(t, fault.WithExposure(fault.ExposeTraceback)).Exposure())

	var zero fault.Catalogue
	assert.Empty(t, zero.Languages())
	assert.Empty(t, zero.Body())
	assert.Zero(t, zero.Default())
	assert.Empty(t, slices.Collect(zero.IDs()))
}

func TestCatalogueTellsPlaceholdersOfAllForms(t *testing.T) {
	r := responder(t, fault.WithLocales(files("active.en.toml",
		"[hours]\none = \"{{.Count}} hour for {{.Who}}\"\nother = \"{{.Count}} hours\"\n[plain]\nother = \"x\"")))
	c := r.Catalogue()
	names, ok := c.Placeholders("hours", "en")
	assert.True(t, ok)
	assert.Equal(t, []string{"Count", "Who"}, names)
	assert.True(t, c.Plural("hours", "en"))
	assert.False(t, c.Plural("plain", "en"))
	assert.False(t, c.Plural("hours", "de"))
	_, ok = c.Placeholders("hours", "de")
	assert.False(t, ok)
	text, _ := c.Text("hours", "en", fault.Count(1), fault.Arg("Who", "Ada"))
	assert.Equal(t, "1 hour for Ada", text)
}

type pathError struct{ error }

func TestMappersThatDecideNothingAreFound(t *testing.T) {
	boom := errors.New("boom")
	r := responder(t, fault.WithMapper(
		fault.MapIs(boom, fault.Conflict),
		func(err error) *fault.Fault {
			if errors.Is(err, io.EOF) {
				return fault.Gone.New()
			}
			return nil
		},
		fault.MapIs(fmt.Errorf("wrapped: %w", boom), fault.Gone),
		fault.MapIs(io.EOF, fault.BadGateway),
		fault.MapIs(fault.TaskLocked, fault.Gone),
		fault.MapAs(func(pathError) *fault.Fault { return nil }),
		fault.MapAs(func(pathError) *fault.Fault { return fault.Gone.New() }),
		func(error) *fault.Fault { panic("a mapper") },
		fault.MapIs(io.ErrUnexpectedEOF, fault.BadGateway),
	))
	reports := r.Mappers()
	var unreachable []int
	for i, m := range reports {
		if m.Unreachable != "" {
			unreachable = append(unreachable, i+1)
		}
	}
	assert.Equal(t, []int{3, 4, 5, 7}, unreachable)
	assert.Equal(t, "MapIs(boom)", reports[0].Name)
	assert.Equal(t, "func", reports[1].Name)
	assert.Equal(t, "MapAs[fault_test.pathError]", reports[5].Name)
	assert.Contains(t, reports[3].Unreachable, "mapper 2")
	assert.Contains(t, reports[4].Unreachable, "task_locked")
	assert.Contains(t, reports[6].Unreachable, "mapper 6")
	assert.Empty(t, (*fault.Responder)(nil).Mappers())
}

func TestKindsBringTheirOwnRetryAfter(t *testing.T) {
	busy := derived(fault.ServiceUnavailable, fault.Spec{Code: "test_busy", Retry: fault.RetryLater, RetryAfter: 1500 * time.Millisecond})
	below := derived(busy, fault.Spec{Code: "test_busy_below"})
	never := derived(busy, fault.Spec{Code: "test_busy_never", Retry: fault.RetryNever})
	assert.Equal(t, 1500*time.Millisecond, below.RetryAfter())
	assert.Zero(t, never.RetryAfter())
	for _, c := range []struct {
		err  error
		want []string
	}{
		{busy, []string{"2"}},
		{below.New(), []string{"2"}},
		{never, nil},
		{busy.New(fault.RetryAfter(time.Minute)), []string{"60"}},
		{busy.New(fault.RetryAfter(-1)), nil},
		{busy.New(fault.Header("Retry-After", "Fri, 31 Dec 1999 23:59:59 GMT")), []string{"Fri, 31 Dec 1999 23:59:59 GMT"}},
		{fault.TransactionConflict, []string{"1"}},
		{fault.DatabaseOperation, []string{"5"}},
		{errors.New("boom"), nil},
	} {
		header := responder(t, fault.WithDefaultKind(busy)).Respond(nil, c.err).Header()
		assert.Equal(t, c.want, header.Values("Retry-After"), "%v", c.err)
	}
}

// Pages beside the responses speak the language that the responses speak.
func TestCatalogueNegotiates(t *testing.T) {
	r := responder(t, fault.WithLanguages("de", "en"), fault.WithDefaultLanguage("en"))
	for header, want := range map[string]string{
		"": "en", "de-AT,en;q=0.5": "de", "fr;q=0.2,pt-BR": "pt", "xx": "en", "en;q=0": "de", "*;q=0": "en", "nonsense;;;": "en",
	} {
		assert.Equal(t, want, r.Catalogue().Negotiate(header).Tag, header)
	}
	assert.Equal(t, fault.Language{}, fault.Catalogue{}.Negotiate("de"))
}

// Descriptions declare types; the note in the default language goes before others, and one that cannot be read counts as none.
func TestCatalogueTellsTypesOfArguments(t *testing.T) {
	c := responder(t, fault.WithLocales(files(
		"active.de.toml", "[order_due]\ndescription = \"Types: ID string.\"\nother = \"{{.ID}}\"\n"+
			"[order_open]\ndescription = \"Für alle. Types: Open bool, At time.Time\"\nother = \"{{.Open}}\"\n"+
			"[order_odd]\ndescription = \"Types: ID Order\"\nother = \"{{.ID}}\"",
		"active.en.toml", "[order_due]\ndescription = \"For an old link. Types: ID int\"\nother = \"{{.ID}}\"\n[order_open]\nother = \"{{.Open}}\"",
	))).Catalogue()
	assert.Equal(t, map[string]string{"ID": "int"}, c.ArgumentTypes("order_due"))
	assert.Equal(t, map[string]string{"Open": "bool", "At": "time.Time"}, c.ArgumentTypes("order_open"))
	assert.Nil(t, c.ArgumentTypes("order_odd"))
	assert.Nil(t, c.ArgumentTypes("task_locked"))
	assert.Nil(t, c.ArgumentTypes("nothing"))
	assert.Nil(t, fault.Catalogue{}.ArgumentTypes("order_due"))
}
