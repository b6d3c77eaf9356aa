package faultecho_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faultecho "github.com/polyfault/polyfault/echo"
)

type jsonMessage struct{}

func (jsonMessage) MarshalJSON() ([]byte, error) { return []byte(`"` + canary + `"`), nil }

// panicking is an error that nothing can be done with.
type panicking struct{}

func (panicking) Error() string { panic(canary) }
func (panicking) Unwrap() error { panic(canary) }

type speechless struct{}

func (speechless) Error() string { panic(canary) }

// cyclic holds itself.
type cyclic struct{ inside []error }

func (*cyclic) Error() string     { return canary }
func (c *cyclic) Unwrap() []error { return c.inside }

func newCyclic(inside error) error {
	c := &cyclic{}
	c.inside = []error{inside, c}
	return c
}

func http400(internal error) error {
	return echo.NewHTTPError(http.StatusBadRequest, canary).WithInternal(internal)
}

func TestHTTPErrors(t *testing.T) {
	syntax := json.Unmarshal([]byte("{"+canary), &struct{}{})
	var typed *echo.HTTPError
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"plain":                     {echo.NewHTTPError(http.StatusConflict, canary), 409, "conflict"},
		"global":                    {echo.ErrForbidden, 403, "forbidden"},
		"wrapped":                   {fmt.Errorf("%s: %w", canary, echo.NewHTTPError(http.StatusConflict, canary)), 409, "conflict"},
		"joined":                    {errors.Join(errors.New(canary), echo.ErrForbidden), 403, "forbidden"},
		"message is an error":       {echo.NewHTTPError(http.StatusConflict, errors.New(canary)), 409, "conflict"},
		"message is a map":          {echo.NewHTTPError(http.StatusConflict, echo.Map{"x": canary}), 409, "conflict"},
		"message is a Marshaler":    {echo.NewHTTPError(http.StatusConflict, jsonMessage{}), 409, "conflict"},
		"message is nothing":        {&echo.HTTPError{Code: http.StatusConflict}, 409, "conflict"},
		"Internal":                  {echo.ErrConflict.WithInternal(errors.New(canary)), 409, "conflict"},
		"Internal is an HTTPError":  {http400(echo.NewHTTPError(http.StatusGone, canary)), 410, "gone"},
		"Internal is nil, typed":    {http400(typed), 400, "bad_request"},
		"Internal, one level":       {http400(http400(echo.ErrGone)), 400, "bad_request"},
		"Internal is wrapped":       {http400(fmt.Errorf("%s: %w", canary, echo.ErrGone)), 400, "bad_request"},
		"Internal is ours":          {http400(fault.TaskLocked.New()), 423, "task_locked"},
		"Internal is ours, deep":    {http400(http400(fmt.Errorf("%s: %w", canary, fault.TaskLocked))), 423, "task_locked"},
		"Internal is MaxBytes":      {http400(&http.MaxBytesError{Limit: 7}), 413, "content_too_large"},
		"Internal is JSON":          {http400(syntax), 400, "invalid_json"},
		"JSON of another status":    {echo.ErrBadGateway.WithInternal(syntax), 502, "bad_gateway"},
		"body limit":                {echo.ErrStatusRequestEntityTooLarge, 413, "content_too_large"},
		"body limit in a 400":       {http400(echo.ErrStatusRequestEntityTooLarge), 413, "content_too_large"},
		"body limit deep in a 400":  {http400(fmt.Errorf("multipart: %w", echo.ErrStatusRequestEntityTooLarge)), 413, "content_too_large"},
		"unknown status":            {echo.NewHTTPError(430, canary), 430, "client_error"},
		"teapot":                    {echo.ErrTeapot, 418, "client_error"},
		"no error status":           {echo.NewHTTPError(http.StatusOK, canary), 500, "unhandled"},
		"status 0":                  {&echo.HTTPError{Message: canary}, 500, "unhandled"},
		"ours around":               {fault.Gone.Wrap(echo.NewHTTPError(400, canary)), 410, "gone"},
		"ours beside":               {errors.Join(echo.ErrForbidden, fault.Gone), 410, "gone"},
		"nil inside":                {fmt.Errorf("%s: %w", canary, typed), 500, "unhandled"},
		"everything panics":         {panicking{}, 500, "unhandled"},
		"Internal panics":           {http400(panicking{}), 400, "bad_request"},
		"Internal has no text":      {http400(speechless{}), 400, "bad_request"},
		"cyclic":                    {newCyclic(echo.ErrForbidden), 403, "forbidden"},
		"binding error, no status":  {&echo.BindingError{Field: canary}, 500, "unhandled"},
		"ErrAbortHandler, wrapped":  {fmt.Errorf("%s: %w", canary, http.ErrAbortHandler), 500, "unhandled"},
		"not registered validator":  {echo.ErrValidatorNotRegistered, 500, "unhandled"},
		"deadline of ContextTimout": {echo.ErrServiceUnavailable.WithInternal(context.DeadlineExceeded), 503, "service_unavailable"},
	} {
		t.Run(name, func(t *testing.T) {
			s := installed(t)
			s.GET("/", returning(c.err))
			resp, body := s.get("/")
			answered(t, resp, body, c.status, c.code)
			assert.Contains(t, s.log.Only(t), fmt.Sprintf("code=%s status=%d", c.code, c.status))
		})
		t.Run(name+", panicked", func(t *testing.T) {
			s := installed(t)
			s.GET("/", func(echo.Context) error { panic(c.err) })
			resp, body := s.get("/")
			answered(t, resp, body, c.status, c.code)
			line := s.log.Only(t)
			assert.Contains(t, line, "panic=true")
			assert.Equal(t, c.status >= 500, strings.Contains(line, " stack="))
		})
	}
}

func TestForeignMessages(t *testing.T) {
	type detail = map[string]any
	for name, c := range map[string]struct {
		err  error
		want any
	}{
		"string": {echo.NewHTTPError(http.StatusConflict, "Order 7 is closed."), detail{"message": "Order 7 is closed."}},
		"with a cause": {echo.NewHTTPError(http.StatusConflict, "Order 7 is closed.").WithInternal(errors.New(canary)),
			detail{"message": "Order 7 is closed."}},
		"of the inner one": {http400(echo.NewHTTPError(http.StatusConflict, "Order 7 is closed.")), detail{"message": "Order 7 is closed."}},
		"cause without a text": {echo.NewHTTPError(http.StatusConflict, "Order 7 is closed.").WithInternal(speechless{}),
			detail{"message": "Order 7 is closed."}},
		"name of the status": {echo.ErrConflict, nil},
		"text of the cause":  {echo.NewHTTPError(http.StatusConflict, "fails: "+canary).WithInternal(errors.New(canary)), nil},
		"error":              {echo.NewHTTPError(http.StatusConflict, errors.New(canary)), nil},
		"map":                {echo.NewHTTPError(http.StatusConflict, echo.Map{"x": canary}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := installed(t, fault.WithForeignMessages())
			s.GET("/", returning(c.err))
			resp, body := s.get("/")
			assert.Equal(t, c.want, answered(t, resp, body, 409, "conflict")["details"])
		})
	}
	s := installed(t, fault.WithForeignMessages())
	s.POST("/", func(c echo.Context) error { return c.Bind(&struct{ X []func() }{}) })
	resp, body := s.do(http.MethodPost, "/", "<"+canary, "Content-Type", "application/xml")
	assert.Nil(t, answered(t, resp, body, 400, "bad_request")["details"], "Bind quotes its cause")
}

type booking struct {
	ID    int       `param:"id" json:"-"`
	Hours int       `query:"hours" form:"hours" json:"hours"`
	Day   time.Time `query:"day" form:"day" json:"day" format:"2006-01-02"`
}

func TestBind(t *testing.T) {
	s := installed(t)
	bind := func(c echo.Context) error {
		if err := c.Bind(&booking{}); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent)
	}
	s.GET("/:id", bind)
	s.POST("/:id", bind)
	const form, xml, jsonType = "application/x-www-form-urlencoded", "application/xml", "application/json"
	for name, c := range map[string]struct {
		path, contentType, body string
		status                  int
		code                    string
	}{
		"param":             {"/" + canary, "", "", 400, "bad_param_value"},
		"query":             {"/1?hours=" + canary, "", "", 400, "bad_param_value"},
		"query, a date":     {"/1?day=" + canary, "", "", 400, "bad_param_value"},
		"form":              {"/1", form, "hours=" + canary, 400, "bad_param_value"},
		"broken form":       {"/1", form, "hours=%zz" + canary, 400, "bad_request"},
		"JSON syntax":       {"/1", jsonType, `{"hours":` + canary, 400, "invalid_json"},
		"JSON type":         {"/1", jsonType, `{"hours":"` + canary + `"}`, 400, "invalid_json"},
		"JSON truncated":    {"/1", jsonType, `{"hours":`, 400, "invalid_json"},
		"JSON empty":        {"/1", jsonType, " ", 400, "invalid_json"},
		"JSON, a date":      {"/1", jsonType, `{"day":"` + canary + `"}`, 400, "bad_param_value"},
		"XML syntax":        {"/1", xml, "<" + canary, 400, "bad_request"},
		"unsupported":       {"/1", "text/" + canary, "x", 415, "unsupported_media_type"},
		"without a type":    {"/1", "", "x", 415, "unsupported_media_type"},
		"multipart, broken": {"/1", "multipart/form-data", "x", 400, "bad_request"},
	} {
		t.Run(name, func(t *testing.T) {
			method := http.MethodPost
			if c.body == "" {
				method = http.MethodGet
			}
			resp, body := s.do(method, c.path, c.body, "Content-Type", c.contentType)
			answered(t, resp, body, c.status, c.code)
		})
	}
	resp, body := s.do(http.MethodPost, "/1", `{"hours":"`+canary+`"}`, "Content-Type", jsonType)
	details := answered(t, resp, body, 400, "invalid_json")["details"]
	wrong := details.(map[string]any)["hours"].(map[string]any)
	assert.Equal(t, "type", wrong["code"])
	assert.Equal(t, map[string]any{"Expected": "number", "Got": "string"}, wrong["params"])
	assert.Contains(t, body, fmt.Sprintf(`"input":{"position":%d,"field":"/hours"}`, len(`{"hours":"`+canary+`"`)))
	resp, _ = s.get("/1?hours=2")
	assert.Equal(t, http.StatusNoContent, resp.StatusCode)
}

// The status that a handler chose replaces that of what echo's own binder found, and leaves the rest.
func TestAStatusBesideABindersError(t *testing.T) {
	s := installed(t)
	s.POST("/", func(c echo.Context) error {
		var order struct {
			Qty int `json:"qty"`
		}
		if err := c.Bind(&order); err != nil {
			return echo.NewHTTPError(http.StatusUnprocessableEntity, "no").SetInternal(err.(*echo.HTTPError).Internal)
		}
		return nil
	})
	for body, holds := range map[string]string{
		`{"qty":"many"}`: `"input":{"position":13,"field":"/qty"}`,
		`{"qty":x}`:      `"input":{"position":8}`,
	} {
		resp, text := s.do(http.MethodPost, "/", body, "Content-Type", "application/json")
		answered(t, resp, text, 422, "invalid_json")
		assert.Contains(t, text, holds)
	}
}

// A body that the client has compressed badly is the client's mistake.
func TestBadlyCompressedBodies(t *testing.T) {
	s := installed(t)
	s.Use(middleware.Decompress())
	s.POST("/", func(c echo.Context) error {
		_, err := io.ReadAll(c.Request().Body)
		return err
	})
	resp, body := s.do(http.MethodPost, "/", canary+canary+canary, "Content-Encoding", "gzip")
	answered(t, resp, body, 400, "bad_request")
}

// echo's own redirections stay what they are.
func TestRedirections(t *testing.T) {
	s := installed(t)
	s.GET("/", func(c echo.Context) error {
		c.Response().Header().Set("Location", "/there")
		c.Response().Header().Set("Set-Cookie", "a=b")
		return fmt.Errorf("w: %w", echo.NewHTTPError(http.StatusSeeOther, "elsewhere"))
	})
	req, err := http.NewRequest(http.MethodGet, s.url+"/", http.NoBody)
	require.NoError(t, err)
	resp, err := http.DefaultTransport.RoundTrip(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusSeeOther, resp.StatusCode)
	assert.Equal(t, "/there", resp.Header.Get("Location"))
	assert.Equal(t, "a=b", resp.Header.Get("Set-Cookie"))
	assert.Empty(t, body)
	s.log.None(t)
}

// Where a parameter comes from is told from the request.
func TestBindingErrorsTellTheirPlace(t *testing.T) {
	s := installed(t)
	s.POST("/:hours", func(ctx echo.Context) error { return echo.PathParamsBinder(ctx).Int("hours", new(int)).BindError() })
	s.POST("/", func(ctx echo.Context) error { return echo.FormFieldBinder(ctx).MustInt("hours", new(int)).BindError() })
	for _, c := range []struct{ path, contentType, in string }{
		{"/" + canary, "", "path"},
		{"/", "application/x-www-form-urlencoded", ""},
		{"/", "", "query"},
		{"/?hours=" + canary, "application/x-www-form-urlencoded", "query"},
	} {
		resp, body := s.do(http.MethodPost, c.path, "", "Content-Type", c.contentType)
		details, _ := answered(t, resp, body, 400, "bad_param_value")["details"].(map[string]any)
		entry, _ := details["hours"].(map[string]any)
		in, _ := entry["in"].(string)
		assert.Equal(t, c.in, in, c.path)
		assert.NotEmpty(t, entry["code"])
	}
}

func TestBindingErrors(t *testing.T) {
	invalid, required := "invalid", "required"
	for name, c := range map[string]struct {
		bind   func(*echo.ValueBinder) error
		status int
		code   string
		want   map[string]string // field → code
	}{
		"one field": {func(b *echo.ValueBinder) error { return b.Int("hours", new(int)).BindError() }, 400, "bad_param_value",
			map[string]string{"hours": invalid}},
		"required": {func(b *echo.ValueBinder) error { return b.MustInt("minutes", new(int)).BindError() }, 400, "bad_param_value",
			map[string]string{"minutes": required}},
		"wrapped": {func(b *echo.ValueBinder) error {
			return fmt.Errorf("%s: %w", canary, b.Int("hours", new(int)).BindError())
		}, 400, "bad_param_value", map[string]string{"hours": invalid}},
		"in a 400": {func(b *echo.ValueBinder) error { return http400(b.Int("hours", new(int)).BindError()) }, 400, "bad_param_value",
			map[string]string{"hours": invalid}},
		"all fields": {func(b *echo.ValueBinder) error {
			return errors.Join(b.FailFast(false).Int("hours", new(int)).MustInt("minutes", new(int)).BindErrors()...)
		}, 400, "bad_param_value", map[string]string{"hours": invalid, "minutes": required}},
		"in a 422": {func(b *echo.ValueBinder) error {
			return echo.ErrUnprocessableEntity.WithInternal(b.Int("hours", new(int)).BindError())
		}, 422, "unprocessable_content", nil},
		"ours as a reason": {func(*echo.ValueBinder) error {
			return echo.NewBindingError("hours", []string{canary}, canary, fault.TaskLocked)
		}, 423, "task_locked", nil},
		"echo's as a reason": {func(*echo.ValueBinder) error {
			return echo.NewBindingError("hours", []string{canary}, canary, echo.ErrGone)
		}, 410, "gone", nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := installed(t)
			s.GET("/", func(ctx echo.Context) error { return c.bind(echo.QueryParamsBinder(ctx)) })
			resp, body := s.get("/?hours=" + canary)
			details, _ := answered(t, resp, body, c.status, c.code)["details"].(map[string]any)
			assert.Len(t, details, len(c.want))
			for field, code := range c.want {
				entry, _ := details[field].(map[string]any)
				assert.Equal(t, code, entry["code"], body)
				assert.Equal(t, "query", entry["in"])
				assert.NotEmpty(t, entry["FR"])
			}
			s.log.Only(t)
		})
	}
}

func TestValidate(t *testing.T) {
	s := installed(t)
	s.Validator = validator(func(any) error { return fault.ValidationFailed.New(fault.Detail("hours", 1)) })
	s.GET("/", func(c echo.Context) error { return c.Validate(nil) })
	resp, body := s.get("/")
	answered(t, resp, body, fault.ValidationFailed.Status(), "validation_failed")
}

type validator func(any) error

func (v validator) Validate(i any) error { return v(i) }

// echo's limit comes bare through JSON, inside a 400 through the other formats, and deeper through
// multipart.
func TestBodyLimit(t *testing.T) {
	long := strings.Repeat("x", 20_000) // more than anything reads at once
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	require.NoError(t, w.WriteField("hours", long))
	require.NoError(t, w.Close())
	for contentType, body := range map[string]string{
		"application/json":                  `{"hours":"` + long + `"}`,
		"application/xml":                   "<a>" + long + "</a>",
		"application/x-www-form-urlencoded": "hours=" + long,
		w.FormDataContentType():             form.String(),
	} {
		for _, chunked := range []bool{false, true} { // the limit is noticed before reading, or while
			t.Run(fmt.Sprintf("%.30s chunked %v", contentType, chunked), func(t *testing.T) {
				s := installed(t)
				s.Use(middleware.BodyLimit("5K"))
				s.POST("/", func(c echo.Context) error { return c.Bind(&booking{}) })
				req, err := http.NewRequest(http.MethodPost, s.url, strings.NewReader(body))
				require.NoError(t, err)
				req.Header.Set("Content-Type", contentType)
				if chunked {
					req.ContentLength = -1
				}
				resp, err := s.client.Do(req)
				require.NoError(t, err)
				defer resp.Body.Close()
				var b bytes.Buffer
				_, err = b.ReadFrom(resp.Body)
				require.NoError(t, err)
				answered(t, resp, b.String(), 413, "content_too_large")
				assert.True(t, resp.Close, "the rest is not read")
			})
		}
	}
}

func TestUnencodable(t *testing.T) {
	s := installed(t)
	s.GET("/json", func(c echo.Context) error { return c.JSON(http.StatusCreated, make(chan int)) })
	s.GET("/jsonp", func(c echo.Context) error { return c.JSONP(http.StatusOK, "alert(1)", 1) })
	s.GET("/render", func(c echo.Context) error { return c.Render(http.StatusOK, "x", nil) })
	want := map[string]int{"/json": 500, "/jsonp": 400, "/render": 500}
	if echo.Version < "4.16.0" { // older ones send any callback
		delete(want, "/jsonp")
	}
	for path, status := range want {
		resp, body := s.get(path)
		answered(t, resp, body, status, map[int]string{500: "unhandled", 400: "bad_request"}[status])
	}
}

func TestNilsLeaveTheResponseAlone(t *testing.T) {
	for name, err := range map[string]error{"nil": nil, "echo's": (*echo.HTTPError)(nil), "binding": (*echo.BindingError)(nil),
		"ours": (*fault.Fault)(nil), "kind": (*fault.Kind)(nil)} {
		s := installed(t)
		s.GET("/", func(c echo.Context) error {
			c.Error(err)
			_ = c.NoContent(http.StatusAccepted)
			return err
		})
		resp, body := s.get("/")
		assert.Equal(t, http.StatusAccepted, resp.StatusCode, name)
		assert.Empty(t, body, name)
		assert.Empty(t, s.log.All(), name)
	}
}

func TestTheDefaultResponder(t *testing.T) {
	s := bare(t)
	faultecho.Install(s.Echo, nil)
	s.GET("/", returning(fault.TaskLocked))
	resp, body := s.get("/")
	assert.Equal(t, 423, resp.StatusCode)
	assert.Contains(t, body, `"EN":"This is not possible because the task is locked."`)
}

// A typed nil is none: middleware around would ask it for its text.
func TestATypedNilGoesNoFurther(t *testing.T) {
	s := installed(t)
	var outside []error
	s.Pre(func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			err := next(c)
			outside = append(outside, err)
			return err
		}
	})
	s.GET("/", func(echo.Context) error {
		var none *echo.HTTPError
		return none
	})
	s.get("/")
	assert.Equal(t, []error{nil}, outside)
}
