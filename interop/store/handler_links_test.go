package store_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/store"
)

// Links never leave the service, whatever the path; a base that was configured is used as it is.
func TestHandlerLinks(t *testing.T) {
	t.Parallel()
	s := newSQLite(t).open(t)
	save(t, s, "", store.Entry{Name: "a"}, store.Entry{Name: "b"})
	for _, c := range []struct {
		requestURI, want string
		opts             []store.HandlerOption
	}{
		{"/errors/?page_size=1", "/errors/1/", nil},
		{"//evil.example/errors/?page_size=1", "/evil.example/errors/1/", nil},
		{`/\evil.example/errors/?page_size=1`, "/%5Cevil.example/errors/1/", nil},
		{"http://evil.example/x/errors/?page_size=1", "/x/errors/1/", nil},
		{"/a%20b/%C3%A4%2F%22/errors/?page_size=1", "/a%20b/%C3%A4%2F%22/errors/1/", nil},
		{"/x%0d%0aSet-Cookie:a/errors/?page_size=1", "/x%0d%0aSet-Cookie:a/errors/1/", nil},
		{"/x/errors/?page_size=1", "https://example.com/admin/errors/1/", []store.HandlerOption{store.WithBaseURL("https://example.com/admin/")}},
		{"/x/errors/?page_size=1", "/y/errors/1/", []store.HandlerOption{store.WithBaseURL("/y")}},
		{"/x/errors/?page_size=1", "/errors/1/", []store.HandlerOption{store.WithBaseURL("/")}},
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(newAPI(t, store.Handler(s, nil, c.opts...)).url, "http://"))
		require.NoError(t, err)
		_, err = fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", c.requestURI)
		require.NoError(t, err)
		p := decode[wirePage](t, readReply(t, conn))
		assert.Equal(t, c.want, p.Results[0].Links.Self, c.requestURI)
		assert.Equal(t, strings.TrimSuffix(c.want, "1/")+"?page=2&page_size=1", *p.Next, c.requestURI)
	}
}

// Where something before has rewritten the path altogether, links have the new one.
func TestHandlerLinksOfRewrittenPaths(t *testing.T) {
	t.Parallel()
	s := newSQLite(t).open(t)
	save(t, s, "", store.Entry{Name: "a"})
	h := store.Handler(s, nil)
	a := newAPI(t, http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		req.URL.Path = "/new/errors/"
		h.ServeHTTP(w, req)
	}))
	assert.Equal(t, "/new/errors/1/", a.list("/old/list").Results[0].Links.Self)
}

func readReply(t *testing.T, conn net.Conn) reply {
	t.Helper()
	defer conn.Close()
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Equal(t, 200, resp.StatusCode, string(body))
	return reply{Status: resp.StatusCode, Header: resp.Header, Body: string(body)}
}
