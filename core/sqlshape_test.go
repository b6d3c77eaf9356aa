package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"

	fault "github.com/polyfault/polyfault/core"
)

// The shapes of errors of drivers and of generated code.
type (
	MySQLError struct { //nolint:errname // the driver's name
		Number   uint16
		SQLState [5]byte
		Message  string
	}
	sqliteMethod int
	sqliteFields struct{ Code, ExtendedCode int }
	redisError   string
	mongoCode    struct {
		code  int
		label string
	}
	NotFoundError   struct{ label string } //nolint:errname // ent's name
	ConstraintError struct {               //nolint:errname // ent's name
		msg  string
		wrap error
	}
	ValidationError struct { //nolint:errname // ent's name
		Name string
		err  error
	}
	safeToRetry struct{ error }
	redisNil    struct{ error } // with nothing in it
	coder       int             // of no database
)

func (*MySQLError) Error() string               { return "canary" }
func (sqliteMethod) Error() string              { return "canary" }
func (e sqliteMethod) Code() int                { return int(e) }
func (sqliteFields) Error() string              { return "canary" }
func (e redisError) Error() string              { return string(e) }
func (redisError) RedisError()                  {}
func (mongoCode) Error() string                 { return "canary" }
func (e mongoCode) HasErrorCode(code int) bool  { return e.code == code }
func (e mongoCode) HasErrorLabel(l string) bool { return e.label == l }
func (e *NotFoundError) Error() string          { return "fault_test: " + e.label + " not found" }
func (e *ConstraintError) Error() string        { return "fault_test: constraint failed: " + e.msg }
func (e *ConstraintError) Unwrap() error        { return e.wrap }
func (e *ValidationError) Error() string        { return e.err.Error() }
func (e *ValidationError) Unwrap() error        { return e.err }
func (redisNil) RedisError()                    {}
func (safeToRetry) SafeToRetry() bool           { return true }
func (coder) Error() string                     { return "canary" }
func (e coder) Code() int                       { return int(e) }

func TestSQLMappersByShape(t *testing.T) {
	r := responder(t, fault.WithMapper(fault.SQLMappers()...))
	canary := errors.New("canary")
	invalid := errors.New(`fault_test: validator failed for field "canary"`)
	required := errors.New(`fault_test: missing required field "canary"`)
	state := func(s string) (b [5]byte) { copy(b[:], s); return b }
	reading := &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}
	dialling := &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	tooMuch := errors.New("99999 is greater than maximum value for int2")
	encoding := fmt.Errorf("unable to encode 99999 into binary format for int2 (OID 21): %w", tooMuch)
	for name, c := range map[string]struct {
		err  error
		kind *fault.Kind
	}{
		"pgx, an argument out of range":             {fmt.Errorf("failed to encode args[3]: %w", encoding), fault.BadFieldValue},
		"pgx, a result out of range":                {fmt.Errorf("can't scan into dest[0]: %w", tooMuch), fault.Unhandled},
		"pgx, an argument of another type":          {fmt.Errorf("failed to encode args[0]: %w", canary), fault.Unhandled},
		"mysql, a number":                           {&MySQLError{Number: 1213}, fault.TransactionConflict},
		"mysql, a number before a state":            {&MySQLError{Number: 1406, SQLState: state("HY000")}, fault.BadFieldValue},
		"mysql, a state":                            {&MySQLError{Number: 9999, SQLState: state("23000")}, fault.Conflict},
		"mysql, neither":                            {&MySQLError{}, fault.Database},
		"mysql, typed nil":                          {errors.Join((*MySQLError)(nil), canary), fault.Unhandled},
		"sqlite, extended":                          {sqliteMethod(2067), fault.DuplicateItem},
		"sqlite, an extended one that nobody knows": {sqliteMethod(99<<8 | 19), fault.Conflict},
		"sqlite, interrupted":                       {sqliteMethod(9), fault.GatewayTimeout},
		"sqlite, success":                           {sqliteMethod(0), fault.Unhandled},
		"sqlite, fields":                            {sqliteFields{19, 787}, fault.Conflict},
		"sqlite, primary only":                      {&sqliteFields{5, 0}, fault.TransactionConflict},
		"a code of something else":                  {coder(2067), fault.Unhandled},
		"redis, nothing":                            {redisError("redis: nil"), fault.EntityNotFound},
		"redis, loading":                            {redisError("LOADING canary"), fault.DatabaseOperation},
		"redis, full":                               {redisError("ERR max number of clients reached"), fault.DatabaseOperation},
		"redis, anything":                           {redisError("canary"), fault.Database},
		"redis, panicking":                          {errors.Join(redisNil{}, sqliteMethod(5)), fault.TransactionConflict},
		"mongo, a code":                             {mongoCode{11000, ""}, fault.DuplicateItem},
		"mongo, a label":                            {mongoCode{1, "NetworkError"}, fault.DatabaseOperation},
		"mongo's sentinel":                          {errors.New("mongo: no documents in result"), fault.EntityNotFound},
		"its words in a sentence":                   {errors.New("canary, mongo: no documents in result"), fault.Unhandled},
		"its words in another type":                 {plainText("mongo: no documents in result"), fault.Unhandled},
		"ent, not found":                            {&NotFoundError{"canary"}, fault.EntityNotFound},
		"ent, a constraint by the driver":           {&ConstraintError{"canary", sqliteMethod(2067)}, fault.DuplicateItem},
		"ent, a constraint by itself":               {&ConstraintError{"canary", canary}, fault.Conflict},
		"ent, a validator":                          {&ValidationError{"canary", invalid}, fault.BadFieldValue},
		"ent, a missing field":                      {&ValidationError{"canary", required}, fault.MissingAttribute},
		"ent's name, not its words":                 {&ValidationError{"canary", canary}, fault.Unhandled},
		"ent, without an error":                     {errors.Join(&ValidationError{}, sqliteMethod(5)), fault.TransactionConflict},
		"safe to retry":                             {safeToRetry{canary}, fault.DatabaseOperation},
		"safe to retry, but too late":               {errors.Join(safeToRetry{canary}, context.DeadlineExceeded), fault.GatewayTimeout},
		"a failure, and the end of a context":       {errors.Join(sqliteMethod(1), context.DeadlineExceeded), fault.GatewayTimeout},
		"a duplicate, and the end of a context":     {errors.Join(sqliteMethod(2067), context.DeadlineExceeded), fault.DuplicateItem},
		"refused":                                   {dialling, fault.DatabaseOperation},
		"reset":                                     {reading, fault.DatabaseOperation},
		"refused to an HTTP client":                 {&url.Error{Op: "Get", Err: dialling}, fault.Unhandled},
		"reset while input is read":                 {fault.Binding(reading), fault.BadRequest},
		"a pipe of the file system":                 {&os.PathError{Op: "write", Err: syscall.EPIPE}, fault.Unhandled},
		"EOF":                                       {io.EOF, fault.Unhandled},
		"EOF while input is read":                   {fault.Binding(io.EOF), fault.InvalidJSON},
	} {
		t.Run(name, func(t *testing.T) {
			deep := fmt.Errorf("1: %w", fmt.Errorf("2: %w", fmt.Errorf("3: %w", fmt.Errorf("4: %w", fmt.Errorf("5: %w", c.err)))))
			for _, err := range []error{c.err, deep, errors.Join(canary, deep, nil)} {
				resp := r.Respond(with(), err)
				assert.Equal(t, c.kind.Code(), decode(t, resp)["code"])
				assert.NotContains(t, fmt.Sprint(string(resp.Body), resp.Header()), "canary")
			}
		})
	}
}

// plainText is no error that errors.New makes.
type plainText string

func (e plainText) Error() string { return string(e) }
