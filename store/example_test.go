package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// These examples are compiled only, as this module has no driver. Module interop runs them.

func Example() {
	ctx := context.Background()
	// The application imports the driver: _ "modernc.org/sqlite"
	db, err := sql.Open("sqlite", "file:errors.db?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
	if err != nil {
		panic(err)
	}
	defer db.Close()
	s, err := store.Open(ctx, db, store.SQLite)
	if err != nil {
		panic(err)
	}
	defer s.Close(ctx)
	if err := s.SyncKinds(ctx); err != nil { // every kind is a record now
		panic(err)
	}

	r, err := s.GetNamed(ctx, "", fault.BadGateway.Code())
	fmt.Println(r.Title, r.Status, r.Builtin, r.Retryable, err) // Bad gateway 502 true false <nil>

	_, err = s.Update(ctx, r.ID, r.Version, store.Entry{Retryable: new(true)}) // an operator knows better
	fmt.Println(s.Retryable(fault.BadGateway), err)                            // true <nil>
}

func ExampleStore_Save() {
	ctx := context.Background()
	db, _ := sql.Open("sqlite", "file:errors.db") // the application imports the driver: _ "modernc.org/sqlite"
	s, err := store.Open(ctx, db, store.SQLite)
	if err != nil {
		panic(err)
	}
	_, err = s.Save(ctx, "resize", []store.Entry{{Name: "No memory", Title: new("Out of memory"), ExitCode: new(137), Retryable: new(true)}})
	if err != nil {
		panic(err)
	}
	records, err := s.Save(ctx, "resize", []store.Entry{{Name: "no memory", Category: new(fault.CategoryData)}})
	fmt.Println(records[0].Name, records[0].Title, records[0].Category, records[0].Retryable, err) // No memory Out of memory DATA true <nil>
}

func ExampleStore_GetExitCode() {
	ctx := context.Background()
	db, _ := sql.Open("sqlite", "file:errors.db") // the application imports the driver: _ "modernc.org/sqlite"
	s, err := store.Open(ctx, db, store.SQLite, store.WithDefault("resize", "failed"))
	if err != nil {
		panic(err)
	}
	_, _ = s.Save(ctx, "resize", []store.Entry{{Name: "no memory", ExitCode: new(137)}, {Name: "failed"}})
	for _, code := range []int{137, 42} {
		r, err := s.GetExitCode(ctx, "resize", code)
		fmt.Println(r.Name, err) // no memory <nil>, then failed <nil>
	}
}

func ExampleStore_Update() {
	ctx := context.Background()
	db, _ := sql.Open("sqlite", "file:errors.db") // the application imports the driver: _ "modernc.org/sqlite"
	s, err := store.Open(ctx, db, store.SQLite)
	if err != nil {
		panic(err)
	}
	r, _ := s.Create(ctx, "", store.Entry{Name: "slow"})
	_, first := s.Update(ctx, r.ID, r.Version, store.Entry{Title: new("Slow disk")})
	_, second := s.Update(ctx, r.ID, r.Version, store.Entry{Title: new("Slow network")}) // does not know the first one's
	fmt.Println(first, errors.Is(second, store.ErrConflict))                             // <nil> true
}

func ExampleStore_List() {
	ctx := context.Background()
	db, _ := sql.Open("sqlite", "file:errors.db") // the application imports the driver: _ "modernc.org/sqlite"
	s, err := store.Open(ctx, db, store.SQLite)
	if err != nil {
		panic(err)
	}
	records, count, err := s.List(ctx, store.Filter{Builtin: new(true), Category: "DATA", Order: []string{"-status", "name"}, PageSize: 20})
	for _, r := range records {
		fmt.Println(r.Status, r.Name)
	}
	fmt.Println(count, err)
}

// LISTEN on PostgreSQL: writes of other instances are seen at once. With pgx (github.com/jackc/pgx/v5),
// connect is pgx.Connect, listen is conn.Exec(ctx, "LISTEN "+channel), and wait is
// conn.WaitForNotification.
func ExampleWithListener() {
	type connection interface {
		listen(ctx context.Context, channel string) error
		wait(ctx context.Context) error
		close(ctx context.Context) error
	}
	var connect func(ctx context.Context) (connection, error) // the application's, by its driver

	listen := func(ctx context.Context, changed func()) error {
		conn, err := connect(ctx)
		if err != nil {
			return err
		}
		defer func() { _ = conn.close(context.WithoutCancel(ctx)) }()
		if err := conn.listen(ctx, store.Channel); err != nil {
			return err
		}
		for {
			changed()
			if err := conn.wait(ctx); err != nil {
				return err
			}
		}
	}
	db, _ := sql.Open("pgx", "postgres://service@localhost/service") // the application imports the driver: _ "github.com/jackc/pgx/v5/stdlib"
	s, err := store.Open(context.Background(), db, store.PostgreSQL, store.WithListener(listen))
	fmt.Println(s != nil, err) // true <nil>
}

// A responder's log lines go to the database; what cannot be written goes to standard error.
func ExampleNewLogHandler() {
	ctx := context.Background()
	db, _ := sql.Open("sqlite", "file:errors.db") // the application imports the driver: _ "modernc.org/sqlite"
	s, err := store.Open(ctx, db, store.SQLite)
	if err != nil {
		panic(err)
	}
	defer s.Close(ctx)
	h, err := store.NewLogHandler(s, store.LogOptions{
		Scope: "orders", Deduplicate: true, MaxAge: 30 * 24 * time.Hour, MaxRows: 1_000_000, Fallback: slog.NewTextHandler(os.Stderr, nil),
	})
	if err != nil {
		panic(err)
	}
	defer h.Close(ctx) // before the store

	r, err := fault.NewResponder(fault.WithLogger(slog.New(h)))
	fmt.Println(r != nil, err) // true <nil>
}

// The API below a prefix. Everybody reads the records; operators read the log and write.
func ExampleHandler() {
	db, _ := sql.Open("sqlite", "file:errors.db") // the application imports the driver: _ "modernc.org/sqlite"
	s, err := store.Open(context.Background(), db, store.SQLite)
	if err != nil {
		panic(err)
	}
	operatorsOnly := func(req *http.Request, a store.Action) error {
		if a == store.ReadErrors || req.Header.Get("Authorization") == "Bearer operator" {
			return nil
		}
		return fault.NotLoggedIn.New(fault.Header("WWW-Authenticate", "Bearer"))
	}
	mux := http.NewServeMux()
	mux.Handle("/admin/", store.Handler(s, nil, store.WithAuthorize(operatorsOnly), store.WithIfMatchRequired()))
	_ = http.ListenAndServe("localhost:8080", mux) // GET /admin/errors/?is_builtin=true&order=-status
}

func ExamplePages() {
	db, _ := sql.Open("sqlite", "file:errors.db") // the application imports the driver: _ "modernc.org/sqlite"
	s, err := store.Open(context.Background(), db, store.SQLite)
	if err != nil {
		panic(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/admin/", store.Pages(s, nil, store.PagesAuthorize(operator)))
	_ = http.ListenAndServe("localhost:8080", mux) // and open /admin/
}

// operator lets everybody in; your own sign-in stands here.
func operator(*http.Request) error { return nil }

func ExamplePagesAuthorize() {
	db, _ := sql.Open("sqlite", "file:errors.db") // the application imports the driver: _ "modernc.org/sqlite"
	s, err := store.Open(context.Background(), db, store.SQLite)
	if err != nil {
		panic(err)
	}
	pages := store.Pages(s, nil, store.PagesAuthorize(func(req *http.Request) error {
		if name, _, _ := req.BasicAuth(); name != "ann" { // and check the password
			return fault.Unauthorized.New(fault.Header("WWW-Authenticate", `Basic realm="errors"`))
		}
		return nil
	}))
	_ = http.ListenAndServe("localhost:8080", pages)
}
