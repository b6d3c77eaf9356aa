// Command store runs the time-booking service with its errors in a database: pages for people, a REST
// API, and the log. Traffic of its own fills them.
//
//	go run ./examples/store                            # SQLite in memory
//	go run ./examples/store -db errors.db              # a file
//	go run ./examples/store -postgres postgres://…     # several instances may share it
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking"
	"github.com/polyfault/polyfault/examples/nethttp/api"
	"github.com/polyfault/polyfault/nethttp/catalog"
	"github.com/polyfault/polyfault/store"
)

type config struct {
	addr     string
	file     string        // of SQLite; "" is in memory
	postgres string        // URL; "" is SQLite
	pause    time.Duration // between two requests of the traffic; 0 is no traffic
}

func main() {
	var c config
	flag.StringVar(&c.addr, "addr", "127.0.0.1:8080", "address to listen on")
	flag.StringVar(&c.file, "db", "", "file of the SQLite database; in memory when empty")
	flag.StringVar(&c.postgres, "postgres", "", "URL of a PostgreSQL database, in place of SQLite")
	flag.DurationVar(&c.pause, "pause", 50*time.Millisecond, "between two requests of the demo traffic; 0 for none")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, c, os.Stdout)
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx ends, lets running requests end, and writes the rest of the log.
func run(ctx context.Context, c config, out io.Writer) error {
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	address := "http://" + listener.Addr().String()
	db, s, err := open(ctx, c)
	if err != nil {
		return err
	}
	defer db.Close()
	defer s.Close(context.WithoutCancel(ctx))
	if err := s.SyncKinds(ctx); err != nil {
		return err
	}
	logs, err := store.NewLogHandler(s, store.LogOptions{
		Level: slog.LevelDebug, // 4xx too
		Scope: "booking", MaxAge: 30 * 24 * time.Hour, Deduplicate: true,
		OnNew: func(_ context.Context, r store.LogRecord) {
			fmt.Fprintf(out, "new        %s: %s/api/logs/%d/\n", cmp.Or(r.Code, r.Message), address, r.ID)
		},
	})
	if err != nil {
		return err
	}
	handler, err := routes(s, slog.New(logs), address)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "pages      %[1]s/admin/errors/\nREST API   %[1]s/api/errors/ and /api/logs/\n"+
		"list       %[1]s/errors/\nservice    %[1]s/bookings\n", address)
	err = serve(ctx, listener, handler, func(ctx context.Context) { traffic(ctx, address, c.pause) })
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if closing := logs.Close(ending); err == nil {
		err = closing
	}
	fmt.Fprintf(out, "log records written: %d, dropped: %d\n", logs.Stats().Written, logs.Stats().Dropped)
	return err
}

// onlyHere lets those in who are on the same machine. Your own sign-in stands here: behind a proxy on the same machine
// everybody is.
func onlyHere(req *http.Request) error {
	host, _, err := net.SplitHostPort(req.RemoteAddr)
	if ip := net.ParseIP(host); err != nil || ip == nil || !ip.IsLoopback() {
		return fault.PermissionDenied
	}
	return nil
}

// routes puts the service beside what is for operators.
func routes(s *store.Store, logger *slog.Logger, address string) (http.Handler, error) {
	r, err := fault.NewResponder(
		fault.WithLocales(booking.Locales()),
		fault.WithFormats(fault.Multilingual{}, fault.Problem{TypeBase: address + "/errors/"}),
		fault.WithMembers(fault.MemberCode, fault.MemberRetryable),
		fault.WithRetryable(s.Retryable), // operators decide
		fault.WithLogger(logger),
	)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", api.New(r, booking.New()))
	mux.Handle("/errors/", catalog.Handler(r))
	mux.Handle("/admin/", store.Pages(s, r, store.PagesAuthorize(onlyHere)))
	mux.Handle("/api/", store.Handler(s, r, store.WithAuthorize(func(req *http.Request, _ store.Action) error { return onlyHere(req) })))
	return mux, nil
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler, beside func(context.Context)) error {
	server := &http.Server{Handler: handler, ReadTimeout: 10 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	ended := make(chan struct{})
	visits, stop := context.WithCancel(ctx)
	go func() { beside(visits); close(ended) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	stop()
	<-ended
	ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if closing := server.Shutdown(ending); err == nil {
		err = closing
	}
	return err
}
