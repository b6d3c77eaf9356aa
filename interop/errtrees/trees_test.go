// Package errtrees holds error trees that libraries of others make against what core understands of them.
package errtrees

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/hashicorp/go-multierror"
	"github.com/joomcode/errorx"
	pkgerrors "github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/logtest"
)

// own joins by embedding.
type own struct{ *fault.Fault }

// Whatever the library, an error of ours in its tree is found, and so is the status that a foreign one tells.
func TestTreesOfLibraries(t *testing.T) {
	log := &logtest.Lines{}
	r, err := fault.NewResponder(fault.WithLogger(slog.New(log)))
	require.NoError(t, err)
	locked := fault.TaskLocked.New()
	other := errors.New("canary")
	for name, err := range map[string]error{
		"multierror":                 multierror.Append(nil, other, locked),
		"multierror, a bare kind":    multierror.Append(nil, other, fault.TaskLocked),
		"multierror, an own type":    multierror.Append(other, own{locked}),
		"multierror in multierror":   multierror.Append(multierror.Append(nil, other), multierror.Append(nil, locked)),
		"multierror, wrapped":        fmt.Errorf("w: %w", multierror.Append(nil, other, fmt.Errorf("v: %w", locked))),
		"errorx.Decorate":            errorx.Decorate(locked, "canary"),
		"errorx.Wrap":                errorx.InternalError.Wrap(locked, "canary"),
		"errorx, twice":              errorx.Decorate(errorx.Decorate(fmt.Errorf("w: %w", locked), "canary"), "canary"),
		"pkg/errors":                 pkgerrors.Wrap(pkgerrors.WithMessage(locked, "canary"), "canary"),
		"huma":                       huma.NewError(423, "canary"),
		"huma, wrapped":              pkgerrors.Wrap(huma.NewError(423, "canary"), "canary"),
		"huma, with errors of input": multierror.Append(nil, other, huma.NewError(423, "canary", other)),
	} {
		t.Run(name, func(t *testing.T) {
			resp := r.Respond(nil, err)
			assert.Equal(t, 423, resp.Status)
			assert.NotContains(t, string(resp.Body), "canary")
		})
	}
}

func origin() error { return pkgerrors.New("canary") }

// The stack in the log is where the error was made.
func TestStacksOfLibraries(t *testing.T) {
	for name, err := range map[string]error{
		"pkg/errors": pkgerrors.Wrap(origin(), "w"), "in a fault": fault.Database.Wrap(origin()), "joined": errors.Join(context.Canceled,
			origin()),
	} {
		log := &logtest.Lines{}
		r, failed := fault.NewResponder(fault.WithLogger(slog.New(log)))
		require.NoError(t, failed)
		r.Respond(nil, err)
		_, stack, ok := strings.Cut(log.Only(t), "stack=")
		require.True(t, ok, name)
		first, _, _ := strings.Cut(stack, "\n")
		assert.True(t, strings.HasSuffix(first, "errtrees.origin"), "%s: %s", name, first)
	}
}
