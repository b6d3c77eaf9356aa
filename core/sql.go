package fault

import (
	"context"
	"database/sql"
	"database/sql/driver"

	"github.com/polyfault/polyfault/internal/errtree"
)

// SQLMappers returns the mappers for errors of databases, for [WithMapper], [Backoff] and [Exit]. They are an option
// because not every failed query is an answer: a missing row may be a 404 or a bug.
//
//	fault.NewResponder(fault.WithMapper(fault.SQLMappers()...))
//
// The mappers know the errors of database/sql, pgx, lib/pq, go-sql-driver/mysql, SQLite (modernc.org/sqlite,
// mattn/go-sqlite3), gorm, ent, go-redis, redigo and the MongoDB driver. They find them through wrapping and
// [errors.Join], and import none of these packages. In the error's tree, the first error with a code of the server
// decides; else the text of a library's error; else an error of database/sql; else one of the network.
//
//   - no row, document or key: [EntityNotFound]
//   - a unique key that exists: [DuplicateItem]; a foreign key, and other constraints: [Conflict]
//   - a missing value: [MissingAttribute]; one that is too long, out of range, malformed, or against a check:
//     [BadFieldValue]
//   - a deadlock, a serialization failure, a lock that was not available: [TransactionConflict], which is retryable
//   - a connection that was refused, reset or closed, a server without resources or shutting down, an exhausted pool:
//     [DatabaseOperation], which is retryable
//   - a cancelled query, mostly by a statement timeout: [GatewayTimeout], or the kind for the end of the request's
//     context ([ServiceUnavailable], [ClientClosedRequest])
//   - any other error of a server: [Database]
//
// docs/databases.md has the table of codes for each driver. The database's own text goes to the log and to no client.
//
// The status of [DatabaseOperation] is 500; [WithStatus] moves it, for example to 503. A refused connection does not
// tell its purpose: that of a [net/http.Client] is skipped, and that of any other client is taken for the database's.
// If a connection is lost while a transaction is committed, the outcome is unknown: the function that [Retry] repeats
// has to allow for that.
//
// The slice is a copy; the mappers are safe for concurrent use.
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
