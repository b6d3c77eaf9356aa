package fault_test

import (
	"bytes"
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// A preview has the bytes of the response, and is neither logged nor observed.
func TestPreview(t *testing.T) {
	var log bytes.Buffer
	observed := 0
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))),
		fault.WithObserver(func(context.Context, *fault.Occurrence) { observed++ }),
		fault.WithStatus(fault.Locked, 409), fault.WithRetryable(func(k *fault.Kind) bool { return k == fault.TaskLocked }))
	require.NoError(t, err)
	for k := range fault.Kinds() {
		sample := k.New(fault.TraceID("4bf92f3577b34da6a3ce929d0e0e4736"))
		log.Reset()
		observed = 0
		preview := r.Preview(nil, sample)
		assert.Zero(t, log.Len())
		assert.Zero(t, observed)
		sent := r.Respond(nil, sample)
		assert.Equal(t, 1, observed)
		assert.Equal(t, []any{sent.Status, sent.Header(), string(sent.Body)},
			[]any{preview.Status, preview.Header(), string(preview.Body)}, k.Code())
		assert.Equal(t, sent.Status, r.Status(k))
		assert.Equal(t, k == fault.TaskLocked, r.Retryable(k))
	}
	assert.Equal(t, 409, r.Status(fault.TaskLocked))
	assert.Nil(t, r.Preview(nil, nil))
	var none *fault.Responder
	assert.Equal(t, 423, none.Status(fault.TaskLocked))
	assert.True(t, none.Retryable(fault.TransactionConflict))
	assert.Equal(t, fault.Default().Respond(nil, fault.NotFound).Body, none.Preview(nil, fault.NotFound).Body)
}

// A policy is asked for each response: those to bare kinds are not prepared then.
func TestThePolicyIsAskedEachTime(t *testing.T) {
	again := false
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)), // else nothing is prepared anyway
		fault.WithMembers(fault.MemberRetryable), fault.WithRetryable(func(*fault.Kind) bool { return again }))
	require.NoError(t, err)
	assert.Equal(t, false, decode(t, r.Respond(with(), fault.TooManyRequests))["retryable"])
	again = true
	assert.Equal(t, true, decode(t, r.Respond(with(), fault.TooManyRequests))["retryable"])
	assert.Equal(t, true, decode(t, r.Respond(with(), fault.Gone))["retryable"])
}
