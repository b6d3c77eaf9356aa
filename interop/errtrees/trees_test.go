// Package errtrees holds error trees that libraries of others make against what core understands of them.
package errtrees

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	cockroach "github.com/cockroachdb/errors"
	"github.com/danielgtaylor/huma/v2"
	"github.com/hashicorp/go-multierror"
	"github.com/joomcode/errorx"
	pkgerrors "github.com/pkg/errors"
	"github.com/rotisserie/eris"
	"github.com/samber/oops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/multierr"
	"golang.org/x/xerrors"

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
		"multierr":                   multierr.Append(other, fmt.Errorf("w: %w", locked)),
		"cockroachdb/errors":         cockroach.WithHint(cockroach.Wrap(locked, "canary"), "canary"),
		"cockroachdb/errors, joined": cockroach.Join(other, cockroach.WithStack(locked)),
		"oops":                       oops.Code("canary").Hint("canary").Wrapf(locked, "canary"),
		"oops, joined":               oops.Join(other, locked),
		"eris":                       eris.Wrap(eris.Wrap(locked, "canary"), "canary"),
		"xerrors":                    xerrors.Errorf("canary: %w", locked),
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

func origin() error            { return pkgerrors.New("canary") }
func originOfCockroach() error { return cockroach.New("canary") }
func originOfOops() error      { return oops.Code("canary").Errorf("canary") }
func originOfEris() error      { return eris.New("canary") }
func originOfErrorx() error    { return errorx.InternalError.New("canary") }

// The stack in the log is where the error was made, and the cause is what the error says.
func TestStacksOfLibraries(t *testing.T) {
	for name, err := range map[string]error{
		"pkg/errors": pkgerrors.Wrap(origin(), "w"), "in a fault": fault.Database.Wrap(origin()),
		"joined":    errors.Join(context.Canceled, origin()),
		"cockroach": cockroach.Wrap(cockroach.WithHint(originOfCockroach(), "w"), "w"),
		"oops":      oops.With("canary", 1).Wrap(oops.Wrapf(originOfOops(), "w")),
		"eris":      eris.Wrap(originOfEris(), "w"),
		"errorx":    errorx.Decorate(errorx.Decorate(originOfErrorx(), "w"), "w"),
		"several":   multierr.Append(errors.New("canary"), fault.BadGateway.Wrap(originOfCockroach())),
		"xerrors":   xerrors.Errorf("w: %w", originOfEris()),
	} {
		log := &logtest.Lines{}
		r, failed := fault.NewResponder(fault.WithLogger(slog.New(log)))
		require.NoError(t, failed)
		resp := r.Respond(nil, err)
		assert.NotContains(t, string(resp.Body), "canary")
		line := log.Only(t)
		assert.Contains(t, line, "canary", "the cause")
		_, stack, ok := strings.Cut(line, "stack=")
		require.True(t, ok, name)
		first, _, _ := strings.Cut(stack, "\n")
		assert.Contains(t, first, "errtrees.origin", name)
	}
}
