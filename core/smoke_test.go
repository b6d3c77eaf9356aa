package fault_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	fault "github.com/polyfault/polyfault/core"
)

type req map[string]string

func (r req) Context() context.Context    { return context.Background() }
func (r req) Method() string              { return "GET" }
func (r req) Path() string                { return "/x" }
func (r req) Header(name string) string   { return r[name] }

type UserNotSynced struct {
	*fault.Fault
	User string
}

func (e *UserNotSynced) ErrorBody(fault.Localizer) any {
	return map[string]any{"error": "user-not-synced", "user": e.User}
}

func TestSmoke(t *testing.T) {
	for _, err := range []error{fault.TaskLocked, fault.NotFound.New(fault.Detail("a", 1)), errors.New("boom"), &UserNotSynced{fault.BadRequest.New(), "R41"},
		(&fault.Details{}).AddError("date", errors.New("bad \"date\"")).AddError("user", fault.EntityNotFound).Err(fault.Transformation)} {
		for _, accept := range []string{"", "application/problem+json"} {
			r := fault.Default().Respond(req{"Accept": accept, "Accept-Language": "pt-BR"}, err)
			fmt.Println(r.Status, string(r.Body), r.Header())
		}
	}
}
func BenchmarkStatic(b *testing.B) {
	r := fault.Default()
	r.Respond(req{}, fault.TaskLocked.New())
	q := fault.Request(req{})
	b.ReportAllocs()
	for b.Loop() {
		r.Respond(q, fault.TaskLocked.New())
	}
}
