package fault

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
)

// Bounds of a log line, in bytes as JSON writes them. The parts together have no more than maxLine.
const (
	maxLine  = 60 << 10 // and what the handler adds of its own stays below 64 KiB
	maxPath  = 2 << 10
	maxCause = 16 << 10
	maxNotes = 4 << 10
	maxStack = 16 << 10
)

// logLine returns the attributes of the one line that a failure writes.
func (o *Occurrence) logLine() []slog.Attr {
	l, name := line{attrs: make([]slog.Attr, 0, 10), left: maxLine}, &o.responder.logNames
	l.text(name.Code, o.kind.Code(), maxLine)
	l.add(slog.Int(name.Status, o.status))
	l.text(name.TraceID, o.TraceID(), maxLine)
	o.logRequest(&l)
	o.logCause(&l)
	if o.panicked {
		l.add(slog.Bool(name.Panic, true))
	}
	if o.committed {
		l.add(slog.Bool(name.Committed, true))
	}
	if notes := o.notes(); len(notes) > 0 {
		l.add(slog.Any(name.Notes, l.texts(notes, maxNotes)))
	}
	if stack := o.stack(); len(stack) > 0 {
		if text := o.responder.stacks.of(stack); text.text != "" {
			l.stack(name.Stack, text)
		}
	}
	if o.fault != nil {
		l.foreign(o.fault.logAttrs())
	}
	return l.attrs
}

func (o *Occurrence) logRequest(l *line) {
	if o.request == nil {
		return
	}
	name := &o.responder.logNames
	o.noted("the request", func() {
		method, route := o.request.Method(), o.route()
		l.text(name.Method, method, maxPath)
		switch {
		case route == "":
			l.text(name.Path, o.request.Path(), maxPath)
		case name.Route == "":
			l.text(name.Path, route, maxPath)
		default:
			l.text(name.Route, route, maxPath)
			l.text(name.Path, o.request.Path(), maxPath)
		}
	})
}

// route returns the path template, or "" if it is not known. It may panic.
func (o *Occurrence) route() string {
	if r, ok := o.request.(interface{ Route() string }); ok {
		return r.Route()
	}
	return ""
}

// log4xx reports whether an error of kind k would be logged.
func (r *Responder) log4xx(req Request, k *Kind) bool {
	ctx := context.Background()
	if req != nil {
		if own := req.Context(); own != nil {
			ctx = own
		}
	}
	return r.currentLogger().Enabled(ctx, r.levelOf(k, http.StatusBadRequest))
}

// levelOf returns the level of the line about an error of the kind: the kind's own, else Error from 500 on and what
// WithClientErrorLevel says below.
func (r *Responder) levelOf(k *Kind, status int) slog.Level {
	switch l := k.spec.Level; {
	case l != nil:
		return l.Level()
	case status >= 500:
		return slog.LevelError
	case r.clientLevel != nil:
		return r.clientLevel.Level()
	}
	return slog.LevelDebug
}

// log writes the one line of the failure.
func (o *Occurrence) log() {
	if o.preview {
		return
	}
	logger := o.responder.currentLogger()
	defer func() {
		_ = recover() // a logger that panics cannot be told so
	}()
	level := o.responder.levelOf(o.kind, o.status)
	if o.quiet {
		level = slog.LevelDebug
	}
	ctx := o.context()
	if logger.Enabled(ctx, level) {
		logger.LogAttrs(ctx, level, "request failed", o.logLine()...)
	}
}

func (r *Responder) currentLogger() *slog.Logger {
	if r.logger != nil {
		return r.logger
	}
	return slog.Default()
}

// logLanguages tells which languages were chosen, and by what.
func (r *Responder) logLanguages() {
	defer func() { _ = recover() }() // a logger of the application: that it panics costs the line
	c := Catalogue{r.catalogue.Load()}
	var body []string
	for _, l := range c.Body() {
		body = append(body, l.Tag)
	}
	r.currentLogger().Info("languages of error responses",
		"body", strings.Join(body, ", "), "body_by", c.c.choice.body,
		"default", c.Default().Tag, "default_by", c.c.choice.defaultLanguage,
		"loaded", len(c.c.languages))
}
