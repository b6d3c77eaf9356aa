package fault_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// UserNotSynced is the design's example of an own type with its own body.
type UserNotSynced struct {
	*fault.Fault
	User string
}

func (e *UserNotSynced) ErrorBody(fault.Localizer) any {
	return map[string]any{"error": "user-not-synced", "user": e.User}
}

func TestWithCopies(t *testing.T) {
	original := fault.NotFound.New(fault.Arg("ID", 1), fault.Header("X-A", "1"))
	first := original.With(fault.Arg("ID", 2), fault.Detail("a", 1))
	second := original.With(fault.Arg("ID", 3))
	assert.Same(t, original, original.With(), "nothing to change")
	for _, c := range []struct {
		f      *fault.Fault
		params string
	}{{original, `{"ID":1}`}, {first, `{"ID":2}`}, {second, `{"ID":3}`}} {
		body := responder(t, fault.WithMembers(fault.MemberParams)).Respond(with(), c.f).Body
		assert.Contains(t, string(body), `"params":`+c.params)
		assert.Equal(t, c.f == first, strings.Contains(string(body), `"details"`))
	}
	assert.Equal(t, fault.NotFound, second.Kind())
}

func TestWithOnSharedBackingArrays(t *testing.T) {
	attrs := make([]fault.Attr, 1, 8)
	attrs[0] = fault.Arg("A", "first")
	f := fault.NotFound.New(attrs...)
	attrs[0] = fault.Arg("A", "changed by the caller")
	g, h := f.With(fault.Arg("B", 1)), f.With(fault.Arg("B", 2))
	r := responder(t, fault.WithMembers(fault.MemberParams))
	assert.Contains(t, string(r.Respond(with(), g).Body), `{"A":"first","B":1}`)
	assert.Contains(t, string(r.Respond(with(), h).Body), `{"A":"first","B":2}`)
	for range 3 { // until the copies have room to spare
		g = g.With(fault.Arg("C", 0))
		h, i := g.With(fault.Arg("D", 1)), g.With(fault.Arg("D", 2))
		assert.Contains(t, string(r.Respond(with(), h).Body), `"D":1}`)
		assert.Contains(t, string(r.Respond(with(), i).Body), `"D":2}`)
	}
}

func TestZeroAndNilFault(t *testing.T) {
	for _, f := range []*fault.Fault{nil, {}} {
		assert.Equal(t, fault.Any, f.Kind())
		assert.Equal(t, 500, f.StatusCode())
		assert.Equal(t, "unknown_error", f.Code())
		assert.Contains(t, f.Error(), "unknown_error: ")
		assert.NoError(t, f.Unwrap())
		assert.True(t, f.Is(fault.Any))
		assert.NotPanics(t, func() { f.LogValue(); _ = fmt.Sprintf("%+v", f) })
		assert.Equal(t, `{"a":1}`, detailsOf(t, f.With(fault.Detail("a", 1))))
	}
	assert.True(t, fault.IsNil((*fault.Fault)(nil)))
	assert.True(t, fault.IsNil((*fault.Kind)(nil)))
	assert.True(t, fault.IsNil(nil))
	assert.True(t, fault.IsNil(listError(nil)), "a nil slice in an error interface")
	assert.False(t, fault.IsNil(listError{}))
	assert.False(t, fault.IsNil(fault.NotFound))
}

type listError []string

func (listError) Error() string { return "list" }

func detailsOf(t *testing.T, err error) string {
	t.Helper()
	var body struct{ Details json.RawMessage }
	require.NoError(t, json.Unmarshal(responder(t).Respond(with(), err).Body, &body))
	return string(body.Details)
}

func TestFrom(t *testing.T) {
	inner := fault.TaskLocked.New()
	own := &UserNotSynced{fault.BadRequest.New(), "R41"}
	cyclic := &cyclicError{}
	cyclic.next = fmt.Errorf("again: %w", cyclic)
	for _, c := range []struct {
		name string
		err  error
		want *fault.Kind // nil: none
	}{
		{"nil", nil, nil},
		{"foreign", errors.New("x"), nil},
		{"fault", inner, fault.TaskLocked},
		{"kind", fault.Gone, fault.Gone},
		{"wrapped", fmt.Errorf("a: %w", inner), fault.TaskLocked},
		{"embedding type", own, fault.BadRequest},
		{"wrapped embedding type", fmt.Errorf("a: %w", own), fault.BadRequest},
		{"joined", errors.Join(errors.New("x"), fmt.Errorf("a: %w", fault.Gone)), fault.Gone},
		{"first of two joined", errors.Join(inner, fault.Gone), fault.TaskLocked},
		{"outermost", fault.Conflict.Wrap(inner), fault.Conflict},
		{"nil fault", (*fault.Fault)(nil), nil},
		{"nil kind", (*fault.Kind)(nil), nil},
		{"embedding type without fault", &UserNotSynced{}, nil},
		{"nil fault before one", errors.Join((*fault.Fault)(nil), fault.Gone), fault.Gone},
		{"cyclic", cyclic, nil},
		{"panicking Unwrap", panickingUnwrap{}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, ok := fault.From(c.err)
			assert.Equal(t, c.want != nil, ok)
			if c.want == nil {
				assert.Nil(t, f)
				return
			}
			assert.Equal(t, c.want, f.Kind())
		})
	}
	f, _ := fault.From(fmt.Errorf("w: %w", inner))
	assert.Same(t, inner, f)
}

type cyclicError struct{ next error }

func (*cyclicError) Error() string   { return "cyclic" }
func (e *cyclicError) Unwrap() error { return e.next }

type panickingUnwrap struct{}

func (panickingUnwrap) Error() string { return "panicking" }
func (panickingUnwrap) Unwrap() error { panic("no") }

func TestErrorsAsFindsTheFaultInside(t *testing.T) {
	own := &UserNotSynced{fault.BadRequest.New(), "R41"}
	var f *fault.Fault
	require.ErrorAs(t, fmt.Errorf("w: %w", own), &f)
	assert.Same(t, own.Fault, f)
	var u *UserNotSynced
	require.ErrorAs(t, fmt.Errorf("w: %w", own), &u)
	assert.Equal(t, "R41", u.User)
	assert.ErrorIs(t, own, fault.ClientError)
	assert.Equal(t, 400, own.StatusCode())
	assert.NotErrorAs(t, &UserNotSynced{}, &f, "nothing inside")
	var k *fault.Kind
	assert.ErrorAs(t, fault.Gone, &k)
}

func TestErrorIsForLogs(t *testing.T) {
	for _, c := range []struct {
		name, want string
		err        error
	}{
		{"kind", "task_locked", fault.TaskLocked},
		{"fault", "task_locked: This is not possible because the task is locked.", fault.TaskLocked.New()},
		{"cause", "gone: The requested resource is no longer available.: disk full", fault.Gone.Wrap(errors.New("disk full"))},
		{"nested", "conflict: The request conflicts with the current state of the resource.: " +
			"gone: The requested resource is no longer available.", fault.Conflict.Wrap(fault.Gone.New())},
		{"own text id", "not_found: order_not_found", fault.NotFound.New(fault.Text("order_not_found"))},
		{"panicking cause", "gone: The requested resource is no longer available.: " +
			"(fault_test.panickingError: Error() panicked)", fault.Gone.Wrap(panickingError{})},
		{"nil cause", "gone: The requested resource is no longer available.", fault.Gone.Wrap(nil)},
	} {
		assert.Equal(t, c.want, c.err.Error(), c.name)
	}
	assert.Equal(t, "not_found: This field is read-only.", fault.NotFound.New(fault.Text("field_is_readonly")).Error())
}

type panickingError struct{}

func (panickingError) Error() string { panic("Error method") }

func TestFormatVerbs(t *testing.T) {
	client, server := fault.Gone.New(), fault.Database.Wrap(errors.New("secret DSN"))
	assert.Equal(t, client.Error(), fmt.Sprintf("%v", client))
	assert.Equal(t, client.Error(), fmt.Sprintf("%+v", client), "4xx record no stack")
	assert.Equal(t, fmt.Sprintf("%q", client.Error()), fmt.Sprintf("%q", client))
	assert.Equal(t, server.Error(), fmt.Sprintf("%10s", server))
	long := fmt.Sprintf("%+v", server)
	assert.True(t, strings.HasPrefix(long, server.Error()+"\n"))
	assert.Contains(t, long, "TestFormatVerbs\n\t", "the innermost frame is the place that made the error")
	assert.Contains(t, long, "fault_test.go:")
	assert.NotContains(t, long, "(*Kind)")
}

func TestSecretIsShownNowhere(t *testing.T) {
	const canary = "hunter2-canary"
	log := newRecords()
	r, err := fault.NewResponder(
		fault.WithLocales(files("active.en.toml", `login = "Token {{.Token}} is wrong."`)),
		fault.WithMembers(fault.MemberParams), fault.WithExposure(fault.ExposeTraceback), fault.WithLogger(slog.New(log)))
	require.NoError(t, err)
	f := fault.Database.New(fault.Text("login"), fault.Arg("Token", fault.Secret(canary)),
		fault.Detail("token", fault.Secret(canary)),
		fault.Detail("nested", map[string]any{"token": fault.Secret(canary), "list": []any{fault.Secret(canary)}}),
		fault.Detail("structure", struct{ Token any }{fault.Secret(canary)}))
	for _, accept := range []string{"", problemJSON} {
		body := string(r.Respond(with("Accept", accept), f).Body)
		assert.NotContains(t, body, canary)
		assert.Contains(t, body, "Token *** is wrong.")
		assert.Contains(t, body, `"params":{"Token":"***"}`)
		assert.Contains(t, body, `"token":"***"`)
		assert.Contains(t, body, `"structure":{"Token":"***"}`)
	}
	printed := fmt.Sprintf("%v %+v %#v %s %q %x", f, f, f, f, f, fault.Secret(canary)) +
		fmt.Sprint(fault.Secret(canary)) + fmt.Sprintf("%d %#v", fault.Secret(canary), fault.Secret(canary))
	var buffer bytes.Buffer
	slog.New(slog.NewTextHandler(&buffer, nil)).Error("x", "err", f, "secret", fault.Secret(canary))
	assert.NotContains(t, log.text()+printed+buffer.String(), canary)
	assert.Contains(t, buffer.String(), "secret=***")
}

func TestLogValue(t *testing.T) {
	cyclic := map[string]any{}
	cyclic["self"] = cyclic
	f := fault.Database.Wrap(errors.New("disk full"), fault.Arg("Table", "orders"), fault.Count(3), fault.Arg("C", cyclic),
		fault.Detail("bad", func() {}), fault.Detail("err", errors.New("inner")), fault.Log(slog.String("query_id", "q7")))
	var buffer bytes.Buffer
	slog.New(slog.NewJSONHandler(&buffer, nil)).Error("x", "err", f)
	var line struct{ Err map[string]any }
	require.NoError(t, json.Unmarshal(buffer.Bytes(), &line))
	assert.Equal(t, "database", line.Err["code"])
	assert.EqualValues(t, 500, line.Err["status"])
	assert.Equal(t, "An error occurred in the database.", line.Err["text"])
	assert.Equal(t, "disk full", line.Err["cause"])
	assert.Equal(t, "q7", line.Err["query_id"])
	assert.Contains(t, line.Err["params"], `"Table":"orders","Count":3`)
	assert.Equal(t, `{"bad":"(not encodable)","err":"inner"}`, line.Err["details"])
	assert.Contains(t, line.Err["stack"], "TestLogValue")
}
