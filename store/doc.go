// Package store keeps two things in a database: records of the errors that a service can answer with, and the log of the
// errors that occurred. It uses SQLite for one instance, or PostgreSQL for several.
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
// A [Record] describes one error of the service or of a job that it runs: title and description for operators, category,
// whether to retry, HTTP status, exit code of a process. Its name is unique within its scope: a job type, a service, or none.
//
//   - [Store.SyncKinds] writes the kinds of the program as built-in records without a scope. Operators may change their
//     titles, descriptions and retry flags; these changes stay when the program starts again. Titles and descriptions can be
//     changed in each language by itself: see [Entry] and [Store.ErrorTexts].
//   - [Store.Save] inserts or updates the records of a scope. Fields that an [Entry] does not set stay.
//   - [Store.GetExitCode] returns the record of a process that has ended.
//   - [Store.Default] returns the record of unknown failures.
//
// Names that differ only in letter case or Unicode normalisation are the same name. A wrong value is a [*FieldError], a wrong
// filter a [*FilterError]. Both, and [ErrNotFound], [ErrExists], [ErrConflict] and [ErrReadOnly], wrap the kind that a client
// should see, so a handler may return them as they are. Failures of the database wrap the driver's error, for
// [fault.SQLMappers].
//
// # The log, the API, the pages
//
// A [LogHandler] is a [log/slog.Handler] that writes to the log of the store. [Handler] serves the records
// and the log as JSON, [Pages] serves them to people. None of them needs the others.
//
// # Nil
//
// Package fault states the rule: set-up refuses nil. [Open] and [NewLogHandler] return an error if a database, a store, an
// option or a function is nil; [Handler], [Pages] and their options panic. Some nils have a meaning: a nil *[fault.Responder]
// is [fault.Default], a nil logger of [WithLogger] discards, and nil fields of [LogOptions] have their defaults. An authorize
// function that returns a typed nil refuses: see [WithAuthorize] and [PagesAuthorize].
//
// # How stale an answer can be
//
// All records are in memory. Reading a record, a default or a retry decision does not ask the database, and works while that
// is down. [Store.List] always asks it.
//
//   - An instance sees its own writes as soon as the call returns.
//   - It sees the writes of others within the poll interval ([WithPollInterval], 5 s) while the database answers. A poll
//     reads one row, and the records only after a change. With PostgreSQL's LISTEN ([WithListener]) it sees them at once.
//   - [Store.Update] refuses an update that is based on a stale read: it compares versions in the database.
//
// A counter in the database decides what is new: each transaction that writes records increases it. Clocks of instances may
// differ by any amount; they only date the records. Writers of records wait for one another. If you change the tables by
// hand, increase the counter, too:
//
//	UPDATE polyfault_changes SET counter = counter + 1
//
// # Tables
//
// [Open] creates the tables, and migrates them to a newer version, in one transaction; instances that start together wait
// for each other. PostgreSQL's tables are in the first schema of the search_path. Once they exist, the database user need
// not have the right to create tables.
//
//   - polyfault_errors: the records
//   - polyfault_error_texts: their titles and descriptions in other languages than the default one
//   - polyfault_changes: the counter
//   - polyfault_log: the log entries
//   - polyfault_log_recent: the latest occurrences of each row of the log
//   - polyfault_log_hours: how often each row occurred in each hour
//   - polyfault_occurrences: how often each code occurred in each hour
//   - polyfault_writers: the last batch of each [LogHandler], so that no batch is written twice
//   - polyfault_migrations: the version of the schema
//
// Times are microseconds since 1970 UTC, in both databases. Text sorts by code points in both. Open refuses a
// database that a newer program has migrated, with [ErrNewerSchema].
//
// # The databases
//
// Writing transactions of SQLite take the write lock when they begin. The store waits up to ten seconds for it, with any
// busy_timeout of the connection. WAL lets readers work beside the writer. A database in memory needs a pool of one
// connection (db.SetMaxOpenConns(1)), or the name "file:/name?vfs=memdb", which connections share; Open refuses a database
// in memory that connections do not share.
//
// PostgreSQL's transactions are READ COMMITTED. If the connection is lost before the commit, the transaction certainly had no
// effect and is repeated for up to a second. If it is lost in the commit, the outcome is unknown: the error is of the kind
// [fault.Database], which is not retryable.
package store
