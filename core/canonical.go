package fault

import (
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/localefile"
	"github.com/polyfault/polyfault/internal/message"
	"github.com/polyfault/polyfault/internal/plural"
)

// readCanonical reads a locale file in the layout of polyfault locales fmt: tables [id] or ["id"] of one
// text each, with basic strings on one line and without escapes. It reports false for every other file, so
// that the TOML decoder can have a look. It is for the built-in files, whose content tests hold; a start with
// thirty languages takes a tenth of the decoder's time this way, and an error's first language is there at
// once.
func readCanonical(content string) (texts map[string]forms, ok bool) {
	texts = map[string]forms{}
	id, current := "", forms{}
	enter := func() bool {
		if id == "" {
			return true
		}
		_, twice := texts[id]
		texts[id] = current
		return !twice && current[plural.Other] != nil
	}
	for line := range strings.Lines(content) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || line[0] == '#':
		case line[0] == '[':
			if !enter() {
				return nil, false
			}
			id, ok = canonicalID(line)
			current = forms{}
			if !ok {
				return nil, false
			}
		case id == "" || !current.read(line):
			return nil, false
		}
	}
	return texts, enter()
}

// canonicalID reads the line of a table: [gone] or ["gone.title"].
func canonicalID(line string) (id string, ok bool) {
	id, ok = strings.CutPrefix(line, "[")
	id, closed := strings.CutSuffix(id, "]")
	if !ok || !closed {
		return "", false
	}
	if quoted, is := strings.CutPrefix(id, `"`); is {
		id, closed = strings.CutSuffix(quoted, `"`)
		return id, closed && id != "" && !strings.ContainsAny(id, `"\`)
	}
	return id, id != "" && !strings.ContainsAny(id, `." []'\`)
}

// read reads the line of a member: other = "…".
func (f *forms) read(line string) bool {
	name, literal, found := strings.Cut(line, ` = "`)
	text, closed := strings.CutSuffix(literal, `"`)
	if !found || !closed || strings.ContainsAny(text, `"\`) || !slices.Contains(localefile.Keys, name) {
		return false
	}
	form := slices.Index(localefile.Keys, name) - localefile.FirstForm
	if form < 0 {
		return true // description, hash
	}
	compiled, err := message.Compile(text)
	if err != nil || text == "" || f[form] != nil {
		return false
	}
	f[form] = compiled
	return true
}
