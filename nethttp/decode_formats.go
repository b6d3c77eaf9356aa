package faulthttp

import (
	"bytes"
	"encoding/json"
	"html"
	"net/url"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// decode reads the body by its shape, whatever its content type says: proxies and frameworks get that
// wrong.
func (e *RemoteError) decode(body []byte, languages string) {
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	language := onlyLanguage(languages)
	switch {
	case len(trimmed) == 0:
		e.Problem = "the body is empty"
	case trimmed[0] == '{':
		root, err := readObject(trimmed)
		if err != nil {
			e.Problem = "the body is not valid JSON"
			return
		}
		e.decodeJSON(root, language)
	case strings.HasPrefix(e.MediaType, "text/html"):
		e.decodeHTML(trimmed, language)
	case strings.HasPrefix(e.MediaType, "text/plain"):
		e.decodeText(trimmed, language)
	default:
		e.Problem = unknownFormat
	}
}

const unknownFormat = "the body is no error format that is known"

// onlyLanguage is the language of a body in one language; "und" when that is not told.
func onlyLanguage(contentLanguage string) string {
	tag, ok := languageTag(strings.TrimSpace(contentLanguage))
	if !ok {
		return "und"
	}
	return tag
}

// decodeJSON tells the formats apart by the members that only they have.
func (e *RemoteError) decodeJSON(root object, language string) {
	failure, isObject := root.object("error")
	err, isWebAPI := root.object("err")
	list := root.array("errors")
	_, hasTitle := root.text("title")
	_, hasDetail := root.text("detail")
	switch {
	case root.is("stat", "fail") && isWebAPI:
		e.decodeWebAPI(root, err, language)
	case isObject && failure.has("status"):
		e.decodeRPCStatus(failure, language)
	case isObject:
		e.decodeEnvelope(failure, language)
	case e.MediaType == "application/problem+json" || hasTitle || hasDetail:
		e.decodeProblem(root, language)
	case list != nil:
		e.decodeJSONAPI(root, list, language)
	default:
		e.decodeMultilingual(root)
	}
}

func asSent(code string) string { return code }

// codeOf brings a code into the form of the kinds.
func codeOf(code string) string {
	lower := strings.ToLower(code)
	if known, ok := spellings[lower]; ok {
		return known
	}
	return lower
}

// spellings of the reference systems that differ from the kinds' codes, as formats.Envelope writes them.
var spellings = map[string]string{
	"object_does_not_exist": "entity_not_found",
	"field_does_not_exists": "field_does_not_exist",
	"unprocessable_entity":  "unprocessable_content",
}

// decodeMultilingual reads the languages and the members.
func (e *RemoteError) decodeMultilingual(root object) {
	e.Texts = root.languages()
	code, _ := root.text("code")
	e.Code = codeOf(code)
	e.TraceID, _ = root.text("trace_id")
	e.readRetryable(root)
	e.readInput(root)
	params, _ := root.object("params")
	e.Params = params.members()
	details, _ := root.object("details")
	e.readDetails(details, "und", asSent)
	if len(e.Texts) == 0 && e.Code == "" {
		e.Problem = unknownFormat
	}
}

func (e *RemoteError) readRetryable(in object) {
	e.Retryable = in.is("retryable", true)
	e.told = e.Retryable || in.is("retryable", false)
}

func (e *RemoteError) readInput(in object) {
	input, _ := in.object("input")
	e.Input = input.members()
}

// readDetails tells field errors and other errors among the details from the rest.
func (e *RemoteError) readDetails(details object, language string, codeOf func(string) string) {
	for _, m := range details {
		if field, ok := fieldOf(m, language, codeOf); ok {
			e.Fields = append(e.Fields, field)
			continue
		}
		value, ok := decodeValue(m.raw)
		if !ok {
			continue
		}
		e.Details = append(e.Details, RemoteMember{m.name, value})
		if m.name == "trace_id" && e.TraceID == "" {
			e.TraceID, _ = value.(string)
		}
	}
}

// fieldOf reads {"code", languages or "msg", "params", "in"} and {"error": languages or text}.
func fieldOf(m rawMember, language string, codeOf func(string) string) (RemoteField, bool) {
	entry, err := readObject(m.raw)
	if err != nil {
		return RemoteField{}, false
	}
	f := RemoteField{At: fault.InBody(dotted(m.name)), Texts: entry.languages()}
	code, _ := entry.text("code")
	f.Code = codeOf(code)
	if msg, ok := entry.text("msg"); ok {
		f.Texts[language] = msg
	}
	if text, ok := entry.text("error"); ok {
		f.Texts[language] = text
		f.named, _ = decodeValue(m.raw)
	} else if inner, ok := entry.object("error"); ok {
		f.Texts = inner.languages()
		f.named, _ = decodeValue(m.raw)
	}
	if len(f.Texts) == 0 {
		return RemoteField{}, false
	}
	if in, ok := entry.text("in"); ok {
		f.At = locationIn(in, strings.TrimPrefix(m.name, in+"."))
	}
	params, _ := entry.object("params")
	f.Params = params.members()
	return f, true
}

// dotted is the JSON Pointer of a path with dots.
func dotted(path string) string {
	if path == "" {
		return ""
	}
	return "/" + strings.ReplaceAll(jsonpointer.Escape(path), ".", "/")
}

// pointerLocation reads a JSON Pointer, also one that is the fragment of a URI ("#/a%20b").
func pointerLocation(pointer string) fault.Location {
	if fragment, ok := strings.CutPrefix(pointer, "#"); ok {
		pointer = fragment
		if plain, err := url.PathUnescape(fragment); err == nil {
			pointer = plain
		}
	}
	return fault.InBody(pointer)
}

func locationIn(in, name string) fault.Location {
	switch in {
	case "query":
		return fault.InQuery(name)
	case "path":
		return fault.InPath(name)
	case "header":
		return fault.InHeader(name)
	case "cookie":
		return fault.InCookie(name)
	}
	return fault.InBody(dotted(name))
}

// decodeProblem reads RFC 9457, with the extensions of fault.Problem where they are.
func (e *RemoteError) decodeProblem(root object, language string) {
	if lang, ok := root.text("lang"); ok {
		language = onlyLanguage(lang)
	}
	e.Title, _ = root.text("title")
	if detail, ok := root.text("detail"); ok {
		e.Texts[language] = detail
	} else if e.Title != "" {
		e.Texts[language] = e.Title
	}
	code, ok := root.text("code")
	if !ok {
		code = codeOfType(root)
	}
	e.Code = codeOf(code)
	e.TraceID, _ = root.text("trace_id")
	e.readRetryable(root)
	e.readInput(root)
	params, _ := root.object("params")
	e.Params = params.members()
	for _, item := range root.array("errors") {
		entry, err := readObject(item)
		if err != nil {
			continue
		}
		e.Fields = append(e.Fields, problemField(entry, language))
	}
	details, _ := root.object("details")
	e.readDetails(details, language, asSent)
	for _, m := range root {
		if isStandard(m.name) {
			continue
		}
		if value, ok := decodeValue(m.raw); ok { // an extension of the sender's
			e.Details = append(e.Details, RemoteMember{m.name, value})
		}
	}
}

// standard are the members of problem details that decodeProblem reads itself.
const standard = " type title status detail instance code lang dir params errors errors_total details input retryable trace_id "

func isStandard(name string) bool {
	return !strings.Contains(name, " ") && strings.Contains(standard, " "+name+" ")
}

// codeOfType is the last step of the type's URI, which names the kind by its type.
func codeOfType(root object) string {
	uri, _ := root.text("type")
	return kindOfType(uri[strings.LastIndexAny(uri, "/#=:")+1:])
}

// kindOfType is the code of the kind with the type; "" when this process has none.
func kindOfType(name string) string {
	if name == "" {
		return ""
	}
	for k := range fault.Kinds() {
		if k.Type() == name {
			return k.Code()
		}
	}
	return ""
}

func problemField(entry object, language string) RemoteField {
	f := RemoteField{Texts: map[string]string{}}
	if detail, ok := entry.text("detail"); ok {
		f.Texts[language] = detail
	}
	f.Code, _ = entry.text("code")
	params, _ := entry.object("params")
	f.Params = params.members()
	if pointer, ok := entry.text("pointer"); ok {
		f.At = pointerLocation(pointer)
	} else if in, ok := entry.text("in"); ok {
		name, _ := entry.text("name")
		f.At = locationIn(in, name)
	}
	return f
}

// decodeEnvelope reads formats.Envelope.
func (e *RemoteError) decodeEnvelope(failure object, language string) {
	code, _ := failure.text("code")
	e.Code = codeOf(code)
	e.readInput(failure)
	details, _ := failure.object("details")
	if msg, ok := details.text("msg"); ok {
		e.Texts[language] = msg
		details = details.without("msg")
	}
	e.readDetails(details, language, strings.ToLower)
}

// decodeWebAPI reads formats.WebAPI.
func (e *RemoteError) decodeWebAPI(root, failure object, language string) {
	if msg, ok := failure.text("msg"); ok {
		e.Texts[language] = msg
	}
	name, _ := failure.text("type")
	e.Code = kindOfType(name)
	e.Subtype, _ = failure.text("subtype")
	e.TraceID, _ = failure.text("trace_id")
	if m, ok := failure.member("detail"); ok {
		e.addDetail(m)
	}
	for _, m := range root {
		switch m.name {
		case "stat", "err", "errors_total":
		case "input":
			e.readInput(root)
		case "fields":
			e.readFields(m, language)
		case "details":
			inside, _ := readObject(m.raw)
			for _, d := range inside {
				e.addDetail(d)
			}
		default:
			e.addDetail(m)
		}
	}
}

func (e *RemoteError) addDetail(m rawMember) {
	if value, ok := decodeValue(m.raw); ok {
		e.Details = append(e.Details, RemoteMember{m.name, value})
	}
}

// readFields reads name → list of texts.
func (e *RemoteError) readFields(fields rawMember, language string) {
	byName, _ := readObject(fields.raw)
	for _, m := range byName {
		for _, item := range readArray(m.raw) {
			if text, ok := readText(item); ok {
				e.Fields = append(e.Fields, RemoteField{At: fault.InBody(dotted(m.name)), Texts: map[string]string{language: text}})
			}
		}
	}
}

// decodeRPCStatus reads google.rpc.Status, as formats.RPCStatus and Google's own services write it.
func (e *RemoteError) decodeRPCStatus(failure object, language string) {
	if message, ok := failure.text("message"); ok {
		e.Texts["en"] = message // AIP-193: English
	}
	for _, item := range failure.array("details") {
		detail, err := readObject(item)
		if err != nil {
			continue
		}
		name, _ := detail.text("@type")
		switch strings.TrimPrefix(name, "type.googleapis.com/") {
		case "google.rpc.ErrorInfo":
			reason, _ := detail.text("reason")
			e.Code = strings.ToLower(reason)
			metadata, _ := detail.object("metadata")
			e.Params = metadata.members()
		case "google.rpc.LocalizedMessage":
			readLocalized(detail, e.Texts)
		case "google.rpc.BadRequest":
			for _, v := range detail.array("fieldViolations") {
				e.readViolation(v)
			}
		case "google.rpc.RequestInfo":
			e.TraceID, _ = detail.text("requestId")
		case "google.protobuf.Struct":
			value, _ := detail.object("value")
			e.readDetails(value, language, asSent)
		}
	}
}

func readLocalized(detail object, texts map[string]string) {
	locale, _ := detail.text("locale")
	message, ok := detail.text("message")
	if tag, known := languageTag(locale); known && ok {
		texts[tag] = message
	}
}

func (e *RemoteError) readViolation(raw json.RawMessage) {
	violation, err := readObject(raw)
	if err != nil {
		return
	}
	path, _ := violation.text("field")
	f := RemoteField{At: fault.InBody(jsonpointer.OfPath(path)), Texts: map[string]string{}}
	if description, ok := violation.text("description"); ok {
		f.Texts["en"] = description
	}
	reason, _ := violation.text("reason")
	f.Code = strings.ToLower(reason)
	if localized, ok := violation.object("localizedMessage"); ok {
		readLocalized(localized, f.Texts)
	}
	e.Fields = append(e.Fields, f)
}

// decodeJSONAPI reads JSON:API: the first error without a source is the error itself, the others lie in
// the request.
func (e *RemoteError) decodeJSONAPI(root object, list []json.RawMessage, language string) {
	meta, _ := root.object("meta")
	if lang, ok := meta.text("lang"); ok {
		language = onlyLanguage(lang)
	}
	for i, item := range list {
		entry, err := readObject(item)
		if err != nil {
			continue
		}
		if i == 0 && !entry.has("source") {
			e.readFirst(entry, language)
			continue
		}
		e.Fields = append(e.Fields, jsonapiField(entry, language))
	}
}

func (e *RemoteError) readFirst(entry object, language string) {
	code, _ := entry.text("code")
	e.Code = codeOf(code)
	e.Title, _ = entry.text("title")
	e.TraceID, _ = entry.text("id")
	if detail, ok := entry.text("detail"); ok {
		e.Texts[language] = detail
	}
	meta, _ := entry.object("meta")
	e.readRetryable(meta)
	e.readInput(meta)
	params, _ := meta.object("params")
	e.Params = params.members()
	details, _ := meta.object("details")
	e.readDetails(details, language, asSent)
}

func jsonapiField(entry object, language string) RemoteField {
	f := RemoteField{Texts: map[string]string{}}
	f.Code, _ = entry.text("code")
	if detail, ok := entry.text("detail"); ok {
		f.Texts[language] = detail
	}
	source, _ := entry.object("source")
	meta, _ := entry.object("meta")
	params, _ := meta.object("params")
	f.Params = params.members()
	pointer, hasPointer := source.text("pointer")
	parameter, hasParameter := source.text("parameter")
	header, hasHeader := source.text("header")
	in, hasIn := meta.text("in")
	switch {
	case hasPointer:
		if member, ok := meta.text("member"); ok {
			pointer += jsonpointer.To(member)
		}
		f.At = pointerLocation(pointer)
	case hasParameter:
		f.At = fault.InQuery(parameter)
	case hasHeader:
		f.At = fault.InHeader(header)
	case hasIn:
		name, _ := meta.text("name")
		f.At = locationIn(in, name)
	}
	return f
}

// decodeText reads formats.Text: the text, a line for each field error, an empty line, and facts of which
// the last three are code, status and trace id.
func (e *RemoteError) decodeText(body []byte, language string) {
	head, tail, _ := strings.Cut(string(body), "\n\n")
	facts := map[string]string{}
	for line := range strings.Lines(tail) {
		name, value, _ := strings.Cut(strings.TrimRight(line, "\n"), ": ")
		facts[name] = value
	}
	code, ok := facts["code"]
	if !ok || facts["status"] != strconv.Itoa(e.Status) {
		e.Problem = unknownFormat
		return
	}
	e.Code, e.TraceID = code, facts["trace_id"]
	text, fields, _ := strings.Cut(head, "\n")
	e.Texts[language] = text
	for line := range strings.Lines(fields) {
		entry, isField := strings.CutPrefix(strings.TrimRight(line, "\n"), "- ")
		if !isField || len(e.Fields) == maxMembers {
			continue
		}
		name, text, named := strings.Cut(entry, ": ")
		if !named {
			name, text = "", entry
		}
		at := fault.InBody(dotted(strings.Trim(name, "\u2068\u2069")))
		e.Fields = append(e.Fields, RemoteField{At: at, Texts: map[string]string{language: text}})
	}
}

// decodeHTML reads what a page by formats.HTML says to programs, and its text.
func (e *RemoteError) decodeHTML(body []byte, language string) {
	page := string(body)
	code, ok := between(page, `<meta name="error-code" content="`, `"`)
	if !ok {
		e.Problem = unknownFormat
		return
	}
	e.Code = code
	e.TraceID, _ = between(page, `<meta name="trace-id" content="`, `"`)
	e.Title, _ = between(page, "<h1>", "</h1>")
	text, ok := between(page, `<p class="lead">`, "</p>")
	if !ok {
		text = e.Title // a page does not say the same twice
	}
	e.Texts[language] = text
}

// between is the unescaped text between the first before and what ends it.
func between(page, before, end string) (string, bool) {
	_, rest, ok := strings.Cut(page, before)
	if !ok {
		return "", false
	}
	text, _, ok := strings.Cut(rest, end)
	return html.UnescapeString(text), ok
}
