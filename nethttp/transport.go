package faulthttp

import "net/http"

// Transport is an [http.RoundTripper] that answers with an error, that of [Decode], where base would
// give a response with a status of 400 and more: an [http.Client] with it returns such errors by
// itself, inside the *url.Error that it makes of any. Nil means [http.DefaultTransport].
//
//	client := &http.Client{Transport: faulthttp.Transport(nil)}
//	_, err := client.Get(url)
//	if errors.Is(err, fault.TaskLocked) { … }
func Transport(base http.RoundTripper) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport
	}
	return &transport{base}
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
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}
