package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"

	fault "github.com/polyfault/polyfault/core"
)

// The store's own errors, for [errors.Is]. Each wraps the kind that a client should see, so a handler may return it as it
// is.
var (
	// ErrNotFound reports that there is no such record. It wraps [fault.EntityNotFound].
	ErrNotFound error = &answer{"store: no such record", fault.EntityNotFound}
	// ErrExists reports that the scope has a record of that name. It wraps [fault.DuplicateItem].
	ErrExists error = &answer{"store: the scope has a record of this name", fault.DuplicateItem}
	// ErrConflict reports that the record has changed since it was read: the update would undo that
	// change. It wraps [fault.PreconditionFailed].
	ErrConflict error = &answer{"store: the record has changed since it was read", fault.PreconditionFailed}
	// ErrReadOnly reports a change of a built-in record's field that belongs to the program and not to the
	// operator. It comes in a [*FieldError] that names the field, and wraps [fault.FieldIsReadonly].
	ErrReadOnly error = &answer{"store: the field of a built-in record is read-only", fault.FieldIsReadonly}
	// ErrNewerSchema reports that a newer version of the package has migrated the database: start the newer
	// program. It wraps [fault.ServiceNotConfigured].
	ErrNewerSchema error = &answer{"store: the database has a newer schema than this program", fault.ServiceNotConfigured}
)

type answer struct {
	text string
	kind *fault.Kind
}

func (a *answer) Error() string { return a.text }
func (a *answer) Unwrap() error { return a.kind }

// A FieldError reports a value that a record cannot have. It wraps a [fault.ValidationFailed] that names the field in the
// body, or [ErrReadOnly], so a handler may return it as it is.
type FieldError struct {
	Field   string       // as in JSON: "name", "exit_code"
	Rule    string       // the code of a field error: see [fault.Field]
	Attrs   []fault.Attr // the arguments of the rule's text
	Problem string       // in English, for logs
}

// Error returns the field and its problem.
func (e *FieldError) Error() string { return "store: " + e.Field + ": " + e.Problem }

// Unwrap returns the error for the client.
func (e *FieldError) Unwrap() error {
	if e.Rule == ruleReadOnly {
		return ErrReadOnly
	}
	return fault.ValidationFailed.New(fault.Field(fault.InBody(e.Field), e.Rule, e.Attrs...))
}

// A FilterError reports an invalid filter. It wraps a [fault.BadParamValue] that names the parameter of the query, so a
// handler may return it as it is.
type FilterError struct {
	Field   string       // the parameter: "order", "page_size"
	Rule    string       // the code of a field error: see [fault.Field]
	Attrs   []fault.Attr // the arguments of the rule's text
	Problem string       // in English, for logs
}

// Error returns the parameter and its problem.
func (e *FilterError) Error() string { return "store: filter " + e.Field + ": " + e.Problem }

// Unwrap returns the error for the client.
func (e *FilterError) Unwrap() error {
	return fault.BadParamValue.New(fault.Field(fault.InQuery(e.Field), e.Rule, e.Attrs...))
}

// isOwn reports whether err is an error of the store, and not a failure of the database.
func isOwn(err error) bool {
	if _, ok := errors.AsType[*answer](err); ok {
		return true
	}
	if _, ok := errors.AsType[*FieldError](err); ok {
		return true
	}
	if _, ok := errors.AsType[*FilterError](err); ok {
		return true
	}
	_, ok := errors.AsType[*databaseError](err)
	return ok
}

// A databaseError is a failure of the database. It has an SQLSTATE for [fault.SQLMappers] if the driver's error has none.
type databaseError struct {
	doing string
	err   error
}

func (e *databaseError) Error() string { return "store: " + e.doing + ": " + e.err.Error() }
func (e *databaseError) Unwrap() error { return e.err }

// SQLState returns the state of an error that has none of its own.
func (e *databaseError) SQLState() string {
	if errors.Is(e.err, context.Canceled) || errors.Is(e.err, context.DeadlineExceeded) || stateOf(e.err) != "" {
		return ""
	}
	if code, ok := sqliteCode(e.err); ok {
		return sqliteState(code)
	}
	if !isLost(e.err) {
		return "XX000"
	}
	if _, unknown := errors.AsType[*commitError](e.err); unknown {
		return "08007"
	}
	return "08006"
}

// SQLite's primary result codes that are not simply a failure.
const (
	sqliteBusy   = 5
	sqliteLocked = 6
)

// sqliteStates are the SQLSTATEs that mean the same as the primary result codes of SQLite.
var sqliteStates = map[int]string{
	sqliteBusy:   "55P03", // lock not available
	sqliteLocked: "55P03",
	9:            "57014", // interrupted: query cancelled
	10:           "53000", // I/O error: insufficient resources, as the disk may come back
	13:           "53100", // disk full
	14:           "08001", // cannot open the file
}

func sqliteState(code int) string {
	switch code {
	case 1555, 2067, 2579: // PRIMARY KEY, UNIQUE, ROWID
		return "23505"
	case 1299: // NOT NULL
		return "23502"
	}
	switch code & 0xff {
	case 18: // too big
		return "22001"
	case 19: // constraint
		return "23000"
	}
	if state, ok := sqliteStates[code&0xff]; ok {
		return state
	}
	return "XX000"
}

// sqliteCode returns the extended result code of SQLite.
func sqliteCode(err error) (int, bool) {
	e, ok := errors.AsType[interface {
		error
		Code() int
	}](err)
	if !ok {
		return 0, false
	}
	return e.Code(), true
}

// busyStates are the SQLSTATEs of transactions that conflicted with others: a serialization failure, a deadlock, a lock that
// was not available.
var busyStates = map[string]bool{"40001": true, "40P01": true, "55P03": true}

// isBusy reports whether err is a conflict with other transactions.
func isBusy(err error) bool {
	if busyStates[stateOf(err)] {
		return true
	}
	code, ok := sqliteCode(err)
	return ok && (code&0xff == sqliteBusy || code&0xff == sqliteLocked)
}

// lostStates are the SQLSTATEs of connections that have ended together with their transaction.
var lostStates = map[string]bool{
	"08000": true, "08003": true, "08006": true, "57P01": true, "57P02": true, "57P03": true, "57P05": true,
}

// isLost reports whether the connection was lost, or could not be made.
func isLost(err error) bool {
	if state := stateOf(err); state != "" {
		return lostStates[state]
	}
	for _, target := range []error{driver.ErrBadConn, sql.ErrConnDone, io.EOF, io.ErrUnexpectedEOF, net.ErrClosed} {
		if errors.Is(err, target) {
			return true
		}
	}
	if e, ok := errors.AsType[interface {
		error
		SafeToRetry() bool
	}](err); ok && e.SafeToRetry() {
		return true
	}
	_, ok := errors.AsType[*net.OpError](err)
	return ok
}

// stateOf returns the SQLSTATE of the driver's error.
func stateOf(err error) string {
	e, ok := errors.AsType[interface {
		error
		SQLState() string
	}](err)
	if !ok {
		return ""
	}
	return e.SQLState()
}
