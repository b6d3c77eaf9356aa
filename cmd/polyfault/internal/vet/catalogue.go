package vet

import (
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	fault "github.com/polyfault/polyfault/core"
)

// A library holds the texts of each folder of locale files, read once. It is safe for concurrent use.
type library struct {
	folder string // from the flag; "" looks beside each package

	mu       sync.Mutex
	byFolder map[string]func() (*texts, error)
}

// textsFor returns the texts for the package in the folder.
func (l *library) textsFor(pkg string) (*texts, error) {
	folder := cmp.Or(l.folder, localesFor(pkg))
	if folder != "" && !filepath.IsAbs(folder) {
		return nil, fmt.Errorf("-locales %s is not an absolute path, which it must be: go vet works in the folder of each package", folder)
	}
	l.mu.Lock()
	load, ok := l.byFolder[folder]
	if !ok {
		load = sync.OnceValues(func() (*texts, error) { return loadTexts(folder) })
		if l.byFolder == nil {
			l.byFolder = map[string]func() (*texts, error){}
		}
		l.byFolder[folder] = load
	}
	l.mu.Unlock()
	return load()
}

// localesFor returns the folder "locales" with locale files beside the package or above it, up to the root of its module, or
// "".
func localesFor(pkg string) string {
	for dir := pkg; ; dir = filepath.Dir(dir) {
		folder := filepath.Join(dir, "locales")
		if files, _ := filepath.Glob(filepath.Join(folder, "active.*.toml")); len(files) > 0 {
			return folder
		}
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil || dir == filepath.Dir(dir) {
			return ""
		}
	}
}

// texts are the built-in texts, and those of a folder that override them.
type texts struct {
	folder    string // "" for the built-in ones alone
	responder *fault.Responder
	catalogue fault.Catalogue
	tags      []string // the languages that are looked at
	ids       map[string]bool

	mu    sync.Mutex
	needs map[string]needs
}

// needs are the arguments that a text needs.
type needs struct {
	placeholders []string // sorted
	plural       bool
}

func loadTexts(folder string) (*texts, error) {
	t := &texts{folder: folder, ids: map[string]bool{}, needs: map[string]needs{}}
	opts := []fault.Option{fault.WithLogger(slog.New(slog.DiscardHandler))}
	if folder != "" {
		opts = append(opts, fault.WithLocales(os.DirFS(folder)))
	}
	var err error
	if t.responder, err = fault.NewResponder(opts...); err != nil {
		return nil, fmt.Errorf("folder %s: %w", folder, err)
	}
	t.catalogue = t.responder.Catalogue()
	t.tags = []string{"en"} // of the built-in texts; the others have the same placeholders
	for _, language := range t.catalogue.Body() {
		t.tags = append(t.tags, language.Tag)
	}
	for id := range t.catalogue.IDs() {
		t.ids[id] = true
	}
	return t, nil
}

// of returns the needs of the text in any of its languages.
func (t *texts) of(id string) needs {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, ok := t.needs[id]
	if ok {
		return n
	}
	for _, tag := range t.tags {
		names, _ := t.catalogue.Placeholders(id, tag)
		n.placeholders = append(n.placeholders, names...)
		n.plural = n.plural || t.catalogue.Plural(id, tag)
	}
	slices.Sort(n.placeholders)
	n.placeholders = slices.Compact(n.placeholders)
	t.needs[id] = n
	return n
}

// has reports whether the text names the placeholder.
func (n *needs) has(name string) bool { return slices.Contains(n.placeholders, name) }

// list returns the placeholders as texts have them.
func (n *needs) list() string {
	if len(n.placeholders) == 0 {
		return "it has no placeholders"
	}
	return "it has {{." + strings.Join(n.placeholders, "}}, {{.") + "}}"
}

// isRule reports whether core has a text for the code of a field error under another id than "rule."+code, as for the names of
// validators' rules. It asks core for the text, which is not the general one then.
func (t *texts) isRule(code string) bool {
	return !maps.Equal(t.ruleTexts(code), t.ruleTexts("invalid"))
}

// ruleTexts returns the texts of a field error, by language.
func (t *texts) ruleTexts(code string) map[string]string {
	resp := t.responder.Respond(nil, fault.ValidationFailed.New(fault.Field(fault.InBody("a"), code)))
	var body struct {
		Details map[string]map[string]string `json:"details"`
	}
	_ = json.Unmarshal(resp.Body, &body) // there are strings only
	delete(body.Details["a"], "code")
	return body.Details["a"]
}

// similar returns a question for the id that one may have meant; "" when none is close.
func (t *texts) similar(id string) string {
	best, distance := "", max(2, len(id)/4)+1
	for _, known := range slices.Sorted(maps.Keys(t.ids)) {
		if d := editDistance(id, known); d < distance {
			best, distance = known, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance is that of Levenshtein, over bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost = 1 + min(diagonal, row[j], row[j+1])
			}
			diagonal, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
