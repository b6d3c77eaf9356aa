package faultfiber

import (
	"context"
	"errors"
	"iter"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/utils"
	"github.com/valyala/fasthttp"

	fault "github.com/polyfault/polyfault/core"
)

// request is the context as the core sees it. Its strings are copies: fiber's are parts of a buffer
// that the next request on the connection overwrites.
type request struct{ c *fiber.Ctx }

var _ fault.Request = request{}

// Context is the UserContext, without its cancellation: no client cancels it by leaving, but
// middleware does by its deferred cancel, before the error arrives here.
func (r request) Context() context.Context {
	ctx := r.c.UserContext()
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

func (r request) Method() string { return utils.CopyString(r.c.Method()) }
func (r request) Path() string   { return utils.CopyString(r.c.Path()) }

// Route is the path of a route with parameters. One without may be the prefix of a middleware and
// tell less than the path.
func (r request) Route() string {
	route := r.c.Route()
	if len(route.Params) == 0 {
		return ""
	}
	return route.Path
}

func (r request) Header(name string) string {
	return lines(r.c.Request().Header.VisitAll, name)
}

// Committed reports that the response is out of our hands.
func (r request) Committed() bool {
	return r.c.Context().Hijacked() || r.c.Context().LastTimeoutErrorResponse() != nil
}

// header is fasthttp's header as the core edits it. With Config.DisableHeaderNormalizing names keep
// the letter case that they were set with.
type header struct{ *fasthttp.ResponseHeader }

var _ fault.HeaderEditor = header{}

// Names are copies, as deleting one moves the others.
func (h header) Names() iter.Seq[string] {
	var names []string
	h.VisitAll(func(name, _ []byte) { names = append(names, string(name)) })
	return slices.Values(names)
}

func (h header) Get(name string) string { return lines(h.VisitAll, name) }

func (h header) Set(name, value string) {
	h.Del(name)
	h.ResponseHeader.Set(name, value)
}

func (h header) Del(name string) {
	var names []string
	h.VisitAll(func(n, _ []byte) {
		if strings.EqualFold(utils.UnsafeString(n), name) {
			names = append(names, string(n))
		}
	})
	for _, n := range names {
		h.ResponseHeader.Del(n)
	}
}

// lines joins the lines of the name by commas, as a copy.
func lines(visit func(func(name, value []byte)), name string) (value string) {
	found := false
	visit(func(n, v []byte) {
		switch {
		case !strings.EqualFold(utils.UnsafeString(n), name):
		case found:
			value += ", " + string(v)
		default:
			value, found = string(v), true
		}
	})
	return value
}
