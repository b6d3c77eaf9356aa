package typescript_test

import (
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/typescript"
)

// That the file compiles, and what its functions do, is tested in interop/web.

var due = fault.Conflict.Derive(fault.Spec{Code: "test_due"})

func only(kind *fault.Kind) typescript.Options {
	return typescript.Options{Kinds: func(k *fault.Kind) bool { return k == kind }}
}

func TestTypesOfArguments(t *testing.T) {
	r, err := fault.NewResponder(fault.WithStatus(due, 410), fault.WithRetryable(func(*fault.Kind) bool { return true }),
		fault.WithLocales(fstest.MapFS{"active.en.toml": &fstest.MapFile{Data: []byte(`[test_due]
description = "Types: A any, B bool, F float64, I int64, L []string, D time.Duration, T time.Time, S string, G fmt.Stringer"
one = "{{.A}} {{.B}} {{.F}}"
other = "{{.A}}{{.B}}{{.F}}{{.I}}{{.L}}{{.D}}{{.T}}{{.S}}{{.G}}{{.Free}}"`)}}))
	require.NoError(t, err)
	content, err := typescript.Module(r, only(due))
	require.NoError(t, err)
	assert.Contains(t, string(content), `  | ProblemOf<"test_due", 410, { readonly "A"?: unknown; readonly "B"?: boolean; readonly "Count"?: number; `+
		`readonly "D"?: number; readonly "F"?: number; readonly "Free"?: unknown; readonly "G"?: unknown; readonly "I"?: number; `+
		`readonly "L"?: readonly string[]; readonly "S"?: string; readonly "T"?: string }>;`)
	assert.Contains(t, string(content), "new Set<string>([\n  \"test_due\",\n]);", "the responder says what can be repeated")
}

func TestTheTextOfTheParentStandsIn(t *testing.T) {
	content, err := typescript.Module(nil, only(due))
	require.NoError(t, err)
	text, ok := fault.Default().Catalogue().Text("conflict", "en")
	require.True(t, ok)
	assert.Contains(t, string(content), "/** "+text+" */\n  | ProblemOf<\"test_due\", 409>;")
}

// Parents stand in the file for languages with several variants only.
func TestParentsOfLanguages(t *testing.T) {
	for languages, want := range map[string]string{"de,en": "", "es,es-419": `"es-MX": "es-419",`, "pt-BR,pt-PT": `"pt-AO": "pt-PT",`,
		"en,en-GB": `"en-AU": "en-001",`, "zh-Hans,zh-Hant": ""} {
		r, err := fault.NewResponder(fault.WithLanguages(strings.Split(languages, ",")...))
		require.NoError(t, err)
		content, err := typescript.Module(r, only(fault.Gone))
		require.NoError(t, err)
		if want == "" {
			assert.Contains(t, string(content), "readonly [tag: string]: string } = {\n};", languages)
		} else {
			assert.Contains(t, string(content), want, languages)
		}
	}
}

func TestTheSameBytesEveryTime(t *testing.T) {
	first, err := typescript.Module(nil, typescript.Options{})
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(string(first), typescript.Header+"\n"))
	assert.NotContains(t, string(first), "import ")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			again, err := typescript.Module(nil, typescript.Options{})
			assert.NoError(t, err)
			assert.Equal(t, string(first), string(again))
		})
	}
	group.Wait()
}
