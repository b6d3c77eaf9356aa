package fault

import (
	"database/sql"
	"database/sql/driver"
	"log/slog"
)

// SQLMappers returns the mappers for errors of databases, for [WithMapper], [Backoff] and [Exit]. They
// are an option because not every failed query is an answer: that a row is missing may be a 404 or a
// bug.
//
//	fault.NewResponder(fault.WithMapper(fault.SQLMappers()...))
//
// [sql.ErrNoRows] is [EntityNotFound]; [driver.ErrBadConn] and [sql.ErrConnDone] are
// [DatabaseOperation]; [sql.ErrTxDone] is [Database]. An error with a method SQLState() string, as those
// of pgx and lib/pq have, is classified by that code (SQL standard, PostgreSQL's appendix A): unique
// violations are [DuplicateItem], serialization failures and deadlocks [TransactionConflict], lost
// connections and exhausted resources [DatabaseOperation]; other violations of integrity are
// [Conflict], values that do not fit [BadFieldValue], missing ones [MissingAttribute]; anything else is
// [Database], but for cancelled queries, which the request's context explains. What the database says
// goes into the log and to no client.
//
// SQLite's drivers have no SQLSTATE: map their errors by [MapAs].
func SQLMappers() []Mapper {
	return []Mapper{
		MapIs(sql.ErrNoRows, EntityNotFound),
		MapIs(driver.ErrBadConn, DatabaseOperation),
		MapIs(sql.ErrConnDone, DatabaseOperation),
		MapIs(sql.ErrTxDone, Database),
		MapAs(mapSQLState),
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

func mapSQLState(e sqlStateError) *Fault {
	state := e.SQLState()
	if !isSQLState(state) {
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
