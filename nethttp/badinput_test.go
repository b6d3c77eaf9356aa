package faulthttp_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// sentByUs are bodies of every format of ours, with everything in them.
func sentByUs(t testing.TB) (list []sent) {
	t.Helper()
	for name, format := range allFormats {
		resp := quietly(t, fault.WithFormats(format), fault.WithLocales(ownLocales),
			fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams, fault.MemberRetryable)).Respond(nil, rich())
		list = append(list, sent{name: name, status: resp.Status, contentType: format.ContentType(), body: string(resp.Body)})
	}
	return list
}

// inBounds holds for whatever was sent: the error is of the status' family, what it tells was sent, and there is not too much of it.
func inBounds(t testing.TB, status int, body string, err error) *faulthttp.RemoteError {
	t.Helper()
	f, ok := fault.From(err)
	require.True(t, ok)
	require.Equal(t, min(max(status/100, 4), 5), f.StatusCode()/100)
	var remote *faulthttp.RemoteError
	require.ErrorAs(t, err, &remote)
	require.LessOrEqual(t, len(remote.Fields), 1000)
	require.LessOrEqual(t, len(remote.Texts), 1000)
	if remote.Problem != "" {
		require.Empty(t, remote.Texts, remote.Problem)
		require.Empty(t, remote.Code, remote.Problem)
		require.Empty(t, remote.Fields, remote.Problem)
	}
	for _, text := range remote.Texts {
		require.LessOrEqual(t, len(text), 3*len(body)+3, "a text was sent")
	}
	if body == "" {
		require.NotEmpty(t, remote.Problem)
	}
	_ = err.Error()
	return remote
}

// others are values of every type, to stand where another one is expected.
var others = []any{nil, true, json.Number("7"), json.Number("-1e400"), "x", "", []any{}, []any{nil, json.Number("1"), "y", []any{},
	map[string]any{}}, map[string]any{}, map[string]any{"a": []any{"b"}}}

// each calls visit with the value once for every value inside that is replaced.
func each(value any, visit func(changed any)) {
	switch v := value.(type) {
	case map[string]any:
		for name, old := range v {
			for _, other := range others {
				v[name] = other
				visit(nil)
			}
			v[name] = old
			each(old, visit)
			delete(v, name)
			visit(nil)
			v[name] = old
		}
	case []any:
		for i, old := range v {
			for _, other := range others {
				v[i] = other
				visit(nil)
			}
			v[i] = old
			each(old, visit)
		}
	}
}

// Members of every wrong type, at every place of every shape.
func TestWrongTypesInEveryShape(t *testing.T) {
	r := quietly(t, fault.WithFormats(fault.Problem{}))
	tried := 0
	for _, c := range append(sentByUs(t), sentElsewhere...) {
		decoder := json.NewDecoder(strings.NewReader(c.body))
		decoder.UseNumber()
		var root any
		if decoder.Decode(&root) != nil {
			continue // a page or lines
		}
		each(root, func(any) {
			body, err := json.Marshal(root)
			require.NoError(t, err)
			tried++
			failure := faulthttp.Decode(reply(c.status, c.contentType, string(body)))
			remote := inBounds(t, c.status, string(body), failure)
			for _, text := range remote.Texts {
				require.Contains(t, string(body), quoted(text), "nothing is invented")
			}
			for _, f := range remote.Fields {
				for _, text := range f.Texts {
					require.Contains(t, string(body), quoted(text), "nothing is invented")
				}
			}
			if tried%16 == 0 {
				require.True(t, json.Valid(r.Respond(nil, failure).Body))
			}
		})
	}
	assert.Greater(t, tried, 5000)
}

// A body that ends early says nothing, wherever it ends.
func TestTruncatedBodies(t *testing.T) {
	for _, c := range append(sentByUs(t), sentElsewhere...) {
		for end := range len(c.body) {
			remote := inBounds(t, c.status, c.body[:end], faulthttp.Decode(reply(c.status, c.contentType, c.body[:end])))
			if c.name != "text" && c.name != "html" {
				require.NotEmpty(t, remote.Problem, "%s: %s", c.name, c.body[:end])
			}
		}
	}
}

// Depth, and numbers of members, cost no more than the bytes that they take.
func TestDeepAndWideBodies(t *testing.T) {
	const depth = 100_000
	for name, body := range map[string]string{
		"objects": strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth), "lists": strings.Repeat("[",
			depth) + strings.Repeat("]", depth),
		"in details":     `{"EN":"x","code":"y","details":{"a":` + strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}}`,
		"in errors":      `{"title":"x","errors":` + strings.Repeat(`[{"errors":`, depth) + "[]" + strings.Repeat(`}]`, depth) + `}`,
		"in error":       strings.Repeat(`{"error":`, depth) + "{}" + strings.Repeat(`}`, depth),
		"never closed":   strings.Repeat(`{"error":{"details":[`, depth/3),
		"names of texts": strings.Repeat(`{"a":`, 5000) + `["x"]` + strings.Repeat("}", 5000), "lists of texts": strings.Repeat(`{"a":[`,
			4000) + `"x"` + strings.Repeat("]}", 4000),
		"errors by name": `{"errors":` + strings.Repeat(`{"a":`, 5000) + `["x"]` + strings.Repeat("}", 5000) + `}`,
		"languages":      `{"code":"x",` + strings.TrimSuffix(strings.Repeat(`"EN":"x","XA":"y","QQ-ZZ":"z",`, 30_000), ",") + `}`,
		"field languages": `{"EN":"x","code":"y","details":{` + strings.TrimSuffix(strings.Repeat(`"a":{"code":"z","EN":"x","XA":"y"},`,
			25_000), ",") + `}}`,
		"fields": `{"title":"x","errors":[` + strings.TrimSuffix(strings.Repeat(`{"detail":"x","pointer":"#/a/b"},`, 30_000),
			",") + `]}`,
		"texts":          `{"title":"x","errors":{"a":[` + strings.TrimSuffix(strings.Repeat(`"x",`, 200_000), ",") + `]}}`,
		"a long path":    `{"title":"x","errors":{"` + strings.Repeat("a.", 400_000) + `":["x"]}}`,
		"a long pointer": `{"title":"x","errors":[{"detail":"x","pointer":"#` + strings.Repeat("/%61", 200_000) + `"}]}`,
		"violations": `{"error":{"code":400,"status":"X","details":[{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[` +
			strings.TrimSuffix(strings.Repeat(`{"field":"a[0].b","description":"x"},`, 20_000), ",") + `]}]}}`,
	} {
		start := time.Now()
		err := faulthttp.Decode(reply(400, asJSON, body))
		_ = inBounds(t, 400, body, err)
		for _, format := range allFormats {
			require.NotNil(t, quietly(t, fault.WithFormats(format)).Respond(nil, err).Body, name)
		}
		assert.Less(t, time.Since(start), 10*time.Second, name)
	}
}

// zeros are as many bytes as are asked for, and count them.
type zeros struct{ left, read int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := int(min(int64(len(p)), z.left))
	clear(p[:n])
	z.left -= int64(n)
	z.read += int64(n)
	return n, nil
}
func (*zeros) Close() error { return nil }

func TestHugeBodiesAreNotRead(t *testing.T) {
	for _, encoding := range []string{"", "gzip", "deflate"} {
		body := &zeros{left: 100 << 20}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		resp := &http.Response{StatusCode: 503, Header: http.Header{"Content-Encoding": {encoding}}, Body: body}
		_ = inBounds(t, 503, "x", faulthttp.Decode(resp))
		runtime.ReadMemStats(&after)
		assert.LessOrEqual(t, body.read, int64(2*faulthttp.MaxErrorBody))
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
	}
}

func compressed(t testing.TB, kind string, plain io.Reader) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := io.WriteCloser(gzip.NewWriter(&b)), error(nil)
	switch kind {
	case "zlib":
		w = zlib.NewWriter(&b)
	case "flate":
		w, err = flate.NewWriter(&b, flate.BestCompression)
	}
	require.NoError(t, err)
	_, err = io.Copy(w, plain)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestCompressedBodies(t *testing.T) {
	if testing.Short() {
		t.Skip("one goroutine, much to compute: not for the race detector")
	}
	const plain = `{"EN":"Locked.","code":"task_locked"}`
	for kind, encoding := range map[string]string{"gzip": "GZIP", "zlib": "deflate", "flate": "deflate"} {
		whole := compressed(t, kind, strings.NewReader(plain))
		err := faulthttp.Decode(reply(423, asJSON, string(whole), "Content-Encoding", encoding))
		require.ErrorIs(t, err, fault.TaskLocked, kind)
		for end := range whole {
			err := faulthttp.Decode(reply(423, asJSON, string(whole[:end]), "Content-Encoding", encoding))
			require.ErrorIs(t, err, fault.Locked)
			var remote *faulthttp.RemoteError
			require.ErrorAs(t, err, &remote)
			require.True(t, remote.Problem != "" || remote.Code == "task_locked") // flate's last bytes say nothing
		}
		bomb := compressed(t, kind, io.MultiReader(strings.NewReader(`{"code":"task_locked","EN":"`), &zeros{left: 200 << 20}))
		assert.Less(t, len(bomb), 1<<20)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		remote := inBounds(t, 423, "x", faulthttp.Decode(reply(423, asJSON, string(bomb), "Content-Encoding", encoding)))
		runtime.ReadMemStats(&after)
		assert.Contains(t, remote.Problem, "too long")
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
	}
	for _, encoding := range []string{"br", "zstd", "gzip, gzip", "x", "gzip\x00"} {
		remote := inBounds(t, 423, plain, faulthttp.Decode(reply(423, asJSON, plain, "Content-Encoding", encoding)))
		assert.Contains(t, remote.Problem, "encoding", encoding)
	}
	require.ErrorIs(t, faulthttp.Decode(reply(423, asJSON, plain, "Content-Encoding", "identity")), fault.TaskLocked)
	assert.Contains(t, inBounds(t, 423, "", faulthttp.Decode(reply(423, asJSON, "", "Content-Encoding", "gzip"))).Problem, "empty",
		"the answer to HEAD")
	assert.NotEmpty(t, inBounds(t, 423, plain, faulthttp.Decode(reply(423, asJSON, plain, "Content-Encoding", "gzip"))).Problem,
		"it is not compressed at all")
}

// A server that compresses, and a bomb, over TCP.
func TestCompressedBodiesOverTCP(t *testing.T) {
	bomb := compressed(t, "gzip", &zeros{left: 100 << 20})
	server := answeringWith(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Header().Set("Content-Type", asJSON)
		w.WriteHeader(http.StatusLocked)
		if req.URL.Path == "/bomb" {
			_, _ = w.Write(bomb)
			return
		}
		_, _ = w.Write(compressed(t, "gzip", strings.NewReader(`{"EN":"x","code":"task_locked"}`)))
	})
	for _, raw := range []bool{false, true} {
		client := &http.Client{Transport: faulthttp.Transport(&http.Transport{DisableCompression: raw})}
		_, err := client.Get(server + "/")
		require.ErrorIs(t, err, fault.TaskLocked)
		_, err = client.Get(server + "/bomb")
		require.ErrorIs(t, err, fault.Locked)
		assert.NotErrorIs(t, err, fault.TaskLocked)
		client.CloseIdleConnections()
	}
}

// Media types are as servers write them.
func TestOddMediaTypes(t *testing.T) {
	for _, contentType := range []string{"", ";", "application/problem+json", "Application/Problem+JSON", "application/problem+json;",
		"application/problem+json; charset",
		"application/problem+json; charset=utf-8; charset=utf-8", "application/problem+json; =", "application/problem+json;\tcharset=\"utf-8",
		" application/problem+json ; a=b;;;",
		"text/html", "text/plain; charset=latin1", "application/octet-stream", "json", "\x00", strings.Repeat("a", 1<<16),
		"application/json, application/problem+json"} {
		err := faulthttp.Decode(reply(423, contentType, `{"title":"x","code":"task_locked"}`))
		require.ErrorIs(t, err, fault.TaskLocked, contentType)
		require.ErrorIs(t, faulthttp.Decode(reply(423, contentType, ``)), fault.Locked, contentType)
	}
	assert.Equal(t, asProblem, decoded(t, sent{status: 400, contentType: "application/Problem+json; charset=x; charset=y",
		body: `{}`}).MediaType)
	lines := string(quietly(t, fault.WithFormats(formats.Text{})).Respond(nil, fault.TaskLocked).Body)
	require.ErrorIs(t, faulthttp.Decode(reply(423, "text/plain; charset=utf-8; charset=utf-8", lines)), fault.TaskLocked)
}

// Pages of proxies are not errors of a known format.
func TestPagesOfProxies(t *testing.T) {
	for _, page := range []string{
		"<html>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n",
		"<!DOCTYPE html><html><body><ul class=\"fields\"><li><span>x</span></li></ul></body></html>",
		"<html><body><h1>502 Bad Gateway</h1>\nThe server returned an invalid or incomplete response.\n</body></html>\n",
		"upstream connect error or disconnect/reset before headers. reset reason: connection failure", "Bad Gateway", "no healthy upstream",
		"404 page not found\n",
		"<?xml version=\"1.0\"?><Error><Code>NoSuchKey</Code><Message>x</Message></Error>", "<", "{", "\xef\xbb\xbf", "\x00\x00",
		"code: gone", "\n\ncode: x\nstatus: 502\n"[2:],
	} {
		for _, contentType := range []string{"text/html", "text/html; charset=utf-8", "text/plain", "application/json", "application/xml", ""} {
			err := faulthttp.Decode(reply(502, contentType, page))
			remote := inBounds(t, 502, page, err)
			assert.NotEmpty(t, remote.Problem, page)
			require.ErrorIs(t, err, fault.BadGateway)
			assert.Empty(t, remote.Details, page)
		}
	}
}

// A body of ResponseTransport can be read as usual, before and after Decode.
func TestResponseTransportKeepsTheBody(t *testing.T) {
	long := strings.Repeat("0123456789", faulthttp.MaxErrorBody/4)
	for _, body := range []string{"", `{"EN":"x","code":"task_locked"}`, long} {
		for _, look := range []int{0, 1, 2, 5000} {
			closing := &closeNoted{Reader: strings.NewReader(body)}
			client := &http.Client{Timeout: time.Minute, Transport: faulthttp.ResponseTransport(roundTripper(func(*http.Request) (*http.Response,
				error) {
				return &http.Response{StatusCode: 423, Header: http.Header{}, Body: closing}, nil
			}))}
			resp, err := client.Get("http://service.example/")
			require.NoError(t, err)
			start := make([]byte, look)
			n, _ := io.ReadFull(resp.Body, start)
			require.ErrorIs(t, faulthttp.Decode(resp), fault.Locked)
			rest, err := io.ReadAll(resp.Body)
			require.NoError(t, err)
			assert.Equal(t, len(body), n+len(rest))
			assert.True(t, body == string(start[:n])+string(rest))
			require.NoError(t, resp.Body.Close())
			assert.True(t, closing.closed)
			failure := faulthttp.Decode(resp)
			assert.Equal(t, strings.Contains(body, "task_locked"), errors.Is(failure, fault.TaskLocked))
			client.CloseIdleConnections()
		}
	}
}

func TestResponseTransportOfBodiesClosedEarly(t *testing.T) {
	get := func(status int, body io.Reader) *http.Response {
		resp, err := faulthttp.ResponseTransport(roundTripper(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Header: http.Header{}, Body: &closeNoted{Reader: body}}, nil
		})).RoundTrip(&http.Request{})
		require.NoError(t, err)
		return resp
	}
	resp := get(423, strings.NewReader(`{"EN":"x","code":"task_locked"}`))
	require.NoError(t, resp.Body.Close())
	assert.Contains(t, inBounds(t, 423, "x", faulthttp.Decode(resp)).Problem, "closed")
	_, err := resp.Body.Read(make([]byte, 1))
	require.ErrorIs(t, err, http.ErrBodyReadAfterClose)

	resp = get(423, &failingBody{})
	assert.Contains(t, inBounds(t, 423, "x", faulthttp.Decode(resp)).Problem, "connection reset")
	_, err = io.ReadAll(resp.Body)
	require.ErrorContains(t, err, "connection reset")

	resp = get(200, strings.NewReader("fine"))
	require.NoError(t, faulthttp.Decode(resp))
	assert.IsType(t, &closeNoted{}, resp.Body, "a success is not touched")

	broken := roundTripper(func(*http.Request) (*http.Response, error) { return nil, errors.New("refused") })
	for _, transport := range []http.RoundTripper{faulthttp.Transport(broken), faulthttp.ResponseTransport(broken)} {
		_, err := transport.RoundTrip(&http.Request{})
		require.EqualError(t, err, "refused")
	}
}

func answeringWith(t *testing.T, handler http.HandlerFunc) (url string) {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}
