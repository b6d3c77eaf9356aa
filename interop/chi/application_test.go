package chi_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"
	"github.com/go-chi/cors"
	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/compose"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// shed is an application that knows nothing of polyfault, but for what adopt does to it, and for three handlers when they are
// converted.
func shed(adopt func(*chi.Mux), converted bool) http.Handler {
	m := chi.NewRouter()
	m.Use(middleware.SetHeader("X-Request-Id", "r-1"), apologising, cors.Handler(cors.Options{AllowedOrigins: []string{compose.Origin}}),
		middleware.Compress(5, "application/json"))
	adopt(m)
	m.Get("/", http.RedirectHandler("/tools", http.StatusFound).ServeHTTP)
	m.Get("/shed.php", http.RedirectHandler("/", http.StatusMovedPermanently).ServeHTTP)
	m.Route("/tools", func(m chi.Router) {
		m.Get("/", listTools)
		m.Post("/", newTool)
		m.Get("/{id}", oneTool(converted))
		m.Put("/{id}", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
		m.Delete("/{id}", lendTool(converted))
	})
	m.Options("/*", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Allow", "GET, POST, PUT, DELETE")
		w.WriteHeader(http.StatusNoContent)
	})
	m.Get("/assets/*", http.StripPrefix("/assets", http.FileServer(http.Dir("testdata"))).ServeHTTP)
	m.Get("/shed/*", func(w http.ResponseWriter, req *http.Request) { http.ServeFile(w, req, "testdata/index.html") }) // the browser's own pages
	m.Get("/export.csv", func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Disposition", `attachment; filename="tools.csv"`)
		http.ServeFile(w, req, "testdata/index.html")
	})
	m.Get("/events", func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_, _ = io.WriteString(w, "data: tick\n\n")
			_ = http.NewResponseController(w).Flush()
		}
	})
	m.Get("/crash", func(http.ResponseWriter, *http.Request) { panic(compose.Canary) })
	m.Get("/health", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "ok") })
	return m
}

// apologising recovers, as chi's Recoverer does, which prints stacks.
func apologising(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		defer func() {
			switch v := recover(); v {
			case nil:
			case http.ErrAbortHandler:
				panic(v)
			default:
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, req)
	})
}

func listTools(w http.ResponseWriter, req *http.Request) {
	if limit := req.URL.Query().Get("limit"); limit != "" {
		if _, err := strconv.Atoi(limit); err != nil {
			http.Error(w, "how many?", http.StatusBadRequest)
			return
		}
	}
	writeJSON(w, http.StatusOK, []string{"spade", "saw"})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// faultOr is a handler, before and after its conversion.
func faultOr(converted bool, before http.HandlerFunc, after func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	if converted {
		return faulthttp.Handler(nil, after)
	}
	return before
}

func oneTool(converted bool) http.HandlerFunc {
	tool := func(w http.ResponseWriter, id int) {
		if id == 9 {
			writeJSON(w, http.StatusNotFound, map[string]string{"reason": "no such tool"})
			return
		}
		writeJSON(w, http.StatusOK, map[string]int{"id": id})
	}
	return faultOr(converted, func(w http.ResponseWriter, req *http.Request) {
		id, err := strconv.Atoi(chi.URLParam(req, "id"))
		switch {
		case err != nil:
			http.Error(w, "a number, please", http.StatusBadRequest)
		case id == 13:
			http.Error(w, "it did not work", http.StatusInternalServerError)
		default:
			tool(w, id)
		}
	}, func(w http.ResponseWriter, req *http.Request) error {
		id, err := strconv.Atoi(chi.URLParam(req, "id"))
		switch {
		case err != nil:
			return fault.BadParamValue.Wrap(err, fault.Detail("id", "number"))
		case id == 13:
			return errCanary
		}
		tool(w, id)
		return nil
	})
}

func newTool(w http.ResponseWriter, req *http.Request) {
	var tool struct{ Name string }
	switch {
	case req.Header.Get("Content-Type") != "application/json":
		w.WriteHeader(http.StatusUnsupportedMediaType)
	case json.NewDecoder(req.Body).Decode(&tool) != nil:
		http.Error(w, "is this JSON?", http.StatusBadRequest)
	case tool.Name == "":
		writeJSON(w, http.StatusUnprocessableEntity, map[string]any{"fields": map[string]string{"name": "is missing"}})
	default:
		w.Header().Set("Location", "/tools/8")
		writeJSON(w, http.StatusCreated, tool)
	}
}

func lendTool(converted bool) http.HandlerFunc {
	return faultOr(converted, func(w http.ResponseWriter, req *http.Request) {
		if chi.URLParam(req, "id") == "1" {
			http.Error(w, "it is lent", http.StatusConflict)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}, func(w http.ResponseWriter, req *http.Request) error {
		if chi.URLParam(req, "id") == "1" {
			return fault.Conflict.New(fault.Detail("tool", 1))
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	})
}

// listed sorts what is allowed: chi sends it in any order, and in several lines.
func listed(answers map[string]compose.Answer) map[string]compose.Answer {
	for _, a := range answers {
		if methods := a.Header.Values("Allow"); len(methods) > 0 {
			methods = strings.Split(strings.Join(methods, ", "), ", ")
			slices.Sort(methods)
			a.Header.Set("Allow", strings.Join(methods, ", "))
		}
	}
	return answers
}

// One line changes what nobody answered, and nothing else; three handlers that are converted change their three. A page
// for the browser's own addresses is the application's, by a route or by NotFound after InstallChi.
func TestApplication(t *testing.T) {
	visited := func(s *compose.Service, adopt func(*chi.Mux), converted bool) map[string]compose.Answer {
		s.Serve(t, shed(adopt, converted))
		return listed(s.Visited(t, compose.Shed))
	}
	install := func(s *compose.Service) func(*chi.Mux) {
		return func(m *chi.Mux) { faulthttp.InstallChi(m, s.Responder) }
	}
	paged := func(adopt func(*chi.Mux)) func(*chi.Mux) {
		return func(m *chi.Mux) {
			adopt(m)
			m.NotFound(func(w http.ResponseWriter, req *http.Request) { http.ServeFile(w, req, "testdata/index.html") })
		}
	}
	plain := func(*chi.Mux) {}
	before, s := visited(compose.New(t), plain, false), compose.New(t)
	adopted := visited(s, install(s), false)
	for name, a := range before {
		if a.Status == http.StatusMethodNotAllowed && a.Header.Get("Allow") == "" { // older ones leave it out
			assert.NotEmpty(t, adopted[name].Header.Get("Allow"))
			a.Header.Set("Allow", adopted[name].Header.Get("Allow"))
		}
	}
	compose.Adopted(t, before, adopted, map[string]int{
		"no such method": 405, "a page that is posted to": 405, "a crash": 500,
		"any other OPTIONS": 405, // the catch-all does not reach into a router of its own
	})
	s = compose.New(t)
	assert.Equal(t, []string{"lend what is lent", "one that cannot be read", "one whose number is none"},
		compose.Differences(adopted, visited(s, install(s), true)))

	s = compose.New(t)
	assert.Equal(t, []string{"a crash", "a page that is posted to", "any other OPTIONS", "no such method"},
		compose.Differences(visited(compose.New(t), paged(plain), false), visited(s, paged(install(s)), false)))
}
