package faulthttp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// Transport returns an [http.RoundTripper] for clients that want errors instead of error responses: where base returns a
// response with a status from 400 on, it returns the error of [Decode]. The [http.Client] wraps it in its *url.Error. A nil
// base means [http.DefaultTransport].
//
//	client := &http.Client{Transport: faulthttp.Transport(nil)}
//	_, err := client.Get(url)
//	if errors.Is(err, fault.TaskLocked) { … }
//
// This breaks the contract of a RoundTripper, whose error means that there was no response. Code that repeats requests
// would take it for a failed connection and ask for a 404 again. So put Transport around everything that repeats, measures
// or caches:
//
//	retrying := &retryablehttp.RoundTripper{Client: retry} // with ErrorHandler: retryablehttp.PassthroughErrorHandler
//	client := &http.Client{Transport: faulthttp.Transport(retrying)}
//
// Inside of these, take [ResponseTransport].
func Transport(base http.RoundTripper) http.RoundTripper {
	return &transport{orDefault(base)}
}

func orDefault(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		return http.DefaultTransport
	}
	return base
}

type transport struct{ base http.RoundTripper }

// RoundTrip calls base's, and turns error responses into errors.
func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil {
		return resp, err
	}
	failure := Decode(resp)
	if failure == nil {
		return resp, nil
	}
	if resp.Body != nil {
		_ = resp.Body.Close()
	}
	return nil, failure
}

// CloseIdleConnections calls base's. [http.Client.CloseIdleConnections] looks for this method.
func (t *transport) CloseIdleConnections() { closeIdle(t.base) }

func closeIdle(base http.RoundTripper) {
	if c, ok := base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// ResponseTransport returns an [http.RoundTripper] that keeps the contract: it returns every response, and its body can be
// read as usual. [Decode] reads the error of such a response any number of times: before the body is read, after that, and
// after it is closed. So policies of retryablehttp and callbacks of resty can look at an error, and the caller still has it.
// A nil base means [http.DefaultTransport].
//
//	retry.HTTPClient.Transport = faulthttp.ResponseTransport(nil)
//	retry.CheckRetry = func(ctx context.Context, resp *http.Response, err error) (bool, error) {
//		if failure := faulthttp.Decode(resp); errors.Is(failure, fault.Locked) { return true, nil }
//		return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
//	}
//
// ResponseTransport keeps up to [MaxErrorBody] bytes of an error's body, as they are read. Decode does not understand a body
// that was closed before its end, or before that many bytes, were read. Responses below 400 are returned unchanged.
func ResponseTransport(base http.RoundTripper) http.RoundTripper {
	return &responseTransport{orDefault(base)}
}

type responseTransport struct{ base http.RoundTripper }

// RoundTrip calls base's, and keeps the body of an error response.
func (t *responseTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := t.base.RoundTrip(req)
	if err != nil || resp == nil || resp.StatusCode < 400 || resp.Body == nil {
		return resp, err
	}
	kept := &keptBody{body: resp.Body}
	resp.Body = kept
	if resp.Request == nil {
		resp.Request = req
	}
	// A client wraps the body, but not the request.
	resp.Request = resp.Request.WithContext(context.WithValue(resp.Request.Context(), keptKey{}, kept))
	return resp, nil
}

// CloseIdleConnections calls base's.
func (t *responseTransport) CloseIdleConnections() { closeIdle(t.base) }

type keptKey struct{}

// keptOf returns what ResponseTransport keeps of the response, or nil for other responses.
func keptOf(resp *http.Response) *keptBody {
	if resp.Request == nil {
		return nil
	}
	kept, _ := resp.Request.Context().Value(keptKey{}).(*keptBody)
	return kept
}

// A keptBody keeps the beginning of a body.
type keptBody struct {
	body io.ReadCloser

	sync.Mutex
	kept   []byte
	read   int   // bytes of kept that the reader has read
	err    error // the body's error, after kept
	closed bool
}

var errClosedEarly = errors.New("it was closed before it was read")

// Read reads the kept bytes, and then the body.
func (k *keptBody) Read(p []byte) (int, error) {
	k.Lock()
	defer k.Unlock()
	switch {
	case k.closed:
		return 0, http.ErrBodyReadAfterClose
	case k.read < len(k.kept):
		n := copy(p, k.kept[k.read:])
		k.read += n
		return n, nil
	case k.err != nil:
		return 0, k.err
	}
	n, err := k.body.Read(p)
	k.keep(p[:n], err)
	k.read = len(k.kept)
	return n, err
}

// keep appends bytes that were read.
func (k *keptBody) keep(p []byte, err error) {
	k.kept = append(k.kept, p[:min(len(p), MaxErrorBody+1-len(k.kept))]...)
	k.err = err
}

// Close closes the body, which also ends a running Read.
func (k *keptBody) Close() error {
	err := k.body.Close()
	k.Lock()
	defer k.Unlock()
	k.closed = true
	return err
}

// whole reads the body up to the bound, and returns a reader of the kept bytes and the error after them.
func (k *keptBody) whole() io.Reader {
	k.Lock()
	defer k.Unlock()
	buffer := make([]byte, 4096)
	for k.err == nil && !k.closed && len(k.kept) <= MaxErrorBody {
		n, err := k.body.Read(buffer[:min(len(buffer), MaxErrorBody+1-len(k.kept))])
		k.keep(buffer[:n], err)
	}
	rest := k.err
	if rest == nil && k.closed && len(k.kept) <= MaxErrorBody {
		rest = errClosedEarly
	}
	if rest == nil {
		rest = io.EOF
	}
	return io.MultiReader(bytes.NewReader(bytes.Clone(k.kept)), failing{rest})
}

// failing is a reader that returns only an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
