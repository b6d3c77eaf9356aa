package fault_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

var (
	choiceParent = fault.Conflict.Derive(fault.Spec{Code: "test_choice_parent"})
	choiceChild  = choiceParent.Derive(fault.Spec{Code: "test_choice_child"})
)

// relations are how CLDR relates the tags of the test: maximized form, and parents.
var relations = map[string]struct {
	key     string
	parents string
}{
	"de": {"de-Latn-DE", ""}, "de-AT": {"de-Latn-AT", "de"}, "de-DE": {"de-Latn-DE", "de"}, "de-CH": {"de-Latn-CH", "de"},
	"en": {"en-Latn-US", ""}, "en-US": {"en-Latn-US", "en"}, "en-GB": {"en-Latn-GB", "en-001 en"}, "en-001": {"en-Latn-001", "en"},
	"en-AU": {"en-Latn-AU", "en-001 en"},
	"fr":    {"fr-Latn-FR", ""}, "fr-CA": {"fr-Latn-CA", "fr"},
	"es": {"es-Latn-ES", ""}, "es-419": {"es-Latn-419", "es"}, "es-MX": {"es-Latn-MX", "es-419 es"}, "es-AR": {"es-Latn-AR", "es-419 es"},
	"pt": {"pt-Latn-BR", ""}, "pt-BR": {"pt-Latn-BR", "pt"}, "pt-PT": {"pt-Latn-PT", "pt"}, "pt-AO": {"pt-Latn-AO", "pt-PT pt"},
	"zh": {"zh-Hans-CN", ""}, "zh-Hans": {"zh-Hans-CN", "zh"}, "zh-CN": {"zh-Hans-CN", "zh"}, "zh-SG": {"zh-Hans-SG", "zh"},
	"zh-Hant": {"zh-Hant-TW", ""}, "zh-TW": {"zh-Hant-TW", "zh-Hant"}, "zh-HK": {"zh-Hant-HK", "zh-Hant"},
	"yue": {"yue-Hant-HK", ""}, "yue-CN": {"yue-Hans-CN", ""},
	"nb": {"no-Latn-NO", ""}, "no": {"no-Latn-NO", ""}, "nn": {"nn-Latn-NO", "no"}, "nn-NO": {"nn-Latn-NO", "nn no"},
	"sr": {"sr-Cyrl-RS", ""}, "sr-Latn": {"sr-Latn-RS", ""}, "sr-ME": {"sr-Latn-ME", "sr-Latn"},
	"ka": {"ka-Geor-GE", ""}, "is": {"is-Latn-IS", ""}, "ja": {"ja-Jpan-JP", ""}, "sw-KE": {"sw-Latn-KE", "sw"}, "sw": {"sw-Latn-TZ", ""},
	"tlh": {"", ""}, "und": {"", ""},
}

func sameLanguage(a, b string) bool {
	return a == b || relations[a].key != "" && relations[a].key == relations[b].key
}

// choiceModel says what DESIGN's words say, in the order in which they say it.
type choiceModel struct {
	own       map[string]map[string]string // by tag and id
	builtin   []string                     // tags
	body      []string
	standard  string // the default language
	languages []string
	chosen    map[string]bool // own languages, and those of the body
}

func (m *choiceModel) text(id, tag string) (string, bool) {
	for _, level := range append([]string{tag}, strings.Fields(relations[tag].parents)...) {
		var files []string
		for file := range m.own {
			if sameLanguage(file, level) {
				files = append(files, file)
			}
		}
		sort.Slice(files, func(i, j int) bool { // its very tag, then the later file
			if (files[i] == level) != (files[j] == level) {
				return files[i] == level
			}
			return files[i] > files[j]
		})
		for _, file := range files {
			if text, ok := m.own[file][id]; ok {
				return text, true
			}
		}
		for _, tag := range m.builtin {
			if text, ok := fault.Default().Catalogue().Text(id, tag); ok && sameLanguage(tag, level) {
				return text, true
			}
		}
	}
	return "", false
}

func (m *choiceModel) anywhere(id string) bool {
	return slices.ContainsFunc(m.languages, func(tag string) bool { _, ok := m.text(id, tag); return ok })
}

// order are the languages for a range: the tag, its equals, its parents, the other variants of language and script.
func (m *choiceModel) order(want string) (list []string) {
	add := func(fits func(string) bool) {
		var found []string
		for _, tag := range m.languages {
			if fits(tag) && !slices.Contains(list, tag) {
				found = append(found, tag)
			}
		}
		sort.SliceStable(found, func(i, j int) bool { return m.chosen[found[i]] && !m.chosen[found[j]] })
		list = append(list, found...)
	}
	for _, level := range append([]string{want}, strings.Fields(relations[want].parents)...) {
		add(func(tag string) bool { return tag == level })
		add(func(tag string) bool { return sameLanguage(tag, level) })
	}
	parts := strings.Split(relations[want].key, "-")
	if len(parts) == 3 {
		add(func(tag string) bool { return strings.HasPrefix(relations[tag].key, parts[0]+"-"+parts[1]+"-") })
	}
	if parts[0] == "yue" {
		for _, tag := range m.order("zh-" + parts[1]) {
			add(func(other string) bool { return other == tag })
		}
	}
	return list
}

type weighted struct {
	tag string
	q   int // in tenths
}

// accepts are the ranges in their order, and what the client refuses.
func (m *choiceModel) accepts(header []weighted) (ranges [][]string, refused map[string]bool) {
	sorted := slices.Clone(header)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].q > sorted[j].q })
	refused = map[string]bool{}
	near := map[string]int{} // how nearly a wanted range speaks of a language
	away := map[string]int{}
	for _, r := range sorted {
		if r.tag == "*" {
			if r.q > 0 {
				others := slices.DeleteFunc(slices.Clone(m.body), func(tag string) bool { return tag == m.standard })
				ranges = append(ranges, []string{m.standard}, others)
				continue
			}
			for _, tag := range m.languages {
				away[tag] = max(away[tag], 1)
			}
			continue
		}
		if r.q > 0 {
			ranges = append(ranges, m.order(r.tag))
			for _, tag := range m.order(r.tag) {
				near[tag] = max(near[tag], 2)
			}
		}
		for _, tag := range m.languages {
			level := 0
			switch {
			case tag == r.tag:
				level = 5
			case sameLanguage(tag, r.tag):
				level = 4
			case strings.HasPrefix(tag, r.tag+"-") && r.q == 0:
				level = 3
			}
			if r.q > 0 {
				near[tag] = max(near[tag], level)
			} else {
				away[tag] = max(away[tag], level)
			}
		}
	}
	for tag, level := range away {
		refused[tag] = level > 0 && level >= near[tag]
	}
	return ranges, refused
}

type choiceAnswer struct {
	lang, title, detail string
	fields              []string
}

// problem is the answer in one language to an error of the kind with that text and those field rules.
func (m *choiceModel) problem(header []weighted, chain []string, titleID string, rules []string) choiceAnswer {
	ranges, refused := m.accepts(header)
	ranges = append(ranges, []string{m.standard}, m.body)
	for _, id := range chain {
		for _, of := range ranges {
			for _, complete := range []bool{true, false} {
				for _, tag := range of {
					if answer, ok := m.in(tag, id, titleID, rules, complete); ok && !refused[tag] {
						return answer
					}
				}
			}
		}
	}
	english := m.order("en")[0]
	for _, id := range chain {
		if answer, ok := m.in(english, id, titleID, rules, false); ok {
			return answer
		}
	}
	panic("English has a text")
}

// in is the answer in the language, if it has the texts: all of them, or all but the title and texts of fields.
func (m *choiceModel) in(tag, id, titleID string, rules []string, complete bool) (a choiceAnswer, ok bool) {
	a.lang = tag
	if a.detail, ok = m.text(id, tag); !ok {
		return a, false
	}
	if a.title, ok = m.text(titleID, tag); !ok {
		if complete {
			return a, false
		}
		a.title = a.detail
	}
	for _, rule := range rules {
		general := !m.anywhere("rule." + rule)
		text, ok := m.text("rule."+rule, tag)
		if !ok && (general || !complete) {
			text, ok = m.text("rule.invalid", tag)
		}
		if !ok {
			return a, false
		}
		a.fields = append(a.fields, text)
	}
	return a, true
}

// The choice of languages is what DESIGN says, in random catalogues and for random clients.
func TestChoiceOfLanguages(t *testing.T) {
	for seed := range 120 {
		w := newChoiceWorld(t, rand.New(rand.NewPCG(uint64(seed), 4)))
		for range 12 {
			w.check(t, fmt.Sprintf("seed %d", seed))
		}
	}
}

type choiceWorld struct {
	*rand.Rand
	model     *choiceModel
	responder *fault.Responder
	described string
}

func (w *choiceWorld) chance(percent int) bool { return w.IntN(100) < percent }

func (w *choiceWorld) some(of []string, n int) (list []string) {
	for _, i := range w.Perm(len(of))[:min(n, len(of))] {
		list = append(list, of[i])
	}
	return list
}

var choiceIDs = []string{
	"test_choice_child", "test_choice_parent", "test_choice_extra", "test_choice_child.title", "test_choice_parent.title",
	"rule.test_choice_a", "rule.test_choice_b", "rule.invalid", "conflict", "conflict.title", "unknown_error",
}

func newChoiceWorld(t *testing.T, random *rand.Rand) *choiceWorld {
	w := &choiceWorld{Rand: random, model: &choiceModel{own: map[string]map[string]string{}, chosen: map[string]bool{}}}
	m := w.model
	for _, l := range fault.Default().Catalogue().Languages() {
		m.builtin = append(m.builtin, l.Tag)
	}
	loadable := slices.DeleteFunc(slices.Sorted(maps.Keys(relations)), func(tag string) bool { return relations[tag].key == "" })
	fsys := fstest.MapFS{}
	chooses := false
	for _, tag := range w.some(loadable, w.IntN(6)) {
		m.own[tag] = map[string]string{}
		content := ""
		for _, id := range choiceIDs {
			if w.chance(45) {
				m.own[tag][id] = id + "@" + tag
				content += fmt.Sprintf("%q = %q\n", id, id+"@"+tag)
				chooses = chooses || strings.Contains(id, "test_choice")
			}
		}
		fsys["active."+tag+".toml"] = &fstest.MapFile{Data: []byte(content)}
	}
	var opts []fault.Option
	if len(m.own) > 0 {
		opts = append(opts, fault.WithLocales(fsys))
	}
	own := slices.Sorted(maps.Keys(m.own))
	switch {
	case w.chance(40):
		for _, tag := range w.some(loadable, 1+w.IntN(4)) {
			if _, ok := m.text("conflict", tag); ok { // it is there, or inherits
				m.body = append(m.body, tag)
			}
		}
	case chooses:
		m.body = own
	}
	switch chosen := len(m.body) > 0; {
	case chosen && !slices.Equal(m.body, own):
		opts = append(opts, fault.WithLanguages(m.body...))
	case !chosen && chooses:
		m.body = own
	case !chosen:
		m.body = []string{"de", "en", "fr", "pt"}
	case !chooses:
		opts = append(opts, fault.WithLanguages(m.body...))
	}
	m.addLanguages(own)
	m.standard = m.body[0]
	if i := slices.IndexFunc(m.body, func(tag string) bool { return strings.HasPrefix(tag, "en") }); i >= 0 {
		m.standard = m.body[i]
	}
	if i := slices.IndexFunc(m.body, func(tag string) bool { return sameLanguage(tag, "en") }); i >= 0 {
		m.standard = m.body[i]
	}
	if slices.Contains(m.body, "en") {
		m.standard = "en"
	}
	if tag := w.some(loadable, 1)[0]; w.chance(30) && len(m.order(tag)) > 0 {
		m.standard = m.order(tag)[0]
		opts = append(opts, fault.WithDefaultLanguage(tag))
		w.described = "default " + tag + ", "
	}
	w.described += fmt.Sprintf("own %v, body %v", m.own, m.body)
	w.responder = responder(t, opts...)
	return w
}

func (m *choiceModel) addLanguages(own []string) {
	for _, tag := range append(slices.Clone(own), m.body...) {
		m.chosen[tag] = true
	}
	for _, tag := range m.builtin {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(m.chosen)), func(other string) bool { return sameLanguage(tag, other) }) {
			m.languages = append(m.languages, tag)
		}
	}
	for tag := range m.chosen {
		m.languages = append(m.languages, tag)
	}
	sort.Strings(m.languages)
}

func (w *choiceWorld) header() (ranges []weighted, text string) {
	var parts []string
	for _, tag := range w.some(append(slices.Sorted(maps.Keys(relations)), "*", "*"), w.IntN(5)) {
		r := weighted{tag, w.IntN(11)}
		if slices.Contains(ranges, weighted{"*", 0}) || slices.ContainsFunc(ranges, func(o weighted) bool { return o.tag == tag }) {
			continue
		}
		ranges = append(ranges, r)
		parts = append(parts, fmt.Sprintf("%s;q=%d.%d", tag, r.q/10, r.q%10))
	}
	return ranges, strings.Join(parts, ", ")
}

func (w *choiceWorld) check(t *testing.T, seed string) {
	m := w.model
	header, text := w.header()
	kind := choiceChild
	chain := []string{"test_choice_child", "test_choice_parent", "conflict", "client_error", "unknown_error"}
	if w.chance(30) {
		kind, chain = choiceParent, chain[1:]
	}
	titles := slices.Clone(chain)
	var attrs []fault.Attr
	if w.chance(30) {
		attrs, chain = append(attrs, fault.Text("test_choice_extra")), append([]string{"test_choice_extra"}, chain...)
	}
	var rules []string
	for n := range w.IntN(3) {
		rule := "test_choice_" + string("abc"[w.IntN(3)])
		rules = append(rules, rule)
		attrs = append(attrs, fault.Field(fault.InBody(fmt.Sprintf("/f%d", n)), rule))
	}
	chain = slices.DeleteFunc(chain, func(id string) bool { return !m.anywhere(id) })
	titles = slices.DeleteFunc(titles, func(id string) bool { return !m.anywhere(id + ".title") })
	about := fmt.Sprintf("%s: %s\nAccept-Language: %s\nchain %v, rules %v", seed, w.described, text, chain, rules)

	want := m.problem(header, chain, titles[0]+".title", rules)
	resp := w.responder.Respond(with("Accept", problemJSON, "Accept-Language", text), kind.New(attrs...))
	body := decode(t, resp)
	got := choiceAnswer{lang: body["lang"].(string), title: body["title"].(string), detail: body["detail"].(string)}
	if errors, ok := body["errors"].([]any); ok {
		for _, e := range errors {
			got.fields = append(got.fields, e.(map[string]any)["detail"].(string))
		}
	}
	require.Len(t, got.fields, len(want.fields), about)
	for i := range want.fields { // a built-in text has the name of the field in it
		if !strings.Contains(want.fields[i], "@") {
			want.fields[i], _ = fault.Default().Catalogue().Text("rule.invalid", builtinOf(m, got.lang), fault.Arg("Field", fmt.Sprintf("f%d", i)))
			want.fields[i] = strings.NewReplacer("\u2068", "", "\u2069", "").Replace(want.fields[i])
			got.fields[i] = strings.NewReplacer("\u2068", "", "\u2069", "").Replace(got.fields[i])
		}
	}
	require.Equal(t, want, got, about)
	assert.Equal(t, []string{want.lang}, resp.Header().Values("Content-Language"), about)
	w.checkBody(t, kind.New(attrs[:len(attrs)-len(rules)]...), chain, about)
}

// builtinOf is the built-in language that this one has its texts from.
func builtinOf(m *choiceModel, tag string) string {
	for _, level := range append([]string{tag}, strings.Fields(relations[tag].parents)...) {
		for _, builtin := range m.builtin {
			if sameLanguage(level, builtin) {
				return builtin
			}
		}
	}
	return ""
}

// withoutCode is the texts of a body alone.
func withoutCode(body map[string]any) map[string]any {
	delete(body, "code")
	return body
}

// checkBody looks at the body of all languages: each configured language that has, equals or inherits the text.
func (w *choiceWorld) checkBody(t *testing.T, err error, chain []string, about string) {
	for _, id := range chain {
		want := map[string]any{}
		for _, tag := range w.model.body {
			if text, ok := w.model.text(id, tag); ok {
				want[strings.ToUpper(tag)] = text
			}
		}
		if len(want) > 0 {
			require.Equal(t, want, withoutCode(decode(t, w.responder.Respond(with(), err))), about)
			return
		}
	}
}
