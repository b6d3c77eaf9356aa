package fault

import (
	"encoding/binary"
	"log/slog"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/polyfault/polyfault/internal/errtree"
	"github.com/polyfault/polyfault/internal/jsonpointer"
)

// RPCMappers returns the mappers for errors of gRPC, connect (v1 and v2) and kratos, for [WithMapper] and [Backoff].
// They are an option because such an error tells what another service said about our request to it. If that service
// did not find something, our own client's request is rarely a 404.
//
//	fault.NewResponder(fault.WithMapper(fault.RPCMappers()...))
//
// The mappers recognise an error with a method GRPCStatus, like those of google.golang.org/grpc/status and kratos,
// and an error with the methods Code and Message, like connect's. They find it through wrapping and [errors.Join],
// and import none of these packages. The code gives the kind, by the table of AIP-193 and google/rpc/code.proto. A
// kratos error has an HTTP status, which gives the kind.
//
// The field violations of a google.rpc.BadRequest become field errors in the body, under their paths and with their
// reasons as rules; a RetryInfo becomes the RetryAfter. Messages, and the descriptions of violations, are for
// developers: they go to the log and to no client. CANCELLED and DEADLINE_EXCEEDED give way to the end of the
// request's own context, which explains them better.
//
// Wrap an error that should not answer the client: fault.BadGateway.Wrap(err) is a 502 for any err. docs/rpc.md has
// the tables.
//
// The slice is a copy; the mappers are safe for concurrent use.
func RPCMappers() []Mapper {
	return []Mapper{mapEach("RPCMappers", ofRPC)}
}

// rpcVerdicts are the verdicts by google.rpc.Code (google/rpc/code.proto names the statuses). OK is no error.
var rpcVerdicts = [...]verdict{
	1:  {kind: ClientClosedRequest, yields: true}, // CANCELLED
	2:  {kind: InternalServerError},               // UNKNOWN
	3:  {kind: BadRequest},                        // INVALID_ARGUMENT
	4:  {kind: GatewayTimeout, yields: true},      // DEADLINE_EXCEEDED
	5:  {kind: NotFound},
	6:  {kind: DuplicateItem}, // ALREADY_EXISTS
	7:  {kind: Forbidden},     // PERMISSION_DENIED
	8:  {kind: TooManyRequests},
	9:  {kind: BadRequest}, // FAILED_PRECONDITION
	10: {kind: Conflict},   // ABORTED
	11: {kind: BadRequest}, // OUT_OF_RANGE
	12: {kind: NotImplemented},
	13: {kind: InternalServerError},
	14: {kind: ServiceUnavailable},
	15: {kind: InternalServerError}, // DATA_LOSS
	16: {kind: Unauthorized},
}

// ofRPC knows one error of the tree.
func ofRPC(err error) *Fault {
	v := reflect.ValueOf(err)
	if status, ok := result(v.MethodByName("GRPCStatus")); ok {
		if e, ok := err.(interface {
			GetCode() int32
			GetReason() string
		}); ok && isErrorStatus(int(e.GetCode())) { // kratos: an HTTP status
			return verdict{kind: KindByStatus(int(e.GetCode()))}.fault(slog.String("rpc_reason", e.GetReason()))
		}
		return ofCode(status.MethodByName("Code"), status, grpcDetails)
	}
	_, messaged := err.(interface{ Message() string })
	if details := v.MethodByName("Details"); messaged && isGetter(details) && details.Type().Out(0).Kind() == reflect.Slice {
		return ofCode(v.MethodByName("Code"), details, connectDetails)
	}
	return nil
}

// isGetter reports whether a method has one result and no parameters.
func isGetter(method reflect.Value) bool {
	return method.IsValid() && method.Type().NumIn() == 0 && method.Type().NumOut() == 1
}

// result returns the one result of a method without parameters; false for another method, none, and nil.
func result(method reflect.Value) (value reflect.Value, ok bool) {
	if !isGetter(method) {
		return value, false
	}
	value = method.Call(nil)[0]
	return value, value.Kind() != reflect.Pointer || !value.IsNil()
}

// An rpcDetail is a detail as it is sent: the type's name and the encoded message.
type rpcDetail struct {
	name  string
	value []byte
}

// grpcDetails returns the details of a *status.Status, from its message.
func grpcDetails(status reflect.Value) (details []rpcDetail) {
	message, ok := result(status.MethodByName("Proto"))
	if !ok {
		return nil
	}
	list, ok := result(message.MethodByName("GetDetails"))
	if !ok || list.Kind() != reflect.Slice {
		return nil
	}
	for i := range list.Len() {
		if d, ok := reflect.TypeAssert[interface {
			GetTypeUrl() string
			GetValue() []byte
		}](list.Index(i)); ok && !errtree.IsNil(d) {
			details = append(details, rpcDetail{d.GetTypeUrl(), d.GetValue()})
		}
	}
	return details
}

// connectDetails are those of the method Details of a *connect.Error: with methods in v1, with fields in v2.
func connectDetails(method reflect.Value) (details []rpcDetail) {
	list := method.Call(nil)[0]
	for i := range list.Len() {
		item := list.Index(i)
		if item.Kind() != reflect.Pointer || item.IsNil() {
			continue
		}
		if d, ok := reflect.TypeAssert[interface {
			Type() string
			Bytes() []byte
		}](item); ok {
			details = append(details, rpcDetail{d.Type(), d.Bytes()})
			continue
		}
		if item = item.Elem(); item.Kind() != reflect.Struct {
			continue
		}
		name, value := item.FieldByName("Type"), item.FieldByName("Value")
		if name.IsValid() && value.IsValid() && name.Kind() == reflect.String && value.Type() == reflect.TypeFor[[]byte]() {
			details = append(details, rpcDetail{name.String(), value.Bytes()})
		}
	}
	return details
}

// ofCode makes the fault of a method that gives a google.rpc.Code, a uint32 of some type. Details that cannot be read, as
// a foreign method panics, take nothing from the code.
func ofCode(method, source reflect.Value, read func(source reflect.Value) []rpcDetail) *Fault {
	value, ok := result(method)
	if !ok || value.Kind() != reflect.Uint32 || value.Uint() == 0 {
		return nil
	}
	code := value.Uint()
	v := rpcVerdicts[2] // for what is unknown, as gRPC has it
	if code < uint64(len(rpcVerdicts)) {
		v = rpcVerdicts[code]
	}
	fields, wait := readDetails(source, read)
	if code == 3 && len(fields) > 0 {
		v.kind = ValidationFailed
	}
	f := v.fault(slog.Uint64("rpc_code", code))
	f.attrs = append(f.attrs, fields...)
	if wait >= 0 {
		f.attrs = append(f.attrs, RetryAfter(wait))
	}
	return f
}

// maxViolations is how many are counted; a response shows fewer.
const maxViolations = 1000

// readDetails takes the field errors from BadRequests and the wait, -1 for none, from a RetryInfo.
func readDetails(source reflect.Value, read func(source reflect.Value) []rpcDetail) (fields []Attr, wait time.Duration) {
	wait = -1
	defer func() { _ = recover() }()
	for _, d := range read(source) {
		switch d.name[strings.LastIndexByte(d.name, '/')+1:] {
		case "google.rpc.BadRequest":
			for _, violation := range protoMessages(d.value, 1) {
				if len(fields) < maxViolations {
					fields = append(fields, violationAttr(violation))
				}
			}
		case "google.rpc.RetryInfo":
			for _, delay := range protoMessages(d.value, 1) {
				wait = protoDuration(delay)
			}
		}
	}
	return fields, wait
}

// violationAttr reads a BadRequest.FieldViolation: field is 1, reason 3. The description is for developers.
func violationAttr(violation []byte) Attr {
	path, code := "", "invalid"
	for _, text := range protoMessages(violation, 1) {
		path = strings.ToValidUTF8(string(text), "\uFFFD")
	}
	for _, text := range protoMessages(violation, 3) {
		if reason := strings.ToLower(string(text)); isSnakeCase(reason) {
			code = reason
		}
	}
	if r, known := rules[code]; known && r.param != paramUnused { // its text needs a limit, which is not known
		return Field(bodyAt(jsonpointer.OfPath(path)), code, Text(ruleInvalid))
	}
	return Field(bodyAt(jsonpointer.OfPath(path)), code)
}

// protoMessages returns the values of a field of a message, in protobuf's encoding, that have a length: messages and strings.
// What is broken ends the reading.
func protoMessages(message []byte, field uint64) (values [][]byte) {
	protoFields(message, func(number uint64, value []byte, _ uint64) {
		if number == field && value != nil {
			values = append(values, value)
		}
	})
	return values
}

// protoDuration reads a google.protobuf.Duration: seconds are 1, nanos 2. It saturates; -1 for less than nothing.
func protoDuration(message []byte) time.Duration {
	var seconds, nanos int64
	protoFields(message, func(number uint64, value []byte, plain uint64) {
		switch {
		case value != nil:
		case number == 1:
			seconds = int64(plain)
		case number == 2:
			nanos = int64(int32(plain))
		}
	})
	switch {
	case seconds < 0 || nanos < 0:
		return -1
	case seconds >= math.MaxInt64/int64(time.Second):
		return math.MaxInt64
	}
	return time.Duration(seconds)*time.Second + time.Duration(nanos)
}

// protoFields walks the fields of a message (protobuf.dev/programming-guides/encoding). value is nil but for those with a
// length, and plain 0 but for varints.
func protoFields(message []byte, see func(number uint64, value []byte, plain uint64)) {
	for len(message) > 0 {
		tag, n := binary.Uvarint(message)
		if n <= 0 {
			return
		}
		message = message[n:]
		var value []byte
		var plain uint64
		size := 0
		switch tag & 7 {
		case 0:
			plain, size = binary.Uvarint(message)
		case 1:
			size = 8
		case 2:
			length, n := binary.Uvarint(message)
			if n <= 0 || length > uint64(len(message)-n) {
				return
			}
			size = n + int(length)
			value = message[n:size:size]
		case 5:
			size = 4
		}
		if size <= 0 || size > len(message) {
			return
		}
		see(tag>>3, value, plain)
		message = message[size:]
	}
}
