// Package validator_test holds core's field errors to the real go-playground/validator.
package validator_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"testing"
	"testing/fstest"

	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// request is what an adapter would give: the value of each header.
type request map[string]string

func (request) Context() context.Context    { return context.Background() }
func (request) Method() string              { return http.MethodGet }
func (request) Path() string                { return "/orders/7" }
func (r request) Header(name string) string { return r[name] }

// with makes a request with headers given as name, value, …
func with(headers ...string) request {
	r := request{}
	for i := 0; i+1 < len(headers); i += 2 {
		r[http.CanonicalHeaderKey(headers[i])] = headers[i+1]
	}
	return r
}

const problemJSON = "application/problem+json"

func responder(t testing.TB, opts ...fault.Option) *fault.Responder {
	t.Helper()
	r, err := fault.NewResponder(append(opts, fault.WithLogger(slog.New(slog.DiscardHandler)))...)
	require.NoError(t, err)
	return r
}

// files makes a file system of locale files: name, content, …
func files(pairs ...string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := 0; i+1 < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return fsys
}

func decode(t testing.TB, resp *fault.Response) map[string]any {
	t.Helper()
	require.NotNil(t, resp)
	var body map[string]any
	require.NoError(t, json.Unmarshal(resp.Body, &body), "body: %s", resp.Body)
	return body
}

type wireError struct{ Code, Pointer string }

func decodeErrors(t *testing.T, resp *fault.Response) []wireError {
	t.Helper()
	var body struct{ Errors []wireError }
	require.NoError(t, json.Unmarshal(resp.Body, &body))
	return body.Errors
}

// listOfErrors is the shape of gin's SliceValidationError: no Unwrap.
type listOfErrors []error

func (listOfErrors) Error() string { return "list" }

// Wherever in the tree they stand, the validator's errors become field errors.
func TestValidationAnywhere(t *testing.T) {
	type item struct {
		Count int `validate:"required"`
	}
	type order struct {
		Qty   int    `validate:"gt=0"`
		Name  string `validate:"required,email"`
		Items []item `validate:"dive"`
	}
	validation := fault.BindingTo(order{}, validator.New().Struct(order{Name: "canary", Items: []item{{}, {Count: 1}}}))
	for name, err := range map[string]error{
		"wrapped": fmt.Errorf("w: %w", validation), "joined": errors.Join(errors.New("x"), validation),
		"in a list, as gin has it": listOfErrors{validation},
	} {
		resp := responder(t).Respond(with("Accept", problemJSON), err)
		assert.Equal(t, 400, resp.Status, name)
		assert.Equal(t, "validation_failed", decode(t, resp)["code"], name)
		assert.Equal(t, []wireError{{"gt", "#/Qty"}, {"email", "#/Name"}, {"required", "#/Items/0/Count"}}, decodeErrors(t, resp), name)
		assert.NotContains(t, string(resp.Body), "canary", name)
	}
}
