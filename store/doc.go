// Package store keeps records of errors, and the log of those that occurred, in a database: SQLite for one
// instance, PostgreSQL for several.
//
//	import (
//		_ "modernc.org/sqlite" // the application chooses the driver
//
//		fault "github.com/polyfault/polyfault/core"
//		"github.com/polyfault/polyfault/store"
//	)
//
//	db, err := sql.Open("sqlite", "file:errors.db?_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)")
//	…
//	s, err := store.Open(ctx, db, store.SQLite)
//	…
//	defer s.Close(context.Background())
//	err = s.SyncKinds(ctx)                                               // every kind is a record now
//	r, err := fault.NewResponder(fault.WithRetryable(s.Retryable))       // operators decide about retries
//	err = fault.Retry(ctx, fault.Backoff{Retryable: s.Retryable}, call)  // here, too
//
// # The records
//
// A [Record] is one error that the service, or a job that it runs, can end with: title and description
// for operators, category, whether to retry, HTTP status, exit code of a process. Records have a name
// that is unique within their scope: a job type, a service, or none. [Store.SyncKinds] writes the kinds of
// the program as built-in records without a scope; operators may change their titles, descriptions and
// retry flags, and these changes outlive every new start. [Store.Save] upserts the records of a scope:
// what an [Entry] does not name stays. [Store.GetExitCode] finds the record of a process that has ended;
// [Store.Default] returns the one of failures that nobody knows.
//
// Names that differ by letter case or Unicode normalisation only are the same name. A wrong value is a
// [*FieldError], a wrong filter a [*FilterError]; both, and [ErrNotFound], [ErrExists], [ErrConflict] and
// [ErrReadOnly], wrap the kind that a client should see, so that a handler may return them as they are.
// Failures of the database wrap the driver's error, for [fault.SQLMappers].
//
// # The log, the API, the pages
//
// A [LogHandler] is a [log/slog.Handler] that writes to the log of the store. [Handler] serves the records
// and the log as JSON, [Pages] serves them to people. None of them needs the others.
//
// # Nil
//
// Package fault states the rule: set-up refuses nil. [Open] and [NewLogHandler] return an error when a
// database, a store, an option or a function is nil; [Handler], [Pages] and their options panic. Some nils mean
// something: a nil *[fault.Responder] is [fault.Default], a nil logger of [WithLogger] discards, and nil fields
// of [LogOptions] have their defaults. While a request is handled, a typed nil in place of an error is no
// permission: see [WithAuthorize] and [PagesAuthorize].
//
// # How stale an answer can be
//
// All records are in memory. Reading a record, a default or a retry decision does not ask the database, and
// goes on while that is down. [Store.List] always asks it.
//
//   - This instance sees its own writes from the moment that the call returns.
//   - It sees the writes of others after the poll interval at the latest ([WithPollInterval], 5 s), as long as
//     the database answers: a poll reads one row, and the records only after a change. With PostgreSQL's
//     LISTEN ([WithListener]) it sees them at once.
//   - An update that comes from a stale read is refused: [Store.Update] compares versions in the database.
//
// A counter in the database, increased by each transaction that writes records, decides what is new. Clocks
// of instances may differ by any amount; they only date the records. Writers of records wait for one another.
// Whoever changes the tables by hand has to count, too:
//
//	UPDATE polyfault_changes SET counter = counter + 1
//
// # Tables
//
// [Open] makes them, and brings them to a newer version, in one transaction; instances that start
// together wait for each other. PostgreSQL's are in the first schema of the search_path. Once they are there,
// the user need not have the right to create tables.
//
//   - polyfault_errors: the records
//   - polyfault_changes: the counter
//   - polyfault_log: the log entries
//   - polyfault_occurrences: how often each code occurred in each hour
//   - polyfault_writers: the last batch of each [LogHandler], so that none is written twice
//   - polyfault_migrations: which version the schema has
//
// Times are microseconds since 1970 UTC, in both databases. Text sorts by code points in both. Open refuses a
// database that a newer program has migrated, with [ErrNewerSchema].
//
// # The databases
//
// Writing transactions of SQLite take the write lock when they begin, and the store waits up to ten
// seconds for it, whatever the connection's busy_timeout is; WAL lets readers and the writer work side by
// side. A database in memory needs a pool of one connection (db.SetMaxOpenConns(1)), or the name
// "file:/name?vfs=memdb", which connections share; Open refuses one that they do not.
//
// PostgreSQL's transactions are READ COMMITTED. A transaction that certainly had no effect, as its connection
// was lost before the commit, is repeated for up to a second. When the connection is lost in the commit,
// nobody knows whether it had one: the error is of the kind [fault.Database], which is not retryable.
package store
