package recipes

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/getsentry/sentry-go"

	fault "github.com/polyfault/polyfault/core"
)

// Reported reports incidents: 5xx and panics, never a 4xx. Failures of one kind on one route are one issue. Unknown errors are
// grouped by Sentry itself, by their stacks. Sentry's middleware puts the hub of the request into the context.
func Reported(hub *sentry.Hub) fault.Option {
	return fault.WithObserver(func(ctx context.Context, o *fault.Occurrence) {
		if !o.Incident() {
			return
		}
		hub := hub
		if own := sentry.GetHubFromContext(ctx); own != nil {
			hub = own
		}
		code, event := o.Kind().Code(), sentry.NewEvent()
		event.Level = sentry.LevelError
		event.Transaction = o.Route()
		event.Tags = map[string]string{"code": code, "status": strconv.Itoa(o.Status()), "trace_id": o.TraceID()}
		event.Fingerprint = []string{code, o.Route()}
		exception := sentry.Exception{Type: code, Value: o.Cause(), Stacktrace: stacktrace(o.Stack())}
		if o.Kind() == fault.Unhandled {
			event.Fingerprint = []string{"{{ default }}"}
			exception.Type = fmt.Sprintf("%T", o.Err())
		}
		if o.Panicked() {
			exception.Type = "panic"
		}
		event.Exception = []sentry.Exception{exception}
		hub.CaptureEvent(event)
	})
}

// stacktrace has the frames as Sentry wants them, the outermost first.
func stacktrace(stack fault.Stack) *sentry.Stacktrace {
	frames := []sentry.Frame{}
	for frame := range stack.Frames() {
		frames = append(frames, sentry.NewFrame(frame))
	}
	slices.Reverse(frames)
	return &sentry.Stacktrace{Frames: frames}
}
