package localefile

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// ArgumentTypes are the Go types that a description may give to a placeholder, with the package that each is
// from: those that a text shows as one would write them.
var ArgumentTypes = map[string]string{
	"any":           "",
	"bool":          "",
	"float64":       "",
	"fmt.Stringer":  "fmt",
	"int":           "",
	"int64":         "",
	"string":        "",
	"[]string":      "",
	"time.Duration": "time",
	"time.Time":     "time",
	"uint":          "",
	"uint64":        "",
}

// typesNote is the end of a description that gives types to placeholders.
var typesNote = regexp.MustCompile(`(?:^|\s)Types:\s*([^:]*?)\.?\s*$`)

// DeclaredTypes takes the note of types off a description, which is for translators otherwise. The types are by name of
// the placeholder, nil without a note:
//
//	description = "Shown when somebody opens an old link. Types: ID int, Due time.Time"
func DeclaredTypes(description string) (rest string, types map[string]string, err error) {
	at := typesNote.FindStringSubmatchIndex(description)
	if at == nil {
		return strings.TrimSpace(description), nil, nil
	}
	types = map[string]string{}
	for item := range strings.SplitSeq(description[at[2]:at[3]], ",") {
		words := strings.Fields(item)
		if len(words) != 2 {
			return "", nil, fmt.Errorf("in \"Types:\", %q is not a placeholder and its type; "+
				"write for example \"Types: ID int, Name string\"", strings.TrimSpace(item))
		}
		name, typ := words[0], words[1]
		if _, known := ArgumentTypes[typ]; !known {
			return "", nil, fmt.Errorf("in \"Types:\", %s cannot have the type %q; use one of %s", name, typ,
				strings.Join(slices.Sorted(maps.Keys(ArgumentTypes)), ", "))
		}
		if _, twice := types[name]; twice {
			return "", nil, fmt.Errorf("in \"Types:\", %s stands twice; keep one", name)
		}
		types[name] = typ
	}
	return strings.TrimSpace(description[:at[0]]), types, nil
}
