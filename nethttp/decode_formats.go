package faulthttp

import (
	"bytes"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// decode reads the body by its shape rather than its content type, which proxies and frameworks get wrong.
func (e *RemoteError) decode(body []byte, languages string) {
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff")))
	language := onlyLanguage(languages)
	if len(trimmed) == 0 {
		e.Problem = "the body is empty"
		return
	}
	root, err := readObject(trimmed)
	switch {
	case err == nil:
		e.decodeObject(root, language)
	case e.decodeList(trimmed, language):
	case strings.HasPrefix(e.MediaType, "text/html"):
		e.decodeHTML(trimmed, language)
	case strings.HasPrefix(e.MediaType, "text/plain"):
		e.decodeText(trimmed, language)
	case trimmed[0] == '{':
		e.Problem = "the body is not valid JSON"
	default:
		e.Problem = unknownFormat
	}
}

func (e *RemoteError) decodeObject(root object, language string) {
	for _, shape := range shapes {
		if shape.is(e, root) {
			shape.read(e, root, language)
			return
		}
	}
}

// decodeList reads a body that is a list of errors, or a list with the errors of each item that was sent. A list of one
// error, as some of Google's services write it, is that error.
func (e *RemoteError) decodeList(body []byte, language string) bool {
	list := readArray(body)
	if len(list) == 0 || slices.ContainsFunc(list, func(item json.RawMessage) bool { return item[0] != '{' }) {
		return false
	}
	if len(list) == 1 {
		if root, err := readObject(list[0]); err == nil && (isErrorObject(e, root) || isRPCStatus(e, root)) {
			e.decodeObject(root, language)
			return true
		}
	}
	if !areTexts(body, 0) {
		return e.readErrors(body, language)
	}
	e.readUnder(body, nil, language)
	return len(e.Fields) > 0
}

const unknownFormat = "the body is no error format that is known"

// onlyLanguage returns the language of a body in one language, or "und" if Content-Language does not tell it.
func onlyLanguage(contentLanguage string) string {
	tag, ok := languageTag(strings.TrimSpace(contentLanguage))
	if !ok {
		return "und"
	}
	return tag
}

func asSent(code string) string { return code }

// codeOf brings a code into the form of the kinds: "TASK_LOCKED" and "TaskLocked" become "task_locked". It removes AWS's
// namespace, which ends in a hash, and AWS's link, which begins with ":http".
func codeOf(code string) string {
	code, _, _ = strings.Cut(code, ":http")
	code = code[strings.LastIndexByte(code, '#')+1:]
	lower := strings.ToLower(inWords(code))
	if known, ok := spellings[lower]; ok {
		return known
	}
	return lower
}

// inWords puts an underscore between the words of a code like "HTTPNotFound". A code in capitals stays as it is.
func inWords(code string) string {
	if code == strings.ToUpper(code) || strings.ContainsAny(code, "_- ") {
		return code
	}
	var words strings.Builder
	for i := range len(code) {
		next := i+1 < len(code) && isLower(code[i+1])
		if i > 0 && isUpper(code[i]) && (isUpper(code[i-1]) && next || isLower(code[i-1]) || isDigit(code[i-1])) {
			words.WriteByte('_')
		}
		words.WriteByte(code[i])
	}
	return words.String()
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// spellings are the codes of formats.Envelope that differ from those of the kinds.
var spellings = map[string]string{
	"object_does_not_exist": "entity_not_found",
	"field_does_not_exists": "field_does_not_exist",
	"unprocessable_entity":  "unprocessable_content",
}

// decodeMultilingual reads the languages and the members.
func (e *RemoteError) decodeMultilingual(root object, _ string) {
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
	for _, m := range root {
		tag, isTag := languageTag(m.name)
		if !slices.Contains(multilingualMembers, m.name) && (!isTag || e.Texts[tag] == "") {
			e.addDetail(m)
		}
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
		e.readDetail(m)
	}
}

// readPlainDetails reads details of formats that keep errors elsewhere.
func (e *RemoteError) readPlainDetails(details object) {
	for _, m := range details {
		e.readDetail(m)
	}
}

func (e *RemoteError) readDetail(m rawMember) {
	value, ok := decodeValue(m.raw)
	if !ok {
		return
	}
	e.Details = append(e.Details, RemoteMember{jsonpointer.OfMember(m.name), value})
	if m.name == "trace_id" && e.TraceID == "" {
		e.TraceID, _ = value.(string)
	}
}

// fieldOf reads {"code", languages or "msg", "params", and the part of the place that the name does not tell}, and
// {"error": languages or text}.
func fieldOf(m rawMember, language string, codeOf func(string) string) (RemoteField, bool) {
	entry, err := readObject(m.raw)
	if err != nil {
		return RemoteField{}, false
	}
	f := RemoteField{At: fault.InBody(jsonpointer.OfDots(m.name)), Texts: map[string]string{}}
	code, ok := entry.text("code")
	if f.Code = codeOf(code); ok {
		f.Texts = entry.languages()
	}
	if msg, ok := entry.text("msg"); ok {
		f.Texts[language] = msg
	}
	if text, ok := entry.text("error"); ok {
		f.Texts[language] = text
		f.At = plainLocation(m.name)
	} else if inner, ok := entry.object("error"); ok {
		f.Texts = inner.languages()
		f.At = plainLocation(m.name)
	}
	if len(f.Texts) == 0 {
		return RemoteField{}, false
	}
	f.readPlace(entry, m.name)
	params, _ := entry.object("params")
	f.Params = params.members()
	if details, ok := entry.object("details"); ok {
		f.Details = details.members()
	}
	return f, true
}

// readPlace reads what an entry tells about its place beside its name.
func (f *RemoteField) readPlace(entry object, name string) {
	if pointer, ok := entry.text("pointer"); ok {
		f.At = pointerLocation(pointer)
		return
	}
	in, ok := entry.text("in")
	if !ok {
		return
	}
	f.At = locationIn(in, strings.TrimPrefix(name, in+"."))
	if own, ok := entry.text("name"); ok {
		f.At = locationIn(in, own)
	}
}

// plainLocation returns the member of the body with the name; dots are part of the name.
func plainLocation(name string) fault.Location {
	return fault.InBody(jsonpointer.To(jsonpointer.OfMember(name)))
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
	if strings.HasPrefix(name, "/") {
		return fault.InBody(name)
	}
	return fault.InBody(jsonpointer.OfDots(name))
}

// notedLocation reads a place as formats.WebAPI and formats.RPCStatus write it: "#/a.b", "query page".
func notedLocation(place string) fault.Location {
	if in, name, ok := strings.Cut(place, " "); ok && isParameter(in) {
		return locationIn(in, name)
	}
	return pointerLocation(place)
}

// codeOfType returns the code of the kind that the last step of the type's URI names.
func codeOfType(uri string) string {
	return kindOfType(uri[strings.LastIndexAny(uri, "/#=:")+1:])
}

// kindOfType returns the code of the kind with the type, or "" if this process has none.
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

// decodeEnvelope reads formats.Envelope.
func (e *RemoteError) decodeEnvelope(root object, language string) {
	failure, _ := root.object("error")
	code, _ := failure.text("code")
	e.Code = codeOf(code)
	e.readInput(failure)
	details, _ := failure.object("details")
	if msg, ok := details.text("msg"); ok {
		e.Texts[language] = msg
		details = details.without("msg")
	}
	e.readDetails(details, language, strings.ToLower)
	for _, m := range failure {
		if !slices.Contains([]string{"code", "details", "errors_total", "input"}, m.name) {
			e.addDetail(m)
		}
	}
	for _, m := range root.without("error") {
		e.addDetail(m)
	}
}

// decodeWebAPI reads formats.WebAPI.
func (e *RemoteError) decodeWebAPI(root object, language string) {
	failure, _ := root.object("err")
	if msg, ok := failure.text("msg"); ok {
		e.Texts[language] = msg
	}
	e.Code = e.codeOfWebAPI(failure)
	e.Subtype, _ = failure.text("subtype")
	e.TraceID, _ = failure.text("trace_id")
	if m, ok := failure.member("detail"); ok {
		e.addDetail(m)
	}
	for _, m := range root {
		switch m.name {
		case "stat", "err", "errors_total", "places":
		case "input":
			e.readInput(root)
		case "fields":
			e.readFields(root, m, language)
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

// codeOfWebAPI returns the code of the kind with the type, or with the number if there is no type. A type without a kind in
// this process is the code itself.
func (e *RemoteError) codeOfWebAPI(failure object) string {
	name, typed := failure.text("type")
	number, numbered := failure.number("code")
	for k := range fault.Kinds() {
		if typed && k.Type() == name || !typed && numbered && number > 0 && int64(k.Number()) == number {
			return k.Code()
		}
	}
	if numbered && number != int64(e.Status) { // keep an unknown number
		e.Details = append(e.Details, RemoteMember{"code", number})
	}
	return name
}

func (e *RemoteError) addDetail(m rawMember) {
	if value, ok := decodeValue(m.raw); ok {
		e.Details = append(e.Details, RemoteMember{jsonpointer.OfMember(m.name), value})
	}
}

// readFields reads a list of texts for each name, and the places beside it.
func (e *RemoteError) readFields(root object, fields rawMember, language string) {
	byName, _ := readObject(fields.raw)
	places, _ := root.object("places")
	for _, m := range byName {
		noted := places.array(m.name)
		for i, item := range readArray(m.raw) {
			text, ok := readText(item)
			if !ok {
				continue
			}
			f := RemoteField{At: fault.InBody(jsonpointer.OfDots(m.name)), Texts: map[string]string{language: text}}
			if i < len(noted) {
				if place, ok := readText(noted[i]); ok {
					f.At = notedLocation(place)
				}
			}
			e.addField(f)
		}
	}
}

// decodeRPCStatus reads google.rpc.Status as written by formats.RPCStatus, Google's services and gateways.
func (e *RemoteError) decodeRPCStatus(root object, _ string) {
	failure, ok := root.object("error")
	if !ok {
		failure = root
	}
	if message, ok := failure.text("message"); ok {
		e.Texts["en"] = message // AIP-193: English
	}
	places := map[string]fault.Location{}
	for _, item := range failure.array("details") {
		if detail, err := readObject(item); err == nil {
			e.readRPCDetail(detail, places)
		}
	}
	for i := range e.Fields {
		if at, ok := places[strconv.Itoa(i)]; ok {
			e.Fields[i].At = at
		}
	}
	if m, ok := failure.member("errors"); ok { // services without ErrorInfo send it
		e.readErrors(m.raw, "en")
	}
	if status, ok := failure.text("status"); ok && e.Code == "" {
		e.Details = append(e.Details, RemoteMember{"status", status})
	}
	if code, ok := failure.text("code"); ok && e.Code == "" {
		e.Code = codeOf(code)
	}
	if code, ok := failure.number("code"); ok && code != int64(e.Status) && code != grpcCodes[e.Status] && e.Code == "" {
		e.Details = append(e.Details, RemoteMember{"code", code})
	}
}

// grpcCodes are the codes of gRPC that say no more than the status (google/rpc/code.proto). Others of the same status do.
var grpcCodes = map[int]int64{400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 429: 8, 499: 1, 500: 13, 501: 12, 503: 14, 504: 4}

// readRPCDetail reads one detail, and adds the places of violations to places, by their numbers.
func (e *RemoteError) readRPCDetail(detail object, places map[string]fault.Location) {
	kind, _ := detail.text("@type")
	switch name := strings.TrimPrefix(kind, "type.googleapis.com/"); name {
	case "google.rpc.ErrorInfo":
		e.readErrorInfo(detail, places)
	case "google.rpc.LocalizedMessage":
		readLocalized(detail, e.Texts)
	case "google.rpc.BadRequest":
		for _, v := range detail.array("fieldViolations") {
			e.readViolation(v)
		}
	case "google.rpc.RequestInfo":
		e.TraceID, _ = detail.text("requestId")
		if m, ok := detail.member("servingData"); ok {
			e.addDetail(m)
		}
	case "google.rpc.RetryInfo":
		e.readRetryDelay(detail)
	case "google.protobuf.Struct":
		value, _ := detail.object("value")
		e.readPlainDetails(value.without("errors_total"))
	default:
		rest := map[string]any{}
		for _, m := range detail.without("@type").members() {
			rest[m.Name] = m.Value
		}
		e.Details = append(e.Details, RemoteMember{name, rest})
	}
}

// readErrorInfo reads the reason and the metadata: the members of formats.RPCStatus, and arguments.
func (e *RemoteError) readErrorInfo(detail object, places map[string]fault.Location) {
	reason, _ := detail.text("reason")
	e.Code = codeOfReason(reason)
	metadata, _ := detail.object("metadata")
	for _, m := range metadata {
		text, _ := readText(m.raw)
		violation, isPlace := strings.CutPrefix(m.name, "fieldViolation")
		switch {
		case m.name == "code" && looksLike(text, e.Code):
			e.Code = text
		case isPlace && isNoted(text):
			places[violation] = notedLocation(text)
		default:
			e.Params = append(e.Params, object{m}.members()...)
		}
	}
}

// isNoted reports whether the text is a place as [notedLocation] reads it.
func isNoted(text string) bool {
	in, _, _ := strings.Cut(text, " ")
	return isParameter(in) || strings.HasPrefix(text, "#")
}

// looksLike reports whether formats.RPCStatus may have made the reason of the code.
func looksLike(code, reason string) bool {
	made := strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(code)), "_")
	const cut = 54 // a longer reason was cut and ends in a hash
	return made == reason || made == "" || len(made) > cut && strings.HasPrefix(reason, made[:cut])
}

// codeOfReason returns the code of a reason of AIP-193, without the prefix that formats.RPCStatus puts before codes that are
// not legal reasons.
func codeOfReason(reason string) string {
	code := strings.ToLower(reason)
	rest, ok := strings.CutPrefix(code, "code_")
	if ok && rest != "" && (len(rest) < len("a_1") || isDigit(rest[0])) {
		return rest
	}
	return code
}

// readRetryDelay reads a duration as protobuf writes it, "1.5s", unless a header says how long to wait.
func (e *RemoteError) readRetryDelay(detail object) {
	delay, _ := detail.text("retryDelay")
	seconds, err := strconv.ParseFloat(strings.TrimSuffix(delay, "s"), 64)
	if e.RetryAfter < 0 && err == nil && seconds >= 0 {
		e.RetryAfter = time.Duration(min(seconds, maxWait) * float64(time.Second))
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
	f.Code = codeOfReason(reason)
	if localized, ok := violation.object("localizedMessage"); ok {
		readLocalized(localized, f.Texts)
	}
	e.addField(f)
}

// decodeJSONAPI reads JSON:API. The first error without a source is the error itself; the others are about parts of the
// request.
func (e *RemoteError) decodeJSONAPI(root object, language string) {
	meta, _ := root.object("meta")
	if lang, ok := meta.text("lang"); ok {
		language = onlyLanguage(lang)
	}
	for i, item := range root.array("errors") {
		entry, err := readObject(item)
		if err != nil {
			continue
		}
		if i == 0 && !entry.has("source") {
			e.readFirst(entry, language)
			continue
		}
		e.addField(jsonapiField(entry, language))
	}
	for _, m := range meta {
		if !slices.Contains([]string{"lang", "dir", "errors_total"}, m.name) {
			e.addDetail(m)
		}
	}
	for _, m := range root {
		if !slices.Contains([]string{"errors", "meta", "jsonapi", "links"}, m.name) {
			e.addDetail(m)
		}
	}
}

func (e *RemoteError) readFirst(entry object, language string) {
	code, _ := entry.text("code")
	e.Code = codeOf(code)
	e.Title, _ = entry.text("title")
	e.TraceID, _ = entry.text("id")
	links, _ := entry.object("links")
	e.Type, _ = links.text("type")
	if e.Code == "" {
		e.Code = codeOfType(e.Type)
	}
	if _, text, ok := entry.first([]string{"detail", "title"}); ok {
		e.Texts[language] = text
	}
	meta, _ := entry.object("meta")
	e.readRetryable(meta)
	e.readInput(meta)
	params, _ := meta.object("params")
	e.Params = params.members()
	details, _ := meta.object("details")
	e.readPlainDetails(details)
	for _, m := range meta {
		if !slices.Contains([]string{"retryable", "input", "params", "details"}, m.name) {
			e.addDetail(m)
		}
	}
	for _, m := range entry {
		if m.name == "links" && len(links) == 1 && e.Type != "" {
			continue
		}
		if !slices.Contains([]string{"id", "status", "code", "title", "detail", "meta"}, m.name) {
			e.addDetail(m)
		}
	}
}

func jsonapiField(entry object, language string) RemoteField {
	f := RemoteField{Texts: map[string]string{}}
	f.Code, _ = entry.text("code")
	named, text, ok := entry.first([]string{"detail", "title"})
	if ok {
		f.Texts[language] = text
	}
	source, _ := entry.object("source")
	meta, _ := entry.object("meta")
	params, _ := meta.object("params")
	f.Params = params.members()
	f.At, _ = sourceLocation(source)
	if pointer, ok := source.text("pointer"); ok {
		if member, ok := meta.text("member"); ok {
			f.At = pointerLocation(pointer + jsonpointer.To(member))
		}
	} else if in, ok := meta.text("in"); ok {
		name, _ := meta.text("name")
		f.At = locationIn(in, name)
	}
	if details, ok := meta.object("details"); ok {
		f.Details = details.members()
	}
	for _, m := range entry {
		if !slices.Contains([]string{"status", "code", named, "source", "meta"}, m.name) && !isSaid(m, text) {
			f.Rest = append(f.Rest, object{m}.members()...)
		}
	}
	for _, m := range meta {
		if !slices.Contains([]string{"member", "in", "name", "params", "details"}, m.name) {
			f.Rest = append(f.Rest, object{m}.members()...)
		}
	}
	return f
}

// isSaid reports whether the member repeats the text.
func isSaid(m rawMember, text string) bool {
	own, ok := readText(m.raw)
	return ok && own == text
}

// decodeText reads formats.Text: the text, a line for each field error, an empty line, and facts. The last three facts are
// code, status and trace id.
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
		e.addField(RemoteField{At: labelLocation(strings.Trim(name, "\u2068\u2069")), Texts: map[string]string{language: text}})
	}
}

// labelLocation reads a place as formats.Text writes it: "items.0.qty", "page (query)", "#/a.b".
func labelLocation(label string) fault.Location {
	if i := strings.LastIndex(label, " ("); i >= 0 && strings.HasSuffix(label, ")") {
		if in := label[i+len(" (") : len(label)-1]; isParameter(in) {
			return locationIn(in, label[:i])
		}
	}
	if strings.HasPrefix(label, "#") {
		return pointerLocation(label)
	}
	return fault.InBody(jsonpointer.OfDots(label))
}

// decodeHTML reads the text of a page of formats.HTML, and the parts that are there for programs.
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
		text = e.Title // a page has the same text only once
	}
	e.Texts[language] = text
	_, list, _ := strings.Cut(page, `<ul class="fields">`)
	list, _, _ = strings.Cut(list, "</ul>")
	for _, item := range strings.Split(list, "<li")[1:] {
		e.addField(htmlField(item, language))
	}
}

func htmlField(item, language string) RemoteField {
	text, _ := between(item, "<span>", "</span>")
	name, _ := between(item, `translate="no">`, "</code>")
	f := RemoteField{At: fault.InBody(jsonpointer.OfDots(name)), Texts: map[string]string{language: text}}
	switch in, _ := between(item, ` data-in="`, `"`); {
	case in == "pointer":
		f.At = pointerLocation(name)
	case isParameter(in):
		f.At = locationIn(in, name)
	}
	return f
}

// between returns the unescaped text between the first before and the next end.
func between(page, before, end string) (string, bool) {
	_, rest, ok := strings.Cut(page, before)
	if !ok {
		return "", false
	}
	text, _, ok := strings.Cut(rest, end)
	return html.UnescapeString(text), ok
}
