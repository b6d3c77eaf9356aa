package fault

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/polyfault/polyfault/internal/errtree"
)

// SQLMappers returns the mappers for errors of databases, for [WithMapper], [Backoff] and [Exit]. They
// are an option because not every failed query is an answer: that a row is missing may be a 404 or a
// bug.
//
//	fault.NewResponder(fault.WithMapper(fault.SQLMappers()...))
//
// They know, through wrapping and [errors.Join] and without importing any of them, the errors of database/sql, pgx,
// lib/pq, go-sql-driver/mysql, SQLite (modernc.org/sqlite, mattn/go-sqlite3), gorm, ent, go-redis, redigo and the MongoDB
// driver. What answers is, of the error's tree, the first error with a code of the server; else with the words of a
// library; else what database/sql says; else the network.
//
//   - no row, document or key: [EntityNotFound]
//   - a unique key that exists: [DuplicateItem]; a foreign key, and other constraints: [Conflict]
//   - a value that is missing: [MissingAttribute]; too long, out of range, malformed, or against a check: [BadFieldValue]
//   - a deadlock, a serialization failure, a lock that was not to be had: [TransactionConflict], which is retryable
//   - a connection that was refused, reset or closed, a server without resources or shutting down, an exhausted pool:
//     [DatabaseOperation], which is retryable
//   - a query that was cancelled, by a statement timeout above all: [GatewayTimeout], or what the end of the request's
//     context says ([ServiceUnavailable], [ClientClosedRequest])
//   - anything else that a server says: [Database]
//
// docs/databases.md has the table of codes for each driver. What the database says goes into the log and to no client.
//
// The status of [DatabaseOperation] is 500, that of the Scale error model, where the blargh exceptions
// have 503 for a lost connection: [WithStatus] moves it. A refused connection does not say what it was for: that of an
// [net/http.Client] is passed by, that of any other client is taken for the database's. Whether a transaction took
// effect whose connection was lost while it was committed, nobody knows: what [Retry] repeats has to bear that.
//
// The slice is the caller's own; the mappers are safe for concurrent use.
func SQLMappers() []Mapper {
	return []Mapper{
		mapEach("SQLMappers: codes of servers", ofServer), // first: what failed often comes joined with the error of its rollback
		mapEach("SQLMappers: words of libraries", ofLibrary),
		MapIs(sql.ErrNoRows, EntityNotFound),
		MapIs(driver.ErrBadConn, DatabaseOperation),
		MapIs(sql.ErrConnDone, DatabaseOperation),
		mapTxDone,
		mapConnection,
	}
}

// mapTxDone passes when a context is in the tree: database/sql has then rolled back by itself, and the ErrTxDone is
// that of the caller's own rollback. It does so too when the request's context has ended: the ErrTxDone of a commit is then
// all that is left of it.
func mapTxDone(err error) *Fault {
	if probe, ok := err.(*mapperProbe); ok {
		probe.target = sql.ErrTxDone
		return nil
	}
	if !errtree.Is(err, sql.ErrTxDone) || tellsContext(err) {
		return nil
	}
	return verdict{Database, true}.fault()
}

// tellsContext reports whether the end of a context is in the tree.
func tellsContext(err error) bool {
	return errtree.Is(err, context.Canceled) || errtree.Is(err, context.DeadlineExceeded)
}
