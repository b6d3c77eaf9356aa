package store_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/store"
)

// openMemory is a store in memory. Errors are left out of the examples.
func openMemory(opts ...store.Option) (s *store.Store, end func()) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		panic(err)
	}
	db.SetMaxOpenConns(1) // each connection would have a database of its own
	s, err = store.Open(context.Background(), db, store.SQLite, opts...)
	if err != nil {
		panic(err)
	}
	return s, func() {
		_ = s.Close(context.Background())
		_ = db.Close()
	}
}

func Example() {
	ctx := context.Background()
	db, _ := sql.Open("sqlite", ":memory:")
	defer db.Close()
	db.SetMaxOpenConns(1) // in memory only
	s, err := store.Open(ctx, db, store.SQLite)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer s.Close(ctx)
	err = s.SyncKinds(ctx) // every kind is a record now
	fmt.Println(err)

	r, _ := s.GetNamed(ctx, "", fault.BadGateway.Code())
	fmt.Println(r.Title, r.Status, r.Builtin, r.Retryable)

	_, err = s.Update(ctx, r.ID, r.Version, store.Entry{Retryable: new(true)}) // an operator knows better
	fmt.Println(err, s.Retryable(fault.BadGateway))
	// Output:
	// <nil>
	// Bad Gateway 502 true false
	// <nil> true
}

func ExampleStore_Save() {
	s, end := openMemory()
	defer end()
	ctx := context.Background()
	_, _ = s.Save(ctx, "resize", []store.Entry{{Name: "No memory", Title: new("Out of memory"), ExitCode: new(137), Retryable: new(true)}})
	records, err := s.Save(ctx, "resize", []store.Entry{{Name: "no memory", Category: new(fault.CategoryData)}})
	fmt.Println(records[0].Name, records[0].Title, records[0].Category, records[0].Retryable, err)
	// Output: No memory Out of memory DATA true <nil>
}

func ExampleStore_GetExitCode() {
	s, end := openMemory(store.WithDefault("resize", "failed"))
	defer end()
	ctx := context.Background()
	_ = s.SyncKinds(ctx)
	_, _ = s.Save(ctx, "resize", []store.Entry{{Name: "no memory", ExitCode: new(137)}, {Name: "failed"}})
	for _, code := range []int{137, 3, 42} {
		r, _ := s.GetExitCode(ctx, "resize", code)
		fmt.Println(code, r.Name, r.Category)
	}
	_, err := s.GetExitCode(ctx, "resize", 0)
	fmt.Println(0, err)
	// Output:
	// 137 no memory ALGORITHM
	// 3 database_operation SYSTEM
	// 42 failed ALGORITHM
	// 0 store: no such record
}

func ExampleStore_Update() {
	s, end := openMemory()
	defer end()
	ctx := context.Background()
	r, _ := s.Create(ctx, "", store.Entry{Name: "slow"})
	_, first := s.Update(ctx, r.ID, r.Version, store.Entry{Title: new("Slow disk")})
	_, second := s.Update(ctx, r.ID, r.Version, store.Entry{Title: new("Slow network")})
	fmt.Println(first, errors.Is(second, store.ErrConflict))
	// Output: <nil> true
}

func ExampleStore_List() {
	s, end := openMemory()
	defer end()
	ctx := context.Background()
	_ = s.SyncKinds(ctx)
	records, count, err := s.List(ctx, store.Filter{Builtin: new(true), Category: "DATA", Order: []string{"-status", "name"}, PageSize: 2})
	for _, r := range records {
		fmt.Println(r.Status, r.Name)
	}
	fmt.Println(count > 2, err)

	_, _, err = s.List(ctx, store.Filter{Order: []string{"password"}})
	fmt.Println(errors.Is(err, fault.BadParamValue))
	// Output:
	// 499 client_closed_request
	// 451 unavailable_for_legal_reasons
	// true <nil>
	// true
}

// LISTEN with pgx: writes of other instances are seen at once.
func ExampleWithListener() {
	const url = "postgres://service@localhost/service"
	listen := store.WithListener(func(ctx context.Context, changed func()) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer conn.Close(context.WithoutCancel(ctx))
		if _, err := conn.Exec(ctx, "LISTEN "+store.Channel); err != nil {
			return err
		}
		for {
			changed()
			if _, err := conn.WaitForNotification(ctx); err != nil {
				return err
			}
		}
	})
	fmt.Println(listen != nil) // an option of store.Open
	// Output: true
}
