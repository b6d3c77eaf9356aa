package faultfiber

import (
	"fmt"
	"io"
	"net/http"
	"runtime/debug"
	"sync"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"
)

// requireAborts panics beside a fasthttp that sends what a handler of net/http has given up. It is tried, as versions
// are unknown to some binaries.
func requireAborts() {
	if !abortsArrive() {
		panic("faultfiber: github.com/valyala/fasthttp" + version() + " ends the half bodies of net/http's handlers as whole ones" +
			" when they panic with http.ErrAbortHandler, and v1.66 ends the process. So do all versions from v1.66 to v1.75:" +
			" go get github.com/valyala/fasthttp@v1.76.0, or newer (v1.65 and older are right, too)")
	}
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

var abortsArrive = sync.OnceValue(func() bool {
	return !abortIsFatal() && abortArrives(false) && abortArrives(true)
})

// abortIsFatal recognises v1.66 by its writer: trying would end the process. Its adaptor may wait for ever, too.
func abortIsFatal() bool {
	writer := make(chan http.ResponseWriter, 1)
	go func() {
		defer close(writer)
		fasthttpadaptor.NewFastHTTPHandlerFunc(func(w http.ResponseWriter, _ *http.Request) { writer <- w })(newRequestCtx())
	}()
	w := <-writer
	_, closes := w.(io.Closer)
	return closes && fmt.Sprintf("%T", w) == "*fasthttpadaptor.netHTTPResponseWriter"
}

// abortArrives lets a handler of net/http give up, and reports whether its response does not look like a whole one.
func abortArrives(sent bool) (arrives bool) {
	defer func() {
		if v := recover(); v != nil {
			arrives = v == http.ErrAbortHandler
		}
	}()
	ctx, tried := newRequestCtx(), false
	fasthttpadaptor.NewFastHTTPHandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		tried = true
		_, _ = io.WriteString(w, "half")
		if sent {
			w.(http.Flusher).Flush()
		}
		panic(http.ErrAbortHandler)
	})(ctx)
	if ctx.Response.IsBodyStream() {
		return ctx.Response.BodyWriteTo(io.Discard) != nil
	}
	return ctx.Hijacked() || !tried
}

func newRequestCtx() *fasthttp.RequestCtx {
	ctx, req := &fasthttp.RequestCtx{}, &fasthttp.Request{}
	req.SetRequestURI("/")
	ctx.Init(req, nil, silent{})
	return ctx
}

// silent is a logger for fasthttp.
type silent struct{}

func (silent) Printf(string, ...any) {}
