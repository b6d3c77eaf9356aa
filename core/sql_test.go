package fault_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
)

// pgError has the shape of pgx's and lib/pq's errors.
type pgError string

func (e pgError) Error() string    { return "canary: duplicate key in table canary_orders, detail canary" }
func (e pgError) SQLState() string { return string(e) }

// panickingState breaks where it is asked for its code.
type panickingState struct{ error }

func (panickingState) SQLState() string { panic("canary") }

func TestSQLMappers(t *testing.T) {
	r, log := logged(t, fault.WithMapper(fault.SQLMappers()...), fault.WithMembers(fault.MemberCode))
	for _, c := range []struct {
		err  error
		kind *fault.Kind
	}{
		{sql.ErrNoRows, fault.EntityNotFound},
		{sql.ErrConnDone, fault.DatabaseOperation},
		{sql.ErrTxDone, fault.Database},
		{driver.ErrBadConn, fault.DatabaseOperation},
		{pgError("02000"), fault.EntityNotFound},
		{pgError("08000"), fault.DatabaseOperation},
		{pgError("08006"), fault.DatabaseOperation},
		{pgError("08007"), fault.Database},
		{pgError("08P01"), fault.DatabaseOperation},
		{pgError("22001"), fault.BadFieldValue},
		{pgError("22P02"), fault.BadFieldValue},
		{pgError("23000"), fault.Conflict},
		{pgError("23502"), fault.MissingAttribute},
		{pgError("23503"), fault.Conflict},
		{pgError("23505"), fault.DuplicateItem},
		{pgError("23514"), fault.BadFieldValue},
		{pgError("23P01"), fault.DuplicateItem},
		{pgError("40001"), fault.TransactionConflict},
		{pgError("40P01"), fault.TransactionConflict},
		{pgError("40002"), fault.Conflict},
		{pgError("40003"), fault.Database},
		{pgError("53300"), fault.DatabaseOperation},
		{pgError("55P03"), fault.TransactionConflict},
		{pgError("55000"), fault.Database},
		{pgError("57P01"), fault.DatabaseOperation},
		{pgError("57P02"), fault.DatabaseOperation},
		{pgError("57P03"), fault.DatabaseOperation},
		{pgError("57P05"), fault.DatabaseOperation},
		{pgError("57P04"), fault.Database},
		{pgError("42P01"), fault.Database},
		{pgError("XX000"), fault.Database},
		{pgError("57014"), fault.GatewayTimeout},
		{pgError("P0002"), fault.EntityNotFound},
		{pgError("44000"), fault.BadFieldValue},
		{pgError("58030"), fault.DatabaseOperation},
		{pgError("ZZ999"), fault.Database},
		{pgError("08004"), fault.Database},
		{pgError(""), fault.Unhandled},
		{pgError("00000"), fault.Unhandled},
		{pgError("2350"), fault.Unhandled},
		{pgError("235055"), fault.Unhandled},
		{pgError("23 05"), fault.Unhandled},
		{pgError("2350é"), fault.Unhandled},
		{pgError("abcde"), fault.Unhandled},
		{panickingState{errors.New("canary")}, fault.Unhandled},
		{errors.Join(panickingState{errors.New("canary")}, pgError("23505")), fault.DuplicateItem},
		{fmt.Errorf("loading: %w", pgError("23505")), fault.DuplicateItem},
		{errors.Join(errors.New("x"), fmt.Errorf("y: %w", sql.ErrNoRows)), fault.EntityNotFound},
		{fault.Gone.Wrap(pgError("23505")), fault.Gone},
	} {
		resp := r.Respond(with(), c.err)
		assert.Equal(t, c.kind.Code(), decode(t, resp)["code"], "%#v", c.err)
		assert.NotContains(t, fmt.Sprint(string(resp.Body), resp.Header()), "canary")
		assert.Equal(t, c.kind.Status(), resp.Status)
		if _, ok := c.err.(pgError); ok {
			assert.Contains(t, log.text(), "canary_orders", "the log has the cause")
		}
	}
	r.Respond(with(), pgError("42P01"))
	assert.Contains(t, log.text(), `"sqlstate":"42P01"`)
	assert.Equal(t, 500, responder(t).Respond(with(), pgError("23505")).Status, "only where it is asked for")

	req := with()
	req.ctx = cancelledBy(&http.Server{})
	assert.Equal(t, 499, r.Respond(req, errors.Join(pgError("57014"), context.Canceled)).Status, "the client left")
	assert.Equal(t, 499, r.Respond(req, sql.ErrTxDone).Status, "the commit came after database/sql had rolled back")
	for i, m := range r.Mappers() {
		assert.Empty(t, m.Unreachable, "mapper %d", i)
		assert.NotEqual(t, "func", m.Name, "mapper %d says what it is made for", i)
	}
}

// A failed transaction comes joined with what its rollback said.
func TestSQLMappersOfWhatIsJoined(t *testing.T) {
	r := responder(t, fault.WithMapper(fault.SQLMappers()...), fault.WithMembers(fault.MemberCode))
	for _, c := range []struct {
		name string
		err  error
		want *fault.Kind
	}{
		{"conflict, then ErrTxDone", errors.Join(pgError("40001"), sql.ErrTxDone), fault.TransactionConflict},
		{"conflict, then a lost connection", errors.Join(pgError("23505"), driver.ErrBadConn), fault.DuplicateItem},
		{"malformed in front", errors.Join(pgError("x"), pgError("40001")), fault.TransactionConflict},
		{"no row, then a lost connection", errors.Join(sql.ErrNoRows, driver.ErrBadConn), fault.EntityNotFound},
		{"the client left, then ErrTxDone", errors.Join(context.Canceled, sql.ErrTxDone), fault.ServiceUnavailable},
		{"too late, then ErrTxDone", errors.Join(context.DeadlineExceeded, sql.ErrTxDone), fault.GatewayTimeout},
		{"cancelled by the server, then ErrTxDone", errors.Join(pgError("57014"), sql.ErrTxDone), fault.GatewayTimeout},
		{"cancelled, then ErrTxDone", errors.Join(pgError("57014"), sql.ErrTxDone, context.DeadlineExceeded), fault.GatewayTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.want.Code(), decode(t, r.Respond(with(), c.err))["code"])
		})
	}
}

func ExampleSQLMappers() {
	r, err := fault.NewResponder(fault.WithMapper(fault.SQLMappers()...))
	if err != nil {
		panic(err)
	}
	loading := fmt.Errorf("loading order 7: %w", sql.ErrNoRows)
	resp := r.Respond(nil, loading)
	fmt.Println(resp.Status)
	// Output: 404
}
