package fault

import (
	"fmt"
	"log/slog"
	"unicode"
	"unicode/utf8"
)

// LogNames are the names of the attributes of log lines; see [WithLogNames]. An empty name means the one in the
// comment beside it, so that the zero LogNames are the names without the option.
type LogNames struct {
	Code      string // of the kind; "code"
	Status    string // "status"
	TraceID   string // "trace_id"
	Method    string // "method"
	Path      string // "path"
	Cause     string // text of the error; "cause"
	Panic     string // "panic"
	Committed string // "committed"
	Notes     string // "notes"
	Stack     string // "stack"

	// Route is the path template, if it is known. Without a name, Path has it in place of the path.
	Route string
	// Exception is the error of an incident ([Occurrence.Incident]), in place of Cause: an error value, which bridges and
	// other handlers recognise, with the text of Cause. [errors.Is] and [errors.As] look into it; its Unwrap returns the
	// original if every part of that can be printed without harm. Without a name, there is only the text.
	Exception string
	// ExceptionType is the Go type of that error: of the first one in its tree that is no [Fault] or [Kind] and does more
	// than wrap others. Without a name, it is left out.
	ExceptionType string
}

var defaultNames = LogNames{
	Code: "code", Status: "status", TraceID: "trace_id", Method: "method", Path: "path", Cause: "cause", Panic: "panic",
	Committed: "committed", Notes: "notes", Stack: "stack",
}

// OTelNames are the names of OpenTelemetry's semantic conventions (1.44; stable). Attributes that these do not name
// keep their names. An incident is an exception there, with the error as a value: the bridge otelslog makes the
// record's exception of it.
var OTelNames = LogNames{
	Code: "error.type", Status: "http.response.status_code", Method: "http.request.method", Path: "url.path", Route: "http.route",
	Exception: "exception.message", ExceptionType: "exception.type", Stack: "exception.stacktrace",
}

// WithLogNames sets the names of the attributes of log lines, for readers that look them up by name: [OTelNames] are
// those of OpenTelemetry. It is an error if a name occurs twice, has another use in slog or the responder, has spaces
// or control characters, or exceeds 64 bytes. If the option is given again, the last one counts.
func WithLogNames(names LogNames) Option {
	return func(r *Responder) error {
		own := names // the option may serve several responders
		own.complete()
		if err := own.check(); err != nil {
			return fmt.Errorf("WithLogNames: %w", err)
		}
		r.logNames = own
		return nil
	}
}

// all returns the fields, those without a default last.
func (n *LogNames) all() (fields []*string) {
	return []*string{&n.Code, &n.Status, &n.TraceID, &n.Method, &n.Path, &n.Cause, &n.Panic, &n.Committed, &n.Notes, &n.Stack,
		&n.Route, &n.Exception, &n.ExceptionType}
}

var logFields = [...]string{"Code", "Status", "TraceID", "Method", "Path", "Cause", "Panic", "Committed", "Notes", "Stack",
	"Route", "Exception", "ExceptionType"}

func (n *LogNames) complete() {
	defaults := defaultNames
	for i, otherwise := range defaults.all() {
		if name := n.all()[i]; *name == "" {
			*name = *otherwise
		}
	}
}

func (n *LogNames) check() error {
	const most = 64
	used := map[string]string{
		slog.TimeKey: "slog", slog.LevelKey: "slog", slog.MessageKey: "slog", slog.SourceKey: "slog",
		"params": "the line", "details": "the line", "detail_causes": "the line", "attributes_left_out": "the line",
	}
	for i, field := range n.all() {
		name := *field
		if name == "" {
			continue
		}
		if !isLogName(name) || len(name) > most {
			return fmt.Errorf("%s is %q, which is no name: it has spaces or control characters, is not UTF-8 or longer than %d bytes",
				logFields[i], name, most)
		}
		if other, taken := used[name]; taken {
			return fmt.Errorf("%s is %q, which is a name of %s already", logFields[i], name, other)
		}
		used[name] = logFields[i]
	}
	return nil
}

func isLogName(name string) bool {
	for _, r := range name {
		if !unicode.IsGraphic(r) || unicode.IsSpace(r) || r == '"' || r == '=' {
			return false
		}
	}
	return utf8.ValidString(name)
}
