package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	fault "github.com/polyfault/polyfault/core"
)

// maxBody is the number of bytes that a body may have: about ten times the longest record.
const maxBody = 64 << 10

// maxDiscarded is the number of bytes of a larger body that are read and dropped: many clients read the answer only after
// they have sent everything, and would see a broken connection otherwise.
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
	if coding := fault.JoinedHeader(req.Header, "Content-Encoding"); coding != "" && !strings.EqualFold(coding, "identity") {
		return fault.UnsupportedMediaType.New(fault.Header("Accept-Encoding", "identity"))
	}
	mediaType, parameters, err := mime.ParseMediaType(fault.JoinedHeader(req.Header, "Content-Type"))
	charset, named := parameters["charset"]
	if err == nil && slices.Contains(mediaTypes[req.Method], mediaType) && (!named || strings.EqualFold(charset, "utf-8")) {
		return nil
	}
	attrs := []fault.Attr{fault.Header("Accept", strings.Join(mediaTypes[req.Method], ", "))}
	for name, value := range acceptedBy[req.Method] {
		attrs = append(attrs, fault.Header(name, value))
	}
	return fault.UnsupportedMediaType.New(attrs...)
}

// An entryBody is the body of POST and PATCH.
type entryBody struct {
	Name        *string         `json:"name"`
	Scope       *string         `json:"scope"`
	Title       *string         `json:"title"`
	Description *string         `json:"description"`
	Category    *fault.Category `json:"category"`
	Retryable   *bool           `json:"should_be_retried"`
	Status      *int            `json:"status"`
	ExitCode    *int            `json:"exit_code"`

	ID           json.RawMessage `json:"id"`
	Builtin      json.RawMessage `json:"is_builtin"`
	Created      json.RawMessage `json:"created"`
	LastModified json.RawMessage `json:"last_modified"`
	Links        json.RawMessage `json:"links"`
}

// bodyMembers are those of a body: their JSON types, and which methods may write them.
var bodyMembers = map[string]struct {
	jsonType string
	methods  []string
}{
	"name":              {"string", []string{http.MethodPost}},
	"scope":             {"string", []string{http.MethodPost}},
	"title":             {"string", []string{http.MethodPost, http.MethodPatch}},
	"description":       {"string", []string{http.MethodPost, http.MethodPatch}},
	"category":          {"string", []string{http.MethodPost, http.MethodPatch}},
	"should_be_retried": {"boolean", []string{http.MethodPost, http.MethodPatch}},
	"status":            {"number", []string{http.MethodPost, http.MethodPatch}},
	"exit_code":         {"number", []string{http.MethodPost, http.MethodPatch}},
	"id":                {},
	"is_builtin":        {},
	"created":           {},
	"last_modified":     {},
	"links":             {},
}

// A submission is a body, with all mistakes in its members.
type submission struct {
	entryBody
	wrong    fault.Details
	readOnly int // how many of the wrong members are read-only
	others   int
}

func (b *submission) refuse(name, rule string, attrs ...fault.Attr) {
	b.wrong.AddField(fault.InBody(name), rule, attrs...)
	if rule == ruleReadOnly {
		b.readOnly++
	} else {
		b.others++
	}
}

// err names all wrong members; nil without any.
func (b *submission) err() error {
	if b.readOnly > 0 && b.others == 0 {
		return b.wrong.Err(fault.FieldIsReadonly)
	}
	return b.wrong.Err(fault.ValidationFailed)
}

// readBody reads the body, and finds its mistakes as JSON.
func readBody(w http.ResponseWriter, req *http.Request, mandatory ...string) (*submission, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		_, _ = io.CopyN(io.Discard, req.Body, maxDiscarded)
		return nil, fault.Binding(err)
	}
	b := &submission{}
	if err := fault.BindJSON(bytes.NewReader(raw), &b.entryBody, mandatory...); err != nil {
		return nil, err
	}
	if !utf8.Valid(raw) { // encoding/json would replace invalid bytes
		return nil, fault.InvalidJSON.New(fault.Field(fault.InBody(""), ruleInvalid))
	}
	return b, b.checkMembers(raw, req.Method)
}

// checkMembers finds mistakes that BindJSON lets pass: nulls and other letter cases.
// raw is valid JSON.
func (b *submission) checkMembers(raw []byte, method string) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') { // null, which decodes into anything
		return fault.InvalidJSON.New(fault.Field(fault.InBody(""), ruleType, nullFor("object")...))
	}
	for decoder.More() {
		token, _ := decoder.Token()
		name, _ := token.(string)
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return fault.Binding(err)
		}
		b.checkMember(name, value, method)
	}
	return nil
}

func (b *submission) checkMember(name string, value json.RawMessage, method string) {
	m, known := bodyMembers[name]
	switch {
	case !known:
		b.refuse(name, ruleUnknown)
	case !slices.Contains(m.methods, method):
		b.refuse(name, ruleReadOnly)
	case string(value) == "null":
		b.refuse(name, ruleType, nullFor(m.jsonType)...)
	}
}

// nullFor says, as [fault.BindJSON] does, that null stands in place of another type.
func nullFor(expected string) []fault.Attr {
	return []fault.Attr{fault.Text("rule.type." + expected), fault.Arg("Expected", expected), fault.Arg("Got", "null")}
}

// givenCategories are those that clients may give.
var givenCategories = []string{string(fault.CategoryAlgorithm), string(fault.CategoryData)}

// checkValues finds values that a record cannot have.
func (b *submission) checkValues() {
	if b.Category != nil && !slices.Contains(givenCategories, string(*b.Category)) {
		p := oneOf(string(*b.Category), givenCategories)
		b.refuse("category", p.rule, p.attrs...)
	}
	for _, e := range []Entry{{Title: b.Title}, {Description: b.Description}, {Status: b.Status}, {ExitCode: b.ExitCode}} {
		b.refuseField(e.check())
	}
}

// refuseField adds the store's error about a value.
func (b *submission) refuseField(err error) {
	if e, ok := errors.AsType[*FieldError](err); ok {
		b.refuse(e.Field, e.Rule, e.Attrs...)
	}
}

func (b *submission) entry() Entry {
	e := Entry{
		Title: b.Title, Description: b.Description, Category: b.Category, Retryable: b.Retryable, Status: b.Status, ExitCode: b.ExitCode,
	}
	if b.Name != nil {
		e.Name = *b.Name
	}
	return e
}

// readNew reads the body of POST.
func readNew(w http.ResponseWriter, req *http.Request) (scope string, e Entry, err error) {
	b, err := readBody(w, req, "name", "title", "description", "category")
	if err != nil {
		return "", Entry{}, err
	}
	if b.Name != nil {
		_, err := naturalKey("", *b.Name)
		b.refuseField(err)
	}
	if b.Scope != nil {
		scope = *b.Scope
		_, err := naturalKey(scope, "any name")
		b.refuseField(err)
	}
	b.checkValues()
	return scope, b.entry(), b.err()
}

// readChange reads the body of PATCH for the record.
func readChange(w http.ResponseWriter, req *http.Request, r *Record) (Entry, error) {
	b, err := readBody(w, req)
	if err != nil {
		return Entry{}, err
	}
	if r.Builtin || r.Category == fault.CategorySystem {
		keep(b, "category", &b.Category, r.Category)
		keep(b, "status", &b.Status, r.Status)
		keep(b, "exit_code", &b.ExitCode, r.ExitCode)
	}
	if r.Category == fault.CategorySystem {
		keep(b, "title", &b.Title, r.Title)
		keep(b, "description", &b.Description, r.Description)
	}
	b.checkValues()
	return b.entry(), b.err()
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
