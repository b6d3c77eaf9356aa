package fault

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"reflect"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/polyfault/polyfault/internal/errtree"
)

// ofServer reads the code that a database gave, of one error of the tree.
func ofServer(err error) *Fault {
	if e, ok := err.(interface{ SQLState() string }); ok { // pgx, lib/pq
		return withState(e.SQLState())
	}
	if e, ok := err.(mongoError); ok {
		return ofMongo(e).fault()
	}
	if e, ok := err.(interface{ RedisError() }); ok {
		return ofRedis(e.(error).Error()).fault()
	}
	v := structOf(err)
	switch t := v.Type(); {
	case t.Name() == "Error" && strings.HasSuffix(t.PkgPath(), "/lib/pq"): // old versions (v1.10.0) have no method
		return withState(v.FieldByName("Code").String())
	case t.Name() == "MySQLError":
		return ofMySQL(v)
	case strings.Contains(strings.ToLower(t.PkgPath()+"."+t.Name()), "sqlite"):
		return ofSQLite(err, v)
	case t.Kind() == reflect.String && t.Name() == "Error" && strings.HasSuffix(t.PkgPath(), "/redigo/redis"):
		return ofRedis(v.String()).fault()
	}
	return nil
}

func withState(state string) *Fault {
	if !isSQLState(state) {
		return nil
	}
	return ofState(state).fault(slog.String("sqlstate", state))
}

// structOf returns the error itself, without its pointer.
func structOf(err error) reflect.Value {
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer { // errtree leaves nil ones out
		v = v.Elem()
	}
	return v
}

// number returns the whole number in a field of a struct.
func number(v reflect.Value, field string) (n int64, ok bool) {
	if v.Kind() != reflect.Struct {
		return 0, false
	}
	switch f := v.FieldByName(field); {
	case !f.IsValid():
		return 0, false
	case f.CanInt():
		return f.Int(), true
	case f.CanUint():
		return int64(f.Uint()), true // result codes and numbers are small
	}
	return 0, false
}

// ofMySQL reads *mysql.MySQLError: Number, and SQLState where the driver has it.
func ofMySQL(v reflect.Value) *Fault {
	n, ok := number(v, "Number")
	if !ok {
		return nil
	}
	verdict, known := mysqlNumbers[uint64(n)]
	if !known {
		verdict = otherwise
		if state := stateField(v); isSQLState(state) {
			verdict = ofState(state)
		}
	}
	return verdict.fault(slog.Int64("mysql_number", n))
}

// stateField returns a field SQLState [5]byte.
func stateField(v reflect.Value) string {
	f := v.FieldByName("SQLState")
	if !f.IsValid() || f.Kind() != reflect.Array || f.Len() != 5 || f.Type().Elem().Kind() != reflect.Uint8 {
		return ""
	}
	var state [5]byte
	for i := range state {
		state[i] = byte(f.Index(i).Uint())
	}
	return string(state[:])
}

// ofSQLite reads the result code: modernc.org/sqlite has a method for it, mattn/go-sqlite3 fields.
func ofSQLite(err error, v reflect.Value) *Fault {
	code, ok := number(v, "ExtendedCode")
	if !ok || code == 0 {
		code, ok = number(v, "Code")
	}
	if e, has := err.(interface{ Code() int }); has {
		code, ok = int64(e.Code()), true
	}
	if !ok || code&0xff == 0 {
		return nil
	}
	verdict, known := sqliteCodes[code]
	if !known {
		verdict, known = sqliteCodes[code&0xff]
	}
	if !known {
		verdict = otherwise
	}
	return verdict.fault(slog.Int64("sqlite_code", code))
}

// mongoError is what mongo.ServerError asks for.
type mongoError interface {
	HasErrorCode(code int) bool
	HasErrorLabel(label string) bool
}

func ofMongo(e mongoError) verdict {
	for _, row := range mongoCodes {
		if slices.ContainsFunc(row.codes, e.HasErrorCode) {
			return row.verdict
		}
	}
	for _, row := range mongoLabels {
		if e.HasErrorLabel(row.label) {
			return row.verdict
		}
	}
	return otherwise
}

func ofRedis(text string) verdict {
	if v, ok := redisTexts[text]; ok {
		return v
	}
	word, _, _ := strings.Cut(text, " ")
	if v, ok := redisWords[word]; ok {
		return v
	}
	return otherwise
}

// ofLibrary knows one error of the tree by what libraries above the drivers make of it: sentinels, and the types that
// ent generates.
func ofLibrary(err error) *Fault {
	if reflect.TypeOf(err) == plainError {
		if s, ok := sentinels[err.Error()]; ok && (s.module == "" || isBuiltWith(s.module)) {
			return s.fault()
		}
	}
	if isUnencodable(err) {
		return unfit.fault()
	}
	return ofEnt(err).fault()
}

var (
	plainError   = reflect.TypeOf(errors.New(""))
	wrappedError = reflect.TypeOf(fmt.Errorf("%w", io.EOF))

	outOfRange = regexp.MustCompile(`(?s)^failed to encode args\[\d+\]: .+: -?\d+ is (greater than max|less than min)imum value for \w+$`)
)

// isUnencodable reports whether pgx refused an argument that its column cannot hold, before the server could say 22003. A
// result that a variable cannot hold has other words, and is nobody's input.
func isUnencodable(err error) bool {
	t := reflect.TypeOf(err) // plain in old versions
	return (t == wrappedError || t == plainError) && outOfRange.MatchString(err.Error()) && isBuiltWith("github.com/jackc/pgx")
}

// ofEnt recognises the types of code that ent has generated, in any package: by name, fields and text.
func ofEnt(err error) verdict {
	v := structOf(err)
	if v.Kind() != reflect.Struct {
		return verdict{}
	}
	t := v.Type()
	pkg, name, _ := strings.Cut(t.String(), ".")
	switch {
	case name == "NotFoundError" && hasFields(t, "label"):
		if err.Error() == pkg+": "+v.Field(0).String()+" not found" {
			return noRow
		}
	case name == "ConstraintError" && hasFields(t, "msg", "wrap"):
		if err.Error() == pkg+": constraint failed: "+v.Field(0).String() {
			return constraint // the driver's error below would have said more
		}
	case name == "ValidationError" && hasFields(t, "Name", "err"):
		text := err.Error()
		if strings.HasPrefix(text, pkg+": missing required ") {
			return missing
		}
		if strings.HasPrefix(text, pkg+": validator failed for ") || strings.HasPrefix(text, pkg+": invalid enum value for ") {
			return unfit
		}
	}
	return verdict{}
}

// hasFields reports whether exactly these are the fields of a struct, the first a string.
func hasFields(t reflect.Type, names ...string) bool {
	if t.NumField() != len(names) || t.Field(0).Type.Kind() != reflect.String {
		return false
	}
	for i, name := range names {
		if t.Field(i).Name != name {
			return false
		}
	}
	return true
}

// modules are those of the build, empty where it names none: binaries of tests, and of other tools than the go command.
var modules = sync.OnceValue(func() (paths []string) {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return nil
	}
	for _, m := range info.Deps {
		paths = append(paths, m.Path)
	}
	return paths
})

// isBuiltWith reports whether a module of the build has this path or one below it, or whether the modules are not known.
func isBuiltWith(module string) bool {
	paths := modules()
	for _, path := range paths {
		if rest, ok := strings.CutPrefix(path, module); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return len(paths) == 0
}

// mapConnection recognises a connection that was lost or never made. Errors of the network do not tell its purpose: those of
// an HTTP client, of a file and of the request's input are skipped.
func mapConnection(err error) *Fault {
	if probe, ok := err.(*mapperProbe); ok {
		probe.label = "SQLMappers: connections"
		return nil
	}
	errs := errtree.Flatten(err, nil)
	if slices.ContainsFunc(errs.Errors, isNoServer) && !errs.Is(context.Canceled) { // though it waited for one in vain
		return verdict{DatabaseOperation, true}.fault()
	}
	if isTimeout(errs) || tellsContext(err) || isElsewhere(errs) {
		return nil
	}
	ours := false // a driver's
	for _, e := range errs.Errors {
		if guarded(isLost, e, nil) != nil {
			return verdict{DatabaseOperation, true}.fault()
		}
		ours = ours || isDrivers(e)
	}
	if ours && (errs.Is(io.EOF) || errs.Is(io.ErrUnexpectedEOF)) {
		return verdict{DatabaseOperation, true}.fault()
	}
	return nil
}

// isElsewhere reports whether a lost connection in the tree is no database's.
func isElsewhere(errs errtree.List) bool {
	_, client := errtree.First[*url.Error](errs)
	_, file := errtree.First[*fs.PathError](errs)
	_, input := errtree.First[*bindingError](errs)
	return client || file || input
}

// lostErrnos are what the network says of a connection that is not there.
var lostErrnos = []error{
	net.ErrClosed, syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ENOTCONN,
	syscall.EHOSTUNREACH, syscall.ENETUNREACH,
}

// isLost returns the verdict on one error of the tree: a driver knows that it could not send, or the network says so.
func isLost(err error) *Fault {
	if e, ok := err.(interface{ SafeToRetry() bool }); ok && e.SafeToRetry() { // pgx
		return &Fault{kind: DatabaseOperation}
	}
	if isDrivers(err) && strings.EqualFold(structOf(err).Type().Name(), "ConnectError") {
		return &Fault{kind: DatabaseOperation}
	}
	switch e := err.(type) {
	case *net.OpError:
		if e.Op == "dial" || isLostErrno(e.Err) {
			return &Fault{kind: DatabaseOperation}
		}
	case *os.SyscallError: // go-redis leaves the OpError around it away
		if isLostErrno(e.Err) {
			return &Fault{kind: DatabaseOperation}
		}
	}
	return nil
}

// isNoServer reports whether the driver of MongoDB found none of its servers.
func isNoServer(err error) bool {
	t := structOf(err).Type()
	return t.Name() == "ServerSelectionError" && strings.HasPrefix(t.PkgPath(), "go.mongodb.org/mongo-driver/")
}

func isLostErrno(err error) bool {
	return slices.ContainsFunc(lostErrnos, func(target error) bool { return errtree.Is(err, target) })
}

// isDrivers reports whether the error is one of pgx's about its connection.
func isDrivers(err error) bool { return strings.HasSuffix(structOf(err).Type().PkgPath(), "/pgconn") }
