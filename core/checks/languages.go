package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/localefile"
)

// checkDefaultLanguage reports a default language that the application has not chosen. Clients that accept no language of
// the service get it. If the body has no English, it is the first by the alphabet.
func checkDefaultLanguage(s *Subject) []Message {
	if s.DefaultBy != firstOfBody || len(s.Body) < 2 {
		return nil
	}
	return []Message{message(keyDefaultChoice, "choose one by WithDefaultLanguage", s.Default,
		"%s is the default language because it is the first of %s", s.Default, strings.Join(s.Body, ", "))}
}

// firstOfBody is what [fault.Catalogue.ChosenBy] returns for a default language that was not chosen.
const firstOfBody = "first of the body"

// checkNearIDs reports own texts whose id is nearly a built-in one: they were probably meant to replace that text.
func checkNearIDs(s *Subject) (found []Message) {
	deliberate := map[string]bool{}
	for _, k := range s.Kinds {
		deliberate[k.Text], deliberate[k.Text+".title"] = true, true
	}
	var builtin []string
	for _, t := range s.Texts {
		if t.Builtin {
			builtin = append(builtin, t.ID)
		}
	}
	for _, t := range s.Texts {
		if t.Builtin || deliberate[t.ID] {
			continue
		}
		if i := slices.IndexFunc(builtin, func(id string) bool { return localefile.Near(t.ID, id) }); i >= 0 {
			hint := fmt.Sprintf("write %q to change the built-in text; else choose an id that looks less like it", builtin[i])
			found = append(found, message(keyNearID, hint, t.ID, "the id is nearly that of the built-in text %q", builtin[i]))
		}
	}
	return found
}

// maxNamedIDs is the number of ids that a message names.
const maxNamedIDs = 5

// checkOverrides reports built-in texts that own files change in some languages of the body and not in others.
func checkOverrides(s *Subject) (found []Message) {
	for _, tag := range s.Body {
		var left []string
		for _, t := range s.Texts {
			own := func(tag string) bool { return slices.Contains(t.Own, tag) }
			if t.Builtin && !own(tag) && slices.ContainsFunc(s.Body, own) {
				left = append(left, t.ID)
			}
		}
		if len(left) == 0 {
			continue
		}
		shown := strings.Join(left[:min(len(left), maxNamedIDs)], ", ")
		if more := len(left) - maxNamedIDs; more > 0 {
			shown += fmt.Sprintf(" and %d more", more)
		}
		found = append(found, message(keyLeftBehind, "word them in that language too, or leave it out of the body by WithLanguages", tag,
			"own files word built-in texts in another way, but not in %s, which is in the body: %s", tag, shown))
	}
	return found
}
