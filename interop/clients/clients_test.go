// Package clients holds package faulthttp inside and outside of clients that repeat requests: go-retryablehttp and resty.
package clients

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-resty/resty/v2"
	"github.com/hashicorp/go-retryablehttp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// service fails in the way that the path says, and counts.
func service(t *testing.T) (url string, asked *atomic.Int32) {
	t.Helper()
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	asked = &atomic.Int32{}
	server := httptest.NewServer(faulthttp.Handler(r, func(w http.ResponseWriter, req *http.Request) error {
		n := asked.Add(1)
		switch req.URL.Path {
		case "/missing":
			return fault.EntityNotFound.New(fault.Detail("order", "A-7"))
		case "/locked":
			return fault.TaskLocked
		case "/busy":
			return fault.ServiceUnavailable.New(fault.RetryAfter(0))
		case "/once":
			if n == 1 {
				return fault.ServiceUnavailable.New(fault.RetryAfter(0))
			}
		}
		_, err := io.WriteString(w, "fine")
		return err
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func retrying() *retryablehttp.Client {
	c := retryablehttp.NewClient()
	c.Logger, c.RetryMax, c.RetryWaitMin, c.RetryWaitMax = nil, 2, time.Millisecond, time.Millisecond
	c.ErrorHandler = retryablehttp.PassthroughErrorHandler // the last response, and no error in its place
	return c
}

// expectations are the same for every right order.
var expectations = []struct {
	path  string
	kind  error
	asked int32
}{
	{"/missing", fault.EntityNotFound, 1}, {"/locked", fault.TaskLocked, 1}, {"/busy", fault.ServiceUnavailable, 3}, {"/once", nil, 2},
	{"/fine", nil, 1},
}

func expect(t *testing.T, get func(url string) error) {
	t.Helper()
	url, asked := service(t)
	for _, c := range expectations {
		asked.Store(0)
		err := get(url + c.path)
		if c.kind == nil {
			require.NoError(t, err, c.path)
		} else {
			require.ErrorIs(t, err, c.kind, c.path)
			var remote *faulthttp.RemoteError
			require.ErrorAs(t, err, &remote, c.path)
			assert.NotEmpty(t, remote.Text("de"), c.path)
			assert.Empty(t, remote.Problem, c.path)
		}
		assert.Equal(t, c.asked, asked.Load(), c.path)
	}
}

// Transport is right outside of what repeats.
func TestTransportOutsideOfRetryablehttp(t *testing.T) {
	client := &http.Client{Transport: faulthttp.Transport(&retryablehttp.RoundTripper{Client: retrying()}), Timeout: time.Minute}
	expect(t, func(url string) error {
		resp, err := client.Get(url)
		if err != nil {
			assert.Nil(t, resp)
			return err
		}
		return resp.Body.Close()
	})
}

// ResponseTransport is right inside, with or without a look at the error from the policy.
func TestResponseTransportInsideOfRetryablehttp(t *testing.T) {
	for _, looking := range []bool{false, true} {
		retry := retrying()
		retry.HTTPClient.Transport = faulthttp.ResponseTransport(retry.HTTPClient.Transport)
		retry.HTTPClient.Timeout = time.Minute // which wraps the body
		if looking {
			retry.CheckRetry = func(ctx context.Context, resp *http.Response, err error) (bool, error) {
				if failure := faulthttp.Decode(resp); errors.Is(failure, fault.TaskLocked) {
					return false, nil
				}
				return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
			}
		}
		expect(t, func(url string) error {
			resp, err := retry.Get(url)
			if err != nil {
				return err
			}
			first := faulthttp.Decode(resp)
			body, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, first != nil, strings.Contains(string(body), `"code"`), "the body is still there")
			require.NoError(t, resp.Body.Close())
			assert.Equal(t, first == nil, faulthttp.Decode(resp) == nil, "and the error, behind it")
			return faulthttp.Decode(resp)
		})
	}
}

// A policy may repeat what the status does not tell.
func TestPoliciesSeeTheKind(t *testing.T) {
	url, asked := service(t)
	retry := retrying()
	retry.HTTPClient.Transport = faulthttp.ResponseTransport(nil)
	retry.CheckRetry = func(_ context.Context, resp *http.Response, _ error) (bool, error) {
		return errors.Is(faulthttp.Decode(resp), fault.TaskLocked), nil
	}
	resp, err := retry.Get(url + "/locked")
	require.NoError(t, err)
	defer resp.Body.Close()
	assert.ErrorIs(t, faulthttp.Decode(resp), fault.TaskLocked)
	assert.Equal(t, int32(3), asked.Load())
}

// Why Transport is not for the inside: an error says there that there was no response.
func TestTransportInsideIsAskedAgain(t *testing.T) {
	url, asked := service(t)
	retry := retrying()
	retry.HTTPClient.Transport = faulthttp.Transport(nil)
	resp, err := retry.Get(url + "/missing")
	if resp != nil {
		require.NoError(t, resp.Body.Close())
	}
	require.ErrorIs(t, err, fault.EntityNotFound)
	assert.Equal(t, int32(3), asked.Load())

	asked.Store(0)
	_, err = resty.New().SetTransport(faulthttp.Transport(nil)).SetRetryCount(2).SetRetryWaitTime(time.Millisecond).R().Get(url + "/missing")
	require.ErrorIs(t, err, fault.EntityNotFound)
	assert.Equal(t, int32(3), asked.Load())
}

func restyClient(transport http.RoundTripper) *resty.Client {
	c := resty.New().SetTransport(transport).SetRetryCount(2).SetTimeout(time.Minute)
	c.SetRetryWaitTime(time.Millisecond).SetRetryMaxWaitTime(time.Millisecond)
	return c.AddRetryCondition(func(r *resty.Response, err error) bool {
		return err != nil ||
			r.StatusCode() == http.StatusServiceUnavailable
	})
}

func TestResponseTransportInsideOfResty(t *testing.T) {
	c := restyClient(faulthttp.ResponseTransport(nil))
	expect(t, func(url string) error {
		resp, err := c.R().Get(url)
		if err != nil {
			return err
		}
		assert.NotEmpty(t, resp.Body())
		return faulthttp.Decode(resp.RawResponse) // which resty has read and closed
	})
	expect(t, func(url string) error { // the same from a condition
		var failure error
		c := restyClient(faulthttp.ResponseTransport(nil)).OnAfterResponse(func(_ *resty.Client, r *resty.Response) error {
			failure = faulthttp.Decode(r.RawResponse)
			return nil
		})
		_, err := c.R().Get(url)
		require.NoError(t, err)
		return failure
	})
}

// Outside of resty there is no transport: without repeating, the inside is the outside.
func TestTransportInRestyThatDoesNotRepeat(t *testing.T) {
	url, asked := service(t)
	_, err := resty.New().SetTransport(faulthttp.Transport(nil)).R().Get(url + "/locked")
	require.ErrorIs(t, err, fault.TaskLocked)
	assert.Equal(t, int32(1), asked.Load())
	_, err = resty.New().SetTransport(faulthttp.Transport(&retryablehttp.RoundTripper{Client: retrying()})).R().Get(url + "/missing")
	require.ErrorIs(t, err, fault.EntityNotFound)
	assert.Equal(t, int32(2), asked.Load())
}
