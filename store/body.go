package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	fault "github.com/polyfault/polyfault/core"
)

// maxBody is how many bytes a body may have: about ten times what the longest record takes.
const maxBody = 64 << 10

// maxDiscarded is how much of a larger body is read nevertheless: many a client listens only after it
// has sent everything, and would see a broken connection in place of the answer.
const maxDiscarded = 16 << 20

const (
	mediaJSON  = "application/json"
	mediaMerge = "application/merge-patch+json" // RFC 7396
)

// mediaTypes are those of bodies, by method, and acceptedBy the headers that tell them (RFC 9110,
// section 15.5.16; RFC 5789, section 3.1; the W3C's Linked Data Platform 1.0, section 7.1).
var (
	mediaTypes = map[string][]string{
		http.MethodPost:  {mediaJSON},
		http.MethodPatch: {mediaJSON, mediaMerge},
	}
	acceptedBy = map[string]map[string]string{
		http.MethodPost:  {"Accept-Post": strings.Join(mediaTypes[http.MethodPost], ", ")},
		http.MethodPatch: {"Accept-Patch": strings.Join(mediaTypes[http.MethodPatch], ", ")},
	}
)

// checkMedia refuses bodies that are not JSON, or encoded in a way that is not decoded here.
func checkMedia(req *http.Request) error {
	return checkMediaOf(req, mediaTypes[req.Method], acceptedBy[req.Method])
}

// checkMediaOf refuses bodies of other media types than these, in another character set than UTF-8, and encoded ones.
// accepted are the headers that tell the types.
func checkMediaOf(req *http.Request, types []string, accepted map[string]string) error {
	if coding := fault.JoinedHeader(req.Header, "Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return fault.UnsupportedMediaType.New(fault.Header("Accept-Encoding", "identity"))
	}
	mediaType, parameters, err := mime.ParseMediaType(fault.JoinedHeader(req.Header, "Content-Type"))
	charset, named := parameters["charset"]
	if err == nil && slices.Contains(types, mediaType) && (!named || strings.EqualFold(charset, "utf-8")) {
		return nil
	}
	attrs := []fault.Attr{fault.Header("Accept", strings.Join(types, ", "))}
	for name, value := range accepted {
		attrs = append(attrs, fault.Header(name, value))
	}
	return fault.UnsupportedMediaType.New(attrs...)
}

// An entryBody is the body of POST and PATCH of an error.
type entryBody struct {
	Name        *string
	Scope       *string
	Title       *string
	Description *string
	Category    *fault.Category
	Retryable   *bool
	Status      *int
	ExitCode    *int
}

// A bodyMember is one that a body may have: its JSON type, which methods may write it, and where it goes.
type bodyMember struct {
	jsonType string
	methods  []string
	into     any // a pointer to a pointer
}

var (
	onlyPost  = []string{http.MethodPost}
	onlyPatch = []string{http.MethodPatch}
	both      = []string{http.MethodPost, http.MethodPatch}
)

func (e *entryBody) members() map[string]bodyMember {
	return map[string]bodyMember{
		"name":              {"string", onlyPost, &e.Name},
		"scope":             {"string", onlyPost, &e.Scope},
		"title":             {"string", both, &e.Title},
		"description":       {"string", both, &e.Description},
		"category":          {"string", both, &e.Category},
		"should_be_retried": {"boolean", both, &e.Retryable},
		"status":            {"number", both, &e.Status},
		"exit_code":         {"number", both, &e.ExitCode},
		"id":                {}, "is_builtin": {}, "created": {}, "last_modified": {}, "links": {},
	}
}

// A submission is a request with all that is wrong with it: parameters, and members of the body.
type submission struct {
	wrong fault.Details
	sorts map[string]int // how many problems of each sort the body has: by their rules
	query bool           // parameters are wrong
}

// newSubmission begins with what is wrong with the query: these resources have no parameters.
func (c *call) newSubmission() *submission {
	q := c.readParameters()
	return &submission{wrong: q.wrong, sorts: map[string]int{}, query: q.err() != nil}
}

func (b *submission) refuse(name, rule string, attrs ...fault.Attr) {
	b.refuseAs(rule, name, rule, attrs...)
}

// refuseAs counts the problem as one of another sort.
func (b *submission) refuseAs(sort, name, rule string, attrs ...fault.Attr) {
	b.wrong.AddField(fault.InBody(name), rule, attrs...)
	b.sorts[sort]++
}

// sortMissing is a mandatory member that is missing, which a value that is empty is not.
const sortMissing = "missing"

// submissionKinds are those of requests that have problems of one sort only.
var submissionKinds = []struct {
	kind  *fault.Kind
	sorts []string
}{
	{fault.FieldIsReadonly, []string{ruleReadOnly}},
	{fault.SuperfluousAttributesInRequest, []string{ruleUnknown}},
	{fault.MandatoryAttributesMissing, []string{sortMissing, ruleUnknown}},
	{fault.InvalidJSON, []string{ruleType, sortMissing, ruleUnknown, ruleUnique}},
}

// err names all that is wrong; nil when nothing is.
func (b *submission) err() error {
	if b.query && len(b.sorts) == 0 {
		return b.wrong.Err(fault.BadParamValue)
	}
	for _, k := range submissionKinds {
		if b.query || b.sorts[k.sorts[0]] == 0 {
			continue
		}
		count := 0
		for _, sort := range k.sorts {
			count += b.sorts[sort]
		}
		if total := b.total(); count == total {
			return b.wrong.Err(k.kind)
		}
	}
	return b.wrong.Err(fault.ValidationFailed)
}

func (b *submission) total() (n int) {
	for _, count := range b.sorts {
		n += count
	}
	return n
}

// read reads the body into its members, and finds what is wrong with it as JSON.
func (b *submission) read(w http.ResponseWriter, req *http.Request, members map[string]bodyMember, mandatory ...string) error {
	raw, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		return unread(req.Body, err)
	}
	var object map[string]json.RawMessage
	switch first := bytes.TrimLeft(raw, " \t\r\n"); {
	case !utf8.Valid(raw): // encoding/json would replace what is none
		err = fault.InvalidJSON.New(fault.Field(fault.InBody(""), ruleInvalid))
	case json.Valid(raw) && first[0] == '{':
		b.readMembers(raw, req.Method, members, mandatory)
		return nil
	case string(first) == "null" || len(first) > 0 && bytes.HasPrefix(first, []byte("null")) && json.Valid(raw):
		err = fault.InvalidJSON.New(fault.Field(fault.InBody(""), ruleType, wrongType("object", "null")...))
	default:
		err = fault.BindJSON(bytes.NewReader(raw), &object)
	}
	if b.query { // the parameters are told, too
		b.refuse("", ruleInvalid)
		return b.wrong.Err(fault.InvalidJSON)
	}
	return err
}

// unread returns the error for a body that could not be read to its end.
func unread(body io.Reader, err error) error {
	_, _ = io.CopyN(io.Discard, body, maxDiscarded)
	return fault.Binding(err)
}

// readMembers reads the members of an object.
func (b *submission) readMembers(raw []byte, method string, members map[string]bodyMember, mandatory []string) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	_, _ = decoder.Token()
	seen := map[string]int{}
	for decoder.More() {
		token, _ := decoder.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			break // it is valid
		}
		if seen[name]++; seen[name] == 1 {
			b.readMember(name, value, method, members, slices.Contains(mandatory, name))
		}
		if seen[name] == 2 {
			b.refuse(name, ruleUnique)
		}
	}
	for _, name := range mandatory {
		if seen[name] == 0 {
			b.refuseAs(sortMissing, name, ruleRequired)
		}
	}
}

func (b *submission) readMember(name string, value json.RawMessage, method string, members map[string]bodyMember, mandatory bool) {
	m, known := members[name]
	switch got := typeOfJSON(value); {
	case !known:
		b.refuse(name, ruleUnknown)
	case !slices.Contains(m.methods, method):
		b.refuse(name, ruleReadOnly)
	case got == "null" && mandatory:
		b.refuseAs(sortMissing, name, ruleRequired)
	case got == "null":
		b.refuseAs("null", name, ruleType, wrongType(m.jsonType, got)...)
	case got != m.jsonType || json.Unmarshal(value, m.into) != nil:
		b.refuse(name, ruleType, wrongType(m.jsonType, got)...)
	case loneSurrogates(value):
		b.refuse(name, ruleInvalid)
		reflect.ValueOf(m.into).Elem().SetZero()
	}
}

// typeOfJSON names the type of a valid value, as [fault.BindJSON] does.
func typeOfJSON(value []byte) string {
	switch value[0] {
	case '"':
		return "string"
	case '{':
		return "object"
	case '[':
		return "array"
	case 't', 'f':
		return "boolean"
	case 'n':
		return "null"
	}
	return "number"
}

// wrongType says, as [fault.BindJSON] does, that another type stands there.
func wrongType(expected, got string) []fault.Attr {
	return []fault.Attr{fault.Text("rule.type." + expected), fault.Arg("Expected", expected), fault.Arg("Got", got)}
}

// givenCategories are those that clients may give.
var givenCategories = []string{string(fault.CategoryAlgorithm), string(fault.CategoryData)}

// notCreated is what clients are told who would create an error of the category SYSTEM.
var notCreated = fault.Texts(map[string]string{
	"en": "Errors of the category SYSTEM belong to the program: they cannot be created.",
	"de": "Fehler der Kategorie SYSTEM gehören zum Programm: sie können nicht angelegt werden.",
	"fr": "Les erreurs de la catégorie SYSTEM appartiennent au programme : il n’est pas possible d’en créer.",
	"es": "Los errores de la categoría SYSTEM pertenecen al programa: no se pueden crear.",
})

// checkValues finds values that a record cannot have.
func (b *submission) checkValues(e *entryBody, method string) {
	switch {
	case e.Category == nil:
	case *e.Category == fault.CategorySystem && method == http.MethodPost:
		b.refuse("category", ruleNotAllowed, notCreated)
	case !slices.Contains(givenCategories, string(*e.Category)):
		p := oneOf(string(*e.Category), givenCategories)
		b.refuse("category", p.rule, p.attrs...)
	}
	for _, entry := range []Entry{{Title: e.Title}, {Description: e.Description}, {Status: e.Status}, {ExitCode: e.ExitCode}} {
		b.refuseField(entry.check())
	}
}

// refuseField takes over what the store says of a value.
func (b *submission) refuseField(err error) {
	if e, ok := errors.AsType[*FieldError](err); ok {
		b.refuse(e.Field, e.Rule, e.Attrs...)
	}
}

func (e *entryBody) entry() Entry {
	entry := Entry{
		Title: e.Title, Description: e.Description, Category: e.Category, Retryable: e.Retryable, Status: e.Status, ExitCode: e.ExitCode,
	}
	if e.Name != nil {
		entry.Name = *e.Name
	}
	return entry
}

// readNew reads the body of POST.
func (c *call) readNew(b *submission) (scope string, entry Entry, err error) {
	var e entryBody
	if err := b.read(c.w, c.req, e.members(), "name", "title", "description", "category"); err != nil {
		return "", Entry{}, err
	}
	if e.Name != nil {
		_, err := naturalKey("", *e.Name)
		b.refuseField(err)
	}
	if e.Scope != nil {
		scope = *e.Scope
		_, err := naturalKey(scope, "any name")
		b.refuseField(err)
	}
	b.checkValues(&e, http.MethodPost)
	return scope, e.entry(), b.err()
}

// readChange reads the body of PATCH for the record.
func (c *call) readChange(b *submission, r *Record) (Entry, error) {
	var e entryBody
	if err := b.read(c.w, c.req, e.members()); err != nil {
		return Entry{}, err
	}
	if r.Builtin || r.Category == fault.CategorySystem {
		keep(b, "category", &e.Category, r.Category)
		keep(b, "status", &e.Status, r.Status)
		keep(b, "exit_code", &e.ExitCode, r.ExitCode)
	}
	if r.Category == fault.CategorySystem {
		keep(b, "title", &e.Title, r.Title)
		keep(b, "description", &e.Description, r.Description)
	}
	b.checkValues(&e, http.MethodPatch)
	return e.entry(), b.err()
}

// readState reads the body of PATCH of an entry of the log.
func (c *call) readState(b *submission) (state LogState, err error) {
	var given *string
	members := map[string]bodyMember{"state": {"string", onlyPatch, &given}}
	for _, name := range []string{"id", "host", "level", "message", "code", "scope", "trace_id", "attributes", "stacktrace", "created",
		"repeats", "last_seen", "fingerprint", "regressions", "version", "occurrences", "hours", "links"} {
		members[name] = bodyMember{}
	}
	if err := b.read(c.w, c.req, members, "state"); err != nil {
		return "", err
	}
	if given != nil {
		state = LogState(*given)
		b.refuseField(checkState(state, false).inField("state"))
	}
	return state, b.err()
}

// keep refuses another value for a member that is read-only in this record, and forgets the same one.
func keep[T comparable](b *submission, name string, value **T, current T) {
	if *value == nil {
		return
	}
	if **value != current {
		b.refuse(name, ruleReadOnly)
	}
	*value = nil
}
