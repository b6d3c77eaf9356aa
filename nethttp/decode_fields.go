package faulthttp

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// addField adds a field error, unless there are too many.
func (e *RemoteError) addField(f RemoteField) {
	if len(e.Fields) < maxMembers {
		e.Fields = append(e.Fields, f)
	}
}

func copyOf(texts map[string]string) map[string]string {
	if texts == nil {
		return map[string]string{}
	}
	return maps.Clone(texts)
}

// readErrors reads a list of errors, or errors under the names of their fields. It returns false for anything else.
func (e *RemoteError) readErrors(raw json.RawMessage, language string) bool {
	if byName, err := readObject(raw); err == nil {
		if text, ok := byName.text("detail"); ok && len(byName) == 1 && len(e.Texts) == 0 { // Phoenix
			e.Texts[language] = text
			return true
		}
		return e.readByName(byName, nil, language)
	}
	if text, ok := readText(raw); ok && text != "" && len(e.Texts) == 0 {
		e.Texts[language] = text
		return true
	}
	list := readArray(raw)
	if !slices.ContainsFunc(list, isEntry) {
		return false
	}
	for _, item := range list {
		entry, err := readObject(item)
		if text, isText := readText(item); isText {
			e.addField(RemoteField{Texts: map[string]string{language: text}})
		} else if err == nil {
			e.readEntry(entry, fault.Location{}, language)
		}
	}
	return true
}

// isErrorList reports whether raw is a list of errors. An entry needs a place or a text: a code alone may be the type of
// something else, as in the details of Connect.
func isErrorList(raw json.RawMessage) bool {
	return slices.ContainsFunc(readArray(raw), func(item json.RawMessage) bool {
		entry, err := readObject(item)
		_, _, hasText := entry.first(entryTexts)
		return isEntry(item) && (err != nil || hasText || hasPlace(entry))
	})
}

func hasPlace(entry object) bool {
	return slices.ContainsFunc(placeNames, func(p placeName) bool { return entry.has(p.name) })
}

// isEntry reports whether an item of a list is an error.
func isEntry(item json.RawMessage) bool {
	if _, isText := readText(item); isText {
		return true
	}
	entry, _ := readObject(item)
	_, _, hasText := entry.first(entryTexts)
	_, _, hasCode := entry.firstCode(entryCodes, 0)
	return hasText || hasCode || hasPlace(entry)
}

// wholes are the names under which errors about the whole object stand, beside the names of its parts.
var wholes = []string{"", "$", "#", "non_field_errors", "__all__", "base"}

// readByName reads errors under names; above are the steps to them. It returns false if there was none.
func (e *RemoteError) readByName(byName object, above []string, language string) bool {
	before := len(e.Fields)
	return e.deeper(func() bool {
		for _, m := range byName {
			steps := above
			if !slices.Contains(wholes, m.name) {
				steps = slices.Concat(above, stepsOf(m.name))
			}
			e.readUnder(m.raw, steps, language)
		}
		return len(e.Fields) > before
	})
}

// readUnder reads the value under one name: a text, texts, errors, or names again.
func (e *RemoteError) readUnder(raw json.RawMessage, steps []string, language string) {
	if text, ok := readText(raw); ok {
		e.addField(RemoteField{At: locationOf(steps), Texts: map[string]string{language: text}})
		return
	}
	if inner, err := readObject(raw); err == nil {
		e.readNamed(inner, steps, language)
		return
	}
	for i, item := range readArray(raw) {
		text, isText := readText(item)
		inner, err := readObject(item)
		switch {
		case isText:
			e.addField(RemoteField{At: locationOf(steps), Texts: map[string]string{language: text}})
		case err == nil && !areTexts(item, 1):
			e.readEntry(inner, locationOf(steps), language)
		case err == nil && len(inner) > 0: // the errors of an item of a list
			e.readByName(inner, slices.Concat(steps, []string{strconv.Itoa(i)}), language)
		}
	}
}

// readNamed reads an object under a name: one error, or names of its parts.
func (e *RemoteError) readNamed(inner object, steps []string, language string) {
	if _, _, ok := inner.first(entryTexts); ok {
		e.readEntry(inner, locationOf(steps), language)
	} else {
		e.readByName(inner, steps, language)
	}
}

// Names of members of an error in a list; the first one present counts.
var (
	entryTexts = []string{"detail", "message", "msg", "defaultMessage", "description", "reason", "errorMessage", "error_message", "error",
		"title"}
	entryCodes = []string{"code", "errorCode", "error_code", "type", "rule", "tag", "keyword", "issue", "reason"}
)

// A placeName is a member that tells the place of an error.
type placeName struct {
	name string
	read func(entry object, m rawMember) (fault.Location, bool)
}

var placeNames = []placeName{
	{"pointer", pathAt(pointerLocation)}, {"instancePath", pathAt(pointerLocation)}, {"instanceLocation", pathAt(pointerLocation)},
	{"source", func(_ object, m rawMember) (fault.Location, bool) {
		source, _ := readObject(m.raw)
		return sourceLocation(source)
	}},
	{"loc", func(_ object, m rawMember) (fault.Location, bool) { return locLocation(readArray(m.raw)) }},
	{"location", locationMember},
	{"parameter", pathAt(fault.InQuery)},
	{"header", pathAt(fault.InHeader)},
	{"field", inOr(pathLocation)}, {"attr", inOr(pathLocation)}, {"target", inOr(pathLocation)}, {"propertyPath", inOr(pathLocation)},
	{"property", inOr(pathLocation)}, {"param", inOr(pathLocation)}, {"name", inOr(pathLocation)},
	{"propertyName", inOr(pathLocation)}, {"path", pathMember}, {"members", firstMember}, {"fields", firstMember},
}

// firstMember reads the first of a list of names.
func firstMember(_ object, m rawMember) (fault.Location, bool) {
	list := readArray(m.raw)
	if len(list) == 0 {
		return fault.Location{}, false
	}
	text, ok := readText(list[0])
	return pathLocation(text), ok
}

// pathMember reads a path or a list of steps, such as Zod's and Joi's. It does not read GraphQL's, a path in the answer.
func pathMember(entry object, m rawMember) (fault.Location, bool) {
	if !isList(m.raw) {
		return inOr(pathLocation)(entry, m)
	}
	_, _, hasCode := entry.firstCode([]string{"code", "type"}, 0)
	if !hasCode || entry.has("extensions") || entry.has("locations") {
		return fault.Location{}, false
	}
	return locationOf(stepsOfList(readArray(m.raw))), true
}

func pathAt(location func(string) fault.Location) func(object, rawMember) (fault.Location, bool) {
	return func(_ object, m rawMember) (fault.Location, bool) {
		text, ok := readText(m.raw)
		return location(text), ok
	}
}

// inOr reads the name of a parameter if there is a member "in", else a path in the body.
func inOr(location func(string) fault.Location) func(object, rawMember) (fault.Location, bool) {
	return func(entry object, m rawMember) (fault.Location, bool) {
		text, ok := readText(m.raw)
		if in := partOf(entry); isParameter(in) {
			return locationIn(in, text), ok
		}
		return location(text), ok
	}
}

// partOf returns the part of the request that the entry names, or "".
func partOf(entry object) string {
	if in, ok := entry.text("in"); ok {
		return in
	}
	location, _ := entry.text("location")
	return requestParts[location]
}

// requestParts are the names of parts of a request in express-validator and others, beside the name of the parameter.
var requestParts = map[string]string{"body": "body", "query": "query", "path": "path", "params": "path", "uri": "path",
	"header": "header", "headers": "header", "cookie": "cookie", "cookies": "cookie"}

// besideParts are the members that tell the place within the part.
var besideParts = []string{"field", "param", "name", "path"}

func isParameter(in string) bool {
	return slices.Contains([]string{"query", "path", "header", "cookie"}, in)
}

// locationMember reads huma's "body.items[3].qty", and Google's name of a parameter with its "locationType".
func locationMember(entry object, m rawMember) (fault.Location, bool) {
	text, ok := readText(m.raw)
	kind, typed := entry.text("locationType")
	in, rest, _ := strings.Cut(text, ".")
	_, _, beside := entry.first(besideParts)
	switch {
	case beside && requestParts[text] != "":
		return fault.Location{}, false
	case typed && kind == "parameter":
		return fault.InQuery(text), ok
	case typed && kind == "header":
		return fault.InHeader(text), ok
	case isParameter(in) && rest != "":
		return locationIn(in, rest), ok
	case in == "body":
		return pathLocation(rest), ok
	}
	return pathLocation(text), ok
}

// locLocation reads FastAPI's list of steps. The first step is the part of the request.
func locLocation(list []json.RawMessage) (fault.Location, bool) {
	steps := stepsOfList(list)
	switch {
	case len(steps) == 0:
		return fault.Location{}, false
	case isParameter(steps[0]) && len(steps) > 1:
		return locationIn(steps[0], strings.Join(steps[1:], ".")), true
	case steps[0] == "body":
		return locationOf(steps[1:]), true
	}
	return locationOf(steps), true
}

func stepsOfList(list []json.RawMessage) (steps []string) {
	for _, item := range list {
		text, ok := readText(item)
		if !ok {
			text = string(item)
		}
		steps = append(steps, text)
	}
	return steps
}

// readEntry reads an error of a list. If it has no place, and nothing else describes the error itself, it is that.
func (e *RemoteError) readEntry(entry object, at fault.Location, language string) {
	f := RemoteField{At: at, Texts: map[string]string{}}
	placed := at != fault.Location{}
	read := []string{"in", "locationType"}
	if !placed {
		placed = f.readPlaceOf(entry, &read)
	}
	textName, text, hasText := entry.first(entryTexts)
	if hasText {
		f.Texts[language] = text
		read = append(read, textName)
	}
	codes := slices.DeleteFunc(slices.Clone(entryCodes), func(name string) bool { return name == textName })
	if name, code, ok := entry.firstCode(codes, 0); ok && !isURI(code) {
		f.Code = code
		read = append(read, name)
	}
	f.readParams(entry, &read)
	if details, ok := entry.object("details"); ok {
		f.Details = details.members()
		read = append(read, "details")
	}
	for _, m := range entry {
		if value, ok := decodeValue(m.raw); ok && !slices.Contains(read, m.name) {
			f.Rest = append(f.Rest, RemoteMember{m.name, value})
		}
	}
	if f.Code == "json_invalid" { // FastAPI: the last step is a position
		f.At = fault.Location{}
	}
	if !placed && hasText && e.isItself(text) {
		e.Texts[language] = text
		if e.Code == "" {
			e.Code = codeOf(f.Code)
		}
		e.Details = append(append(e.Details, f.Details...), f.Rest...)
		return
	}
	e.addField(f)
}

// isItself reports whether an entry without a place is the error itself: nothing else describes that, or with the same text.
func (e *RemoteError) isItself(text string) bool {
	return e.hasText(text) || len(e.Texts) == 0 && e.Code == "" && len(e.Fields) == 0
}

// readPlaceOf reads the place of the error from the first member that tells it.
func (f *RemoteField) readPlaceOf(entry object, read *[]string) (placed bool) {
	for _, p := range placeNames {
		m, ok := entry.member(p.name)
		if !ok {
			continue
		}
		if f.At, placed = p.read(entry, m); !placed {
			continue
		}
		if p.name != "members" && p.name != "fields" || len(readArray(m.raw)) == 1 { // further names stay in Rest
			*read = append(*read, p.name)
		}
		if entry.has("location") && partOf(entry) != "" {
			*read = append(*read, "location")
		}
		return true
	}
	return false
}

func (f *RemoteField) readParams(entry object, read *[]string) {
	for _, name := range []string{"params", "ctx"} {
		if params, ok := entry.object(name); ok {
			f.Params = append(f.Params, params.members()...)
			*read = append(*read, name)
		}
	}
}

func sourceLocation(source object) (fault.Location, bool) {
	if pointer, ok := source.text("pointer"); ok {
		return pointerLocation(pointer), true
	}
	if parameter, ok := source.text("parameter"); ok {
		return fault.InQuery(parameter), true
	}
	if header, ok := source.text("header"); ok {
		return fault.InHeader(header), true
	}
	return fault.Location{}, false
}

// locationOf returns the member of the body at the end of the steps.
func locationOf(steps []string) fault.Location {
	var pointer strings.Builder
	for _, step := range steps {
		pointer.WriteString(jsonpointer.To(step))
	}
	return fault.InBody(pointer.String())
}

// pathLocation reads a place in the body, as servers write them: "items.0.qty", "Items[0].Qty", "$.items[0]['qty']", "card[number]",
// "/items/0/qty", "#/items/0/qty".
func pathLocation(path string) fault.Location {
	if strings.HasPrefix(path, "/") || strings.HasPrefix(path, "#/") || path == "#" {
		return pointerLocation(path)
	}
	return locationOf(stepsOf(path))
}

// stepsOf returns the steps of such a path; a path to the whole body has none.
func stepsOf(path string) []string {
	if strings.HasPrefix(path, "/") || strings.HasPrefix(path, "#/") {
		return pointerLocation(path).Segments()
	}
	if rest, ok := strings.CutPrefix(path, "$"); ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
		path = strings.TrimPrefix(rest, ".")
	}
	return fault.InBody(jsonpointer.OfPath(path)).Segments()
}
