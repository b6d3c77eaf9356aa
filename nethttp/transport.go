package faulthttp

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
)

// Transport is an [http.RoundTripper] that answers with an error, that of [Decode], where base would
// give a response with a status of 400 and more: an [http.Client] with it returns such errors by
// itself, inside the *url.Error that it makes of any. Nil means [http.DefaultTransport].
//
//	client := &http.Client{Transport: faulthttp.Transport(nil)}
//	_, err := client.Get(url)
//	if errors.Is(err, fault.TaskLocked) { … }
//
// That is more than the contract of a RoundTripper allows: one that returns an error says that there was no response. What repeats
// requests takes it for a connection that failed, and asks for a 404 again. So it is the outermost of several, around what
// repeats, measures or caches:
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

// RoundTrip is base's, with error responses turned into errors.
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

// CloseIdleConnections is base's, which [http.Client.CloseIdleConnections] looks for.
func (t *transport) CloseIdleConnections() { closeIdle(t.base) }

func closeIdle(base http.RoundTripper) {
	if c, ok := base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// ResponseTransport is an [http.RoundTripper] that keeps the contract: it returns the response, whatever its status, and its body can
// be read as ever. [Decode] tells the error of such a response as often as it is asked, before the body is
// read, after it, and when it is closed; so policies of retryablehttp and callbacks of resty can look at an error, and the caller still has
// it. Nil means [http.DefaultTransport].
//
//	retry.HTTPClient.Transport = faulthttp.ResponseTransport(nil)
//	retry.CheckRetry = func(ctx context.Context, resp *http.Response, err error) (bool, error) {
//		if failure := faulthttp.Decode(resp); errors.Is(failure, fault.Locked) { return true, nil }
//		return retryablehttp.DefaultRetryPolicy(ctx, resp, err)
//	}
//
// Of the body of an error [MaxErrorBody] bytes are kept, as they are read. What was closed before it was read to the end, or until
// there, counts as not understood. Responses below 400 are not touched.
func ResponseTransport(base http.RoundTripper) http.RoundTripper {
	return &responseTransport{orDefault(base)}
}

type responseTransport struct{ base http.RoundTripper }

// RoundTrip is base's.
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

// CloseIdleConnections is base's.
func (t *responseTransport) CloseIdleConnections() { closeIdle(t.base) }

type keptKey struct{}

// keptOf is what ResponseTransport keeps of the response; nil for others.
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
	read   int   // of kept, by the reader
	err    error // of the body, behind kept
	closed bool
}

var errClosedEarly = errors.New("it was closed before it was read")

// Read reads what is kept, and then the body.
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

// keep keeps what was read.
func (k *keptBody) keep(p []byte, err error) {
	k.kept = append(k.kept, p[:min(len(p), MaxErrorBody+1-len(k.kept))]...)
	k.err = err
}

// Close closes the body, which ends a read that is under way.
func (k *keptBody) Close() error {
	err := k.body.Close()
	k.Lock()
	defer k.Unlock()
	k.closed = true
	return err
}

// whole reads as much of the body as is kept, and gives it, and the error behind it.
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

// failing is a reader with nothing but an error.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }
