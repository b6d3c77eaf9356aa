package docs_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// table has the cells of the rows of the table of a page whose first line begins as head does. The first line is not among them.
func table(t *testing.T, page, head string) (rows [][]string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page)))
	require.NoError(t, err)
	_, below, found := strings.Cut(string(text), "\n"+head)
	require.True(t, found, "%s has no table %s", page, head)
	lines := strings.Split(below, "\n")
	for _, line := range lines[2:] { // below the line of hyphens
		if !strings.HasPrefix(line, "|") {
			break
		}
		rows = append(rows, cells(line))
	}
	require.NotEmpty(t, rows)
	return rows
}

func cells(line string) []string {
	all := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return all
}

var quiet = fault.WithLogger(slog.New(slog.DiscardHandler))

// answerTo is a response to a request with one header. "(none)" sends none.
func answerTo(t *testing.T, r *fault.Responder, name, value string) *http.Response {
	t.Helper()
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	if value != "(none)" {
		req.Header.Set(name, strings.Trim(value, "`"))
	}
	w := httptest.NewRecorder()
	faulthttp.Error(r, w, req, fault.TaskLocked)
	return w.Result()
}

// configured are the responders of the table of formats.md.
var configured = map[string][]fault.Option{
	"default": nil,
	"`WithFormats(Problem{}, Multilingual{})`": {fault.WithFormats(fault.Problem{}, fault.Multilingual{})},
	"`WithFormats(Problem{})`":                 {fault.WithFormats(fault.Problem{})},
	"`WithFormats(Multilingual{}, Problem{}, formats.HTML{})`": {
		fault.WithFormats(fault.Multilingual{}, fault.Problem{}, formats.HTML{})},
}

func TestWhoGetsWhichFormat(t *testing.T) {
	const head = "| Responder |"
	text, err := os.ReadFile(filepath.Join(root, "docs", "formats.md"))
	require.NoError(t, err)
	_, rest, _ := strings.Cut(string(text), "\n"+head)
	first, _, _ := strings.Cut(rest, "\n")
	accepts := cells(first)
	rows := table(t, "docs/formats.md", head)
	require.Len(t, rows, len(configured))
	for _, row := range rows {
		options, known := configured[row[0]]
		require.True(t, known, "no responder for %s", row[0])
		r, err := fault.NewResponder(append(options, quiet)...)
		require.NoError(t, err)
		for i, accept := range accepts {
			accept, _, _ = strings.Cut(strings.TrimPrefix(accept, "`"), "`") // the rest says who sends it
			assert.Equal(t, row[i+1], formatOf(answerTo(t, r, "Accept", accept)), "%s: %s", row[0], accept)
		}
		assert.Equal(t, row[1], formatOf(answerTo(t, r, "Accept", "image/png")), "%s: what no format fits gets the default", row[0])
	}
}

// formatOf is the format of a response in the words of the table.
func formatOf(resp *http.Response) string {
	several := strings.Contains(resp.Header.Get("Content-Language"), ",")
	switch contentType, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";"); {
	case contentType == "application/json" && several:
		return "all languages"
	case contentType == "application/problem+json" && !several:
		return "problem"
	case contentType == "text/html" && !several:
		return "HTML"
	default:
		return contentType
	}
}

func TestWhoGetsWhichLanguage(t *testing.T) {
	r, err := fault.NewResponder(fault.WithFormats(fault.Problem{}), fault.WithDefaultLanguage("en"), quiet)
	require.NoError(t, err)
	for _, row := range table(t, "docs/language.md", "| Accept-Language |") {
		assert.Equal(t, row[1], answerTo(t, r, "Accept-Language", row[0]).Header.Get("Content-Language"), row[0])
	}
}

// kinds.md says the truth about the kinds that it names.
func TestKindsOfTheTable(t *testing.T) {
	byName := map[string]*fault.Kind{}
	for k := range fault.Kinds() {
		byName[strings.ReplaceAll(k.Code(), "_", "")] = k
	}
	for _, row := range table(t, "docs/kinds.md", "| Kind |") {
		kind := byName[strings.ToLower(strings.Trim(row[0], "`"))]
		require.NotNil(t, kind, row[0])
		assert.Equal(t, row[1], strconv.Itoa(kind.Status()), row[0])
		children, more := strings.CutSuffix(row[2], " and others")
		names := strings.Fields(children)
		for _, name := range names {
			child := byName[strings.ToLower(strings.Trim(name, "`"))]
			require.NotNil(t, child, name)
			assert.ErrorIs(t, child, kind)
		}
		below := 0
		for k := range fault.Kinds() {
			if k != kind && errors.Is(k, kind) {
				below++
			}
		}
		assert.Equal(t, more, below > len(names), "%s has %d kinds below", row[0], below)
	}
}

// A statusError brings a status.
type statusError int

func (e statusError) Error() string   { return "a status of its own" }
func (e statusError) StatusCode() int { return int(e) }

// foreign are the errors of the table of foreign.md.
func foreign(t *testing.T) map[string][]error {
	t.Helper()
	decode := func(body string, strict bool) error {
		decoder := json.NewDecoder(strings.NewReader(body))
		if strict {
			decoder.DisallowUnknownFields()
		}
		return decoder.Decode(&order{})
	}
	_, tooLarge := io.ReadAll(http.MaxBytesReader(httptest.NewRecorder(), io.NopCloser(strings.NewReader("too large")), 1))
	_, number := strconv.Atoi("seven")
	_, date := time.Parse(time.DateOnly, "today")
	return map[string][]error{
		"`*http.MaxBytesError`":                                 {tooLarge},
		"JSON that is not valid, or of the wrong type":          {decode(`{"qty":x}`, false), decode(`{"qty":"x"}`, false)},
		"an unknown member (`DisallowUnknownFields`)":           {decode(`{"x":1}`, true)},
		"`io.EOF`: an empty body":                               {decode("", false)},
		"`*strconv.NumError`, a date that cannot be read":       {number, date},
		"errors of go-playground/validator":                     {validator.New().Var(0, "min=1")},
		"`context.DeadlineExceeded`, not of the request":        {context.DeadlineExceeded},
		"an error whose `StatusCode()` or `GetStatus()` is 409": {statusError(http.StatusConflict), huma.Error409Conflict("x")},
		"anything else": {errInside},
	}
}

func TestForeignErrors(t *testing.T) {
	r, err := fault.NewResponder(quiet)
	require.NoError(t, err)
	answerTo := func(err error) string {
		require.Error(t, err)
		w := httptest.NewRecorder()
		faulthttp.Error(r, w, httptest.NewRequest(http.MethodPost, "/", nil), err)
		return answer{status: w.Code, contentType: w.Header().Get("Content-Type"), body: w.Body.String()}.String()
	}
	errs := foreign(t)
	seen := 0
	for _, row := range table(t, "docs/foreign.md", "| Error |") {
		if row[1] == "its kind" {
			for _, err := range []error{fault.TaskLocked, fmt.Errorf("w: %w", fault.TaskLocked), errors.Join(errInside, fault.TaskLocked.New())} {
				assert.Equal(t, "423 `task_locked`", answerTo(err))
				assert.Equal(t, "423 `task_locked`", answerTo(fault.Binding(err)))
			}
			continue
		}
		require.Contains(t, errs, row[0])
		for _, err := range errs[row[0]] {
			assert.Equal(t, row[1], answerTo(fault.Binding(err)), "%s, marked: %v", row[0], err)
			assert.Equal(t, row[2], answerTo(err), "%s: %v", row[0], err)
		}
		seen++
	}
	assert.Len(t, errs, seen)
}
