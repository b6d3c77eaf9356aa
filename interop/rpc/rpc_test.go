// Package rpc holds the errors of RPC libraries against what [fault.RPCMappers] makes of them.
package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	connect2 "connectrpc.com/connect/v2"
	"connectrpc.com/connect/v2/connectproto"
	kratos "github.com/go-kratos/kratos/v2/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// An answer is what the client got, and the log.
type answer struct {
	status int
	body   map[string]any
	all    string
	header http.Header
	log    string
}

// served asks a handler behind a real listener once.
func served(t *testing.T, handler func(*http.Request) error) answer {
	t.Helper()
	var log strings.Builder
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	r, err := fault.NewResponder(fault.WithMapper(fault.RPCMappers()...), fault.WithLogger(logger))
	require.NoError(t, err)
	server := httptest.NewServer(faulthttp.Middleware(r)(faulthttp.Handler(r, func(_ http.ResponseWriter, req *http.Request) error {
		return handler(req)
	})))
	resp, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	server.Close()
	a := answer{status: resp.StatusCode, all: string(body) + fmt.Sprint(resp.Header), header: resp.Header, log: log.String()}
	require.NoError(t, json.Unmarshal(body, &a.body), string(body))
	return a
}

func answered(t *testing.T, err error) answer {
	t.Helper()
	return served(t, func(*http.Request) error { return err })
}

// table is that of AIP-193 and google/rpc/code.proto.
var table = map[uint32]struct {
	status int
	kind   *fault.Kind
}{
	1: {499, fault.ClientClosedRequest}, 2: {500, fault.InternalServerError}, 3: {400, fault.BadRequest}, 4: {504, fault.GatewayTimeout},
	5: {404, fault.NotFound}, 6: {409, fault.DuplicateItem}, 7: {403, fault.Forbidden}, 8: {429, fault.TooManyRequests},
	9: {400, fault.BadRequest}, 10: {409, fault.Conflict}, 11: {400, fault.BadRequest}, 12: {501, fault.NotImplemented},
	13: {500, fault.InternalServerError}, 14: {503, fault.ServiceUnavailable}, 15: {500, fault.InternalServerError},
	16: {401, fault.Unauthorized},
	17: {500, fault.InternalServerError}, 4711: {500, fault.InternalServerError},
}

func TestCodes(t *testing.T) {
	for code, want := range table {
		for name, err := range map[string]error{
			"grpc":       status.Error(codes.Code(code), "canary"),
			"connect":    connect.NewError(connect.Code(code), errors.New("canary")),
			"connect v2": connect2.NewError(connect2.Code(code), "canary").WithCause(errors.New("canary")),
		} {
			deep := err
			for i := range 5 {
				deep = fmt.Errorf("canary %d: %w", i, deep)
			}
			for _, err := range []error{err, deep, errors.Join(io.ErrNoProgress, deep)} {
				got := answered(t, err)
				assert.Equal(t, want.status, got.status, "%s %d", name, code)
				assert.Equal(t, want.kind.Code(), got.body["code"], "%s %d", name, code)
				assert.NotContains(t, got.all, "canary")
				assert.Contains(t, got.log, "canary")
			}
			runs := 0
			require.Error(t, fault.Retry(t.Context(), fault.Backoff{Retries: 1, Base: time.Nanosecond, Mappers: fault.RPCMappers()},
				func(context.Context) error { runs++; return err }))
			assert.Equal(t, want.kind.Retryable(), runs == 2, "%s %d", name, code)
		}
	}
}

func TestHowItIsWrapped(t *testing.T) {
	missing := status.Error(codes.NotFound, "canary")
	assert.Equal(t, 502, answered(t, fault.BadGateway.Wrap(missing)).status, "a downstream NotFound that is not ours")
	r, err := fault.NewResponder()
	require.NoError(t, err)
	assert.Equal(t, 500, r.Respond(nil, missing).Status, "only where it is asked for")
}

var (
	badRequest = &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
		{Field: "items[0].unit_price", Description: "canary", Reason: "MAX"},
		{Field: `labels["a.b"]`, Description: "canary", Reason: "no reason at all"},
		{Field: "", Description: "canary", LocalizedMessage: &errdetails.LocalizedMessage{Locale: "en", Message: "canary"}},
	}}
	retryInfo = &errdetails.RetryInfo{RetryDelay: durationpb.New(2500 * time.Millisecond)}
	other     = &errdetails.DebugInfo{StackEntries: []string{"canary"}, Detail: "canary"}
)

func detailed(t *testing.T, code uint32) map[string]error {
	t.Helper()
	details := []protoadapt.MessageV1{other, badRequest, retryInfo}
	withDetails, err := status.New(codes.Code(code), "canary").WithDetails(details...)
	require.NoError(t, err)
	one, two := connect.NewError(connect.Code(code), errors.New("canary")), connect2.NewError(connect2.Code(code), "canary")
	for _, message := range details {
		detail, err := connect.NewErrorDetail(protoadapt.MessageV2Of(message))
		require.NoError(t, err)
		one.AddDetail(detail)
		detail2, err := connectproto.NewErrorDetail(protoadapt.MessageV2Of(message))
		require.NoError(t, err)
		two = two.WithDetail(detail2)
	}
	return map[string]error{"grpc": withDetails.Err(), "connect": one, "connect v2": two}
}

func TestDetails(t *testing.T) {
	for name, err := range detailed(t, 3) {
		got := answered(t, fmt.Errorf("w: %w", err))
		assert.Equal(t, 400, got.status, name)
		assert.Equal(t, "validation_failed", got.body["code"], name)
		fields, ok := got.body["details"].(map[string]any)
		require.True(t, ok, got.all)
		assert.Len(t, fields, 3, got.all)
		for key, rule := range map[string]string{"items.0.unit_price": "max", "labels.a.b": "invalid", "": "invalid"} {
			field, ok := fields[key].(map[string]any)
			require.True(t, ok, "%s %s: %s", name, key, got.all)
			assert.Equal(t, rule, field["code"], name)
			assert.NotEmpty(t, field["DE"], name)
		}
		assert.Equal(t, "3", got.header.Get("Retry-After"), name)
		assert.NotContains(t, got.all, "canary", name)
	}
	for name, err := range detailed(t, 8) {
		got := answered(t, err)
		assert.Equal(t, "too_many_requests", got.body["code"], name)
		assert.Equal(t, "3", got.header.Get("Retry-After"), name)
	}
}

func TestKratos(t *testing.T) {
	for code, want := range map[int]string{400: "bad_request", 404: "not_found", 409: "conflict", 423: "locked", 429: "too_many_requests",
		500: "internal_server_error", 503: "service_unavailable", 504: "gateway_timeout"} {
		got := answered(t, fmt.Errorf("w: %w", kratos.New(code, "CANARY", "canary").WithCause(errors.New("canary"))))
		assert.Equal(t, code, got.status)
		assert.Equal(t, want, got.body["code"])
		assert.NotContains(t, strings.ToLower(got.all), "canary")
	}
	assert.Equal(t, 500, answered(t, kratos.New(0, "", "canary")).status)
	assert.Equal(t, 500, answered(t, kratos.New(200, "", "canary")).status)
	assert.Equal(t, 423, answered(t, kratos.New(404, "", "").WithCause(fault.TaskLocked.New())).status, "ours comes first")
}

// A real server, and the contexts around its calls.
func TestCalls(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer()
	checks := health.NewServer()
	healthpb.RegisterHealthServer(server, checks)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	client, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer client.Close()
	call := healthpb.NewHealthClient(client)

	got := served(t, func(req *http.Request) error {
		_, err := call.Check(req.Context(), &healthpb.HealthCheckRequest{Service: "canary"})
		return err
	})
	assert.Equal(t, 404, got.status, "%s", got.log)
	watch := func(ctx context.Context) error {
		stream, err := call.Watch(ctx, &healthpb.HealthCheckRequest{})
		if err != nil {
			return err
		}
		for {
			if _, err := stream.Recv(); err != nil {
				return err
			}
		}
	}
	narrower := served(t, func(req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), 50*time.Millisecond)
		defer cancel()
		return watch(ctx)
	})
	assert.Equal(t, 504, narrower.status, "%s", narrower.log)
	own := served(t, func(req *http.Request) error {
		ctx, cancel := context.WithTimeout(req.Context(), 50*time.Millisecond)
		defer cancel()
		*req = *req.WithContext(ctx) // as middleware with a deadline does
		return watch(ctx)
	})
	assert.Equal(t, 503, own.status, "%s", own.log)
	server.Stop()
	assert.Equal(t, 503, served(t, func(req *http.Request) error {
		_, err := call.Check(req.Context(), &healthpb.HealthCheckRequest{})
		return err
	}).status, "nobody answers")
}
