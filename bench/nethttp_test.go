package bench

import (
	"net/http"
	"testing"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

type discard struct{ h http.Header; n int }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(p []byte) (int, error) { d.n += len(p); return len(p), nil }

func run(b *testing.B, h http.Handler) {
	req, _ := http.NewRequest("GET", "/orders/7", nil)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("Accept-Language", "de-DE,de;q=0.9,en;q=0.8")
	w := &discard{h: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.h)
		h.ServeHTTP(w, req)
	}
}

func BenchmarkStatic(b *testing.B) {
	r := fault.Default()
	body := r.Respond(nil, fault.TaskLocked).Body
	b.Run("hand-set", func(b *testing.B) {
		run(b, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			h := w.Header()
			h.Set("Content-Type", "application/json")
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("Cache-Control", "no-store")
			h.Set("Content-Language", "de, en, fr, pt")
			h.Set("Vary", "Accept")
			h.Set("Content-Length", "262")
			w.WriteHeader(423)
			w.Write(body)
		}))
	})
	ct, ns, cc, cl, va, le := []string{"application/json"}, []string{"nosniff"}, []string{"no-store"}, []string{"de, en, fr, pt"}, []string{"Accept"}, []string{"262"}
	b.Run("hand-prebuilt", func(b *testing.B) {
		run(b, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			h := w.Header()
			h["Content-Type"] = ct
			h["X-Content-Type-Options"] = ns
			h["Cache-Control"] = cc
			h["Content-Language"] = cl
			h["Vary"] = va
			h["Content-Length"] = le
			w.WriteHeader(423)
			w.Write(body)
		}))
	})
	b.Run("polyfault", func(b *testing.B) {
		run(b, faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error { return fault.TaskLocked.New() }))
	})
}
