package store_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// The API below a prefix. Everybody reads the records; operators read the log and write.
func ExampleHandler() {
	s, end := openMemory()
	defer end()
	_ = s.SyncKinds(context.Background())
	operatorsOnly := func(req *http.Request, a store.Action) error {
		if a == store.ReadErrors || req.Header.Get("Authorization") == "Bearer operator" {
			return nil
		}
		return fault.NotLoggedIn.New(fault.Header("WWW-Authenticate", "Bearer"))
	}
	mux := http.NewServeMux()
	mux.Handle("/admin/", store.Handler(s, nil, store.WithAuthorize(operatorsOnly), store.WithIfMatchRequired()))
	server := httptest.NewServer(mux)
	defer server.Close()

	ask := func(method, path, body string, headers ...string) *http.Response {
		req, _ := http.NewRequest(method, server.URL+path, strings.NewReader(body))
		req.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			panic(err)
		}
		defer resp.Body.Close()
		content, _ := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(strings.NewReader(string(content)))
		return resp
	}
	fmt.Println(ask("GET", "/admin/errors/?is_builtin=true&order=-status&order=name&page_size=20", "").Status)
	fmt.Println(ask("GET", "/admin/logs/", "").Status)

	const operator = "Bearer operator"
	created := ask("POST", "/admin/errors/", `{"name":"no memory","title":"Out of memory","description":"The job needs more.","category":"DATA","scope":"resize"}`,
		"Authorization", operator)
	item := created.Header.Get("Location")
	fmt.Println(created.Status, item[:14])

	tag := ask("GET", item, "").Header.Get("ETag")
	for range 2 { // the second one has not seen the first one's change
		fmt.Println(ask("PATCH", item, `{"should_be_retried":true}`, "Authorization", operator, "If-Match", tag).Status)
	}
	// Output:
	// 200 OK
	// 401 Unauthorized
	// 201 Created /admin/errors/
	// 200 OK
	// 412 Precondition Failed
}
