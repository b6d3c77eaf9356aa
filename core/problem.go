package fault

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/polyfault/polyfault/internal/jsonpointer"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// Problem is problem details for HTTP APIs, application/problem+json (RFC 9457), in the client's language. It has
// type, title, status, detail and instance of the RFC, and the extensions code, lang, dir, params, errors,
// errors_total (if not all are sent), details, retryable and trace_id. The zero value is ready.
//
// Without a TypeBase the type is about:blank, and the title is that of the status (RFC 9457, section 4.2.1), in
// English the phrase of the IANA registry; a title in the application's own files always shows. With a TypeBase the
// title is the kind's.
//
// An entry of errors has detail, code and params, and its place in the request: "pointer", a JSON Pointer into the
// body as a URI fragment ("#/items/0/qty"), or "in" ("query", "path", "header", "cookie") and "name".
type Problem struct {
	// TypeBase is the beginning of "type"; the kind's type ("task-locked") follows. It is an absolute URI that ends
	// in "/", "#" or "=", ideally one of documentation (RFC 9457, section 3.1.1). Empty means the type "about:blank".
	TypeBase string
	// Extensions names details that become extension members beside the standard ones, and not members of "details".
	// A name begins with a letter, and has at least three letters, digits and "_" (RFC 9457, section 3.2). NewResponder
	// refuses other names, and those of members that Problem already has.
	Extensions []string
}

// Check returns an error that names an invalid field. NewResponder calls it.
func (p Problem) Check() error {
	if p.TypeBase != "" {
		u, err := url.Parse(p.TypeBase)
		if err != nil || !u.IsAbs() || !strings.ContainsRune("/#=:", rune(p.TypeBase[len(p.TypeBase)-1])) {
			return fmt.Errorf("TypeBase %q is no absolute URI with a slash, hash, colon or = at its end", p.TypeBase)
		}
	}
	for i, name := range p.Extensions {
		switch {
		case !isExtensionName(name):
			return fmt.Errorf("extension %q: a name begins with a letter and has at least three letters, digits or underscores", name)
		case slices.Contains(problemMembers, name):
			return fmt.Errorf("extension %q: the format has a member of this name", name)
		case slices.Contains(p.Extensions[:i], name):
			return fmt.Errorf("extension %q is given twice", name)
		}
	}
	return nil
}

// problemMembers are the names that extensions cannot have: the members of Problem, and what has a
// meaning in JavaScript objects.
var problemMembers = []string{
	"type", "title", "status", "detail", "instance",
	"code", "lang", "dir", "params", "retryable", "trace_id", "errors", "errors_total", "details", "input",
	"constructor", "prototype", "toString", "valueOf", "hasOwnProperty",
}

func isExtensionName(name string) bool {
	for i, c := range []byte(name) {
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return len(name) >= 3
}

// ContentType returns "application/problem+json".
func (Problem) ContentType() string { return "application/problem+json" }

// Use returns OneLanguageTitled.
func (Problem) Use() TextUse { return OneLanguageTitled }

// Reusable returns true.
func (Problem) Reusable() bool { return true }

// Append appends the body.
func (p Problem) Append(dst []byte, o *Occurrence) []byte {
	dst = append(dst, `{"type":`...)
	if p.TypeBase == "" {
		dst = append(dst, `"about:blank"`...)
	} else {
		dst = jsontext.AppendQuoted(dst, p.TypeBase+o.kind.Type())
	}
	dst = append(dst, `,"title":`...)
	dst = p.appendTitle(dst, o)
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(o.status), 10)
	dst = append(dst, `,"detail":`...)
	dst = o.AppendText(dst)
	if id, ok := uuid(o.TraceID()); ok {
		dst = append(dst, `,"instance":`...)
		dst = jsontext.AppendQuoted(dst, "urn:uuid:"+id)
	}
	dst = append(dst, `,"code":`...)
	dst = jsontext.AppendQuoted(dst, o.Code())
	dst = append(dst, `,"lang":`...)
	dst = jsontext.AppendQuoted(dst, o.Language())
	dst = append(dst, `,"dir":`...)
	dst = jsontext.AppendQuoted(dst, o.Dir())
	if o.HasParams() {
		dst = append(dst, `,"params":`...)
		dst = o.AppendParams(dst)
	}
	dst = p.appendErrors(dst, o)
	dst = o.appendInput(dst)
	dst = append(dst, `,"retryable":`...)
	dst = strconv.AppendBool(dst, o.Retryable())
	dst = append(dst, `,"trace_id":`...)
	dst = jsontext.AppendQuoted(dst, o.TraceID())
	return append(dst, '}')
}

// appendTitle: with the type about:blank the title is that of the status.
func (p Problem) appendTitle(dst []byte, o *Occurrence) []byte {
	if p.TypeBase == "" {
		return o.appendStatusTitle(dst)
	}
	return o.AppendTitle(dst)
}

// appendErrors appends details that are errors as "errors", as the RFC's own example does, and the
// others as "details".
func (p Problem) appendErrors(dst []byte, o *Occurrence) []byte {
	if o.errors > 0 {
		dst = append(dst, `,"errors":[`...)
		first := true
		for e := range o.Errors() {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = p.appendError(dst, &e)
		}
		dst = append(dst, ']')
	}
	return p.appendDetails(o.appendErrorCount(dst), o)
}

func (p Problem) appendDetails(dst []byte, o *Occurrence) []byte {
	var rest []detail
	for _, d := range o.entries {
		if isDetailError(d.value) {
			continue
		}
		if !slices.Contains(p.Extensions, d.name) {
			rest = append(rest, d)
			continue
		}
		dst = append(dst, ',')
		dst = jsontext.AppendQuoted(dst, d.name)
		dst = append(dst, ':')
		dst = o.appendValue(dst, d.name, d.value)
	}
	if len(rest) == 0 {
		return dst
	}
	dst = append(dst, `,"details":`...)
	return o.appendEntries(dst, rest, 0)
}

func (Problem) appendError(dst []byte, e *DetailError) []byte {
	dst = append(dst, `{"detail":`...)
	dst = e.AppendText(dst)
	if e.at.in == "" {
		dst = append(dst, `,"pointer":`...)
		dst = jsonpointer.AppendFragment(dst, e.at.pointer)
	} else {
		dst = append(dst, `,"in":`...)
		dst = jsontext.AppendQuoted(dst, e.at.in)
		dst = append(dst, `,"name":`...)
		dst = jsontext.AppendQuoted(dst, e.at.name)
	}
	if e.code != "" {
		dst = append(dst, `,"code":`...)
		dst = jsontext.AppendQuoted(dst, e.code)
	}
	if e.HasParams() {
		dst = append(dst, `,"params":`...)
		dst = e.AppendParams(dst)
	}
	if e.HasDetails() {
		dst = append(dst, `,"details":`...)
		dst = e.AppendDetails(dst)
	}
	return append(dst, '}')
}
