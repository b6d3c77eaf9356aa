package api_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking"
	"github.com/polyfault/polyfault/examples/nethttp/api"
)

const (
	good      = `{"task":"T-100","resource":"R12","date":"2026-11-20","hours":2}`
	threeBad  = `{"task":"T-999","resource":"R99","date":"20.11.2026","hours":1}`
	problem   = "application/problem+json"
	plainJSON = "application/json"
	five      = "de, en, fr, it, pt"
)

func TestSuccess(t *testing.T) {
	url := serve(t)
	assert.Equal(t, 201, ask(t, url, "POST", "/bookings", good, "").StatusCode)
	for _, c := range []struct {
		method, path string
		status       int
		says         string
	}{
		{"GET", "/bookings", 200, `"id":"B-3"`},
		{"GET", "/bookings/B-3", 200, `{"id":"B-3","task":"T-100","resource":"R12","date":"2026-11-20","hours":2}`},
		{"HEAD", "/bookings/B-3", 200, ""},
		{"DELETE", "/bookings/B-3", 204, ""},
		{"GET", "/bookings/B-3", 404, "B-3"},
	} {
		resp := ask(t, url, c.method, c.path, "", "")
		assert.Equal(t, c.status, resp.StatusCode, c.path)
		assert.Contains(t, resp.body, c.says)
	}
}

func TestFailures(t *testing.T) {
	url := serve(t)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		languages                string
		says                     string
	}{
		{"three bad attributes", "POST", "/bookings", threeBad, 400, five, `"details":{"date":{"error":{"DE":`},
		{"nothing", "POST", "/bookings", `{}`, 400, five, `"hours":{"code":"required","DE":`},
		{"negative load", "POST", "/bookings", strings.Replace(good, "2}", "-2}", 1), 400, five,
			`"EN":"Negative values for effort are not allowed."`},
		{"locked task", "POST", "/bookings", strings.Replace(good, "T-100", "T-200", 1), 423, five, `"details":{"task":"T-200"}`},
		{"finished project", "POST", "/bookings", strings.Replace(good, "T-100", "T-300", 1), 423, "de, en, fr, pt",
			`"details":{"project":"P-2"}`},
		{"not synced", "POST", "/bookings", strings.Replace(good, "R12", "R41", 1), 400, "", `{"error":"user-not-synced","user":"R41"}`},
		{"three hours left", "POST", "/bookings", strings.Replace(good, "2}", "4}", 1), 406, five,
			`"IT":"Per questo giorno restano disponibili solo 3 ore."`},
		{"one hour left", "POST", "/bookings", strings.Replace(good, "R12", "R23", 1), 406, five,
			`"IT":"Per questo giorno resta disponibile solo 1 ora."`},
		{"malformed", "POST", "/bookings", `{"task":T-100}`, 400, five, `"input":{"position":9}`},
		{"unknown attribute", "POST", "/bookings", `{"note":""}`, 400, five, `"details":{"note":{"code":"unknown_field","DE":`},
		{"too large", "POST", "/bookings", `{"task":"` + strings.Repeat("x", 5000) + `"}`, 413, five,
			`"IT":"I dati inviati sono troppo grandi."`},
		{"unknown booking", "GET", "/bookings/4711", "", 404, five, `"FR":"La saisie de temps 4711 n’existe pas."`},
		{"unknown route", "GET", "/nowhere", "", 404, five, `"IT":"La pagina o la risorsa`},
		{"wrong method", "PUT", "/bookings", "", 405, five, `"IT":"Questo metodo`},
		{"locked booking", "DELETE", "/bookings/B-2", "", 423, five, `"details":{"task":"T-200"}`},
		{"panic", "GET", "/report", "", 500, five, `"details":{"trace_id":"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			resp := ask(t, url, c.method, c.path, c.body, "")
			assert.Equal(t, c.status, resp.StatusCode)
			assert.Equal(t, plainJSON, resp.Header.Get("Content-Type"))
			assert.Equal(t, c.languages, resp.Header.Get("Content-Language"))
			assert.Equal(t, "Accept", resp.Header.Get("Vary"))
			assert.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
			assert.Contains(t, resp.body, c.says)
			assert.NotContains(t, resp.body, "db.internal")
			assert.True(t, json.Valid([]byte(resp.body)))
			if c.status == http.StatusMethodNotAllowed {
				assert.Equal(t, "GET, HEAD, POST", resp.Header.Get("Allow"))
			}
			assert.Equal(t, c.status == http.StatusRequestEntityTooLarge, resp.Close)

			p := ask(t, url, c.method, c.path, c.body, "pt-BR")
			assert.Equal(t, c.status, p.StatusCode)
			assert.Equal(t, problem, p.Header.Get("Content-Type"))
			assert.Equal(t, "pt", p.Header.Get("Content-Language"))
			assert.Equal(t, "Accept, Accept-Language", p.Header.Get("Vary"))
		})
	}
}

func TestDetailsInOneLanguage(t *testing.T) {
	url := serve(t)
	for language, want := range map[string]string{
		"fr": "Veuillez indiquer une date valide au format AAAA-MM-JJ.",
		"it": "Indicare una data valida nel formato AAAA-MM-GG.",
		"pt": "Informe uma data válida no formato AAAA-MM-DD.",
	} {
		resp := ask(t, url, "POST", "/bookings", threeBad, language)
		var p struct {
			Lang   string
			Errors []struct{ Detail, Pointer, Code string }
		}
		require.NoError(t, json.Unmarshal([]byte(resp.body), &p))
		assert.Equal(t, language, p.Lang)
		require.Len(t, p.Errors, 3)
		assert.Equal(t, want, p.Errors[0].Detail)
		assert.Equal(t, "#/date", p.Errors[0].Pointer)
		assert.Equal(t, "unknown_task", p.Errors[1].Code)
	}
}

func TestHead(t *testing.T) {
	url := serve(t)
	get := ask(t, url, "GET", "/bookings/4711", "", "")
	head := ask(t, url, "HEAD", "/bookings/4711", "", "")
	assert.Equal(t, 404, head.StatusCode)
	assert.Empty(t, head.body)
	for _, name := range []string{"Content-Type", "Content-Length", "Content-Language", "Vary", "Cache-Control"} {
		assert.Equal(t, get.Header.Get(name), head.Header.Get(name), name)
	}
}

// serve starts the service on loopback and returns its address.
func serve(t *testing.T) string {
	t.Helper()
	r, err := fault.NewResponder(fault.WithLocales(booking.Locales()), fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	server := httptest.NewServer(api.New(r, booking.New()))
	t.Cleanup(server.Close)
	return server.URL
}

type answer struct {
	*http.Response
	body string
}

// ask sends a request; with a language it asks for problem details in it.
func ask(t *testing.T, url, method, path, body, language string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url+path, strings.NewReader(body))
	require.NoError(t, err)
	if language != "" {
		req.Header.Set("Accept", problem)
		req.Header.Set("Accept-Language", language)
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	content, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp, string(content)}
}
