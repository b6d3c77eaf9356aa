package openapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	fault "github.com/polyfault/polyfault/core"
)

// A tree is an object of a document that others wrote.
type tree = map[string]any

// Apply returns the service's document with the error responses of the operations. Each operation that [Operations.Gives]
// names has exactly the responses of its kinds: Apply removes its others for 4xx, 5xx and "default", and keeps the rest. It
// changes no other operation. Kinds with the same status have one response, whose schema is oneOf theirs. The components
// are added to those of the document.
//
// The document is JSON, of OpenAPI 3.0 or 3.1. Its version replaces [Options].Version, and the recorded kinds replace
// [Options].Kinds. Parameters in paths may have other names. The members of the result are sorted, and the same input gives
// the same bytes.
//
// Apply returns an error if the document lacks an operation, or has another component with a name that it needs. It is safe for
// concurrent use.
func (o *Operations) Apply(document []byte, r *fault.Responder, opts Options) ([]byte, error) {
	service, version, err := readDocument(document)
	if err != nil {
		return nil, fmt.Errorf("openapi: the service's document: %w", err)
	}
	given := o.given()
	if len(given) == 0 {
		return nil, errors.New("openapi: no operation gives a kind; call Gives before Apply")
	}
	opts.Version = version
	opts.Kinds = func(k *fault.Kind) bool {
		for _, kinds := range given {
			if slices.Contains(kinds, k) {
				return true
			}
		}
		return false
	}
	content, err := Components(r, opts)
	if err != nil {
		return nil, err
	}
	components, err := readTree(content)
	if err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	target := &applied{service, child(components, "components"), map[string]bool{}}
	if err := errors.Join(target.addOperations(given), target.addComponents()); err != nil {
		return nil, fmt.Errorf("openapi: the service's document: %w", err)
	}
	return encode(service)
}

func readDocument(document []byte) (tree, Version, error) {
	service, err := readTree(document)
	if err != nil {
		return nil, 0, fmt.Errorf("it is no JSON object: %w", err)
	}
	switch said, _ := service["openapi"].(string); {
	case strings.HasPrefix(said, "3.1."):
		return service, Version31, nil
	case strings.HasPrefix(said, "3.0."):
		return service, Version30, nil
	default:
		return nil, 0, fmt.Errorf(`it has the version %q in "openapi"; 3.0 and 3.1 are known`, said)
	}
}

func readTree(content []byte) (tree, error) {
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	var t tree
	if err := decoder.Decode(&t); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object")
	}
	if t == nil {
		return nil, errors.New("it is null")
	}
	return t, nil
}

// child is the object under the name, nil if there is none.
func child(t tree, name string) tree {
	c, _ := t[name].(tree)
	return c
}

// An applied document is that of the service, with our components at hand.
type applied struct {
	service, components tree
	referred            map[string]bool // responses
}

func (a *applied) addComponents() error {
	var failures []error
	all := child(a.service, "components")
	if all == nil {
		all = tree{}
		a.service["components"] = all
	}
	for _, section := range slices.Sorted(maps.Keys(a.components)) {
		had := child(all, section)
		if had == nil {
			had = tree{}
			all[section] = had
		}
		ours := child(a.components, section)
		if section == "responses" { // what only choices are made of is not needed
			maps.DeleteFunc(ours, func(name string, _ any) bool { return !a.referred[name] })
		}
		for _, name := range slices.Sorted(maps.Keys(ours)) {
			if other, taken := had[name]; taken && !reflect.DeepEqual(other, ours[name]) {
				failures = append(failures, fmt.Errorf("components/%s/%s is there already, and is another one; rename it", section, name))
			}
			had[name] = ours[name]
		}
	}
	return errors.Join(failures...)
}

var parameters = regexp.MustCompile(`\{[^}]*\}`)

// nameless is a path without the names of its parameters: that is what tells paths apart (OpenAPI 3.1.0, Paths Object).
func nameless(path string) string { return parameters.ReplaceAllString(path, "{}") }

func (a *applied) addOperations(given map[operation][]*fault.Kind) error {
	paths := map[string]tree{}
	for path := range child(a.service, "paths") {
		paths[nameless(path)] = child(child(a.service, "paths"), path)
	}
	var lacking []string
	for key, kinds := range given {
		described := child(paths[nameless(key.path)], key.method)
		if described == nil {
			lacking = append(lacking, key.String())
			continue
		}
		a.describe(described, kinds)
	}
	if len(lacking) > 0 {
		slices.Sort(lacking)
		return fmt.Errorf("it lacks the operations %s, which code gives errors for", strings.Join(lacking, ", "))
	}
	return nil
}

// describe gives the operation the responses of the kinds, and no other for errors.
func (a *applied) describe(described tree, kinds []*fault.Kind) {
	responses := child(described, "responses")
	if responses == nil {
		responses = tree{}
		described["responses"] = responses
	}
	maps.DeleteFunc(responses, func(status string, _ any) bool {
		return status == "default" || len(status) == 3 && (status[0] == '4' || status[0] == '5')
	})
	for status, names := range a.byStatus(kinds) {
		if len(names) == 1 {
			a.referred[names[0]] = true
			responses[status] = tree{"$ref": "#/components/responses/" + names[0]}
		} else {
			responses[status] = a.choice(names)
		}
	}
}

// byStatus are the names of the kinds' responses by the status that is sent.
func (a *applied) byStatus(kinds []*fault.Kind) map[string][]string {
	names := map[string][]string{}
	for _, k := range kinds {
		name := pascalCase(k.Code())
		status := fmt.Sprint(child(child(a.components, "responses"), name)["x-error-status"])
		names[status] = append(names[status], name)
	}
	return names
}

// choice is one response for kinds that share a status.
func (a *applied) choice(names []string) tree {
	headers, content := tree{}, tree{}
	var descriptions []string
	for _, name := range names {
		one := child(child(a.components, "responses"), name)
		code, _ := one["x-error-code"].(string)
		descriptions = append(descriptions, fmt.Sprintf("- `%s`: %s", code, one["description"]))
		maps.Copy(headers, withoutRequired(child(one, "headers")))
		for mediaType := range child(one, "content") {
			addChoice(content, mediaType, code, child(child(one, "content"), mediaType))
		}
	}
	for mediaType := range content {
		if choices, _ := child(content, mediaType)["schema"].([]any); len(choices) > 1 {
			child(content, mediaType)["schema"] = tree{"oneOf": choices}
		} else {
			child(content, mediaType)["schema"] = choices[0] // kinds that share all: a page, a text
		}
	}
	return tree{"description": strings.Join(descriptions, "\n"), "headers": headers, "content": content}
}

// withoutRequired says of no header that it is always there: another kind may lack it.
func withoutRequired(headers tree) tree {
	all := tree{}
	for name := range headers {
		h := maps.Clone(child(headers, name))
		delete(h, "required")
		all[name] = h
	}
	return all
}

func addChoice(content tree, mediaType, code string, one tree) {
	all := child(content, mediaType)
	if all == nil {
		all = tree{"schema": []any{}, "examples": tree{}}
		content[mediaType] = all
	}
	choices, _ := all["schema"].([]any)
	if !slices.ContainsFunc(choices, func(other any) bool { return reflect.DeepEqual(other, one["schema"]) }) {
		all["schema"] = append(choices, one["schema"])
	}
	for language, e := range child(one, "examples") {
		child(all, "examples")[code+"."+language] = e
	}
}

func encode(document any) ([]byte, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	return b.Bytes(), nil
}
