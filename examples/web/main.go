// Command web serves a form in the browser for the time-booking service: choose the language and the framework that answers, and see
// errors at their fields, a countdown, and the trace id. The page needs no build step.
package main

import (
	"context"
	"embed"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking"
	"github.com/polyfault/polyfault/examples/frameworks"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

//go:embed page arabic
var files embed.FS

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	flag.Parse()
	if err := run(*addr, slog.Default()); err != nil {
		log.Fatal(err)
	}
}

// run serves until an interrupt. The first line on standard output is where.
func run(addr string, logger *slog.Logger) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s, err := start(logger)
	if err != nil {
		return err
	}
	defer s.stop()
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/\n", listener.Addr())
	server := &http.Server{Handler: s.handler, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	return server.Shutdown(ctx)
}

// A site is the page, and the booking service on each framework behind it.
type site struct {
	handler http.Handler
	stops   []func()
}

func (s *site) stop() {
	for _, stop := range s.stops {
		stop()
	}
}

// A choice is a framework as the page knows it.
type choice struct {
	Name string `json:"name"`
	Path string `json:"path"` // on this server, so that the page needs no CORS
	URL  string `json:"url"`  // of the service itself
}

func start(logger *slog.Logger) (*site, error) {
	r, err := responder(logger)
	if err != nil {
		return nil, err
	}
	page, err := fs.Sub(files, "page")
	if err != nil {
		return nil, err
	}
	s := &site{}
	mux := http.NewServeMux()
	var choices []choice
	for _, f := range frameworks.All {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			s.stop()
			return nil, err
		}
		s.stops = append(s.stops, f.Serve(listener, r, booking.New()))
		c := choice{f.Name, "/api/" + strings.NewReplacer("/", "", " ", "").Replace(f.Name), "http://" + listener.Addr().String()}
		choices = append(choices, c)
		mux.Handle(c.Path+"/", http.StripPrefix(c.Path, forward(r, c.URL)))
	}
	mux.HandleFunc("GET /frameworks.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(choices)
	})
	mux.Handle("/", http.FileServerFS(page))
	s.handler = protect(faulthttp.Middleware(r)(mux))
	return s, nil
}

// responder has the service's texts, and those in Arabic, which only this example has.
func responder(logger *slog.Logger) (*fault.Responder, error) {
	own, err := fs.Sub(files, "arabic")
	if err != nil {
		return nil, err
	}
	return fault.NewResponder(fault.WithLocales(booking.Locales()), fault.WithLocales(own), fault.WithLogger(logger))
}

// forward hands requests to the service, whose errors pass as they are.
func forward(r *fault.Responder, to string) http.Handler {
	target, err := url.Parse(to)
	if err != nil {
		panic(err) // an address that a listener has
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ErrorHandler = func(w http.ResponseWriter, req *http.Request, err error) {
		faulthttp.Error(r, w, req, fault.BadGateway.Wrap(err))
	}
	return proxy
}

func protect(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
		next.ServeHTTP(w, req)
	})
}
