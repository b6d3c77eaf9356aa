package faultfiber

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"net/textproto"
	"reflect"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v3"
	"github.com/gofiber/utils/v2"
	"github.com/valyala/fasthttp"

	fault "github.com/polyfault/polyfault/core"
)

// request is the context as the core sees it. Its strings are copies: fiber's lie in a buffer that the next request on the
// connection overwrites.
type request struct{ c fiber.Ctx }

var _ fault.Request = request{}

// Context returns fiber's context without its cancellation: a deferred cancel of middleware runs before the error arrives
// here, and observers may have work to do.
func (r request) Context() context.Context {
	ctx := r.c.Context()
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.WithoutCancel(ctx)
	}
	return ctx
}

// ArrivalContext returns nil: fasthttp does not tell when a client has left.
func (r request) ArrivalContext() context.Context { return nil }

func (r request) Path() string { return strings.Clone(r.c.Path()) }

func (r request) Method() string {
	if isUnknownMethod(r.c) {
		return string(r.c.Request().Header.Method())
	}
	return strings.Clone(r.c.Method())
}

// isUnknownMethod reports whether fiber does not know the method: c.Method and c.Route panic then.
func isUnknownMethod(c fiber.Ctx) bool {
	return !slices.Contains(c.App().Config().RequestMethods, string(c.Request().Header.Method()))
}

// Route returns the path of the route. It returns "" for a route without parameters that differs from the path, because it
// may be the prefix of a middleware, and for a path that fiber has made a route of.
func (r request) Route() string {
	if isUnknownMethod(r.c) {
		return ""
	}
	route := r.c.Route()
	if len(route.Params) == 0 && (len(route.Handlers) == 0 || route.Path != r.c.Path()) {
		return ""
	}
	return route.Path
}

func (r request) Header(name string) string {
	h := &r.c.Request().Header
	if r.c.App().Config().DisableHeaderNormalizing {
		return joined(inAnyCase(h.All(), name))
	}
	return joined(h.PeekAll(name))
}

// ResponseHeader returns a header that the response already has.
func (r request) ResponseHeader(name string) string {
	h := &r.c.Response().Header
	if r.c.App().Config().DisableHeaderNormalizing {
		return joined(inAnyCase(h.All(), name))
	}
	return joined(h.PeekAll(name))
}

// Committed reports whether the response is out of our hands.
func (r request) Committed() bool {
	ctx := r.c.RequestCtx()
	return hasConnection(r.c) && (ctx.Hijacked() || ctx.LastTimeoutErrorResponse() != nil)
}

// hasConnection reports whether the connection is fasthttp's. The contexts of adaptor.FiberApp have none, and their state
// of hijacking and timeouts may be left from another request.
func hasConnection(c fiber.Ctx) bool { return c.RequestCtx().ConnRequestNum() > 0 }

// isUnread reports whether a streamed body was not read to its end, as far as fasthttp tells. Older versions take the
// rest for the next request, so the connection must end.
func isUnread(c fiber.Ctx) bool {
	stream := reflect.Indirect(reflect.ValueOf(c.RequestCtx().RequestBodyStream()))
	if !stream.IsValid() {
		return false
	}
	if stream.Kind() != reflect.Struct {
		return true
	}
	if ended := stream.FieldByName("eof"); ended.Kind() == reflect.Bool && ended.Bool() {
		return false
	}
	read, length := stream.FieldByName("totalBytesRead"), c.Request().Header.ContentLength()
	return read.Kind() != reflect.Int || length < 0 || read.Int() < int64(length)
}

// header is fasthttp's header as the core edits it. With Config.DisableHeaderNormalizing, fasthttp finds a name only in the
// letter case in which it was set.
type header struct {
	*fasthttp.ResponseHeader
	odd bool // some names are not canonical
}

var _ fault.HeaderEditor = (*header)(nil)

// Prune deletes names after the visit, since deleting moves them. Content-Type is always present and always set again.
// Core calls Prune before all other methods.
func (h *header) Prune(stale func(string) bool) {
	var names []string
	for n := range h.All() {
		name := utils.UnsafeString(n)
		if name == fiber.HeaderContentType {
			continue
		}
		h.odd = h.odd || textproto.CanonicalMIMEHeaderKey(name) != name
		if stale(name) {
			names = append(names, string(n))
		}
	}
	for _, name := range names {
		h.ResponseHeader.Del(name)
	}
}

func (h *header) Get(name string) string {
	if h.odd {
		return joined(inAnyCase(h.All(), name))
	}
	return joined(h.PeekAll(name))
}

// Set deletes the header first: fasthttp's Set replaces the first line only.
func (h *header) Set(name, value string) {
	if h.odd {
		h.Prune(func(n string) bool { return strings.EqualFold(n, name) })
	}
	h.ResponseHeader.Del(name)
	h.SetCanonical(utils.UnsafeBytes(name), utils.UnsafeBytes(value)) // the core's names are canonical; both are copied
}

// inAnyCase returns the lines of the name in any letter case.
func inAnyCase(all iter.Seq2[[]byte, []byte], name string) (lines [][]byte) {
	for n, v := range all {
		if strings.EqualFold(utils.UnsafeString(n), name) {
			lines = append(lines, v)
		}
	}
	return lines
}

// joined returns a copy of the lines, joined with commas.
func joined(lines [][]byte) string {
	if len(lines) == 1 {
		return string(lines[0])
	}
	return string(bytes.Join(lines, []byte(", ")))
}
