package fault

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"log/slog"
	"reflect"

	"github.com/polyfault/polyfault/internal/errtree"
)

// SQLMappers returns the mappers for errors of databases, for [WithMapper], [Backoff] and [Exit]. They
// are an option because not every failed query is an answer: that a row is missing may be a 404 or a
// bug.
//
//	fault.NewResponder(fault.WithMapper(fault.SQLMappers()...))
//
// An error with a method SQLState() string, as those of pgx and lib/pq have, is classified by that code
// (SQL standard, PostgreSQL's appendix A), through wrapping and [errors.Join]: unique violations are
// [DuplicateItem], serialization failures and deadlocks [TransactionConflict], lost connections and
// exhausted resources [DatabaseOperation]; other violations of integrity are [Conflict], values that do
// not fit [BadFieldValue], missing ones [MissingAttribute]; anything else is [Database], but for
// cancelled queries, which the request's context explains. Without such a code [sql.ErrNoRows] is
// [EntityNotFound]; [driver.ErrBadConn] and [sql.ErrConnDone] are [DatabaseOperation]; [sql.ErrTxDone]
// is [Database] where neither a context nor a cancelled query is behind it. What the database says goes
// into the log and to no client.
//
// The status of [DatabaseOperation] is 500, that of the Scale error model, where the blargh exceptions
// have 503 for a lost connection: [WithStatus] moves it. SQLite's drivers have no SQLSTATE: map their
// errors by [MapAs].
//
// The slice is the caller's own; the mappers are safe for concurrent use.
func SQLMappers() []Mapper {
	return []Mapper{
		mapSQLState, // first: what failed often comes joined with the error of its rollback
		MapIs(sql.ErrNoRows, EntityNotFound),
		MapIs(driver.ErrBadConn, DatabaseOperation),
		MapIs(sql.ErrConnDone, DatabaseOperation),
		mapTxDone,
	}
}

// sqlStateError is what errors of PostgreSQL's drivers look like. Core does not import them.
type sqlStateError interface {
	error
	SQLState() string
}

// sqlStates are the kinds by SQLSTATE, five characters, and by its class, two. nil is for a later rule.
var sqlStates = map[string]*Kind{
	"02": EntityNotFound, // no data
	"08": DatabaseOperation,
	"22": BadFieldValue, // data exception: out of range, malformed
	"23": Conflict,      // integrity constraint violation
	"40": TransactionConflict,
	"53": DatabaseOperation, // insufficient resources

	"08007": Database,            // it is unknown whether the transaction took effect
	"23502": MissingAttribute,    // not null
	"23505": DuplicateItem,       // unique
	"23514": BadFieldValue,       // check
	"23P01": DuplicateItem,       // exclusion
	"40003": Database,            // as 08007
	"40002": Conflict,            // integrity violation at commit: repeating does not help
	"55P03": TransactionConflict, // lock not available
	"57014": nil,                 // query cancelled
	"57P01": DatabaseOperation,   // the server shuts down
	"57P02": DatabaseOperation,
	"57P03": DatabaseOperation,
	"57P05": DatabaseOperation, // idle session timeout
}

// mapSQLState decides by the first SQLSTATE in the tree that is one. It is no [MapAs], which would stop
// at the first error with such a method, whatever that returns.
func mapSQLState(err error) *Fault {
	if probe, ok := err.(*mapperProbe); ok {
		probe.typ = reflect.TypeFor[sqlStateError]()
		return nil
	}
	state := sqlState(err)
	if state == "" {
		return nil
	}
	k, known := sqlStates[state]
	if !known {
		k, known = sqlStates[state[:2]]
	}
	if !known {
		k = Database
	}
	if k == nil {
		return nil
	}
	return &Fault{kind: k, attrs: []Attr{Log(slog.String("sqlstate", state))}}
}

// sqlState is the first SQLSTATE in the tree, "" without one.
func sqlState(err error) string {
	state, _ := errtree.Find(err, func(e error) (string, bool) {
		if s, ok := e.(sqlStateError); ok {
			if state := s.SQLState(); isSQLState(state) {
				return state, true
			}
		}
		return "", false
	})
	return state
}

// mapTxDone passes when a context or a cancelled query is in the tree: database/sql has then rolled
// back by itself, and the ErrTxDone is that of the caller's own rollback.
func mapTxDone(err error) *Fault {
	if probe, ok := err.(*mapperProbe); ok {
		probe.target = sql.ErrTxDone
		return nil
	}
	if !errtree.Is(err, sql.ErrTxDone) ||
		errtree.Is(err, context.Canceled) || errtree.Is(err, context.DeadlineExceeded) || sqlState(err) == "57014" {
		return nil
	}
	return &Fault{kind: Database}
}

// isSQLState reports whether state is five digits or capital letters, and not the success code.
func isSQLState(state string) bool {
	if len(state) != 5 || state[:2] == "00" {
		return false
	}
	for i := range len(state) {
		if c := state[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}
