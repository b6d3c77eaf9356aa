package checks

import (
	"net/http"
	"slices"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

// A Subject is what checks examine, as plain data. [SubjectOf] fills it from a responder; tests can also fill it with values
// that a responder would refuse. Checks share it and must not change it. The zero Subject has no mistakes.
type Subject struct {
	// Responder is the responder that the Subject describes; nil in hand-made subjects.
	Responder *fault.Responder

	Kinds     []Kind   // parents before their children
	Languages []string // the tags of all loaded languages
	Body      []string // the tags of the all-languages body
	Default   string   // the tag for clients that accept no loaded language
	DefaultBy string   // what chose Default, as [fault.Catalogue.ChosenBy] returns it
	Texts     []Text   // sorted by id
	Exposure  fault.Exposure
	Mappers   []fault.MapperReport

	// Challenged: WithChallenge gives every 401 a challenge.
	Challenged bool
}

// A Kind is a [fault.Kind] as data.
type Kind struct {
	Code       string
	Text       string // text id
	Status     int
	ExitCode   int
	Retryable  bool
	RetryAfter time.Duration

	// OwnStatus and OwnExitCode: the value is not the parent's, or there is no parent.
	OwnStatus, OwnExitCode bool

	// Builtin: the kind is one of polyfault's.
	Builtin bool
	// InheritsRetry: the parent is retryable as well.
	InheritsRetry bool
	// Headers are the headers of every response of the kind, beside those of the responder.
	Headers http.Header
}

// A Text is one text constant in the languages that have it.
type Text struct {
	ID      string
	Builtin bool     // polyfault has a text of this id
	Own     []string // the languages in which the application's files have it
	Forms   []Form   // in the order of Subject.Languages
}

// A Form is a text in one language.
type Form struct {
	Language     string
	Placeholders []string // sorted, over all plural forms
	Plural       bool     // there are plural forms
}

// In returns the form of a language, and false if the text lacks it.
func (t Text) In(language string) (Form, bool) {
	for _, f := range t.Forms {
		if f.Language == language {
			return f, true
		}
	}
	return Form{}, false
}

// SubjectOf describes the present state of the responder; nil means [fault.Default]. keep chooses kinds; nil means all of
// the process.
func SubjectOf(r *fault.Responder, keep func(*fault.Kind) bool) *Subject {
	if r == nil {
		r = fault.Default()
	}
	c := r.Catalogue()
	s := &Subject{
		Responder: r,
		Languages: tagsOf(c.Languages()),
		Body:      tagsOf(c.Body()),
		Default:   c.Default().Tag,
		Exposure:  r.Exposure(),
		Mappers:   r.Mappers(),

		Challenged: r.Challenged(),
	}
	_, s.DefaultBy = c.ChosenBy()
	for k := range where(keep) {
		s.Kinds = append(s.Kinds, kindOf(k))
	}
	builtin := slices.Collect(fault.Default().Catalogue().IDs())
	for id := range c.IDs() {
		t := textOf(c, id, s.Languages)
		_, t.Builtin = slices.BinarySearch(builtin, id)
		s.Texts = append(s.Texts, t)
	}
	return s
}

func tagsOf(languages []fault.Language) []string {
	var list []string
	for _, l := range languages {
		list = append(list, l.Tag)
	}
	return list
}

func kindOf(k *fault.Kind) Kind {
	parent := k.Parent()
	return Kind{
		Code:        k.Code(),
		Text:        k.TextID(),
		Status:      k.Status(),
		ExitCode:    k.ExitCode(),
		Retryable:   k.Retryable(),
		RetryAfter:  k.RetryAfter(),
		OwnStatus:   parent == nil || k.Status() != parent.Status(),
		OwnExitCode: parent == nil || k.ExitCode() != parent.ExitCode(),

		Builtin:       BuiltinKind(k),
		InheritsRetry: parent.Retryable(),
		Headers:       k.Headers(),
	}
}

func textOf(c fault.Catalogue, id string, languages []string) Text {
	t := Text{ID: id}
	for _, tag := range languages {
		if names, ok := c.Placeholders(id, tag); ok {
			t.Forms = append(t.Forms, Form{Language: tag, Placeholders: names, Plural: c.Plural(id, tag)})
		}
		if c.Own(id, tag) {
			t.Own = append(t.Own, tag)
		}
	}
	return t
}
