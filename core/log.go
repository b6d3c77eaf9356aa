package fault

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
)

// logLine returns the attributes of the one line that a failure writes.
func (o *Occurrence) logLine() []slog.Attr {
	attrs := []slog.Attr{
		slog.String("code", o.kind.Code()),
		slog.Int("status", o.status),
		slog.String("trace_id", o.TraceID()),
	}
	if o.request != nil {
		o.noted("the request", func() {
			attrs = append(attrs, slog.String("method", o.request.Method()), slog.String("path", o.route()))
		})
	}
	attrs = append(attrs, slog.String("cause", errorText(o.err)))
	if o.panicked {
		attrs = append(attrs, slog.Bool("panic", true))
	}
	if o.committed {
		attrs = append(attrs, slog.Bool("committed", true))
	}
	if o.fault != nil {
		attrs = append(attrs, o.fault.logAttrs()...)
	}
	if len(o.notes) > 0 {
		attrs = append(attrs, slog.Any("notes", o.notes))
	}
	if len(o.stack) > 0 {
		attrs = append(attrs, slog.String("stack", o.stack.String()))
	}
	return attrs
}

func (o *Occurrence) route() string {
	if r, ok := o.request.(interface{ Route() string }); ok {
		if route := r.Route(); route != "" {
			return route
		}
	}
	return o.request.Path()
}

// log4xx reports whether an error of kind k would be logged.
func (r *Responder) log4xx(req Request, k *Kind) bool {
	ctx := context.Background()
	if req != nil {
		if own := req.Context(); own != nil {
			ctx = own
		}
	}
	return r.currentLogger().Enabled(ctx, levelOf(k, http.StatusBadRequest))
}

// levelOf is the level of the line about an error of the kind: the kind's own, else Error from 500 on and Debug
// below.
func levelOf(k *Kind, status int) slog.Level {
	switch l := k.spec.Level; {
	case l != nil:
		return l.Level()
	case status >= 500:
		return slog.LevelError
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
	level := levelOf(o.kind, o.status)
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
