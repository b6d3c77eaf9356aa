package errtrees

import (
	"errors"
	"fmt"
	"testing"

	cockroach "github.com/cockroachdb/errors"
	"github.com/cockroachdb/errors/exthttp"
	"github.com/joomcode/errorx"
	"github.com/samber/oops"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// The mappers of docs/libraries.md.

// cockroachHTTP takes the status that exthttp has put around an error of cockroachdb/errors.
func cockroachHTTP(err error) *fault.Fault {
	status := exthttp.GetHTTPCode(err, 0)
	if status < 400 || status > 599 {
		return nil
	}
	return fault.KindByStatus(status).New()
}

// oopsCode takes the code of an error of samber/oops for the code of a kind.
func oopsCode(e oops.OopsError) *fault.Fault {
	name, _ := e.Code().(string)
	if k, ok := fault.KindByCode(name); ok {
		return k.New()
	}
	return nil
}

// errorxTraits takes the traits of joomcode/errorx.
func errorxTraits(e *errorx.Error) *fault.Fault {
	switch {
	case e.HasTrait(errorx.NotFound()):
		return fault.NotFound.New()
	case e.HasTrait(errorx.Duplicate()):
		return fault.DuplicateItem.New()
	case e.HasTrait(errorx.Timeout()):
		return fault.GatewayTimeout.New()
	case e.HasTrait(errorx.Temporary()):
		return fault.ServiceUnavailable.New()
	}
	return nil
}

func TestMappersOfLibraries(t *testing.T) {
	r, err := fault.NewResponder(fault.WithMapper(cockroachHTTP, fault.MapAs(oopsCode), fault.MapAs(errorxTraits)))
	require.NoError(t, err)
	canary := errors.New("canary")
	missing := errorx.NewNamespace("canary").NewType("missing", errorx.NotFound())
	for name, c := range map[string]struct {
		err    error
		status int
		code   string
	}{
		"cockroach":                {cockroach.Wrap(exthttp.WrapWithHTTPCode(canary, 423), "canary"), 423, "locked"},
		"cockroach, five deep":     {fmt.Errorf("1: %w", fmt.Errorf("2: %w", exthttp.WrapWithHTTPCode(canary, 404))), 404, "not_found"},
		"cockroach, no status":     {cockroach.Wrap(canary, "canary"), 500, "unhandled"},
		"cockroach, a success":     {exthttp.WrapWithHTTPCode(canary, 200), 500, "unhandled"},
		"cockroach, around a kind": {exthttp.WrapWithHTTPCode(fault.TaskLocked, 404), 423, "task_locked"},
		"oops":                     {oops.Code("task_locked").Public("canary").Errorf("canary"), 423, "task_locked"},
		"oops, wrapped":            {fmt.Errorf("w: %w", oops.Wrap(oops.Code("duplicate_item").Wrap(canary))), 409, "duplicate_item"},
		"oops, another code":       {oops.Code("canary").Wrap(canary), 500, "unhandled"},
		"oops, a number":           {oops.Code(404).Wrap(canary), 500, "unhandled"},
		"errorx":                   {errorx.Decorate(missing.New("canary"), "canary"), 404, "not_found"},
		"errorx, wrapped":          {fmt.Errorf("w: %w", errorx.TimeoutElapsed.New("canary")), 504, "gateway_timeout"},
		"errorx, no trait":         {errorx.IllegalState.New("canary"), 500, "unhandled"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := r.Respond(nil, c.err)
			assert.Equal(t, c.status, resp.Status)
			assert.Contains(t, string(resp.Body), `"code":"`+c.code+`"`)
			assert.NotContains(t, string(resp.Body), "canary")
		})
	}
}
