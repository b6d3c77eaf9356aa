package fault_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// headersOf are the lines of a name in the answer, where before had been set already; both kinds of header agree.
func headersOf(t *testing.T, resp *fault.Response, before http.Header, name string) []string {
	t.Helper()
	set, edited := before.Clone(), editor{before.Clone()}
	if set == nil {
		set, edited = http.Header{}, editor{http.Header{}}
	}
	resp.SetHeader(set, false)
	resp.EditHeader(edited, false)
	assert.Equal(t, set.Values(name), edited.Values(name))
	return set.Values(name)
}

var (
	signIn    = fault.Unauthorized.Derive(fault.Spec{Code: "test_sign_in", Headers: http.Header{"www-authenticate": {"Bearer", "Basic"}}})
	signAgain = signIn.Derive(fault.Spec{Code: "test_sign_again"})
	signNever = signIn.Derive(fault.Spec{Code: "test_sign_never", Headers: http.Header{"WWW-Authenticate": {}}})
	scope     = fault.Forbidden.Derive(fault.Spec{Code: "test_scope", Headers: http.Header{
		"WWW-Authenticate": {`Bearer error="insufficient_scope"`}, "X-Plan": {"a", "b"}}})
	scopeOther = scope.Derive(fault.Spec{Code: "test_scope_other", Headers: http.Header{"X-Plan": {"c"}, "X-More": {"d"}}})
)

// Where the challenge of a 401 comes from: the error, the response as it is, the kind, the responder.
func TestChallenges(t *testing.T) {
	open, closed := responder(t), responder(t, fault.WithChallenge(`Digest realm="a, b"`, "Negotiate"))
	there := http.Header{"Www-Authenticate": {`Basic realm="there"`}}
	none := fault.HeadersFunc(func(fault.Request) http.Header { return http.Header{"Www-Authenticate": {}} })
	for _, c := range []struct {
		name   string
		r      *fault.Responder
		err    error
		before http.Header
		want   []string
	}{
		{"nobody has one", open, fault.Unauthorized, nil, nil},
		{"the responder's", closed, fault.Unauthorized, nil, []string{`Digest realm="a, b"`, "Negotiate"}},
		{"the same for a descendant", closed, fault.LoginFailed.New(fault.Detail("a", 1)), nil, []string{`Digest realm="a, b"`, "Negotiate"}},
		{"and for a foreign 401", closed, statusError(401), nil, []string{`Digest realm="a, b"`, "Negotiate"}},
		{"the response's", closed, fault.Unauthorized, there, there["Www-Authenticate"]},
		{"the kind's", closed, signIn, nil, []string{"Bearer", "Basic"}},
		{"the parent's", closed, fmt.Errorf("w: %w", signAgain), nil, []string{"Bearer", "Basic"}},
		{"removed from the kind", closed, signNever, nil, []string{`Digest realm="a, b"`, "Negotiate"}},
		{"the response's before the kind's", closed, signIn, there, there["Www-Authenticate"]},
		{"the error's", closed, signIn.New(fault.Header("www-authenticate", "Own")), there, []string{"Own"}},
		{"the error's, of none", closed, signIn.New(none), there, nil},
		{"no 401", closed, fault.Forbidden, nil, nil},
		{"a kind that is no 401", closed, scope, there, []string{`Bearer error="insufficient_scope"`}},
		{"moved to 401", responder(t, fault.WithStatus(fault.Forbidden, 401), fault.WithChallenge("Moved")), fault.Forbidden, nil,
			[]string{"Moved"}},
		{"moved away", responder(t, fault.WithStatus(fault.Unauthorized, 404), fault.WithChallenge("Moved")), fault.Unauthorized, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want, headersOf(t, c.r.Respond(with(), c.err), c.before, "Www-Authenticate"))
		})
	}
	assert.True(t, closed.Challenged())
	assert.False(t, open.Challenged())
	for _, bad := range [][]string{{}, {""}, {" Basic"}, {"Basic "}, {"Basic realm=\r\nX: y"}, {"Ba,sic"}, {"fine", "\x00"}} {
		_, err := fault.NewResponder(fault.WithChallenge(bad...))
		assert.ErrorContains(t, err, "WithChallenge", "%q", bad)
	}
}

func TestHeadersOfKinds(t *testing.T) {
	r := responder(t)
	resp := r.Respond(with(), scopeOther)
	assert.Equal(t, []string{"c"}, headersOf(t, resp, http.Header{"X-Plan": {"handler's"}}, "X-Plan"))
	assert.Equal(t, []string{"d"}, headersOf(t, resp, nil, "X-More"))
	assert.Equal(t, []string{`Bearer error="insufficient_scope"`}, headersOf(t, resp, nil, "Www-Authenticate"))
	assert.Equal(t, []string{"a", "b"}, headersOf(t, r.Respond(with(), scope), nil, "X-Plan"))
	assert.Equal(t, []string{"own"}, headersOf(t, r.Respond(with(), scope.New(fault.Header("X-Plan", "own"))), nil, "X-Plan"))
	assert.Equal(t, []string{"a", "b", "own"}, headersOf(t, r.Respond(with(), scope.New(fault.AddHeader("X-Plan", "own"))), nil, "X-Plan"))
	scope.Headers().Set("X-Plan", "changed")
	assert.Equal(t, []string{"a", "b"}, scope.Headers()["X-Plan"])

	given := http.Header{"X-A": {"1"}}
	k := derived(fault.Conflict, fault.Spec{Code: "test_headers_copied", Headers: given})
	given["X-A"][0] = "2"
	given.Set("X-B", "3")
	assert.Equal(t, http.Header{"X-A": {"1"}}, k.Headers())
	for name, value := range map[string]string{"X A": "1", "": "1", "Content-Type": "text/html", "content-length": "1", "X-A": "a\r\nb"} {
		assert.Panics(t, func() {
			fault.Conflict.Derive(fault.Spec{Code: "test_bad_header", Headers: http.Header{name: {value}}})
		}, "%s: %q", name, value)
	}
	_, there := fault.KindByCode("test_bad_header")
	assert.False(t, there)
}

// What HeadersFunc returns may be used again by its owner.
func TestHeadersFuncIsCopied(t *testing.T) {
	values := []string{"first"}
	err := fault.Gone.New(fault.HeadersFunc(func(fault.Request) http.Header { return http.Header{"X-Own": values} }))
	resp := responder(t).Respond(with(), err)
	values[0] = "second"
	assert.Equal(t, []string{"first"}, headersOf(t, resp, nil, "X-Own"))
	assert.Empty(t, headersOf(t, responder(t).Respond(with(), fault.Gone.New(fault.Header("X-Own", "a"),
		fault.HeadersFunc(func(fault.Request) http.Header { return http.Header{"X-Own": nil} }))), http.Header{"X-Own": {"b"}}, "X-Own"))
}

var (
	never = fault.ServiceUnavailable.Derive(fault.Spec{Code: "test_never", Retry: fault.RetryNever})
	later = fault.Conflict.Derive(fault.Spec{Code: "test_later", Retry: fault.RetryLater, RetryAfter: 1500 * time.Millisecond})
)

// Header, member and Retry tell one story.
func TestRetryStory(t *testing.T) {
	no, yes := func(*fault.Kind) bool { return false }, func(*fault.Kind) bool { return true }
	soon := time.Now().Add(time.Hour)
	date := soon.UTC().Format(http.TimeFormat)
	for _, c := range []struct {
		name      string
		err       error
		policy    func(*fault.Kind) bool
		retryable bool
		header    string
	}{
		{"503", fault.ServiceUnavailable, nil, true, ""},
		{"its kinds", fault.ServiceNotConfigured.New(), nil, true, ""},
		{"429", fault.RateLimitExceeded, nil, true, ""},
		{"408", fault.RequestTimeout, nil, true, ""},
		{"a foreign 503", statusError(503), nil, true, ""},
		{"409", fault.Conflict, nil, false, ""},
		{"409 with a wait", fault.Conflict.New(fault.RetryAfter(3 * time.Second)), nil, true, "3"},
		{"409 with a wait of nothing", fault.Conflict.New(fault.RetryAfter(0)), nil, true, "0"},
		{"409 with a negative wait", fault.Conflict.New(fault.RetryAfter(-1)), nil, false, ""},
		{"409 with a time", fault.Conflict.New(fault.RetryAt(soon)), nil, true, date},
		{"a time in another zone", fault.Conflict.New(fault.RetryAt(soon.In(time.FixedZone("x", 3600)))), nil, true, date},
		{"a time in the past", fault.Conflict.New(fault.RetryAt(time.Unix(0, 0))), nil, false, ""},
		{"no time", fault.Conflict.New(fault.RetryAt(time.Time{})), nil, false, ""},
		{"a time that no header can say", fault.Conflict.New(fault.RetryAt(time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC))), nil, true, ""},
		{"the last one counts", fault.Conflict.New(fault.RetryAfter(time.Second), fault.RetryAt(soon), fault.RetryAfter(2*time.Second)), nil, true, "2"},
		{"the longest wait", fault.Conflict.New(fault.RetryAfter(math.MaxInt64)), nil, true, "9223372037"},
		{"the shortest one", fault.Conflict.New(fault.RetryAfter(math.MinInt64)), nil, false, ""},
		{"the kind's wait", later, nil, true, "2"},
		{"the kind's wait, taken back", later.New(fault.RetryAfter(-1)), nil, true, ""},
		{"a header by name", fault.Conflict.New(fault.Header("retry-after", "7")), nil, true, "7"},
		{"a header that is none", fault.ServiceUnavailable.New(fault.Header("Retry-After", "-5")), nil, true, ""},
		{"one beyond any number", fault.ServiceUnavailable.New(fault.Header("Retry-After", strings.Repeat("9", 30))), nil, true, ""},
		{"one computed", fault.ServiceUnavailable.New(fault.HeadersFunc(func(fault.Request) http.Header {
			return http.Header{"Retry-After": {"soon"}}
		})), nil, true, ""},
		{"a kind that says never", never, nil, false, ""},
		{"whatever the error says", never.New(fault.RetryAfter(time.Second), fault.Header("Retry-After", "7")), nil, false, ""},
		{"a policy that says no", fault.ServiceUnavailable.New(fault.RetryAfter(time.Second)), no, false, ""},
		{"of a header, too", fault.ServiceUnavailable.New(fault.Header("Retry-After", "7")), no, false, ""},
		{"a policy that says yes", fault.Conflict, yes, true, ""},
		{"an unknown error", errors.New("x"), nil, false, ""},
		{"an unknown one with a wait", fault.Unhandled.New(fault.RetryAfter(time.Second)), nil, false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			opts := []fault.Option{fault.WithMembers(fault.MemberRetryable), fault.WithLogger(slog.New(slog.DiscardHandler))}
			if c.policy != nil {
				opts = append(opts, fault.WithRetryable(c.policy))
			}
			resp := responder(t, opts...).Respond(with(), c.err)
			assert.Equal(t, c.retryable, decode(t, resp)["retryable"])
			assert.Equal(t, c.header, resp.Header().Get("Retry-After"))
			problem := responder(t, opts...).Respond(with("Accept", problemJSON), c.err)
			assert.Equal(t, c.retryable, decode(t, problem)["retryable"])
		})
	}
}

func TestClientErrorLevel(t *testing.T) {
	var level slog.LevelVar
	level.Set(slog.LevelInfo)
	own := derived(fault.Conflict, fault.Spec{Code: "test_level_own", Level: slog.LevelWarn})
	r, log := logged(t, fault.WithClientErrorLevel(&level))
	for _, c := range []struct {
		err  error
		want string
	}{
		{fault.TaskLocked, "INFO"}, {fault.TaskLocked.New(fault.Detail("a", 1)), "INFO"}, {own, "WARN"}, {fault.Database, "ERROR"},
	} {
		log.reset()
		r.Respond(with(), c.err)
		assert.Equal(t, c.want, log.only(t)["level"])
	}
	level.Set(slog.LevelError)
	log.reset()
	r.Respond(with(), fault.TaskLocked)
	assert.Equal(t, "ERROR", log.only(t)["level"], "while the service runs")
	_, err := fault.NewResponder(fault.WithClientErrorLevel(nil))
	require.NoError(t, err)
}
