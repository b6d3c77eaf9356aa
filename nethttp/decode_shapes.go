package faulthttp

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/family"
	"github.com/polyfault/polyfault/locales"
)

// A shape is one way in which servers write errors as a JSON object.
type shape struct {
	is   func(e *RemoteError, root object) bool
	read func(e *RemoteError, root object, language string)
}

// shapes differ in members that only they have. The first shape that fits reads the body.
var shapes = []shape{
	{isWebAPI, (*RemoteError).decodeWebAPI},
	{isRPCStatus, (*RemoteError).decodeRPCStatus},
	{isKubernetes, (*RemoteError).decodeKubernetes},
	{isEnvelope, (*RemoteError).decodeEnvelope},
	{isMultilingual, (*RemoteError).decodeMultilingual},
	{isJSONAPI, (*RemoteError).decodeJSONAPI},
	{isErrorObject, (*RemoteError).decodeErrorObject},
	{isTextsByName, (*RemoteError).decodeTextsByName},
	{isAnything, (*RemoteError).decodeMembers},
}

func isAnything(*RemoteError, object) bool { return true }

// isWebAPI reports whether root has the shape of formats.WebAPI, which services of djblets send as well.
func isWebAPI(_ *RemoteError, root object) bool {
	_, ok := root.object("err")
	return ok && root.is("stat", "fail")
}

// isRPCStatus reports whether root has the shape of google.rpc.Status, as written by formats.RPCStatus, Google's services
// and gRPC gateways.
func isRPCStatus(_ *RemoteError, root object) bool {
	failure, ok := root.object("error")
	if !ok {
		failure = root
	}
	if ok && failure.has("status") {
		return true
	}
	typed := slices.ContainsFunc(failure.array("details"), func(item json.RawMessage) bool {
		detail, _ := readObject(item)
		return detail.has("@type")
	})
	_, hasMessage := failure.text("message")
	_, isNumber := failure.number("code")
	return typed || !ok && hasMessage && isNumber && failure.array("details") != nil
}

// isEnvelope reports whether root has the shape of formats.Envelope. Its details are an object, unlike those of other errors
// under "error".
func isEnvelope(_ *RemoteError, root object) bool {
	failure, _ := root.object("error")
	_, ok := failure.object("details")
	return ok && !failure.has("message")
}

// isMultilingual reports whether root has the shape of fault.Multilingual. Either code or details stand beside texts under
// language tags, or there is nothing but members of the format and texts, all under tags of built-in languages.
func isMultilingual(_ *RemoteError, root object) bool {
	tags, shipped, others := 0, 0, 0
	for _, m := range root {
		if _, isText := readText(m.raw); isText && m.name == strings.ToUpper(m.name) {
			if tag, ok := languageTag(m.name); ok {
				tags++
				if isShipped(tag) {
					shipped++
				}
				continue
			}
		}
		if !slices.Contains(multilingualMembers, m.name) {
			others++
		}
	}
	if root.has("code") || root.has("details") {
		return tags > 0
	}
	return shipped > 0 && shipped == tags && others == 0
}

// multilingualMembers are the members beside the languages.
var multilingualMembers = []string{"code", "details", "errors_total", "input", "params", "retryable", "trace_id"}

// isShipped reports whether there are built-in texts in the language.
func isShipped(name string) bool {
	tag, known := family.Parse(name)
	return known && shipped()[family.KeyOf(tag)]
}

var shipped = sync.OnceValue(func() map[family.Key]bool {
	keys := map[family.Key]bool{}
	names, _ := fs.Glob(locales.FS, "active.*.toml") // fails for a bad pattern only
	for _, name := range names {
		tag, _ := family.Parse(strings.TrimSuffix(strings.TrimPrefix(name, "active."), ".toml"))
		keys[family.KeyOf(tag)] = true
	}
	return keys
})

const jsonapi = "application/vnd.api+json"

// isJSONAPI reports whether root has the shape of JSON:API. Other lists of errors tell places in other ways.
func isJSONAPI(e *RemoteError, root object) bool {
	list := root.array("errors")
	return e.MediaType == jsonapi && list != nil || slices.ContainsFunc(list, func(item json.RawMessage) bool {
		entry, _ := readObject(item)
		_, hasSource := entry.object("source")
		_, hasStatus := entry.text("status")
		return hasSource || hasStatus && (entry.has("title") || entry.has("detail"))
	})
}

// isErrorObject reports whether the error is one member of the body, as for Microsoft, Stripe, OpenAI, ABP and Zod.
func isErrorObject(_ *RemoteError, root object) bool {
	_, failure := errorObject(root)
	return slices.ContainsFunc(failure, func(m rawMember) bool {
		return slices.Contains(errorMembers, m.name) || slices.Contains(listNames, m.name)
	})
}

// errorObject returns the member that is the error; the second name is that of OData 2 and 3.
func errorObject(root object) (name string, failure object) {
	for _, name := range []string{"error", "odata.error"} {
		if failure, ok := root.object(name); ok {
			return name, failure
		}
	}
	return "", nil
}

var errorMembers = []string{"code", "message", "type", "reason", "details", "errors", "msg", "title", "detail"}

// isTextsByName reports whether the body has nothing but names and lists of texts, as for Django REST framework and Rails.
func isTextsByName(e *RemoteError, root object) bool {
	if e.Status != http.StatusBadRequest && e.Status != http.StatusUnprocessableEntity && e.Status != http.StatusConflict || len(root) == 0 {
		return false
	}
	for _, m := range unwrapped(root) {
		if m.name == "errors" || !areTexts(m.raw, 0) {
			return false
		}
	}
	return true
}

// maxTextDepth bounds the depth of errors and texts in lists and objects: each level reads everything below it again.
const maxTextDepth = 16

// deeper calls read for the next level, unless that is too deep.
func (e *RemoteError) deeper(read func() bool) bool {
	if e.depth == maxTextDepth {
		return false
	}
	e.depth++
	ok := read()
	e.depth--
	return ok
}

// areTexts reports whether raw holds lists of texts, directly, under names, or in lists of such objects.
func areTexts(raw json.RawMessage, depth int) bool {
	if depth > maxTextDepth {
		return false
	}
	if inner, err := readObject(raw); err == nil {
		return !slices.ContainsFunc(inner, func(m rawMember) bool { return !areTexts(m.raw, depth+1) }) && (len(inner) > 0 || depth > 0)
	}
	list := readArray(raw)
	return len(list) > 0 && !slices.ContainsFunc(list, func(item json.RawMessage) bool {
		if _, isText := readText(item); isText {
			return false
		}
		_, err := readObject(item)
		return err != nil || !areTexts(item, depth+1)
	})
}

// decodeTextsByName reads names and texts.
func (e *RemoteError) decodeTextsByName(root object, language string) {
	e.readByName(unwrapped(root), nil, language)
}

// unwrapped returns the value of the only member if that is a wrapper, such as GitLab's, and not a field of the request.
func unwrapped(root object) object {
	if len(root) == 1 && slices.Contains([]string{"message", "messages", "error", "detail"}, root[0].name) {
		if inner, err := readObject(root[0].raw); err == nil && len(inner) > 0 {
			return inner
		}
	}
	return root
}

// isKubernetes reports whether root is a metav1.Status.
func isKubernetes(_ *RemoteError, root object) bool {
	return root.is("kind", "Status") && root.is("status", "Failure")
}

// decodeKubernetes reads metav1.Status: the reason is the code, and the causes are errors of fields.
func (e *RemoteError) decodeKubernetes(root object, language string) {
	if message, ok := root.text("message"); ok && message != "" {
		e.Texts[language] = message
	}
	reason, _ := root.text("reason")
	e.Code = codeOf(reason)
	details, _ := root.object("details")
	for _, m := range details {
		seconds, isWait := object{m}.number("retryAfterSeconds")
		switch {
		case isWait && seconds > 0 && e.RetryAfter < 0:
			e.RetryAfter = time.Duration(min(seconds, maxWait)) * time.Second
		case m.name == "causes" && e.readErrors(m.raw, language):
		default:
			e.addDetail(m)
		}
	}
	for _, m := range root {
		if !slices.Contains([]string{"kind", "apiVersion", "status", "message", "reason", "details", "metadata"}, m.name) && !e.isStatus(m) {
			e.addDetail(m)
		}
	}
}

// decodeErrorObject reads an error that is one member of the body.
func (e *RemoteError) decodeErrorObject(root object, language string) {
	name, failure := errorObject(root)
	e.decodeMembers(failure, language)
	e.Problem = ""
	for _, m := range root.without(name) {
		if !e.readID(m) && !e.isStatus(m) {
			e.addDetail(m)
		}
	}
	for _, name := range []string{"param", "target"} { // the error is about one field
		if at, ok := failure.text(name); ok && at != "" {
			e.addField(RemoteField{At: pathLocation(at), Code: e.Code, Texts: copyOf(e.Texts)})
		}
	}
}

// Names of members of other servers; the first one present counts.
var (
	textNames = []string{"detail", "message", "msg", "Message", "error_description", "errorMessage", "error_message", "description",
		"hydra:description"}
	codeNames = []string{"code", "errorCode", "error_code", "__type"}
	idNames   = []string{"trace_id", "traceId", "traceID", "request_id", "requestId", "requestID"}
	listNames = []string{"errors", "violations", "invalid-params", "invalidParams", "invalid_params", "validationErrors", "validation_errors",
		"fieldErrors", "field_errors", "fieldList", "errorMessages", "issues", "ModelState"}
	mixedNames = []string{"details", "detail", "message", "messages"} // lists of errors, or something else
)

// decodeMembers reads an object whose members describe the error: problem details (RFC 9457) of any framework, and bodies
// of servers without a format. The body is understood if one of the members is a text, a code or a field error.
func (e *RemoteError) decodeMembers(root object, language string) {
	if lang, ok := root.text("lang"); ok {
		language = onlyLanguage(lang)
	}
	e.readHead(root, language)
	e.readRetryable(root)
	e.readInput(root)
	params, _ := root.object("params")
	e.Params = params.members()
	for _, m := range root {
		e.readMember(m, root, language)
	}
	if e.Texts[language] == "" && e.Title != "" {
		e.Texts[language] = e.Title
	}
	if len(e.Texts) == 0 && e.Code == "" && len(e.Fields) == 0 && e.MediaType != problemJSON {
		e.Problem = unknownFormat
	}
}

const problemJSON = "application/problem+json"

// readHead reads the members that describe the error as a whole.
func (e *RemoteError) readHead(root object, language string) {
	e.Title, _ = root.text("title")
	e.Instance, _ = root.text("instance")
	if _, text, ok := root.first(textNames); ok {
		e.Texts[language] = text
	} else if own, text, ok := textOfOData(root); ok {
		e.Texts[own] = text
	}
	if _, code, ok := root.firstCode(codeNames, e.Status); ok {
		e.Code = codeOf(code)
	}
	kind, isType := root.text("type")
	switch {
	case isType && (e.isProblem(root) || isURI(kind)):
		e.Type = kind
		if e.Code == "" {
			e.Code = codeOfType(kind)
		}
	case isType && e.Code == "":
		e.Code = codeOf(kind)
	}
	e.readErrorText(root, language)
	e.readReason(root, language)
}

// textOfOData reads a text with its language: {"lang":"en-US","value":"…"}.
func textOfOData(root object) (language, text string, ok bool) {
	message, _ := root.object("message")
	lang, _ := message.text("lang")
	text, ok = message.text("value")
	return onlyLanguage(lang), text, ok && text != ""
}

// readReason reads a member "reason": a code if there is a text beside it, as in Kratos, or else the text.
func (e *RemoteError) readReason(root object, language string) {
	reason, _ := root.text("reason")
	switch {
	case reason == "":
	case len(e.Texts) == 0:
		e.Texts[language] = reason
	case e.Code == "" && !strings.ContainsAny(reason, " \n") && !e.isProblem(root):
		e.Code = codeOf(reason)
	}
}

// readErrorText reads a member "error" that is a text. It is a code if another member has the text (RFC 6749, section 5.2)
// or if it has the form of a code; else it is a title.
func (e *RemoteError) readErrorText(root object, language string) {
	text, ok := root.text("error")
	_, known := fault.KindByCode(text)
	switch {
	case !ok:
	case e.Code == "" && (root.has("error_description") || known || isMachineName(text)):
		e.Code = codeOf(text)
	case e.Title == "" && e.Texts[language] != "":
		e.Title = text
	case e.Texts[language] == "":
		e.Texts[language] = text
	}
}

// isMachineName reports whether the text is a name for programs, such as "invalid_auth".
func isMachineName(text string) bool {
	return strings.Contains(text, "_") && strings.Trim(text, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func isURI(s string) bool {
	return strings.Contains(s, "://") || strings.HasPrefix(s, "about:") || strings.HasPrefix(s, "urn:") || strings.HasPrefix(s, "/")
}

func (e *RemoteError) isProblem(root object) bool {
	return e.MediaType == problemJSON || root.has("title") || root.has("instance")
}

// readMember reads a member that is not part of the head: errors by place, or a detail.
func (e *RemoteError) readMember(m rawMember, root object, language string) {
	switch {
	case e.readID(m), e.isRead(m, root), e.isStatus(m):
	case m.name == "details" && e.readOwnDetails(m):
	case (slices.Contains(listNames, m.name) || slices.Contains(mixedNames, m.name) && isErrorList(m.raw)) && e.readErrors(m.raw, language):
	case m.name == "detail" && e.readInner(m, language):
	default:
		e.addDetail(m)
	}
}

// isRead reports whether the member was read with the head, or belongs to a problem. In known formats, members of an
// unexpected type are ignored.
func (e *RemoteError) isRead(m rawMember, root object) bool {
	text, isText := readText(m.raw)
	switch m.name {
	case "title", "instance":
		return isText || e.MediaType == problemJSON
	case "type":
		return isText && (text == e.Type || codeOf(text) == e.Code) || !isText && e.MediaType == problemJSON
	case "lang", "dir":
		return isText
	case "input", "params":
		_, err := readObject(m.raw)
		return err == nil
	case "errors_total":
		return isNumber(m.raw)
	case "retryable":
		return string(m.raw) == "true" || string(m.raw) == "false"
	case "error", "reason":
		return isText && (text == e.Title || codeOf(text) == e.Code || e.hasText(text))
	case "message":
		if _, text, ok := textOfOData(root); ok && e.hasText(text) {
			return true
		}
	}
	if name, _, ok := root.first(textNames); ok && name == m.name {
		return true
	}
	name, _, ok := root.firstCode(codeNames, e.Status)
	return ok && name == m.name || e.MediaType == problemJSON && slices.Contains([]string{"detail", "code", "trace_id"}, m.name) &&
		!isList(m.raw)
}

func isNumber(raw json.RawMessage) bool {
	_, err := strconv.ParseInt(string(raw), 10, 64)
	return err == nil
}

func isList(raw json.RawMessage) bool { return len(raw) > 0 && raw[0] == '[' }

func (e *RemoteError) hasText(text string) bool {
	for _, own := range e.Texts {
		if own == text {
			return true
		}
	}
	return false
}

// readInner reads an error inside of the member "detail".
func (e *RemoteError) readInner(m rawMember, language string) bool {
	inner, err := readObject(m.raw)
	if _, _, ok := inner.first(textNames); err != nil || !ok {
		return false
	}
	return e.deeper(func() bool {
		e.readHead(inner, language)
		for _, m := range inner {
			e.readMember(m, inner, language)
		}
		return true
	})
}

// readOwnDetails reads the details of fault.Problem.
func (e *RemoteError) readOwnDetails(m rawMember) bool {
	details, err := readObject(m.raw)
	if err == nil {
		e.readPlainDetails(details)
	}
	return err == nil
}

// readID reads the id of the request.
func (e *RemoteError) readID(m rawMember) bool {
	id, ok := readText(m.raw)
	if ok = ok && e.TraceID == "" && slices.Contains(idNames, m.name); ok {
		e.TraceID = id
	}
	return ok
}

// isStatus reports whether the member repeats the status of the status line.
func (e *RemoteError) isStatus(m rawMember) bool {
	if m.name != "status" && m.name != "statusCode" && m.name != "code" && m.name != "status_code" {
		return false
	}
	return strings.Trim(string(m.raw), `"`) == strconv.Itoa(e.Status)
}
