package openapi

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
)

func (m *maker) addResponses() {
	for _, k := range m.kinds {
		m.document.Components.Responses[pascalCase(k.Code())] = m.response(k)
	}
}

// pascalCase makes "TaskLocked" of "task_locked". An underscore before a digit stays, so that no two
// codes have the same name.
func pascalCase(code string) string {
	var b strings.Builder
	for i, word := range strings.Split(code, "_") {
		if i > 0 && '0' <= word[0] && word[0] <= '9' {
			b.WriteByte('_')
		}
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}

func (m *maker) response(k *fault.Kind) *response {
	attrs := m.attrs(k)
	resp := &response{
		Description: m.describe(k, attrs),
		Content:     map[string]mediaType{},
		Code:        k.Code(), Type: k.Type(), Number: k.Number(),
	}
	sent := http.Header{}
	for _, f := range m.formats {
		content := mediaType{Examples: map[string]example{}}
		for _, tag := range m.languages {
			answer := m.responder.Preview(request{f.mediaType, tag}, k.New(attrs...))
			resp.Status = answer.Status
			maps.Copy(sent, answer.Header())
			if name, e, ok := exampleOf(answer, f); ok {
				content.Examples[name] = e // a body in all languages has the same one each time
			}
		}
		content.Schema = m.narrow(k, f, resp.Status)
		resp.Content[f.mediaType] = content
	}
	resp.Headers = m.headers(k, resp.Status, sent)
	return resp
}

// exampleOf names the body by its language. It returns false if the format failed and another body stands in.
func exampleOf(answer *fault.Response, f format) (string, example, bool) {
	value := json.RawMessage(answer.Body)
	if f.shape == shapeString {
		value, _ = json.Marshal(string(answer.Body)) // never fails for a string
	}
	ok := mediaTypeOf(answer) == f.mediaType && json.Valid(value)
	switch tags := answer.Header().Get("Content-Language"); {
	case tags == "":
		return "any", example{"The body", value}, ok
	case strings.Contains(tags, ","):
		return "all", example{"In all languages: " + tags, value}, ok
	default:
		return tags, example{"In one language: " + tags, value}, ok
	}
}

// describe returns title and text for people who read the document, in English if there is such a text.
func (m *maker) describe(k *fault.Kind, attrs []fault.Attr) string {
	text, tag := m.text(k, "", m.describing(), attrs)
	if tag == "" {
		return k.Code()
	}
	if title, _ := m.text(k, ".title", []string{tag}, nil); title != "" && title != text {
		return title + ": " + text
	}
	return text
}

// describing returns the languages of descriptions, the best first.
func (m *maker) describing() []string {
	tags := []string{"en", m.catalogue.Default().Tag}
	for _, l := range m.catalogue.Languages() {
		tags = append(tags, l.Tag)
	}
	return tags
}

// text returns the text of the kind, or of the nearest kind above it that has one, and its language.
func (m *maker) text(k *fault.Kind, suffix string, tags []string, attrs []fault.Attr) (text, tag string) {
	for ; k != nil; k = k.Parent() {
		for _, tag := range tags {
			if text, ok := m.catalogue.Text(k.TextID()+suffix, tag, attrs...); ok && text != "" {
				return text, tag
			}
		}
	}
	return "", ""
}

// headers returns the headers of the answers, and those that an error of this status may have.
func (m *maker) headers(k *fault.Kind, status int, sent http.Header) map[string]*header {
	names := slices.Concat(slices.Collect(maps.Keys(m.added)), statusHeaders[status])
	for name := range sent {
		if name != "Content-Type" && name != "Content-Length" { // content has the type, and the length is not worth telling
			names = append(names, m.headerName(name))
		}
	}
	if k.Retryable() {
		names = append(names, "Retry-After")
	}
	list := map[string]*header{}
	for _, name := range names {
		seconds, err := strconv.ParseInt(sent.Get(name), 10, 64)
		switch {
		case name == "Retry-After" && err == nil:
			list[name] = m.header(name)
			list[name].Example = seconds
		case name == "Allow" && status == http.StatusMethodNotAllowed:
			list[name] = m.header(name)
			list[name].Required = true
		default:
			list[name] = m.headerRef(name)
		}
	}
	return list
}

// statusHeaders are headers that errors of a status often bring.
var statusHeaders = map[int][]string{
	http.StatusUnauthorized:       {"WWW-Authenticate"},
	http.StatusProxyAuthRequired:  {"Proxy-Authenticate"},
	http.StatusUpgradeRequired:    {"Upgrade"},
	http.StatusTooManyRequests:    {"Retry-After"},
	http.StatusServiceUnavailable: {"Retry-After"},
}

// headerName returns the spelling of the name in the options and the document; responses have the canonical form.
func (m *maker) headerName(canonical string) string {
	for name := range m.added {
		if http.CanonicalHeaderKey(name) == canonical {
			return name
		}
	}
	return spelled(canonical)
}

// spelled returns the usual spelling of the name.
func spelled(name string) string {
	for known := range headerMeanings {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return name
}

// isComponentName reports whether a component can have the name; all common headers are such names.
func isComponentName(name string) bool {
	return name != "" && strings.Trim(name, "-._0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// headerRef returns a reference to the component of the header, which the first reference makes.
func (m *maker) headerRef(name string) *header {
	if !isComponentName(name) {
		return m.header(name)
	}
	if m.document.Components.Headers[name] == nil {
		m.document.Components.Headers[name] = m.header(name)
	}
	return &header{Ref: "#/components/headers/" + name}
}

var headerMeanings = map[string]string{
	"Allow":                   "The methods that the resource has (RFC 9110, section 10.2.1); it may be empty.",
	"Cache-Control":           "Errors are not stored, unless one says otherwise.",
	"Connection":              "The connection ends: the rest of the request is not read.",
	"Content-Language":        "The language of the texts, or all of them (RFC 9110, section 8.5).",
	"Content-Security-Policy": "What a page may load.",
	"Proxy-Authenticate":      "The proxy's challenges, when there are some (RFC 9110, section 11.7.1).",
	"Retry-After":             "Seconds to wait before another try, when that is known (RFC 9110, section 10.2.3).",
	"Upgrade":                 "The protocols to use instead, when that is known (RFC 9110, section 7.8).",
	"Vary":                    "What of the request chose format and language (RFC 9110, section 12.5.5).",
	"WWW-Authenticate":        "The challenges, when there are some (RFC 9110, section 11.6.1).",
	"X-Content-Type-Options":  "The body is of the type that Content-Type says.",
}

func (m *maker) header(name string) *header {
	h := &header{Description: headerMeanings[name], Schema: text(headerLimit)}
	h.Schema.Pattern = `^[^\r\n]*$`
	if meaning, ok := m.added[name]; ok {
		h.Description = meaning
	}
	if h.Description == "" {
		h.Description = "A header of the error or of its format."
	}
	switch name {
	case "Retry-After":
		h.Schema = integer(0, maxWait)
	case "Content-Language":
		h.Schema.Pattern = "^[A-Za-z0-9-]+(, ?[A-Za-z0-9-]+)*$"
	case "X-Content-Type-Options":
		h.Schema = m.constant("string", "nosniff")
	}
	return h
}
