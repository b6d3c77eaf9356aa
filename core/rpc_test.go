package fault_test

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// The shapes of google.golang.org/grpc/status and of the messages behind it.
type (
	rpcCode   uint32
	rpcAny    struct{ url, value string }
	rpcProto  struct{ details []*rpcAny }
	rpcStatus struct {
		code    rpcCode
		details []*rpcAny
	}
	rpcError struct{ status *rpcStatus }
)

func (a *rpcAny) GetTypeUrl() string      { return a.url } //nolint:revive,staticcheck // protobuf's name
func (a *rpcAny) GetValue() []byte        { return []byte(a.value) }
func (p *rpcProto) GetDetails() []*rpcAny { return p.details }
func (s *rpcStatus) Code() rpcCode        { return s.code }
func (s *rpcStatus) Proto() *rpcProto     { return &rpcProto{s.details} }
func (rpcError) Error() string            { return "canary" }
func (e rpcError) GRPCStatus() *rpcStatus { return e.status }

// Shapes that look alike and are none.
type (
	noStatus      struct{ error }
	panicsStatus  struct{ error }
	wantsMore     struct{ error }
	codeOfString  struct{ error }
	codeOnly      struct{ error }
	panicsDetails struct{ error }
)

func (noStatus) GRPCStatus() string               { return "canary" }
func (panicsStatus) GRPCStatus() *rpcStatus       { panic("canary") }
func (wantsMore) GRPCStatus(int) *rpcStatus       { return &rpcStatus{code: 5} }
func (codeOfString) Code() string                 { return "5" }
func (codeOfString) Message() string              { return "canary" }
func (codeOfString) Details() []string            { return []string{"canary"} }
func (codeOnly) Code() rpcCode                    { return 5 }
func (panicsDetails) Code() rpcCode               { return 5 }
func (panicsDetails) Message() string             { return "canary" }
func (panicsDetails) Details() []*rpcAny          { panic("canary") }
func canaryWith(code rpcCode, d ...*rpcAny) error { return rpcError{&rpcStatus{code, d}} }

// protoBytes is a field of protobuf's encoding that has a length.
func protoBytes(number uint64, content string) string {
	head := binary.AppendUvarint(binary.AppendUvarint(nil, number<<3|2), uint64(len(content)))
	return string(head) + content
}

func protoVarint(number, value uint64) string {
	return string(binary.AppendUvarint(binary.AppendUvarint(nil, number<<3), value))
}

func TestRPCMappers(t *testing.T) {
	r, log := logged(t, fault.WithMapper(fault.RPCMappers()...))
	canary := errors.New("canary")
	for _, c := range []struct {
		err  error
		kind *fault.Kind
	}{
		{canaryWith(5), fault.NotFound},
		{canaryWith(1), fault.ClientClosedRequest},
		{canaryWith(99), fault.InternalServerError},
		{canaryWith(0), fault.Unhandled},
		{rpcError{}, fault.Unhandled},
		{(*panicsStatus)(nil), fault.Unhandled},
		{errors.Join((*rpcError)(nil), canaryWith(14)), fault.ServiceUnavailable},
		{errors.Join(panicsStatus{canary}, panicsDetails{canary}, canaryWith(14)), fault.NotFound},
		{noStatus{canary}, fault.Unhandled},
		{wantsMore{canary}, fault.Unhandled},
		{codeOfString{canary}, fault.Unhandled},
		{codeOnly{canary}, fault.Unhandled},
		{fault.BadGateway.Wrap(canaryWith(5)), fault.BadGateway},
		{errors.Join(canaryWith(1), context.Canceled), fault.ServiceUnavailable},
	} {
		resp := r.Respond(with(), fmt.Errorf("w: %w", c.err))
		assert.Equal(t, c.kind.Code(), decode(t, resp)["code"], "%#v", c.err)
		assert.Equal(t, c.kind.Status(), resp.Status)
		assert.NotContains(t, fmt.Sprint(string(resp.Body), resp.Header()), "canary")
	}
	assert.Contains(t, log.text(), `"rpc_code":5`)
	for _, m := range r.Mappers() {
		assert.Equal(t, fault.MapperReport{Name: "RPCMappers"}, m)
	}
	left := with()
	left.ctx = cancelledBy(&http.Server{})
	assert.Nil(t, r.Respond(left, canaryWith(1)).Body, "the client left")
	overdue, cancel := context.WithDeadline(t.Context(), time.Unix(1, 0))
	defer cancel()
	late := with()
	late.ctx = overdue
	assert.Equal(t, 503, r.Respond(late, canaryWith(4)).Status, "the request's own deadline")
	assert.Equal(t, 504, r.Respond(with(), canaryWith(4)).Status)
}

func TestRPCDetails(t *testing.T) {
	r := responder(t, fault.WithMapper(fault.RPCMappers()...))
	violation := func(parts ...string) string { return protoBytes(1, strings.Join(parts, "")) }
	bad := &rpcAny{"type.googleapis.com/google.rpc.BadRequest",
		violation(protoBytes(1, "a[0].b"), protoBytes(2, "canary"), protoBytes(3, "MIN")) +
			violation(protoBytes(1, "c\xff"), protoVarint(9, 1<<63), protoBytes(3, "Canary-Not_A.Code")) + violation()}
	wait := func(seconds, nanos uint64) *rpcAny {
		return &rpcAny{"google.rpc.RetryInfo", protoBytes(1, protoVarint(1, seconds)+protoVarint(2, nanos))}
	}
	resp := r.Respond(with(), canaryWith(3, nil, bad, wait(1, 1)))
	body := string(resp.Body)
	assert.Equal(t, "validation_failed", decode(t, resp)["code"])
	for _, want := range []string{`"a.0.b":{"code":"min"`, `"c` + "\uFFFD" + `":{"code":"invalid"`, `"":{"code":"invalid"`} {
		assert.Contains(t, body, want)
	}
	assert.NotContains(t, strings.ToLower(body), "canary")
	assert.Contains(t, body, `"a.0.b":{"code":"min","DE":"Das Feld „a.0.b“ hat einen ungültigen Wert."`, "nobody told the limit")
	assertHeader(t, resp, "Retry-After", "2")
	for _, none := range []*rpcAny{wait(1<<63, 0), wait(0, 1<<63|1<<31), {"google.rpc.RetryInfo", ""}} {
		assert.Empty(t, r.Respond(with(), canaryWith(3, none)).Header().Get("Retry-After"))
	}
	assert.NotContains(t, r.Respond(with(), canaryWith(8, wait(1<<62, 0))).Header().Get("Retry-After"), "-", "it saturates")
	for cut := range len(bad.value) { // what is broken ends the reading
		assert.Equal(t, 400, r.Respond(with(), canaryWith(3, &rpcAny{bad.url, bad.value[:cut]})).Status)
	}
}

func FuzzRPCDetails(f *testing.F) {
	r, err := fault.NewResponder(fault.WithMapper(fault.RPCMappers()...))
	require.NoError(f, err)
	f.Add(protoBytes(1, protoBytes(1, "a")+protoBytes(3, "MIN")))
	f.Add(protoBytes(1, protoVarint(1, 5)) + "\x0d1234\x09abcdefgh\x0b")
	f.Add("\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
	f.Fuzz(func(t *testing.T, value string) {
		resp := r.Respond(with(), canaryWith(3, &rpcAny{"google.rpc.BadRequest", value}, &rpcAny{"google.rpc.RetryInfo", value}))
		assert.Equal(t, 400, resp.Status)
		assert.NotContains(t, resp.Header().Get("Retry-After"), "-")
	})
}

func ExampleRPCMappers() {
	r, err := fault.NewResponder(fault.WithMapper(fault.RPCMappers()...))
	if err != nil {
		panic(err)
	}
	fmt.Println(r.Respond(nil, canaryWith(5)).Status)                        // the call answers our client
	fmt.Println(r.Respond(nil, fault.BadGateway.Wrap(canaryWith(5))).Status) // it does not
	// Output:
	// 404
	// 502
}
