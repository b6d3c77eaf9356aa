package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/typescript"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// module is that of the booking service, as its test keeps it.
const module = "../../examples/frameworks/testdata/errors.ts"

func responder(t *testing.T, opts ...fault.Option) *fault.Responder {
	t.Helper()
	r, err := fault.NewResponder(append(opts, fault.WithLogger(slog.New(slog.DiscardHandler)))...)
	require.NoError(t, err)
	return r
}

// compile compiles everything in the folder.
func compile(t *testing.T, dir string) (string, error) {
	t.Helper()
	copyTo(t, dir, "tsconfig.json")
	return command(t, dir, nil, "node", bin(t, "tsc"), "-p", ".")
}

// The file compiles under every strict option, and what it reads is right for the services on all frameworks, through fetch,
// axios and ky.
func TestClientsInTypeScript(t *testing.T) {
	needNode(t)
	dir := folder(t)
	copyTo(t, dir, module, "clients.test.ts", "document.test.ts")
	write(t, dir, "package.json", []byte(`{"type":"module"}`))
	write(t, dir, "exhaustive.ts", exhaustive(t))
	variants, err := typescript.Module(responder(t, fault.WithLanguages(variants...)), typescript.Options{})
	require.NoError(t, err)
	write(t, dir, "variants.ts", variants)
	write(t, dir, "hostile.ts", hostile(t))
	write(t, dir, "families.json", families(t))
	out, err := command(t, dir, nil, "node", bin(t, "openapi-typescript"), "../../../../examples/frameworks/testdata/openapi.json",
		"-o", "schema.ts")
	require.NoError(t, err, out)
	out, err = compile(t, dir)
	require.NoError(t, err, out)
	_, servers := page(t)
	out, err = command(t, dir, []string{"SERVERS=" + servers, "TABLE=" + table(t)}, "node", "--test", "clients.test.js", "document.test.js")
	require.NoError(t, err, out)
	assert.Regexp(t, `(?m)^# pass \d\d`, out)
	assert.Regexp(t, `(?m)^# skipped 0`, out)
}

// exhaustive is a function with a switch over all codes.
func exhaustive(t *testing.T) []byte {
	t.Helper()
	content, err := os.ReadFile(module)
	require.NoError(t, err)
	list := regexp.MustCompile(`(?s)errorCodes = \[\n(.*?)\] as const`).FindSubmatch(content)
	require.NotNil(t, list)
	var b bytes.Buffer
	b.WriteString("import type { Problem } from \"./errors.js\";\n\nexport function exhaustive(problem: Problem): string {\n" +
		"  const { status } = problem;\n  switch (problem.code) {\n")
	for line := range strings.Lines(string(list[1])) {
		code := strings.Trim(line, " ,\n")
		fmt.Fprintf(&b, "    case %s: {\n      const code: %s = problem.code;\n      return code;\n    }\n", code, code)
	}
	b.WriteString("    default: {\n      const never: never = problem;\n      return `default ${status}${never === undefined}`.replace(\"false\", \"\");\n    }\n  }\n}\n")
	return b.Bytes()
}

// hostile is a file of codes, texts and arguments that are no identifiers, or words of the language.
func hostile(t *testing.T) []byte {
	t.Helper()
	words := []string{"default", "class", "__proto__", "constructor", "a-b", "1a", "a b",
		"a\"b", "a\\b", "a\nb", "a`${b}`", "*/", "/*", "'", "é", "日本",
		"\u202e", "\u2028", "\x00", "\U0001F600", "\ufffd", "</script>", "any", "never"}
	var kinds []typescript.Kind
	args := map[string]string{"own": "no.Type"}
	for i, goType := range []string{"int", "bool", "[]string", "time.Time", "fmt.Stringer", ""} {
		args[words[i]] = goType
	}
	for _, word := range words {
		if _, typed := args[word]; !typed {
			args[word] = ""
		}
	}
	for i, word := range words {
		kinds = append(kinds, typescript.Kind{Code: word, Status: 400 + i, Retryable: i%2 == 0, Args: args,
			Text: "*/ export const broken = `${" + word + "}`; /* " + word + " **//"})
	}
	content, err := typescript.Module(nil, typescript.Options{Declared: kinds})
	require.NoError(t, err)
	assert.NotContains(t, string(content), "\u202e")
	assert.NotContains(t, string(content), "\x00")
	return append(content, `
export function hostile(p: Problem): string {
  switch (p.code) {
    case "*/":
      return String(p.params?.["default"]?.toFixed()) + p.params?.["__proto__"]?.join();
    case "a\u000ab":
      return p.code;
    default:
      return isErrorCode("__proto__") && isRetryable("default") && !isRetryable("class") ? "fine" : "wrong";
  }
}
`...)
}

// variants are languages of which there are several.
var variants = []string{"de", "en", "en-GB", "es", "es-419", "pt-BR", "pt-PT", "zh-Hans", "zh-Hant", "nb", "nn"}

// families are what package faulthttp chooses for many wishes.
func families(t *testing.T) []byte {
	t.Helper()
	wishes := []string{"", "und", "x-y", "de-AT", "de-1996",
		"de-DE-u-co-phonebk", "DE", "fr-CA", "no", "nb-NO", "nn-NO", "da", "zh", "zh-Hant-HK",
		"cmn", "yue", "yue-HK", "yue-CN", "yue-Hans",
		"sr-ME", "sr-Cyrl", "sr-Latn-RS", "sh", "iw", "he", "en-001", "en-150", "es-419", "en-Shaw", "es-ES",
		"pt", "pt-Latn", "tlh", "i-klingon", "not a tag", "en_GB"}
	for _, base := range []string{"de", "en", "es", "pt", "zh", "sr"} {
		for region := range strings.FieldsSeq("AD AR AT AU BR CA CH CL CN CO CU DE ES FR GB GQ HK HT IE IN LU MO MT " +
			"MX MY MZ NZ PE PH PR PT RS SG ST TW UA US VE ZA") {
			wishes = append(wishes, base+"-"+region)
		}
	}
	type example struct {
		Body map[string]string `json:"body"`
		Want []string          `json:"want"`
		Text string            `json:"text"`
	}
	var list []example
	for _, tags := range [][]string{variants, {"sr", "sr-Latn"}, {"de", "en", "fr", "pt"},
		{"es-419", "pt-PT"}, {"en-GB", "de"}, {"zh-Hans"}, {"zh-Hant", "fr"}, {"nb"}, {"pt-BR", "pt-PT"}} {
		texts, body := map[string]string{}, map[string]string{"code": "gone"}
		for _, tag := range tags {
			texts[tag], body[strings.ToUpper(tag)] = tag, tag
		}
		remote := &faulthttp.RemoteError{Texts: texts}
		for i, wish := range wishes {
			want := []string{wish}
			if i%7 == 0 {
				want = []string{"ja", wish, "de"}
			}
			list = append(list, example{body, want, remote.Text(want...)})
		}
	}
	content, err := json.Marshal(list)
	require.NoError(t, err)
	return content
}

// Ten thousand kinds are one file that compiles.
func TestTenThousandKinds(t *testing.T) {
	needNode(t)
	var kinds []typescript.Kind
	for i := range 10_000 {
		kinds = append(kinds, typescript.Kind{Code: fmt.Sprintf("kind_%d", i), Status: 400 + i%200, Args: map[string]string{fmt.Sprintf("Arg%d", i): "int"}})
	}
	content, err := typescript.Module(nil, typescript.Options{Declared: kinds})
	require.NoError(t, err)
	dir := folder(t)
	write(t, dir, "errors.ts", append(content, `
export function read(p: Problem): number | undefined {
  // @ts-expect-error no code
  if (p.code === "kind_10000") return 0;
  return p.code === "kind_9999" ? p.params?.Arg9999 : undefined;
}
`...))
	out, err := compile(t, dir)
	require.NoError(t, err, out)
}

func TestKindsThatCannotBeWritten(t *testing.T) {
	for want, kinds := range map[string][]typescript.Kind{
		"there is no kind":               {},
		"has no code":                    {{Status: 400}},
		`the code "gone" is there twice`: {{Code: "gone", Status: 410}, {Code: "gone", Status: 404}},
	} {
		content, err := typescript.Module(nil, typescript.Options{Declared: kinds})
		require.ErrorContains(t, err, want)
		assert.Nil(t, content)
	}
	_, err := typescript.Module(nil, typescript.Options{Kinds: func(*fault.Kind) bool { return false }})
	require.ErrorContains(t, err, "chooses none")
}

// The TypeScript on docs/frontend.md compiles.
func TestThePageOfTheDocumentation(t *testing.T) {
	needNode(t)
	content, err := os.ReadFile("../../docs/frontend.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```ts\n(.*?)```").FindAllSubmatch(content, -1)
	require.Len(t, blocks, 1)
	dir := folder(t)
	copyTo(t, dir, module)
	write(t, dir, "page.ts", blocks[0][1])
	out, err := compile(t, dir)
	require.NoError(t, err, out)
}

// table is the one of docs/formats.md as far as it tells of clients in TypeScript, and a service for each row.
func table(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("../../docs/formats.md")
	require.NoError(t, err)
	services := map[string]any{}
	for row, opts := range map[string][]fault.Option{
		"default": nil,
		"`WithFormats(Problem{}, Multilingual{})`": {fault.WithFormats(fault.Problem{}, fault.Multilingual{})},
		"`WithFormats(Problem{})`":                 {fault.WithFormats(fault.Problem{})},
	} {
		cells := regexp.MustCompile(`(?m)^\| ` + regexp.QuoteMeta(row) + ` \| ([^|]*) \| ([^|]*) \| ([^|]*) \|`).FindSubmatch(content)
		require.NotNil(t, cells, row)
		url := serve(t, faulthttp.Handler(responder(t, opts...), failing))
		services[row] = map[string]any{"url": url,
			"want": map[string]string{"fetch": string(cells[1]), "axios": string(cells[2]), "ky": string(cells[3])}}
	}
	encoded, err := json.Marshal(services)
	require.NoError(t, err)
	return string(encoded)
}
