package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// The behaviour of the systems that polyfault's kinds come from.

// Time booking: every error has its status, a text in every built-in language, and details exactly
// where it was given some.
func TestTimeBookingErrors(t *testing.T) {
	statuses := map[int][]*fault.Kind{
		404: {fault.NotFound, fault.EntityNotFound},
		423: {fault.Locked, fault.ProjectLocked, fault.TaskLocked, fault.ProjectFinished, fault.TaskFinished, fault.ResourceAssignmentFinished,
			fault.InterfaceLock, fault.BookingCancelled, fault.Released, fault.Deadline, fault.ProjectNotActive},
		406: {fault.NotAcceptable, fault.MaxHoursReached, fault.FutureReporting, fault.OutsideReportingPeriod},
		400: {fault.BadRequest, fault.NegativeLoad, fault.EntityAttributesNotSet, fault.Transformation, fault.MandatoryAttributesMissing,
			fault.SuperfluousAttributesInRequest, fault.InvalidJSON, fault.SessionNotFound, fault.ModuleNotFound},
		500: {fault.InternalServerError, fault.EntityNotSavedWithReason, fault.EntityNotDeletedWithReason},
		417: {fault.ExpectationFailed},
		409: {fault.Conflict},
	}
	r := responder(t, fault.WithMembers())
	for status, kinds := range statuses {
		for _, k := range kinds {
			for _, err := range []error{k, k.New(), fmt.Errorf("w: %w", k)} {
				resp := r.Respond(with(), err)
				assert.Equal(t, status, resp.Status, k.Code())
				assert.Equal(t, []string{"DE", "EN", "FR", "PT"}, keys(t, resp.Body), "no details without any: %s", k.Code())
				for language, text := range decode(t, resp) {
					assert.NotEmpty(t, text, "%s in %s", k.Code(), language)
				}
			}
			body := decode(t, r.Respond(with(), k.New(fault.Detail("reason", `has "quotes"`))))
			assert.Equal(t, map[string]any{"reason": `has "quotes"`}, body["details"])
		}
	}
	missing := (&fault.Details{}).AddError("date", fault.MissingAttribute).AddError("task", fault.MissingAttribute).
		Err(fault.MandatoryAttributesMissing)
	details := decode(t, r.Respond(with(), missing))["details"].(map[string]any)
	assert.Len(t, details, 2, "both are named")
}

// Every kind in every built-in language, in both formats.
func TestEveryKindInEveryLanguage(t *testing.T) {
	r := responder(t)
	for k := range fault.Kinds() {
		if !builtIn(k) {
			continue
		}
		texts := decode(t, r.Respond(with(), k))
		var seen []string
		for _, tag := range []string{"de", "en", "fr", "pt"} {
			resp := r.Respond(with("Accept", problemJSON, "Accept-Language", tag), k)
			problem := decode(t, resp)
			assert.Equal(t, tag, problem["lang"], k.Code())
			assert.Equal(t, k.Code(), problem["code"])
			assert.EqualValues(t, resp.Status, problem["status"])
			assert.Equal(t, texts[strings.ToUpper(tag)], problem["detail"], "the formats say the same")
			assert.NotEmpty(t, problem["title"])
			seen = append(seen, problem["detail"].(string))
		}
		slices.Sort(seen)
		assert.Len(t, slices.Compact(seen), 4, "%s: four languages, four texts", k.Code())
	}
}

// Web API catalogue: number, type and status are identity; overrides make copies.
func TestWebAPICatalogue(t *testing.T) {
	r := responder(t)
	login := fault.NotLoggedIn.New(fault.HeadersFunc(func(req fault.Request) http.Header {
		if req.Header("X-Requested-With") != "" {
			return nil // a script: no password dialog of the browser
		}
		return http.Header{"Www-Authenticate": {`Basic realm="Web API"`}}
	}))
	assertHeader(t, r.Respond(with(), login), "WWW-Authenticate", `Basic realm="Web API"`)
	assert.Empty(t, r.Respond(with("X-Requested-With", "XMLHttpRequest"), login).Header().Values("WWW-Authenticate"))

	limited := fault.RateLimitExceeded.New(fault.RetryAfter(time.Hour), fault.Header("X-RateLimit-Limit", "2"))
	resp := r.Respond(with(), limited)
	assert.Equal(t, 429, resp.Status)
	assertHeader(t, resp, "Retry-After", "3600")
	assertHeader(t, resp, "X-RateLimit-Limit", "2")
	changed := limited.With(fault.Header("X-RateLimit-Limit", "5"), fault.Text("gone"))
	assert.Equal(t, 114, changed.Kind().Number(), "identity does not change")
	assertHeader(t, r.Respond(with(), changed), "X-RateLimit-Limit", "5")
	assertHeader(t, r.Respond(with(), limited), "X-RateLimit-Limit", "2")
}

// Object API: families, retry, and unserialisable details.
func TestObjectAPI(t *testing.T) {
	for _, k := range []*fault.Kind{fault.FieldDoesNotExist, fault.FieldIsReadonly, fault.FieldUpdateForbidden,
		fault.SearchForbidden, fault.BadParamValue, fault.BadFieldValue} {
		assert.ErrorIs(t, k, fault.BadRequest)
		assert.ErrorIs(t, k.New(), fault.ClientError)
	}
	assert.ErrorIs(t, fault.TransactionConflict, fault.InternalServerError)
	assert.True(t, fault.TransactionConflict.Retryable())
	assert.False(t, fault.Unhandled.Retryable(), "unknown errors are never advertised as retryable")
	resp := responder(t).Respond(with(), fault.EntityNotFound.New(fault.Detail("object_name", "jar"),
		fault.Detail("object_id", 3), fault.Detail("odd", make(chan int))))
	assert.Equal(t, 404, resp.Status, "an unserialisable detail keeps the status")
	var body struct{ Details json.RawMessage }
	require.NoError(t, json.Unmarshal(resp.Body, &body))
	assert.Equal(t, `{"object_name":"jar","object_id":3,"odd":"(not encodable)"}`, string(body.Details))
}

// Job system: exit codes, through every wrapper.
func TestJobSystemExitCodes(t *testing.T) {
	manifest := derived(fault.Any, fault.Spec{Code: "test_invalid_results_manifest", ExitCode: 205, Category: fault.CategoryAlgorithm})
	for want, err := range map[int]error{
		0: nil, 1: errors.New("unmatched"), 2: fault.Database.Wrap(errors.New("x")), 3: fmt.Errorf("w: %w", fault.DatabaseOperation),
		4: errors.Join(fault.IOFailure), 205: manifest.New(),
	} {
		assert.Equal(t, want, fault.ExitCode(err))
	}
	k, ok := fault.KindByExitCode(205)
	assert.True(t, ok)
	assert.Same(t, manifest, k)
}

// A forbidden resource cloaked as missing looks exactly like a missing one.
func TestCloaking(t *testing.T) {
	r := responder(t, fault.WithMembers(fault.MemberCode, fault.MemberTraceID))
	for _, accept := range []string{"", problemJSON} {
		req := with("Accept", accept, "X-Request-Id", "same")
		genuine := r.Respond(req, fault.NotFound)
		cloaked := r.Respond(req, fault.NotFound.Wrap(fault.PermissionDenied.New(fault.Detail("secret", 1), fault.Header("X-Secret", "1"))))
		assert.Equal(t, genuine.Status, cloaked.Status)
		assert.Equal(t, string(genuine.Body), string(cloaked.Body))
		assert.Equal(t, genuine.Header(), cloaked.Header())
	}
}
