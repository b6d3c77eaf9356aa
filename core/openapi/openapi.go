package openapi

import (
	"errors"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	fault "github.com/polyfault/polyfault/core"
)

// A Version is a version of the OpenAPI Specification. The zero Version is [Version31].
type Version uint8

// The versions. For each, the document names the patch release that all tools know: later ones change wording only.
const (
	Version31 Version = iota // 3.1.0, whose schemas are JSON Schema 2020-12
	Version30                // 3.0.3
)

// String returns the version as in the document: "3.1.0".
func (v Version) String() string {
	switch v {
	case Version31:
		return "3.1.0"
	case Version30:
		return "3.0.3"
	}
	return fmt.Sprintf("Version(%d)", uint8(v))
}

// Options say what [Components] writes. The zero Options are ready.
type Options struct {
	Version Version // of the OpenAPI Specification

	Title   string // of the document (info.title); "Error responses" by default
	Release string // of the document (info.version); "1.0.0" by default

	// Kinds chooses the kinds that get a response and an entry in the enum of codes. Include the kinds that every
	// service answers with: [fault.Unhandled], [fault.NotFound] and the like. Nil chooses all kinds of the process.
	Kinds func(*fault.Kind) bool

	// Languages are the BCP 47 tags of the examples of bodies in one language. The default is the
	// catalogue's default language and a second one: English, or else the first other language of the
	// all-languages body.
	Languages []string

	// MediaTypes are the media types of the responder's other formats ("text/html"). application/json,
	// application/problem+json and the first format's are always included.
	MediaTypes []string

	// Headers are descriptions, by name, of headers that others add to responses, such as those of CORS
	// and rate limits.
	Headers map[string]string

	// Attrs returns the attributes of the error in the kind's examples. Everything in them that clients
	// get shows in the document; a [fault.TraceID] replaces the fixed one. By default, and if Attrs returns nil,
	// each placeholder of the text has its own name as the value ("{ID}"), Count is 2, and
	// [fault.ValidationFailed] has two field errors.
	Attrs func(*fault.Kind) []fault.Attr
}

// Components returns an OpenAPI document without paths, as indented JSON, which is YAML too:
//
//   - components/responses has a response for each kind, under its code in Pascal case ("TaskLocked"),
//     with description, headers, content, and the extensions x-error-code, x-error-status,
//     x-error-type and, for a kind that has one, x-error-number;
//   - components/headers has the meaning of their headers;
//   - components/schemas has ErrorCode, the enum of the codes, MultilingualError with FieldError and
//     DetailError, and Problem with ProblemError, if the responder has these formats. Each kind has
//     TaskLockedMultilingualError and TaskLockedProblem: these with its code, its status and the types of
//     arguments that its text declares ([fault.Catalogue.ArgumentTypes]). Bodies of other formats have
//     examples, and a schema that only tells objects from strings.
//
// The same options and catalogue give the same bytes. A nil responder means one with the built-in kinds and texts.
// Components makes the examples with [fault.Responder.Preview]: nothing is logged, and no observer is called.
//
// Components returns an error for a responder that exposes the texts of errors ([fault.WithExposure]), and for options
// that choose no kind, a language that is not loaded, or a media type that no format has.
//
// Components is safe for concurrent use.
func Components(r *fault.Responder, opts Options) ([]byte, error) {
	if r == nil {
		r = fault.Default()
	}
	m := &maker{responder: r, opts: opts, catalogue: r.Catalogue()}
	if err := m.prepare(); err != nil {
		return nil, fmt.Errorf("openapi: %w", err)
	}
	m.addResponses()
	m.addSchemas()
	return encode(m.document)
}

// A maker makes one document.
type maker struct {
	responder *fault.Responder
	opts      Options
	catalogue fault.Catalogue
	kinds     []*fault.Kind
	languages []string // of the examples
	formats   []format
	added     map[string]string // Options.Headers
	document  document
}

const description = "The error responses of a service, to refer to from the documents of its operations. " +
	"Clients branch on the code; texts can change."

// prepare checks the options, and finds the formats and languages of the responder.
func (m *maker) prepare() error {
	if m.opts.Version > Version30 {
		return fmt.Errorf("the version %d is unknown; use Version31 or Version30", m.opts.Version)
	}
	if m.responder.Exposure() != fault.ExposeNone {
		return errors.New("the responder exposes the texts of errors, which do not belong in a document; use one without WithExposure")
	}
	for k := range fault.Kinds() {
		if m.opts.Kinds == nil || m.opts.Kinds(k) {
			m.kinds = append(m.kinds, k)
		}
	}
	if len(m.kinds) == 0 {
		return errors.New("Options.Kinds chooses no kind")
	}
	m.document = document{OpenAPI: m.opts.Version.String(), Info: info{Title: m.opts.Title, Description: description, Version: m.opts.Release}}
	if m.opts.Title == "" {
		m.document.Info.Title = "Error responses"
	}
	if m.opts.Release == "" {
		m.document.Info.Version = "1.0.0"
	}
	m.document.Components = components{Headers: map[string]*header{}, Responses: map[string]*response{}, Schemas: map[string]*schema{}}
	if err := m.addHeaders(); err != nil {
		return err
	}
	if err := m.findLanguages(); err != nil {
		return err
	}
	return m.findFormats()
}

// addHeaders takes over Options.Headers, with the usual spelling of the names.
func (m *maker) addHeaders() error {
	m.added = map[string]string{}
	taken := map[string]bool{}
	for name, meaning := range m.opts.Headers {
		canonical := http.CanonicalHeaderKey(name)
		if !isComponentName(name) || taken[canonical] {
			return fmt.Errorf("Options.Headers: %q is no name of a header, or is there twice", name)
		}
		taken[canonical] = true
		m.added[spelled(name)] = meaning
	}
	return nil
}

func (m *maker) findLanguages() error {
	loaded := m.catalogue.Languages()
	for _, tag := range m.opts.Languages {
		i := slices.IndexFunc(loaded, func(l fault.Language) bool { return strings.EqualFold(l.Tag, tag) })
		if i < 0 {
			return fmt.Errorf("Options.Languages: %q is not loaded", tag)
		}
		m.languages = append(m.languages, loaded[i].Tag)
	}
	if len(m.languages) > 0 {
		return nil
	}
	candidates := []string{m.catalogue.Default().Tag, "en"} // which is always loaded
	for _, l := range m.catalogue.Body() {
		candidates = append(candidates, l.Tag)
	}
	for _, tag := range candidates {
		if len(m.languages) < 2 && !slices.Contains(m.languages, tag) {
			m.languages = append(m.languages, tag)
		}
	}
	return nil
}

// findFormats asks the responder for bodies, since it does not list its formats.
func (m *maker) findFormats() error {
	for _, want := range []string{"", "application/json", "application/problem+json"} {
		m.addFormat(m.probe(want)) // the first format again if the responder has no such format
	}
	for _, want := range m.opts.MediaTypes {
		name, _, err := mime.ParseMediaType(want)
		if err != nil {
			return fmt.Errorf("Options.MediaTypes: %q: %w", want, err)
		}
		f := m.probe(name)
		if f.mediaType != name {
			return fmt.Errorf("Options.MediaTypes: the responder has no format %q", name)
		}
		m.addFormat(f)
	}
	return nil
}

func (m *maker) addFormat(f format) {
	if !slices.ContainsFunc(m.formats, func(other format) bool { return other.mediaType == f.mediaType }) {
		m.formats = append(m.formats, f)
	}
}
