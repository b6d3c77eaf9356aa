// Package nginx_test puts a real nginx with a cache in front of each adapter: what a handler had told the proxy before it
// failed must not happen.
package nginx_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/interop/adapters"
)

const secret = "what only the right people may read"

// config is an nginx as people run it before a service: it caches whatever does not forbid it, errors too.
var config = template.Must(template.New("nginx.conf").Parse(`
daemon off; worker_processes 1; pid {{.Folder}}/pid; error_log {{.Folder}}/error.log warn; {{if .Root}}user root;{{end}}
events {}
http {
	access_log off;
	client_body_temp_path {{.Folder}}/body; proxy_temp_path {{.Folder}}/temp; fastcgi_temp_path {{.Folder}}/fastcgi;
	uwsgi_temp_path {{.Folder}}/uwsgi; scgi_temp_path {{.Folder}}/scgi;
	proxy_cache_path {{.Folder}}/cache keys_zone=cache:1m;
	{{range $i, $address := .Addresses}}
	server {
		listen unix:{{$.Folder}}/{{$i}}.sock;
		location /protected/ { internal; root {{$.Folder}}; }
		location / {
			proxy_pass http://{{$address}}; proxy_http_version 1.1;
			proxy_cache cache; proxy_cache_valid any 10m;
			add_header X-Cache $upstream_cache_status always;
		}
	}
	{{end}}
}
`))

// binary finds nginx. In CI it must be there.
func binary(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/nginx") // Debian's, which is not in everybody's PATH
	}
	if err != nil && os.Getenv("CI") != "" {
		t.Fatal("no nginx in PATH: apt-get install -y nginx-light")
	}
	if err != nil {
		t.Skip("no nginx in PATH, so nothing is proved about proxies: apt-get install -y nginx-light")
	}
	return path
}

// front starts one nginx before all addresses; the clients reach one of them each.
func front(t *testing.T, addresses []string) []*http.Client {
	t.Helper()
	nginx := binary(t)
	folder, err := os.MkdirTemp("", "front") //nolint:usetesting // names of sockets are short
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	require.NoError(t, os.Mkdir(filepath.Join(folder, "protected"), 0o750))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "protected", "file"), []byte(secret), 0o600))
	var text bytes.Buffer
	require.NoError(t, config.Execute(&text, map[string]any{"Folder": folder, "Addresses": addresses, "Root": os.Getuid() == 0}))
	file := filepath.Join(folder, "nginx.conf")
	require.NoError(t, os.WriteFile(file, text.Bytes(), 0o600))
	ctx, cancel := context.WithCancel(context.Background())
	server := exec.CommandContext(ctx, nginx, "-c", file, "-e", filepath.Join(folder, "error.log"))
	var said bytes.Buffer
	server.Stdout, server.Stderr = &said, &said
	server.Cancel = func() error { return server.Process.Signal(os.Interrupt) }
	require.NoError(t, server.Start())
	t.Cleanup(func() { cancel(); _ = server.Wait() })
	var clients []*http.Client
	for i := range addresses {
		socket := fmt.Sprintf("%s/%d.sock", folder, i)
		require.Eventually(t, func() bool { _, err := os.Stat(socket); return err == nil },
			10*time.Second, 10*time.Millisecond, "nginx did not start")
		transport := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socket)
		}}
		t.Cleanup(transport.CloseIdleConnections)
		stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		clients = append(clients, &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: stay})
	}
	return clients
}

// acting are headers that make a proxy, a browser or a front end do something.
var acting = map[string]string{
	"X-Accel-Redirect": "/protected/file", "X-Accel-Expires": "600", "X-Accel-Buffering": "no", "X-Accel-Limit-Rate": "1",
	"X-Accel-Charset": "koi8-r", "X-Sendfile": "/protected/file", "X-Lighttpd-Send-File": "/protected/file",
	"Refresh": "0; url=/elsewhere", "Location": "/elsewhere", "HX-Redirect": "/elsewhere", "HX-Location": "/elsewhere", "HX-Refresh": "true",
	"HX-Push-Url": "/elsewhere", "HX-Replace-Url": "/elsewhere",
	"Expires": "Mon, 02 Jan 2035 15:04:05 GMT", "Cache-Control": "public, max-age=600", "Surrogate-Control": "max-age=600",
	"CDN-Cache-Control": "max-age=600", "Edge-Control": "cache-maxage=600", "ETag": `"x"`, "Last-Modified": "Mon, 02 Jan 2006 15:04:05 GMT",
}

func act(x adapters.Exchange) {
	for name, value := range acting {
		x.SetHeader(name, value)
	}
}

// service has each way to fail after such headers, and counts how often it was asked.
func service(asked *atomic.Int64) []adapters.Route {
	get := func(path string, h func(adapters.Exchange) error) adapters.Route {
		return adapters.Route{Method: http.MethodGet, Path: path, Handle: func(x adapters.Exchange) error {
			asked.Add(1)
			return h(x)
		}}
	}
	publicly := fault.Header("Cache-Control", "public, max-age=600")
	return []adapters.Route{
		get("/file", func(x adapters.Exchange) error {
			x.SetHeader("X-Accel-Redirect", "/protected/file")
			x.Status(http.StatusOK)
			return nil
		}),
		get("/denied", func(x adapters.Exchange) error { act(x); return fault.PermissionDenied }),
		get("/unknown", func(x adapters.Exchange) error { act(x); return io.ErrClosedPipe }),
		get("/panicked", func(x adapters.Exchange) error { act(x); panic("after headers") }),
		get("/cached", func(x adapters.Exchange) error {
			x.SetHeader("X-Accel-Expires", "600")
			_, err := fmt.Fprintf(x, "answer %d", asked.Load())
			return err
		}),
		get("/variants", func(adapters.Exchange) error { return fault.Gone.New(publicly) }),
	}
}

type answer struct {
	status int
	header http.Header
	body   string
}

func ask(t *testing.T, client *http.Client, url string, header ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return answer{resp.StatusCode, resp.Header, string(body)}
}

func TestBehindNginx(t *testing.T) {
	binary(t)
	r, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	negotiating, err := fault.NewResponder(fault.WithLogger(slog.New(slog.DiscardHandler)), fault.WithNegotiatedLanguage())
	require.NoError(t, err)
	all := adapters.All()
	asked := make([]atomic.Int64, len(all))
	var addresses, localized []string
	for i, a := range all {
		addresses = append(addresses, a.Start(t, r, service(&asked[i])))
		localized = append(localized, a.Start(t, negotiating, service(new(atomic.Int64))))
	}
	clients := front(t, append(addresses, localized...))
	for i, a := range all {
		t.Run(a.Name, func(t *testing.T) {
			t.Run("no file after a denial", func(t *testing.T) {
				assert.Equal(t, secret, ask(t, clients[i], "http://nginx/file").body, "the test would prove nothing")
				for _, path := range []string{"/denied", "/unknown", "/panicked"} {
					denied(t, ask(t, clients[i], "http://nginx"+path))
					denied(t, ask(t, http.DefaultClient, "http://"+addresses[i]+path)) // nginx takes X-Accel-* away by itself
				}
			})
			t.Run("no failure is cached, successes are", func(t *testing.T) {
				for _, path := range []string{"/denied", "/unknown", "/panicked", "/nowhere"} {
					before := asked[i].Load()
					for range 3 {
						assert.NotEqual(t, "HIT", ask(t, clients[i], "http://nginx"+path).header.Get("X-Cache"), path)
					}
					if path != "/nowhere" {
						assert.Equal(t, before+3, asked[i].Load(), path)
					}
				}
				first, second := ask(t, clients[i], "http://nginx/cached"), ask(t, clients[i], "http://nginx/cached")
				assert.Equal(t, "HIT", second.header.Get("X-Cache"))
				assert.Equal(t, first.body, second.body)
			})
			t.Run("variants stay apart", func(t *testing.T) {
				variants(t, clients[i], addresses[i])
				variants(t, clients[len(all)+i], localized[i])
			})
		})
	}
}

func denied(t *testing.T, a answer) {
	t.Helper()
	assert.Contains(t, []int{http.StatusForbidden, http.StatusInternalServerError}, a.status)
	assert.NotContains(t, a.body, secret)
	assert.Contains(t, a.body, `"code":`)
	for name := range acting {
		if name != "Cache-Control" {
			assert.Empty(t, a.header.Values(name), name)
		}
	}
	assert.Equal(t, "no-store", a.header.Get("Cache-Control"))
}

// variants asks for an error that the application lets caches keep, in each form, and compares with what the service itself
// says.
func variants(t *testing.T, client *http.Client, address string) {
	t.Helper()
	hits := 0
	for range 2 {
		for _, accept := range []string{"", "application/json", "application/problem+json", "text/html"} {
			for _, language := range []string{"", "de", "fr-CH, en;q=0.5", "pt", "ja"} {
				header := []string{"Accept", accept, "Accept-Language", language, "X-Request-ID", "one-for-all"}
				direct := ask(t, http.DefaultClient, "http://"+address+"/variants", header...)
				what := fmt.Sprintf("%q, %q", accept, language)
				for range 2 { // the second time from the cache, as a rule
					proxied := ask(t, client, "http://nginx/variants", header...)
					hits += strings.Count(proxied.header.Get("X-Cache"), "HIT")
					assert.Equal(t, direct.body, proxied.body, what)
					for _, name := range []string{"Content-Type", "Content-Language", "Vary"} {
						assert.Equal(t, direct.header.Values(name), proxied.header.Values(name), what+name)
					}
				}
			}
		}
	}
	assert.Greater(t, hits, 10, "nothing is cached: the test would prove nothing")
}
