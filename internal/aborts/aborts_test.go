package aborts

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
)

// response is what a server has made of an answer.
type response struct {
	stream, hijacked bool
	err              error
}

func (r response) IsBodyStream() bool          { return r.stream }
func (r response) BodyWriteTo(io.Writer) error { return r.err }
func (r response) Hijacked() bool              { return r.hijacked }

// swallowing runs the handler and makes the response of it, whatever the handler panics.
func swallowing(r response) Server {
	return func(h http.HandlerFunc) Response {
		defer func() { _ = recover() }()
		h(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		return r
	}
}

func TestArrive(t *testing.T) {
	through := func(h http.HandlerFunc) Response {
		h(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		return response{}
	}
	other := func(h http.HandlerFunc) Response {
		defer func() {
			if recover() != nil {
				panic("another panic")
			}
		}()
		return through(h)
	}
	made := func(r response) Server {
		return func(h http.HandlerFunc) Response {
			_ = swallowing(r)(h)
			return r
		}
	}
	assert.True(t, Arrive(through), "the panic comes through")
	assert.True(t, Arrive(made(response{hijacked: true})), "nothing is sent")
	assert.True(t, Arrive(made(response{stream: true, err: errors.New("cut")})), "the transfer breaks off")
	assert.True(t, Arrive(func(http.HandlerFunc) Response { return response{} }), "such handlers are not run at all")
	assert.False(t, Arrive(made(response{})), "half a body as a whole one")
	assert.False(t, Arrive(made(response{stream: true})), "half a stream as a whole one")
	assert.False(t, Arrive(other))
	assert.Contains(t, Complaint(), "from v1.66 to v1.75: go get github.com/valyala/fasthttp@v1.76.0")
}
