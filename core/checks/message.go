package checks

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// A Message is a finding of a check. It is a plain value; [Registry.Make] makes one with an id. The zero Message has no
// level: if a check returns it, the run reports the check.
type Message struct {
	Level  Level
	Text   string
	Hint   string // what to do; may be empty
	Object any    // the subject of the message, printed by fmt; may be nil
	ID     string // "djutils.E001"; a message without an id cannot be silenced
}

// String returns "object: (djutils.E001) text", as Django prints messages, with "?" for a nil object, and the hint after
// "\n\tHINT: ".
func (m Message) String() string {
	s := "?: "
	if m.Object != nil {
		s = m.object() + ": "
	}
	if m.ID != "" {
		s += "(" + m.ID + ") "
	}
	s += m.Text
	if m.Hint != "" {
		s += "\n\tHINT: " + m.Hint
	}
	return s
}

func (m Message) object() string { return fmt.Sprint(m.Object) }

// Equal reports whether all fields are equal. Unlike ==, it does not panic for objects that cannot be compared: it compares
// those with [reflect.DeepEqual].
func (m Message) Equal(other Message) bool {
	if a, b := reflect.ValueOf(m.Object), reflect.ValueOf(other.Object); a.IsValid() && b.IsValid() && !(a.Comparable() && b.Comparable()) {
		same := reflect.DeepEqual(m.Object, other.Object)
		m.Object, other.Object = nil, nil
		return same && m == other
	}
	return m == other
}

// Serious reports whether the level is at least the threshold; a threshold of 0 means [Error].
func (m Message) Serious(threshold Level) bool {
	if threshold == 0 {
		threshold = Error
	}
	return m.Level >= threshold
}

// Silenced reports whether ids has the id of the message. A message without an id is never silenced.
func (m Message) Silenced(ids []string) bool {
	return m.ID != "" && slices.Contains(ids, m.ID)
}

// MarshalJSON writes the members level (the number), id, object, text and hint. It leaves out an empty id, object or hint.
// The object is a string, as in String.
func (m Message) MarshalJSON() ([]byte, error) {
	wire := struct {
		Level  Level   `json:"level"`
		ID     string  `json:"id,omitempty"`
		Object *string `json:"object,omitempty"`
		Text   string  `json:"text"`
		Hint   string  `json:"hint,omitempty"`
	}{m.Level, m.ID, nil, m.Text, m.Hint}
	if m.Object != nil {
		object := m.object()
		wire.Object = &object
	}
	return json.Marshal(wire)
}
