package faulthttp

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"

	"golang.org/x/text/language"

	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// An object is a JSON object in the order in which it was sent, with its values not yet decoded. Reading is lenient: a
// member of another type than asked for counts as missing.
type object []rawMember

type rawMember struct {
	name string
	raw  json.RawMessage
}

// maxMembers bounds the members that one object or array of a body adds.
const maxMembers = 1000

var errNoObject = errors.New("no JSON object")

// readObject reads one JSON object with nothing after it.
func readObject(body []byte) (object, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	if first, err := decoder.Token(); err != nil || first != json.Delim('{') {
		return nil, errNoObject
	}
	var members object
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		m := rawMember{}
		m.name, _ = name.(string)
		if err := decoder.Decode(&m.raw); err != nil {
			return nil, err
		}
		if len(members) < maxMembers {
			members = append(members, m)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errNoObject
	}
	return members, nil
}

func readArray(raw json.RawMessage) []json.RawMessage {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return nil
	}
	return list[:min(len(list), maxMembers)]
}

func readText(raw json.RawMessage) (text string, ok bool) {
	if len(raw) == 0 || raw[0] != '"' {
		return "", false
	}
	return text, json.Unmarshal(raw, &text) == nil
}

func (o object) member(name string) (rawMember, bool) {
	for i := len(o) - 1; i >= 0; i-- { // the last one counts, as in encoding/json
		if o[i].name == name {
			return o[i], true
		}
	}
	return rawMember{}, false
}

func (o object) has(name string) bool {
	_, ok := o.member(name)
	return ok
}

func (o object) text(name string) (string, bool) {
	m, _ := o.member(name)
	return readText(m.raw)
}

// first returns the first member among names that is a non-empty text.
func (o object) first(names []string) (name, text string, ok bool) {
	for _, name := range names {
		if text, ok := o.text(name); ok && text != "" {
			return name, text, true
		}
	}
	return "", "", false
}

// firstCode returns the first member among names that is a text, or a whole number other than the status.
func (o object) firstCode(names []string, status int) (name, code string, ok bool) {
	for _, name := range names {
		if text, ok := o.text(name); ok && text != "" && text != strconv.Itoa(status) {
			return name, text, true
		}
		if n, ok := o.number(name); ok && n != int64(status) {
			return name, strconv.FormatInt(n, 10), true
		}
	}
	return "", "", false
}

// number returns a member that is a whole number.
func (o object) number(name string) (int64, bool) {
	m, _ := o.member(name)
	n, err := strconv.ParseInt(string(m.raw), 10, 64)
	return n, err == nil
}

func (o object) object(name string) (object, bool) {
	m, _ := o.member(name)
	inner, err := readObject(m.raw)
	return inner, err == nil
}

func (o object) array(name string) []json.RawMessage {
	m, _ := o.member(name)
	return readArray(m.raw)
}

// is reports whether the member has the value.
func (o object) is(name string, value any) bool {
	m, ok := o.member(name)
	if !ok {
		return false
	}
	own, ok := decodeValue(m.raw)
	if !ok {
		return false
	}
	switch own.(type) {
	case []any, map[string]any:
		return false
	}
	return own == value
}

func (o object) without(name string) object {
	var rest object
	for _, m := range o {
		if m.name != name {
			rest = append(rest, m)
		}
	}
	return rest
}

// members returns the decoded members of the object.
func (o object) members() (list []RemoteMember) {
	for _, m := range o {
		if value, ok := decodeValue(m.raw); ok {
			list = append(list, RemoteMember{jsonpointer.OfMember(m.name), value})
		}
	}
	return list
}

// languages returns the texts under keys that are upper-cased language tags, by tag.
func (o object) languages() map[string]string {
	texts := map[string]string{}
	for _, m := range o {
		if m.name != strings.ToUpper(m.name) {
			continue
		}
		tag, ok := languageTag(m.name)
		if !ok {
			continue
		}
		if text, ok := readText(m.raw); ok {
			texts[tag] = text
		}
	}
	return texts
}

// maxTag is what RFC 5646, section 4.4.1, says an implementation should support.
const maxTag = 35

// languageTag returns the canonical form of a BCP 47 tag. It refuses long tags before it parses them, since that is slow.
func languageTag(s string) (string, bool) {
	if len(s) < 2 || len(s) > maxTag {
		return "", false
	}
	tag, err := language.Parse(s)
	if err != nil {
		return "", false
	}
	return tag.String(), true
}

// decodeValue reads any JSON value; whole numbers that fit are int64.
func decodeValue(raw json.RawMessage) (any, bool) {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var value any
	if decoder.Decode(&value) != nil {
		return nil, false
	}
	return withNumbers(value), true
}

func withNumbers(value any) any {
	switch v := value.(type) {
	case json.Number:
		if whole, err := v.Int64(); err == nil {
			return whole
		}
		f, err := v.Float64()
		if err != nil {
			return v.String() // no number type of Go can hold it
		}
		return f
	case []any:
		for i := range v {
			v[i] = withNumbers(v[i])
		}
	case map[string]any:
		for name := range v {
			v[name] = withNumbers(v[name])
		}
	}
	return value
}
