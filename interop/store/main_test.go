package store_test

import (
	"testing"

	"go.uber.org/goleak"
)

// pgx ends connections whose query was cancelled in a goroutine of its own, within 15 s.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/jackc/pgx/v5/pgconn.(*PgConn).asyncClose.func1"))
}
