package checks

import (
	"context"
	_ "embed" // for the lock file
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"

	"golang.org/x/text/language"

	fault "github.com/polyfault/polyfault/core"
)

// app is the app of polyfault's own ids.
const app = "polyfault"

// The keys of polyfault's own messages. Their ids stand in codes.lock.
const (
	keyDefaultMissing = "text-missing-in-default-language"
	keyBodyMissing    = "text-missing-in-body-language"
	keyPlaceholders   = "placeholders-differ"
	keyStatusText     = "status-kind-without-text"
	keyKindText       = "kind-without-text"
	keyExitTwice      = "exit-code-twice"
	keyExitRange      = "exit-code-out-of-range"
	keyRetryAfter     = "retryable-without-retry-after"
	keyExposure       = "exposure-in-production"
	keyMapper         = "mapper-unreachable"
	keyLanguage       = "language-tag-unknown"
	keyFaultyCheck    = "check-faulty"
	keyChallenge      = "unauthorized-without-challenge"
	keyHeader         = "status-without-its-header"
	keyDefaultChoice  = "default-language-not-chosen"
	keyNearID         = "text-id-near-built-in"
	keyLeftBehind     = "override-leaves-language-behind"
)

//go:embed codes.lock
var lockFile []byte

// builtinLock is polyfault's own lock file.
var builtinLock = sync.OnceValue(func() *Lock {
	l, err := ParseLock("codes.lock", lockFile)
	if err != nil {
		panic(err) // cannot happen: the file is embedded, and a test reads it
	}
	return l
})

// Builtin returns the registry of polyfault's own messages, with the app "polyfault", for tools that list or explain ids. It
// is sealed.
func Builtin() *Registry { return builtin() }

var builtin = sync.OnceValue(func() *Registry {
	r := NewRegistry(builtinLock())
	for _, m := range []struct {
		key   string
		level Level
	}{
		{keyDefaultMissing, Error},
		{keyBodyMissing, Warning},
		{keyPlaceholders, Error},
		{keyStatusText, Error},
		{keyKindText, Warning},
		{keyExitTwice, Critical},
		{keyExitRange, Critical},
		{keyRetryAfter, Warning},
		{keyExposure, Error},
		{keyMapper, Warning},
		{keyLanguage, Error},
		{keyFaultyCheck, Critical},
		{keyChallenge, Warning},
		{keyHeader, Warning},
		{keyDefaultChoice, Warning},
		{keyNearID, Warning},
		{keyLeftBehind, Warning},
	} {
		if err := r.Register(m.key, app, m.level); err != nil {
			panic(err) // cannot happen: both sides are in this package, and a test compares them
		}
	}
	r.Seal()
	return r
})

// message makes one of polyfault's own messages.
func message(key, hint string, object any, format string, args ...any) Message {
	m, err := builtin().Make(key, fmt.Sprintf(format, args...), hint, object)
	if err != nil {
		panic(err) // cannot happen: the keys are the constants above
	}
	return m
}

// faulty returns the message about a check that fails to run.
func faulty(c Check, what string) Message {
	return message(keyFaultyCheck, "what the check looks for is unknown until it is repaired", c.Name, "check %q %s", c.Name, what)
}

// BuiltinSet returns a new set of the checks that polyfault brings. Run it alone, or add your checks to it. The package
// comment lists ids, tags and meanings.
func BuiltinSet() *Set { return &Set{checks: builtinChecks()} }

func builtinChecks() []Check {
	check := func(name, tag string, find func(*Subject) []Message) Check {
		return Check{Name: app + "." + name, Tags: []string{tag}, Run: func(_ context.Context, s *Subject) []Message { return find(s) }}
	}
	production := check("exposure", "security", checkExposure)
	production.Deploy = true
	return []Check{
		check("languages", "languages", all(checkLanguages, checkDefaultLanguage)),
		check("texts", "texts", all(checkTexts, checkNearIDs, checkOverrides)),
		check("placeholders", "texts", checkPlaceholders),
		check("kind-texts", "kinds", checkKindTexts),
		check("exit-codes", "kinds", checkExitCodes),
		check("retries", "kinds", checkRetries),
		check("headers", "kinds", checkHeaders),
		check("mappers", "mappers", checkMappers),
		production,
	}
}

// all joins the findings of several functions.
func all(looks ...func(*Subject) []Message) func(*Subject) []Message {
	return func(s *Subject) (found []Message) {
		for _, look := range looks {
			found = append(found, look(s)...)
		}
		return found
	}
}

// Tags returns the tags that [RunFor] knows, sorted. Tags of deploy-only checks are included only if deploy is true.
func Tags(deploy bool) []string { return tags(allChecks(), deploy) }

func allChecks() []Check { return append(builtinChecks(), defaultSet.Checks()...) }

// RunFor runs the checks that polyfault brings over the responder, and after them those of [AddCheck]. A nil responder
// means [fault.Default]. Applications call it at start-up, before the first request, and in tests. It reads every text in
// every language, which takes some 60 ms the first time: if start-up has to be faster, call it in tests only. See
// [Set.Run] for results and errors.
func RunFor(ctx context.Context, r *fault.Responder, opts Options) (Result, error) {
	return run(ctx, allChecks(), SubjectOf(r, opts.Kinds), opts)
}

func checkLanguages(s *Subject) (found []Message) {
	tags := slices.Concat(s.Languages, s.Body)
	if s.Default != "" {
		tags = append(tags, s.Default)
	}
	slices.Sort(tags)
	for _, name := range slices.Compact(tags) {
		tag, err := language.Parse(name)
		if err != nil || tag == language.Und {
			found = append(found, message(keyLanguage,
				"name the locale file by a BCP 47 tag: active.pt-BR.toml", name,
				"language tag %q is unknown", name))
		} else if tag.String() != name {
			found = append(found, message(keyLanguage, fmt.Sprintf("write %s", tag), name, "language tag %q is not canonical", name))
		}
	}
	return found
}

// checkTexts checks each text in the default language, which clients get if they accept no other, and in the languages of
// the body, which everybody gets.
func checkTexts(s *Subject) (found []Message) {
	for _, t := range s.Texts {
		if _, ok := t.In(s.Default); !ok && s.Default != "" {
			found = append(found, message(keyDefaultMissing,
				"clients get the text of another language, or of a parent kind: add it to active."+s.Default+".toml", t.ID,
				"the default language %s lacks the text; %s", s.Default, t.has()))
		}
		var missing []string
		for _, tag := range s.Body {
			if _, ok := t.In(tag); !ok && tag != s.Default {
				missing = append(missing, tag)
			}
		}
		if len(missing) > 0 {
			found = append(found, message(keyBodyMissing, "bodies are sent without these languages: add the text to their locale files", t.ID,
				"languages of the body lack the text: %s; %s", strings.Join(missing, ", "), t.has()))
		}
	}
	return found
}

// has tells which languages have the text, since the id may be misspelt.
func (t Text) has() string {
	var tags []string
	for _, f := range t.Forms {
		tags = append(tags, f.Language)
	}
	return "it stands in " + strings.Join(tags, ", ")
}

// checkPlaceholders compares placeholders with those of the default language, or of the first that has the text.
func checkPlaceholders(s *Subject) (found []Message) {
	for _, t := range s.Texts {
		if len(t.Forms) == 0 {
			continue
		}
		reference, ok := t.In(s.Default)
		if !ok {
			reference = t.Forms[0]
		}
		for _, f := range t.Forms {
			want, got := t.compared(reference), t.compared(f)
			if !slices.Equal(want, got) {
				found = append(found, message(keyPlaceholders,
					"an argument is lost, or never filled in: use the same placeholders in all languages", t.ID,
					"placeholders differ: %s in %s, %s in %s", braced(want), reference.Language, braced(got), f.Language))
			}
		}
	}
	return found
}

// compared returns the placeholders that all languages need. A plural form may say "one hour": then a language without
// plurals has a Count that others lack.
func (t Text) compared(f Form) []string {
	plural := slices.ContainsFunc(t.Forms, func(f Form) bool { return f.Plural })
	names := slices.Sorted(slices.Values(f.Placeholders))
	return slices.DeleteFunc(slices.Compact(names), func(name string) bool { return plural && name == "Count" })
}

func braced(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return "{{." + strings.Join(names, "}}, {{.") + "}}"
}

// checkKindTexts finds kinds without a text of their own. Such a kind has its parent's text; if it changes the status, that
// text describes another status.
func checkKindTexts(s *Subject) (found []Message) {
	exists := map[string]bool{}
	for _, t := range s.Texts {
		exists[t.ID] = len(t.Forms) > 0
	}
	for _, k := range s.Kinds {
		if exists[k.Text] {
			continue
		}
		key, what := keyKindText, "the kind has no text of its own in any language"
		if k.OwnStatus {
			key, what = keyStatusText, fmt.Sprintf("the kind has a status of its own, %d, and no text of its own in any language", k.Status)
		}
		hint := fmt.Sprintf("clients read the text of a parent kind: add %q to the locale files, or choose one by Spec.Text", k.Text)
		found = append(found, message(key, hint, k.Code, "%s", what))
	}
	return found
}

func checkExitCodes(s *Subject) (found []Message) {
	owners := map[int]string{}
	for _, k := range s.Kinds {
		if !k.OwnExitCode {
			continue
		}
		if k.ExitCode < 1 || k.ExitCode > 255 {
			found = append(found, message(keyExitRange,
				"exit codes have 8 bits, and 0 is success: choose another Spec.ExitCode", k.Code,
				"exit code %d is outside 1..255", k.ExitCode))
		}
		if owner, taken := owners[k.ExitCode]; taken {
			found = append(found, message(keyExitTwice,
				"who runs the program cannot tell the two apart: choose another Spec.ExitCode", k.Code,
				"exit code %d is that of kind %s too", k.ExitCode, owner))
			continue
		}
		owners[k.ExitCode] = k.Code
	}
	return found
}

func checkRetries(s *Subject) (found []Message) {
	for _, k := range s.Kinds {
		if k.Retryable && k.RetryAfter == 0 && !k.Builtin && !k.InheritsRetry {
			found = append(found, message(keyRetryAfter,
				"clients repeat at once, all together: set Spec.RetryAfter", k.Code,
				"the kind is retryable and says nothing of when"))
		}
	}
	return found
}

// statusHeaders are the headers that RFC 9110 (sections 15.5.2, 15.5.8, 15.5.16 and 15.5.22) demands with a status.
var statusHeaders = map[int][]string{
	http.StatusUnauthorized:         {"Www-Authenticate"},
	http.StatusProxyAuthRequired:    {"Proxy-Authenticate"},
	http.StatusUnsupportedMediaType: {"Accept", "Accept-Encoding"},
	http.StatusUpgradeRequired:      {"Upgrade"},
}

// checkHeaders checks the built-in kind for 401, which every service answers with, and no other built-in kind: services
// may not use those, and an error can bring its header.
func checkHeaders(s *Subject) (found []Message) {
	for _, k := range s.Kinds {
		names := statusHeaders[k.Status]
		if slices.ContainsFunc(names, func(name string) bool { return len(k.Headers[name]) > 0 }) {
			continue
		}
		switch {
		case k.Status == http.StatusUnauthorized && !s.Challenged && (!k.Builtin || k.Code == fault.Unauthorized.Code()):
			found = append(found, message(keyChallenge,
				"set one for all by WithChallenge, or of the kind by Spec.Headers", k.Code,
				"responses with status 401 have no WWW-Authenticate, unless the error or middleware brings it (RFC 9110, section 15.5.2)"))
		case k.Status != http.StatusUnauthorized && !k.Builtin && names != nil:
			found = append(found, message(keyHeader,
				"set it by Spec.Headers, or see that each error brings it", k.Code,
				"responses with status %d have no %s", k.Status, strings.Join(names, " or ")))
		}
	}
	return found
}

func checkMappers(s *Subject) (found []Message) {
	for i, m := range s.Mappers {
		if m.Unreachable != "" {
			found = append(found, message(keyMapper,
				"put the special mapper before the general one, or remove it", m.Name,
				"mapper %d never decides anything: %s", i+1, m.Unreachable))
		}
	}
	return found
}

func checkExposure(s *Subject) []Message {
	if s.Exposure == fault.ExposeNone {
		return nil
	}
	return []Message{message(keyExposure, "leave WithExposure out in production", nil, "clients are shown the inside of unknown errors")}
}
