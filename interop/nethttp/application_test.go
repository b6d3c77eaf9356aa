package nethttp_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"testing"

	"github.com/go-chi/cors"
	"github.com/klauspost/compress/gzhttp"
	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/compose"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// A refusal is the application's own error.
type refusal struct {
	status int
	text   string
}

func (r *refusal) Error() string         { return r.text }
func (r *refusal) StatusCode() int       { return r.status }
func (r *refusal) StatusMessage() string { return r.text }

// A steps says how far the application has gone.
type steps struct {
	adopt     func(*http.ServeMux) http.Handler                         // the one line
	fail      func(w http.ResponseWriter, req *http.Request, err error) // its one function for errors
	converted bool                                                      // three handlers
}

// failed is that function as the application had it.
func failed(w http.ResponseWriter, _ *http.Request, err error) {
	if r, ok := errors.AsType[*refusal](err); ok {
		http.Error(w, r.text, r.status)
		return
	}
	http.Error(w, "it did not work", http.StatusInternalServerError)
}

// handler is the application's own way to write handlers.
func (s steps) handler(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, req *http.Request) {
		if err := h(w, req); err != nil {
			s.fail(w, req, err)
		}
	}
}

// shed is an application that knows nothing of polyfault, but for the steps that it has gone.
func shed(s steps) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", http.RedirectHandler("/tools", http.StatusFound))
	mux.Handle("GET /shed.php", http.RedirectHandler("/", http.StatusMovedPermanently))
	mux.Handle("GET /tools", s.handler(listTools))
	mux.Handle("GET /tools/{id}", s.handler(s.oneTool))
	mux.Handle("POST /tools", s.handler(newTool))
	mux.HandleFunc("PUT /tools/{id}", empty)
	mux.Handle("DELETE /tools/{id}", s.handler(s.lendTool))
	mux.HandleFunc("OPTIONS /", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", "GET, POST, PUT, DELETE")
		w.WriteHeader(http.StatusNoContent)
	})
	mux.Handle("GET /assets/", http.StripPrefix("/assets", http.FileServer(http.Dir("testdata"))))
	mux.HandleFunc("GET /", func(w http.ResponseWriter, req *http.Request) { http.ServeFile(w, req, "testdata/index.html") }) // the browser's own pages
	mux.HandleFunc("GET /export.csv", func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="tools.csv"`)
		http.ServeFile(w, req, "testdata/index.html")
	})
	mux.HandleFunc("GET /events", func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_, _ = io.WriteString(w, "data: tick\n\n")
			_ = http.NewResponseController(w).Flush()
		}
	})
	mux.HandleFunc("GET /crash", func(http.ResponseWriter, *http.Request) { panic(compose.Canary) })
	mux.HandleFunc("GET /health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	compressed, _ := gzhttp.NewWrapper(gzhttp.MinSize(10), gzhttp.EnableZstd(false))
	return wrapped(s.adopt(mux), []middleware{doing(apologising),
		cors.Handler(cors.Options{AllowedOrigins: []string{compose.Origin}}), func(h http.Handler) http.Handler { return compressed(h) }})
}

// apologising gives the id of the request, and recovers.
func apologising(w http.ResponseWriter, req *http.Request, next http.Handler) {
	w.Header().Set("X-Request-Id", "r-1")
	defer func() {
		switch v := recover(); v {
		case nil:
		case http.ErrAbortHandler:
			panic(v)
		default:
			http.Error(w, "sorry", http.StatusInternalServerError)
		}
	}()
	next.ServeHTTP(w, req)
}

func listTools(w http.ResponseWriter, req *http.Request) error {
	if limit := req.URL.Query().Get("limit"); limit != "" {
		if _, err := strconv.Atoi(limit); err != nil {
			return &refusal{http.StatusBadRequest, "how many?"}
		}
	}
	return writeJSON(w, http.StatusOK, []string{"spade", "saw"})
}

func writeJSON(w http.ResponseWriter, status int, v any) error {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(v)
}

func (s steps) oneTool(w http.ResponseWriter, req *http.Request) error {
	id, err := strconv.Atoi(req.PathValue("id"))
	switch {
	case err != nil && s.converted:
		return fault.BadParamValue.Wrap(err, fault.Detail("id", "number"))
	case err != nil:
		return &refusal{http.StatusBadRequest, "a number, please"}
	case id == 13 && s.converted:
		return fault.IOFailure.Wrap(errCanary)
	case id == 13:
		return errCanary
	case id == 9:
		return writeJSON(w, http.StatusNotFound, map[string]string{"reason": "no such tool"})
	}
	return writeJSON(w, http.StatusOK, map[string]int{"id": id})
}

func newTool(w http.ResponseWriter, req *http.Request) error {
	var tool struct{ Name string }
	if req.Header.Get("Content-Type") != "application/json" {
		w.WriteHeader(http.StatusUnsupportedMediaType)
		return nil
	}
	if err := json.NewDecoder(req.Body).Decode(&tool); err != nil {
		return &refusal{http.StatusBadRequest, "is this JSON?"}
	}
	if tool.Name == "" {
		return writeJSON(w, http.StatusUnprocessableEntity, map[string]any{"fields": map[string]string{"name": "is missing"}})
	}
	w.Header().Set("Location", "/tools/8")
	return writeJSON(w, http.StatusCreated, tool)
}

func (s steps) lendTool(w http.ResponseWriter, req *http.Request) error {
	switch {
	case req.PathValue("id") != "1":
		w.WriteHeader(http.StatusNoContent)
		return nil
	case s.converted:
		return fault.Conflict.New(fault.Detail("tool", 1))
	}
	return &refusal{http.StatusConflict, "it is lent"}
}

// One line changes what nobody answered; one function more changes the application's own errors; three handlers that are
// converted change their three.
func TestApplication(t *testing.T) {
	visited := func(s *compose.Service, steps steps) map[string]compose.Answer {
		s.Serve(t, shed(steps))
		return s.Visited(t, compose.Shed)
	}
	plain := func(mux *http.ServeMux) http.Handler { return mux }
	before := visited(compose.New(t), steps{adopt: plain, fail: failed})
	install := func(s *compose.Service) func(mux *http.ServeMux) http.Handler {
		return func(mux *http.ServeMux) http.Handler {
			return faulthttp.Middleware(s.Responder)(faulthttp.Mux(nil, mux))
		}
	}
	ours := func(w http.ResponseWriter, req *http.Request, err error) { faulthttp.Error(nil, w, req, err) }
	unanswered := map[string]int{"no such method": 405, "a page that is posted to": 405, "a crash": 500}
	s := compose.New(t)
	compose.Adopted(t, before, visited(s, steps{adopt: install(s), fail: failed}), unanswered)

	s = compose.New(t)
	adopted := visited(s, steps{adopt: install(s), fail: ours})
	compose.Adopted(t, before, adopted, map[string]int{
		"no such method": 405, "a page that is posted to": 405, "a crash": 500, "list, a number that is none": 400,
		"one whose number is none": 400, "one that cannot be read": 500, "new, broken JSON": 400, "lend what is lent": 409,
	})
	s = compose.New(t)
	assert.Equal(t, []string{"lend what is lent", "one that cannot be read", "one whose number is none"},
		compose.Differences(adopted, visited(s, steps{adopt: install(s), fail: ours, converted: true})))
	s = compose.New(t, fault.WithForeignMessages())
	foreign := visited(s, steps{adopt: install(s), fail: ours})
	for name, text := range map[string]string{"list, a number that is none": "how many?", "new, broken JSON": "is this JSON?"} {
		assert.Contains(t, foreign[name].Body, text)
		foreign[name] = adopted[name] // the others are those of all applications
	}
	compose.Foreign(t, foreign, adopted)
}
