package fault

import (
	"context"
	"log/slog"
	"os"
)

// Exit ends the process of a command with the exit code of err: see [ExitCode]. Before that it writes one line to
// slog's default logger at Error level, with everything in [Fault.LogValue]. For a nil err it does nothing, and main
// ends with 0.
//
//	func main() { fault.Exit(run()) }
//
// mappers tell the kind, and so the exit code, of foreign errors; the first mapper that knows the error decides. An
// error without a kind ends the process with 1. Deferred functions of the caller do not run.
func Exit(err error, mappers ...Mapper) {
	if IsNil(err) {
		return
	}
	f := exitFault(err, mappers)
	code := f.Kind().ExitCode()
	slog.Default().LogAttrs(context.Background(), slog.LevelError, "command failed",
		slog.Int("exit_code", code), slog.String("cause", errorText(err)), slog.Any("error", f))
	os.Exit(code)
}

// exitFault returns the error as one of ours, of kind Any if it is unknown.
func exitFault(err error, mappers []Mapper) *Fault {
	if f, ok := From(err); ok {
		return f
	}
	if f := ask(mappers, err, nil); f != nil {
		return f
	}
	return &Fault{kind: Any, stack: callers(2)}
}
