package faultfiber

import (
	"net/http"
	"sync"

	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttpadaptor"

	"github.com/polyfault/polyfault/internal/aborts"
)

// requireAborts panics with a fasthttp that sends a response which a net/http handler has aborted. It runs such a handler
// to find out, because some binaries do not know the versions of their modules.
func requireAborts() {
	if !abortsArrive() {
		panic("faultfiber: " + aborts.Complaint())
	}
}

var abortsArrive = sync.OnceValue(func() bool { return aborts.Arrive(serveHTTP) })

// serveHTTP runs a handler of net/http by fasthttp's adaptor.
func serveHTTP(h http.HandlerFunc) aborts.Response {
	ctx, req := &fasthttp.RequestCtx{}, &fasthttp.Request{}
	req.SetRequestURI("/")
	ctx.Init(req, nil, silent{})
	fasthttpadaptor.NewFastHTTPHandlerFunc(h)(ctx)
	return served{&ctx.Response, ctx}
}

type served struct {
	*fasthttp.Response
	ctx *fasthttp.RequestCtx
}

func (s served) Hijacked() bool { return s.ctx.Hijacked() }

// silent is a logger for fasthttp.
type silent struct{}

func (silent) Printf(string, ...any) {}
