// Package aborts tests whether a server that runs handlers of net/http through an adaptor lets them abort: some versions of
// fasthttp do not. The adapters of both majors of fiber share it, and it imports neither.
package aborts

import (
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
)

// A Response is what such a server has made of a handler's answer.
type Response interface {
	IsBodyStream() bool
	BodyWriteTo(w io.Writer) error
	Hijacked() bool // nothing of it is sent
}

// A Server runs a handler with a request of its own. What the handler panics may come through.
type Server func(h http.HandlerFunc) Response

// Arrive reports whether a handler's [http.ErrAbortHandler] ends in something that does not look like a whole response,
// before anything was sent and after.
func Arrive(serve Server) bool {
	return !isFatal(serve) && arrives(serve, false) && arrives(serve, true)
}

// Complaint returns the problem and its remedy.
func Complaint() string {
	return "github.com/valyala/fasthttp" + version() + " ends the half bodies of net/http's handlers as whole ones" +
		" when they panic with http.ErrAbortHandler, and v1.66 ends the process. So do all versions from v1.66 to v1.75:" +
		" go get github.com/valyala/fasthttp@v1.76.0, or newer (v1.65 and older are right, too)"
}

// version is fasthttp's with a blank before it, if the binary tells.
func version() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	for _, m := range info.Deps {
		if m.Path != "github.com/valyala/fasthttp" {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		return " " + m.Version
	}
	return ""
}

// isFatal recognises v1.66 by its writer: trying would end the process. Its adaptor may wait for ever, too.
func isFatal(serve Server) bool {
	writer := make(chan http.ResponseWriter, 1)
	go func() {
		defer close(writer)
		serve(func(w http.ResponseWriter, _ *http.Request) { writer <- w })
	}()
	w := <-writer
	_, closes := w.(io.Closer)
	return closes && fmt.Sprintf("%T", w) == "*fasthttpadaptor.netHTTPResponseWriter"
}

// arrives lets a handler give up, and reports whether its response does not look like a whole one.
func arrives(serve Server, sent bool) (yes bool) {
	defer func() {
		if v := recover(); v != nil {
			yes = v == http.ErrAbortHandler
		}
	}()
	tried := false
	resp := serve(func(w http.ResponseWriter, _ *http.Request) {
		tried = true
		_, _ = io.WriteString(w, "half")
		if sent {
			w.(http.Flusher).Flush()
		}
		panic(http.ErrAbortHandler)
	})
	if resp.IsBodyStream() {
		return resp.BodyWriteTo(io.Discard) != nil
	}
	return resp.Hijacked() || !tried
}
