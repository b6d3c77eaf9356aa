package store

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// Errors become those of the client, and keep their cause for the log.
func TestHandlerErrorsForClients(t *testing.T) {
	t.Parallel()
	foreign := errors.New("table polyfault_errors does not exist")
	readOnly := &FieldError{Field: "status", Rule: "readonly"}
	for _, c := range []struct {
		err  error
		kind *fault.Kind // nil: passed on as it is
	}{
		{nil, nil},
		{foreign, nil},
		{fault.Gone, nil},
		{ErrNotFound, nil},
		{ErrConflict, nil},
		{ErrExists, fault.DuplicateItem},
		{readOnly, fault.FieldIsReadonly},
		{&FieldError{Field: "title", Rule: "required"}, nil},
		{failed("reading", foreign), fault.Database},
		{failed("reading", pgError("57014")), fault.GatewayTimeout}, // PostgreSQL's own statement_timeout is over
		{failed("reading", driver.ErrBadConn), fault.DatabaseOperation},
		{failed("reading", &net.OpError{Op: "dial", Err: foreign}), fault.DatabaseOperation},
		{failed("reading", fmt.Errorf("%w: %w", context.Canceled, driver.ErrBadConn)), nil},
		{failed("reading", context.DeadlineExceeded), nil},
	} {
		got := forClient(c.err)
		if c.kind == nil {
			assert.Equal(t, c.err, got)
			continue
		}
		f, ok := fault.From(got)
		require.True(t, ok, c.err)
		assert.Equal(t, c.kind, f.Kind(), c.err)
		assert.ErrorIs(t, got, c.err)
	}
	assert.Equal(t, []string{"#/status readonly"}, answered(t, forClient(readOnly)))
	assert.Equal(t, []string{"#/name duplicate"}, answered(t, forClient(ErrExists)))
}

// answered are the field errors that a client is told.
func answered(t *testing.T, err error) (fields []string) {
	t.Helper()
	r, broken := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, broken)
	w := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.Header.Set("Accept", "application/problem+json")
	faulthttp.Error(r, w, req, err)
	var body struct {
		Status int
		Errors []struct{ Pointer, Code, Detail string }
	}
	require.NoError(t, json.Unmarshal(w.Body.Bytes(), &body), w.Body)
	assert.Equal(t, w.Code, body.Status)
	for _, e := range body.Errors {
		assert.NotEmpty(t, e.Detail, w.Body)
		fields = append(fields, e.Pointer+" "+e.Code)
	}
	return fields
}
