package booking_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/core/localetest"
	"github.com/polyfault/polyfault/examples/booking"
)

func good() booking.Input {
	return booking.Input{Task: "T-100", Resource: "R12", Date: "2026-11-20", Hours: 2}
}

func with(change func(*booking.Input)) booking.Input {
	in := good()
	change(&in)
	return in
}

func TestCreate(t *testing.T) {
	s := booking.New()
	b, err := s.Create(t.Context(), good())
	require.NoError(t, err)
	assert.Equal(t, booking.Booking{ID: "B-3", Task: "T-100", Resource: "R12", Date: "2026-11-20", Hours: 2}, b)
	found, err := s.Booking("B-3")
	require.NoError(t, err)
	assert.Equal(t, b, found)
	assert.Equal(t, b, s.Bookings()[2])
}

func TestCreateRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		in   booking.Input
		kind *fault.Kind
		says string // in the English body
	}{
		{"nothing", booking.Input{}, fault.MandatoryAttributesMissing, `"task":{"code":"required",`},
		{"no hours", with(func(in *booking.Input) { in.Hours = 0 }), fault.MandatoryAttributesMissing, `"hours":{"code":"required",`},
		{"a day that February does not have", with(func(in *booking.Input) { in.Date = "2026-02-30" }),
			fault.Transformation, `"EN":"Please give a valid date`},
		{"an unknown task", with(func(in *booking.Input) { in.Task = "T-9" }), fault.Transformation, `"EN":"There is no task T-9."`},
		{"an unknown resource", with(func(in *booking.Input) { in.Resource = "R9" }), fault.Transformation, `"EN":"There is no resource R9."`},
		{"negative hours", with(func(in *booking.Input) { in.Hours = -1 }), fault.NegativeLoad, "Negative"},
		{"a locked task", with(func(in *booking.Input) { in.Task = "T-200" }), fault.TaskLocked, `"task":"T-200"`},
		{"a finished project", with(func(in *booking.Input) { in.Task = "T-300" }), fault.ProjectFinished, `"project":"P-2"`},
		{"a task that is being invoiced", with(func(in *booking.Input) { in.Task = "T-400" }), fault.ServiceUnavailable, `"EN":"The service`},
		{"a user who is not synced", with(func(in *booking.Input) { in.Resource = "R41" }), fault.BadRequest,
			`{"error":"user-not-synced","user":"R41"}`},
		{"more than is left", with(func(in *booking.Input) { in.Hours = 4 }), booking.HoursLeft, `"EN":"Only 3 more hours can`},
		{"more than one hour", with(func(in *booking.Input) { in.Resource = "R23" }), fault.MaxHoursReached, `"EN":"Only 1 more hour can`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := booking.New()
			_, err := s.Create(t.Context(), c.in)
			require.ErrorIs(t, err, c.kind)
			assert.Contains(t, string(responder(t).Respond(request(""), err).Body), c.says)
			assert.Equal(t, booking.New().Bookings(), s.Bookings(), "nothing was booked")
		})
	}
}

func TestAllBadAttributesAtOnce(t *testing.T) {
	_, err := booking.New().Create(t.Context(), booking.Input{Task: "T-9", Resource: "R9", Date: "soon", Hours: 1})
	var body struct {
		Details map[string]struct{ Error map[string]string } `json:"details"`
	}
	require.NoError(t, json.Unmarshal(responder(t).Respond(request(""), err).Body, &body))
	for _, name := range []string{"date", "task", "resource"} {
		assert.Len(t, body.Details[name].Error, 5, name)
	}
	assert.Len(t, body.Details, 3)
}

func TestNothingIsLeft(t *testing.T) {
	s := booking.New()
	_, err := s.Create(t.Context(), with(func(in *booking.Input) { in.Hours = 3 }))
	require.NoError(t, err)
	_, err = s.Create(t.Context(), good())
	assert.ErrorIs(t, err, fault.MaxHoursReached)
	assert.NotErrorIs(t, err, booking.HoursLeft)
}

func TestCreateHeedsTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := booking.New().Create(ctx, good())
	assert.ErrorIs(t, err, context.Canceled)
}

func TestDelete(t *testing.T) {
	s := booking.New()
	require.NoError(t, s.Delete("B-1"))
	assert.Len(t, s.Bookings(), 1)
	for _, err := range []error{s.Delete("B-1"), errorOf(s.Booking("B-1"))} {
		assert.ErrorIs(t, err, booking.NotFound)
		assert.ErrorIs(t, err, fault.NotFound)
	}
	assert.ErrorIs(t, s.Delete("B-2"), fault.Locked, "the task is locked")
	assert.Len(t, s.Bookings(), 1)
}

func TestBookingsAreACopy(t *testing.T) {
	s := booking.New()
	s.Bookings()[0].Hours = 99
	assert.Equal(t, 7, s.Bookings()[0].Hours)
}

func TestReportPanics(t *testing.T) {
	assert.Panics(t, func() { booking.New().Report() })
}

func TestReadJSON(t *testing.T) {
	const ok = `{"task":"T-100","resource":"R12","date":"2026-11-20","hours":2}`
	in, err := booking.Read(strings.NewReader(ok + "\n"))
	require.NoError(t, err)
	assert.Equal(t, good(), in)
	for name, c := range map[string]struct {
		body   io.Reader
		status int
		says   string
	}{
		"nothing":         {strings.NewReader(""), 400, "not valid JSON"},
		"half":            {strings.NewReader(ok[:20]), 400, "not valid JSON"},
		"no JSON":         {strings.NewReader(`{"task":T-100}`), 400, `"position":9`},
		"two values":      {strings.NewReader(ok + ok), 400, `"position":`},
		"rubbish after":   {strings.NewReader(ok + "]"), 400, `"position":`},
		"half an hour":    {strings.NewReader(`{"hours":0.5}`), 400, `"hours":{"code":"type"`},
		"unknown field":   {strings.NewReader(`{"note":"x"}`), 400, `"note":{"code":"unknown_field"`},
		"too large":       {limited(`{"task":"` + strings.Repeat("x", booking.MaxBody) + `"}`), 413, "too large"},
		"too large after": {limited(ok + strings.Repeat(" ", booking.MaxBody)), 413, "too large"},
		"broken off":      {io.MultiReader(strings.NewReader(ok), broken{}), 400, "not valid"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := booking.Read(c.body)
			resp := responder(t).Respond(request(""), err)
			require.NotNil(t, resp)
			assert.Equal(t, c.status, resp.Status)
			assert.Contains(t, string(resp.Body), c.says)
		})
	}
}

func limited(body string) io.Reader {
	return http.MaxBytesReader(nil, io.NopCloser(strings.NewReader(body)), booking.MaxBody)
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

func TestConcurrentBookings(t *testing.T) {
	s := booking.New()
	var group sync.WaitGroup
	var booked atomic.Int64
	for range 50 {
		group.Go(func() {
			b, err := s.Create(t.Context(), with(func(in *booking.Input) { in.Date, in.Hours = "2026-11-19", 1 }))
			if err == nil {
				booked.Add(1)
				_, err = s.Booking(b.ID)
				assert.NoError(t, err)
			}
			assert.NotEmpty(t, s.Bookings())
		})
	}
	group.Wait()
	assert.Equal(t, int64(booking.MaxHours), booked.Load())
}

var languages = []string{"de", "en", "fr", "it", "pt"}

// Every text of the service is there in every language, with its title and its arguments.
func TestTextsAreComplete(t *testing.T) {
	names, err := fs.Glob(booking.Locales(), "*.toml")
	require.NoError(t, err)
	assert.Len(t, names, len(languages))
	s := booking.New()
	for name, err := range map[string]error{
		"B-9": s.Delete("B-9"),
		"T-9": booking.UnknownTask.New(fault.Arg("ID", "T-9")),
		"R9":  booking.UnknownResource.New(fault.Arg("ID", "R9")),
		"-":   booking.BadDate,
		"1":   booking.HoursLeft.New(fault.Count(1)),
		"3":   booking.HoursLeft.New(fault.Count(3)),
		"R41": errorOf(s.Create(t.Context(), with(func(in *booking.Input) { in.Resource = "R41" }))),
	} {
		for _, tag := range languages {
			p := ask(t, tag, err)
			assert.Equal(t, tag, p.Lang, name)
			assert.Contains(t, p.Detail, name)
			assert.NotContains(t, p.Detail, "{{")
			assert.NotEqual(t, p.Detail, p.Title)
		}
	}
}

// The lint that polyfault's own texts pass.
func TestLocales(t *testing.T) {
	localetest.Test(t, booking.Locales(), localetest.Options{Required: []string{"de", "fr", "pt"}}, checks.Error)
}

// Italian has every text but one: what that one is in moves to the next language, as a whole.
func TestTheTextThatItalianLacks(t *testing.T) {
	s := booking.New()
	finished := errorOf(s.Create(t.Context(), with(func(in *booking.Input) { in.Task = "T-300" })))
	assert.Equal(t, "it", ask(t, "it, fr;q=0.5", fault.ProjectFinished).Lang)
	assert.Equal(t, "fr", ask(t, "it, fr;q=0.5", finished).Lang)
	body := string(responder(t).Respond(request(""), finished).Body)
	assert.NotContains(t, body, `"IT"`)
	assert.Contains(t, body, `"EN":"Project P-2 is finished and takes no more bookings."`)
}

type problem struct{ Title, Detail, Lang string }

func ask(t *testing.T, language string, err error) (p problem) {
	t.Helper()
	require.NoError(t, json.Unmarshal(responder(t).Respond(request(language), err).Body, &p))
	return p
}

func responder(t *testing.T) *fault.Responder {
	t.Helper()
	r, err := fault.NewResponder(fault.WithLocales(booking.Locales()))
	require.NoError(t, err)
	return r
}

func errorOf(_ booking.Booking, err error) error { return err }

// request asks for problem details in the language that it is, "" for nothing in particular.
type request string

func (request) Context() context.Context { return context.Background() }
func (request) Method() string           { return http.MethodGet }
func (request) Path() string             { return "/" }

func (r request) Header(name string) string {
	if r == "" {
		return ""
	}
	return map[string]string{"Accept": "application/problem+json", "Accept-Language": string(r)}[name]
}
