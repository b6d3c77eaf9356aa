package fault

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"mime"
	"net/http"
	"slices"
	"strings"

	"github.com/polyfault/polyfault/internal/errtree"
)

// An Option configures a [Responder]; see [NewResponder].
type Option func(*Responder) error

// WithLocales puts the locale files of fsys over the built-in texts, id by id; if it is given several times, later
// files override earlier ones. fsys is read now, and again by [Responder.Reload].
//
// A locale file is TOML or JSON in go-i18n's layouts, named active.<tag>.toml, <tag>.toml, or .json. Files
// translate.* of the command goi18n, and files that are no locale files, are skipped. Any other TOML or JSON file,
// and YAML named by a language, is an error: give a subfolder with [fs.Sub]. An empty text is not translated yet and
// not loaded. A plural form that the language lacks is dropped.
//
// Texts of one language override each other under the application's tag: own pt-BR over the built-in pt. A language
// inherits missing texts from its CLDR parents (es-MX from es-419 and es), never from another script.
//
// If the files of all WithLocales hold a text that is not built in, the all-languages body has exactly the languages
// of these files, unless [WithLanguages] is given. Files that only reword built-in texts do not change the languages.
func WithLocales(fsys fs.FS) Option {
	return func(r *Responder) error {
		if fsys == nil {
			return errors.New("WithLocales: the file system is nil")
		}
		r.locales = append(r.locales, fsys)
		return nil
	}
}

// WithLanguages sets the languages of the all-languages body and their order, as BCP 47 tags, which are also the keys
// of the body. Each needs a loaded locale file: its own, one of the same language, or one that it inherits from. So
// de-AT works with the built-in de. The default is the languages of the application's own locale files in
// alphabetical order, if these hold a text that is not built in; else de, en, fr, pt.
func WithLanguages(tags ...string) Option {
	return func(r *Responder) error {
		if len(tags) == 0 {
			return errors.New("WithLanguages: no language given")
		}
		r.languages = slices.Clone(tags)
		return nil
	}
}

// WithDefaultLanguage sets the language of one-language responses to clients that accept none of the loaded
// languages: the loaded language nearest to the tag. The default is English if the body has it (en before other
// variants), else the body's first language.
func WithDefaultLanguage(tag string) Option {
	return func(r *Responder) error {
		if tag == "" {
			return errors.New("WithDefaultLanguage: the language tag is empty")
		}
		r.defaultLanguage = tag
		return nil
	}
}

// WithNegotiatedLanguage makes formats of all languages carry only the language negotiated by Accept-Language.
func WithNegotiatedLanguage() Option {
	return func(r *Responder) error {
		r.oneLanguage = true
		return nil
	}
}

// WithFormats sets the formats that clients can choose with Accept. The first is the default, also for clients that
// ask for an unknown one. Without this option they are [Multilingual] and [Problem].
func WithFormats(f ...Format) Option {
	return func(r *Responder) error {
		if len(f) == 0 {
			return errors.New("WithFormats: no format given")
		}
		r.formats = nil
		for i, format := range f {
			if errtree.IsNil(format) {
				return fmt.Errorf("WithFormats: format %d is nil", i+1)
			}
			contentType := format.ContentType()
			if c, ok := format.(interface{ Check() error }); ok {
				if err := c.Check(); err != nil {
					return fmt.Errorf("WithFormats: format %d, %s: %w", i+1, contentType, err)
				}
			}
			if name, _, err := mime.ParseMediaType(contentType); err != nil || !strings.Contains(name, "/") || !isFieldValue(contentType) {
				return fmt.Errorf("WithFormats: format %d has the content type %q, which is no media type", i+1, contentType)
			}
			if format.Use() > OneLanguageTitled {
				return fmt.Errorf("WithFormats: format %s has the unknown TextUse %d", contentType, format.Use())
			}
			for _, other := range r.formats {
				if mediaType(other.ContentType()) == mediaType(contentType) {
					return fmt.Errorf("WithFormats: two formats have the media type %s", mediaType(contentType))
				}
			}
			prepared := configuredFormat{Format: format, use: format.Use(), contentType: []string{contentType}}
			if err := prepared.setHeader(); err != nil {
				return fmt.Errorf("WithFormats: format %d, %s: %w", i+1, contentType, err)
			}
			r.formats = append(r.formats, prepared)
		}
		return nil
	}
}

// setHeader asks the format for the headers of its bodies.
func (f *configuredFormat) setHeader() (err error) {
	h, ok := f.Format.(interface {
		SetHeader(set func(name, value string))
	})
	if !ok {
		return nil
	}
	h.SetHeader(func(name, value string) {
		canonical := http.CanonicalHeaderKey(name)
		if !isToken(name) || !isFieldValue(value) || describesBody(canonical) {
			err = fmt.Errorf("header %q cannot be set to %q", name, value)
			return
		}
		f.header = append(f.header, headerField{canonical, []string{value}})
	})
	return err
}

// WithMembers sets the members of the [Multilingual] body beside the languages, in this order; given again, it adds
// to them. The default is [MemberCode] only; WithMembers() means none.
func WithMembers(m ...Member) Option {
	return func(r *Responder) error {
		for _, member := range m {
			if member < MemberCode || member > MemberRetryable {
				return fmt.Errorf("WithMembers: member %d is unknown", member)
			}
			if slices.Contains(r.members, member) {
				return fmt.Errorf("WithMembers: member %d is given twice", member)
			}
			r.members = append(r.members, member)
		}
		if r.members == nil {
			r.members = []Member{}
		}
		return nil
	}
}

// WithMapper adds mappers for foreign errors. They are called in this order, before the built-in knowledge.
func WithMapper(m ...Mapper) Option {
	return func(r *Responder) error {
		for i, mapper := range m {
			if mapper == nil {
				return fmt.Errorf("WithMapper: mapper %d is nil", i+1)
			}
			r.mappers = append(r.mappers, mapper)
		}
		return nil
	}
}

// WithLogger sets the logger of the one line for each failure. The default, also for nil, is [slog.Default] at the
// time of the failure, so it may be replaced while the service runs. The answer waits for the logger's handler: one
// that writes to a network needs a queue. If the handler panics, only the line is lost.
func WithLogger(l *slog.Logger) Option {
	return func(r *Responder) error {
		r.logger = l
		return nil
	}
}

// WithObserver adds a function that is called with every failure, on the goroutine of the request, before the
// response is sent. The answer waits for it; no other request does. Slow work belongs in a queue and a goroutine of
// the application's own. f must be safe for concurrent use; if it panics, the log notes it, and the other observers
// are still called. f may keep the Occurrence, but not what [Occurrence.Request] returns.
func WithObserver(f func(context.Context, *Occurrence)) Option {
	return func(r *Responder) error {
		if f == nil {
			return errors.New("WithObserver: the function is nil")
		}
		r.observers = append(r.observers, f)
		return nil
	}
}

// WithTraceID adds a source of the trace id, such as the span of a tracing system. If it is given several times, the
// functions are called in this order. If all results are empty or malformed (see [TraceID]), the id is that of the
// request's traceparent, else the X-Request-ID that the response already has or the request has, else a random one. f
// must be safe for concurrent use.
func WithTraceID(f func(Request) string) Option {
	return func(r *Responder) error {
		if f == nil {
			return errors.New("WithTraceID: the function is nil")
		}
		r.traceIDs = append(r.traceIDs, f)
		return nil
	}
}

// WithStatus moves k to another status, with the descendants that inherit their status from it.
func WithStatus(k *Kind, status int) Option {
	return func(r *Responder) error {
		if k == nil {
			return errors.New("WithStatus: the kind is nil")
		}
		if !isErrorStatus(status) {
			return fmt.Errorf("WithStatus: status %d for kind %q is outside 400..599", status, k.Code())
		}
		r.status[k] = status
		return nil
	}
}

// WithChallenge sets the WWW-Authenticate lines of 401 responses that have none from the error, from middleware (a
// framework's basic authentication) or from the kind ([Spec].Headers). RFC 9110, section 15.5.2, demands one on every
// 401. Each challenge is a scheme, followed by a space and its parameters:
//
//	fault.WithChallenge(`Bearer realm="orders"`, `Basic realm="orders", charset="UTF-8"`)
func WithChallenge(challenges ...string) Option {
	return func(r *Responder) error {
		if len(challenges) == 0 {
			return errors.New("WithChallenge: no challenge given")
		}
		for _, c := range challenges {
			scheme, rest, _ := strings.Cut(c, " ")
			if !isToken(scheme) || !isFieldValue(c) || strings.TrimSpace(c) != c || strings.HasPrefix(rest, " ") {
				return fmt.Errorf("WithChallenge: %q is no challenge: a scheme, and parameters behind one space", c)
			}
		}
		r.challenges = slices.Clone(challenges)
		return nil
	}
}

// WithClientErrorLevel sets the level of log lines about responses below 500, for kinds without a [Spec].Level. The
// default, also for nil, is [slog.LevelDebug], because operators are rarely interested in mistakes of clients. A
// [slog.LevelVar] can be changed while the service runs.
func WithClientErrorLevel(level slog.Leveler) Option {
	return func(r *Responder) error {
		r.clientLevel = level
		return nil
	}
}

// WithDefaultKind sets the kind of unknown errors, [Unhandled] by default. [WithExposure] still decides what clients
// see of them.
func WithDefaultKind(k *Kind) Option {
	return func(r *Responder) error {
		if k == nil {
			return errors.New("WithDefaultKind: the kind is nil")
		}
		r.defaultKind = k
		return nil
	}
}

// WithRetryable decides, in place of the error and its kind ([Occurrence.Retryable]), whether it can help to repeat a
// request that failed with the kind: operators may know better than the program, and the store's Retryable reads
// their decision. If f returns false, no response advertises a wait. Unknown errors stay not retryable. f runs for
// every response that asks; it must be fast and safe for concurrent use. If it panics, the kind itself decides.
func WithRetryable(f func(*Kind) bool) Option {
	return func(r *Responder) error {
		if f == nil {
			return errors.New("WithRetryable: the function is nil")
		}
		r.retryable = f
		return nil
	}
}

// WithForeignMessages sends the messages of framework errors that have a status (echo.HTTPError, fiber.Error) to
// clients, as details.message. Use it if the application writes these messages for clients. Without it they go to the
// log only. An adapter gives the message by a method StatusMessage() string beside StatusCode() int.
func WithForeignMessages() Option {
	return func(r *Responder) error {
		r.foreignMessages = true
		return nil
	}
}
