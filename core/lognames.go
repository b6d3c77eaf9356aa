package fault

import (
	"fmt"
	"log/slog"
	"unicode"
	"unicode/utf8"
)

// LogNames are the names of the attributes of log lines; see [WithLogNames]. A name that is empty is the one in the comment
// beside it, so that the zero LogNames are the names that lines have without the option.
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

	// Route is the path template, where one is known. Without a name it stands under Path, in the place of the path.
	Route string
	// Exception is the error of an incident ([Occurrence.Incident]), in the place of Cause: an error value, which bridges and
	// other handlers recognise, with the text that Cause would have. [errors.Is] and [errors.As] look into it; its Unwrap
	// gives the original where printing each part of that is harmless. Without a name there is the text only.
	Exception string
	// ExceptionType is the Go type of that error: the first in its tree that neither is a [Fault] or [Kind] nor only wraps
	// others. Without a name it is left out.
	ExceptionType string
}

var defaultNames = LogNames{
	Code: "code", Status: "status", TraceID: "trace_id", Method: "method", Path: "path", Cause: "cause", Panic: "panic",
	Committed: "committed", Notes: "notes", Stack: "stack",
}

// OTelNames are the names that the semantic conventions of OpenTelemetry have (1.44; stable). What these do not name keeps
// its name. An incident is an exception there, with the error as a value: the bridge otelslog makes a record's exception of
// it.
var OTelNames = LogNames{
	Code: "error.type", Status: "http.response.status_code", Method: "http.request.method", Path: "url.path", Route: "http.route",
	Exception: "exception.message", ExceptionType: "exception.type", Stack: "exception.stacktrace",
}

// WithLogNames sets the names of the attributes of log lines, for whoever reads them by name: [OTelNames] are those of
// OpenTelemetry. A name that stands twice, that slog or the responder uses for something else, that has spaces or
// control characters or more than 64 bytes, is an error. Given again, the last one counts.
func WithLogNames(names LogNames) Option {
	return func(r *Responder) error {
		names.complete()
		if err := names.check(); err != nil {
			return fmt.Errorf("WithLogNames: %w", err)
		}
		r.logNames = names
		return nil
	}
}

// all are the fields, those without a default last.
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
