package family

import (
	_ "embed" // for the table
	"strings"
	"sync"
)

// A table is what x/text says of tags that clients may send, so that a process need not ask for hundreds of them when
// it starts.
type table struct {
	aliases [][2]string         // lower-case tag or base, and what it is called today
	scripts map[string][]region // by base: the regions that imply another script than the base does
	parents map[string][]parent // by base: the regions whose languages have a parent with a region
}

type region struct{ script, name string }

type parent struct {
	tag     string
	regions []string
}

// cldr.txt is written by a test: go test ./internal/family -run TestTable -update.
//
//go:embed cldr.txt
var cldr string

var tables = sync.OnceValue(func() *table {
	t := &table{scripts: map[string][]region{}, parents: map[string][]parent{}}
	for line := range strings.Lines(cldr) {
		words := strings.Fields(line)
		if len(words) < 3 {
			continue
		}
		switch base := words[1]; words[0] {
		case "alias":
			t.aliases = append(t.aliases, [2]string{base, words[2]})
		case "script":
			for _, name := range words[3:] {
				t.scripts[base] = append(t.scripts[base], region{words[2], name})
			}
		case "parent":
			t.parents[base] = append(t.parents[base], parent{words[2], words[3:]})
		}
	}
	return t
})
