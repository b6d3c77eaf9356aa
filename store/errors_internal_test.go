package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

type pgError string

func (e pgError) Error() string    { return "pg " + string(e) }
func (e pgError) SQLState() string { return string(e) }

type sqliteError int

func (e sqliteError) Error() string { return fmt.Sprint("sqlite ", int(e)) }
func (e sqliteError) Code() int     { return int(e) }

// What a failure of the database is to a responder, and for how long it is repeated. Nothing is
// repeated whose commit may have happened.
func TestFailures(t *testing.T) {
	t.Parallel()
	refused := &net.OpError{Op: "dial", Err: errors.New("refused")}
	for _, c := range []struct {
		err      error
		kind     *fault.Kind // nil: nothing to the mappers
		patience time.Duration
	}{
		{pgError("23505"), fault.DuplicateItem, 0},
		{pgError("57P01"), fault.DatabaseOperation, lostPatience},
		{pgError("40P01"), fault.TransactionConflict, lockPatience},
		{pgError("40001"), fault.TransactionConflict, lockPatience},
		{pgError("55P03"), fault.TransactionConflict, lockPatience},
		{pgError("42P01"), fault.Database, 0},
		{refused, fault.DatabaseOperation, lostPatience},
		{io.ErrUnexpectedEOF, fault.DatabaseOperation, lostPatience},
		{driver.ErrBadConn, fault.DatabaseOperation, lostPatience},
		{&commitError{refused}, fault.Database, 0},
		{&commitError{io.ErrUnexpectedEOF}, fault.Database, 0},
		{&commitError{sqliteError(sqliteBusy)}, fault.TransactionConflict, 0},
		{sqliteError(sqliteBusy), fault.TransactionConflict, lockPatience},
		{sqliteError(517), fault.TransactionConflict, lockPatience}, // BUSY_SNAPSHOT
		{sqliteError(262), fault.TransactionConflict, lockPatience}, // LOCKED_SHAREDCACHE
		{sqliteError(2067), fault.DuplicateItem, 0},
		{sqliteError(1555), fault.DuplicateItem, 0},
		{sqliteError(1299), fault.MissingAttribute, 0},
		{sqliteError(275), fault.Conflict, 0}, // CHECK
		{sqliteError(18), fault.BadFieldValue, 0},
		{sqliteError(13), fault.DatabaseOperation, 0},
		{sqliteError(266), fault.DatabaseOperation, 0}, // IOERR_READ
		{sqliteError(14), fault.DatabaseOperation, 0},
		{sqliteError(9), fault.GatewayTimeout, 0}, // interrupted
		{sqliteError(1), fault.Database, 0},
		{sqliteError(11), fault.Database, 0}, // corrupt
		{fmt.Errorf("%w: %w", sqliteError(1), context.Canceled), nil, 0},
		{context.DeadlineExceeded, nil, 0},
		{errors.New("sql: database is closed"), fault.Database, 0},
	} {
		assert.Equal(t, c.patience, patienceWith(c.err), "%v", c.err)
		err := failed("doing", c.err)
		require.ErrorIs(t, err, c.err)
		assert.ErrorContains(t, err, "store: doing: ")
		var got *fault.Kind
		for _, m := range fault.SQLMappers() {
			if f := m(err); f != nil {
				got = f.Kind()
				break
			}
		}
		assert.Equal(t, c.kind.Code(), got.Code(), "%v", c.err)
		assert.Equal(t, err, failed("again", err), "it is wrapped once")
	}
	for _, own := range []error{ErrNotFound, ErrNewerSchema, &FieldError{}, &FilterError{}, fmt.Errorf("%w: more", ErrExists)} {
		assert.Equal(t, own, failed("doing", own))
	}
	assert.NoError(t, failed("doing", nil))
}
