package fault

import "time"

// The built-in kinds. The business kinds come from the reference systems: statuses, numbers, types and
// exit codes are theirs, also where HTTP practice differs; [WithStatus] remaps any of them.
var (
	// Any is the root of the hierarchy: every kind is one of its descendants. 500.
	Any = register(nil, Spec{Code: "unknown_error", Status: 500, ExitCode: 1, Category: CategorySystem, Retry: RetryNever})
	// ClientError is any 4xx: the request is at fault. 400.
	ClientError = Any.Derive(Spec{Code: "client_error", Status: 400, Category: CategoryData})
	// BadRequest is 400: the request is malformed (RFC 9110, section 15.5.1).
	BadRequest = ClientError.Derive(Spec{Code: "bad_request", Status: 400})
	// Unauthorized is 401: valid credentials are missing (RFC 9110, section 15.5.2); give it a WWW-Authenticate header.
	Unauthorized = ClientError.Derive(Spec{Code: "unauthorized", Status: 401})
	// PaymentRequired is 402: payment is needed (RFC 9110, section 15.5.3).
	PaymentRequired = ClientError.Derive(Spec{Code: "payment_required", Status: 402})
	// Forbidden is 403: the request is understood and refused (RFC 9110, section 15.5.4).
	Forbidden = ClientError.Derive(Spec{Code: "forbidden", Status: 403})
	// NotFound is 404: there is nothing at this address (RFC 9110, section 15.5.5).
	NotFound = ClientError.Derive(Spec{Code: "not_found", Status: 404})
	// MethodNotAllowed is 405: the resource does not have this method (RFC 9110, section 15.5.6).
	MethodNotAllowed = ClientError.Derive(Spec{Code: "method_not_allowed", Status: 405})
	// NotAcceptable is 406: the request cannot be met as it stands (RFC 9110, section 15.5.7).
	NotAcceptable = ClientError.Derive(Spec{Code: "not_acceptable", Status: 406})
	// ProxyAuthRequired is 407: the proxy wants credentials (RFC 9110, section 15.5.8).
	ProxyAuthRequired = ClientError.Derive(Spec{Code: "proxy_auth_required", Status: 407})
	// RequestTimeout is 408: the request did not arrive in time (RFC 9110, section 15.5.9).
	RequestTimeout = ClientError.Derive(Spec{Code: "request_timeout", Status: 408})
	// Conflict is 409: the resource's state forbids it (RFC 9110, section 15.5.10).
	Conflict = ClientError.Derive(Spec{Code: "conflict", Status: 409})
	// Gone is 410: the resource is gone for good (RFC 9110, section 15.5.11).
	Gone = ClientError.Derive(Spec{Code: "gone", Status: 410})
	// LengthRequired is 411: Content-Length is missing (RFC 9110, section 15.5.12).
	LengthRequired = ClientError.Derive(Spec{Code: "length_required", Status: 411})
	// PreconditionFailed is 412: a precondition of the request is false (RFC 9110, section 15.5.13).
	PreconditionFailed = ClientError.Derive(Spec{Code: "precondition_failed", Status: 412})
	// ContentTooLarge is 413: the body is too large (RFC 9110, section 15.5.14).
	ContentTooLarge = ClientError.Derive(Spec{Code: "content_too_large", Status: 413})
	// URITooLong is 414: the address is too long (RFC 9110, section 15.5.15).
	URITooLong = ClientError.Derive(Spec{Code: "uri_too_long", Status: 414})
	// UnsupportedMediaType is 415: the body's format is not supported (RFC 9110, section 15.5.16).
	UnsupportedMediaType = ClientError.Derive(Spec{Code: "unsupported_media_type", Status: 415})
	// RangeNotSatisfiable is 416: the ranges lie outside the resource (RFC 9110, section 15.5.17).
	RangeNotSatisfiable = ClientError.Derive(Spec{Code: "range_not_satisfiable", Status: 416})
	// ExpectationFailed is 417: an expectation cannot be met (RFC 9110, section 15.5.18).
	ExpectationFailed = ClientError.Derive(Spec{Code: "expectation_failed", Status: 417})
	// MisdirectedRequest is 421: this server does not answer for the address (RFC 9110, section 15.5.20).
	MisdirectedRequest = ClientError.Derive(Spec{Code: "misdirected_request", Status: 421})
	// UnprocessableContent is 422: the body is well-formed and cannot be processed (RFC 9110, section 15.5.21).
	UnprocessableContent = ClientError.Derive(Spec{Code: "unprocessable_content", Status: 422})
	// Locked is 423: the resource is locked (RFC 4918, section 11.3).
	Locked = ClientError.Derive(Spec{Code: "locked", Status: 423})
	// FailedDependency is 424: another request that this one needs failed (RFC 4918, section 11.4).
	FailedDependency = ClientError.Derive(Spec{Code: "failed_dependency", Status: 424})
	// TooEarly is 425: the request might be replayed (RFC 8470, section 5.2).
	TooEarly = ClientError.Derive(Spec{Code: "too_early", Status: 425})
	// UpgradeRequired is 426: another protocol is needed (RFC 9110, section 15.5.22).
	UpgradeRequired = ClientError.Derive(Spec{Code: "upgrade_required", Status: 426})
	// PreconditionRequired is 428: the request must be conditional (RFC 6585, section 3).
	PreconditionRequired = ClientError.Derive(Spec{Code: "precondition_required", Status: 428})
	// TooManyRequests is 429: too many requests in a given time (RFC 6585, section 4).
	TooManyRequests = ClientError.Derive(Spec{Code: "too_many_requests", Status: 429})
	// RequestHeaderFieldsTooLarge is 431: the headers are too large (RFC 6585, section 5).
	RequestHeaderFieldsTooLarge = ClientError.Derive(Spec{Code: "request_header_fields_too_large", Status: 431})
	// UnavailableForLegalReasons is 451: a legal demand forbids it (RFC 7725, section 3).
	UnavailableForLegalReasons = ClientError.Derive(Spec{Code: "unavailable_for_legal_reasons", Status: 451})
	// ClientClosedRequest is 499: the client went away; nobody reads the answer, the log and observers do (nginx's status).
	ClientClosedRequest = ClientError.Derive(Spec{Code: "client_closed_request", Status: 499})
	// EntityNotFound is 404: the business object does not exist. Web API 100.
	EntityNotFound = NotFound.Derive(Spec{Code: "entity_not_found", Number: 100, Type: "resource-does-not-exist"})
	// ProjectLocked is 423: the project is locked.
	ProjectLocked = Locked.Derive(Spec{Code: "project_locked"})
	// TaskLocked is 423: the task is locked.
	TaskLocked = Locked.Derive(Spec{Code: "task_locked"})
	// ProjectFinished is 423: the project is finished.
	ProjectFinished = Locked.Derive(Spec{Code: "project_finished"})
	// TaskFinished is 423: the task is finished.
	TaskFinished = Locked.Derive(Spec{Code: "task_finished"})
	// ResourceAssignmentFinished is 423: the resource's assignment is finished.
	ResourceAssignmentFinished = Locked.Derive(Spec{Code: "resource_assignment_finished"})
	// InterfaceLock is 423: the booking is linked to an external system.
	InterfaceLock = Locked.Derive(Spec{Code: "interface_lock"})
	// BookingCancelled is 423: the booking was cancelled.
	BookingCancelled = Locked.Derive(Spec{Code: "booking_cancelled"})
	// Released is 423: the booking was released.
	Released = Locked.Derive(Spec{Code: "released"})
	// Deadline is 423: the booking date lies before the deadline.
	Deadline = Locked.Derive(Spec{Code: "deadline"})
	// ProjectNotActive is 423: the project is not active.
	ProjectNotActive = Locked.Derive(Spec{Code: "project_not_active"})
	// MaxHoursReached is 406: the resource has reached its maximum bookable time.
	MaxHoursReached = NotAcceptable.Derive(Spec{Code: "max_hours_reached"})
	// FutureReporting is 406: the project does not allow bookings in the future.
	FutureReporting = NotAcceptable.Derive(Spec{Code: "future_reporting"})
	// OutsideReportingPeriod is 406: the booking lies outside the booking period.
	OutsideReportingPeriod = NotAcceptable.Derive(Spec{Code: "outside_reporting_period"})
	// NegativeLoad is 400: negative efforts are not allowed.
	NegativeLoad = BadRequest.Derive(Spec{Code: "negative_load"})
	// EntityAttributesNotSet is 400: attributes could not be set, or are read-only; the details name them.
	EntityAttributesNotSet = BadRequest.Derive(Spec{Code: "entity_attributes_not_set"})
	// Transformation is 400: values could not be converted; the details name all of them.
	Transformation = BadRequest.Derive(Spec{Code: "transformation"})
	// MandatoryAttributesMissing is 400: mandatory attributes are missing; the details name them.
	MandatoryAttributesMissing = BadRequest.Derive(Spec{Code: "mandatory_attributes_missing"})
	// SuperfluousAttributesInRequest is 400: the request has unknown attributes; the details name them.
	SuperfluousAttributesInRequest = BadRequest.Derive(Spec{Code: "superfluous_attributes_in_request"})
	// InvalidJSON is 400: the body is not the JSON that is expected.
	InvalidJSON = BadRequest.Derive(Spec{Code: "invalid_json"})
	// SessionNotFound is 400: the session does not exist.
	SessionNotFound = BadRequest.Derive(Spec{Code: "session_not_found"})
	// ModuleNotFound is 400: the module does not exist.
	ModuleNotFound = BadRequest.Derive(Spec{Code: "module_not_found"})
	// ValidationFailed is 400: values break the rules of their fields; the details name them.
	ValidationFailed = BadRequest.Derive(Spec{Code: "validation_failed"})
	// FieldDoesNotExist is 400: the request names a field that the object does not have.
	FieldDoesNotExist = BadRequest.Derive(Spec{Code: "field_does_not_exist"})
	// FieldIsReadonly is 400: the field cannot be changed directly.
	FieldIsReadonly = BadRequest.Derive(Spec{Code: "field_is_readonly"})
	// FieldUpdateForbidden is 400: the field cannot be changed in any way.
	FieldUpdateForbidden = BadRequest.Derive(Spec{Code: "field_update_forbidden"})
	// SearchForbidden is 400: the field is not for searching.
	SearchForbidden = BadRequest.Derive(Spec{Code: "search_forbidden"})
	// BadParamValue is 400: a URL parameter has an invalid value.
	BadParamValue = BadRequest.Derive(Spec{Code: "bad_param_value"})
	// BadFieldValue is 400: a field of the body has an invalid value.
	BadFieldValue = BadRequest.Derive(Spec{Code: "bad_field_value"})
	// InvalidAttribute is 400: an attribute is not valid. Web API 102.
	InvalidAttribute = BadRequest.Derive(Spec{Code: "invalid_attribute", Number: 102, Type: "resource-attribute-invalid"})
	// InvalidFormData is 400: fields of a form are not valid. Web API 105.
	InvalidFormData = BadRequest.Derive(Spec{Code: "invalid_form_data", Number: 105, Type: "request-field-error"})
	// MissingAttribute is 400: a required attribute is missing. Web API 106.
	MissingAttribute = BadRequest.Derive(Spec{Code: "missing_attribute", Number: 106, Type: "request-attribute-missing"})
	// NotLoggedIn is 401: nobody is signed in. Web API 103.
	NotLoggedIn = Unauthorized.Derive(Spec{Code: "not_logged_in", Number: 103, Type: "auth-not-logged-in"})
	// LoginFailed is 401: the sign-in failed. Web API 104.
	LoginFailed = Unauthorized.Derive(Spec{Code: "login_failed", Number: 104, Type: "auth-login-failed"})
	// PermissionDenied is 403: the caller lacks the permission. Web API 101.
	PermissionDenied = Forbidden.Derive(Spec{Code: "permission_denied", Number: 101, Type: "resource-permission-denied"})
	// OAuthMissingScope is 403: the OAuth 2 token lacks a scope. Web API 112.
	OAuthMissingScope = Forbidden.Derive(Spec{Code: "oauth_missing_scope", Number: 112, Type: "auth-oauth2-missing-scope"})
	// OAuthAccessDenied is 403: OAuth 2 tokens may not do this. Web API 113.
	OAuthAccessDenied = Forbidden.Derive(Spec{Code: "oauth_access_denied", Number: 113, Type: "auth-oauth2-access-denied"})
	// ExtensionInstalled is 409: the extension is already installed. Web API 109.
	ExtensionInstalled = Conflict.Derive(Spec{Code: "extension_installed", Number: 109, Type: "extension-already-installed"})
	// InstallExtensionFailed is 409: the extension could not be installed. Web API 110.
	InstallExtensionFailed = Conflict.Derive(Spec{Code: "install_extension_failed", Number: 110, Type: "extension-install-error"})
	// DuplicateItem is 409: an item with these values exists. Web API 111.
	DuplicateItem = Conflict.Derive(Spec{Code: "duplicate_item", Number: 111, Type: "resource-conflict"})
	// RateLimitExceeded is 429: the caller's rate limit is reached. Web API 114.
	RateLimitExceeded = TooManyRequests.Derive(Spec{Code: "rate_limit_exceeded", Number: 114, Type: "request-rate-limit-exceeded"})
	// ServerError is any 5xx: the service is at fault. 500.
	ServerError = Any.Derive(Spec{Code: "server_error", Status: 500})
	// InternalServerError is 500: the service failed (RFC 9110, section 15.6.1).
	InternalServerError = ServerError.Derive(Spec{Code: "internal_server_error", Status: 500})
	// Unhandled is 500: an error or panic that nobody classified; clients learn nothing of it but the trace id.
	Unhandled = InternalServerError.Derive(Spec{Code: "unhandled"})
	// EntityNotSavedWithReason is 500: saving was refused; the details give the reason.
	EntityNotSavedWithReason = InternalServerError.Derive(Spec{Code: "entity_not_saved_with_reason"})
	// EntityNotDeletedWithReason is 500: deleting was refused; the details give the reason.
	EntityNotDeletedWithReason = InternalServerError.Derive(Spec{Code: "entity_not_deleted_with_reason"})
	// TransactionConflict is 500: two transactions collided; repeating helps.
	TransactionConflict = InternalServerError.Derive(Spec{Code: "transaction_conflict", Retry: RetryLater, RetryAfter: time.Second})
	// EnableExtensionFailed is 500: the extension could not be enabled. Web API 107.
	EnableExtensionFailed = InternalServerError.Derive(Spec{Code: "enable_extension_failed", Number: 107, Type: "extension-enable-error"})
	// DisableExtensionFailed is 500: the extension could not be disabled. Web API 108.
	DisableExtensionFailed = InternalServerError.Derive(Spec{Code: "disable_extension_failed", Number: 108, Type: "extension-disable-error"})
	// Database is 500: programming or integrity failure in the database. Exit code 2.
	Database = InternalServerError.Derive(Spec{Code: "database", ExitCode: 2})
	// DatabaseOperation is 500: connection or deadlock failure in the database; repeating helps. Exit code 3.
	DatabaseOperation = InternalServerError.Derive(Spec{Code: "database_operation", ExitCode: 3, Retry: RetryLater, RetryAfter: 5 * time.Second})
	// IOFailure is 500: reading or writing failed. Exit code 4.
	IOFailure = InternalServerError.Derive(Spec{Code: "io_failure", ExitCode: 4})
	// ProgrammingError is 500: the service is used or written wrongly.
	ProgrammingError = ServerError.Derive(Spec{Code: "programming_error", Status: 500})
	// NotImplemented is 501: the function does not exist (RFC 9110, section 15.6.2).
	NotImplemented = ServerError.Derive(Spec{Code: "not_implemented", Status: 501})
	// BadGateway is 502: an upstream server answered nonsense (RFC 9110, section 15.6.3).
	BadGateway = ServerError.Derive(Spec{Code: "bad_gateway", Status: 502})
	// ServiceUnavailable is 503: the service is down or overloaded for now (RFC 9110, section 15.6.4).
	ServiceUnavailable = ServerError.Derive(Spec{Code: "service_unavailable", Status: 503})
	// GatewayTimeout is 504: an upstream server did not answer in time (RFC 9110, section 15.6.5).
	GatewayTimeout = ServerError.Derive(Spec{Code: "gateway_timeout", Status: 504})
	// HTTPVersionNotSupported is 505: the HTTP version is not supported (RFC 9110, section 15.6.6).
	HTTPVersionNotSupported = ServerError.Derive(Spec{Code: "http_version_not_supported", Status: 505})
	// VariantAlsoNegotiates is 506: content negotiation runs in a circle (RFC 2295, section 8.1).
	VariantAlsoNegotiates = ServerError.Derive(Spec{Code: "variant_also_negotiates", Status: 506})
	// InsufficientStorage is 507: there is no room to store it (RFC 4918, section 11.5).
	InsufficientStorage = ServerError.Derive(Spec{Code: "insufficient_storage", Status: 507})
	// LoopDetected is 508: processing ran in a circle (RFC 5842, section 7.2).
	LoopDetected = ServerError.Derive(Spec{Code: "loop_detected", Status: 508})
	// NetworkAuthenticationRequired is 511: the network wants a sign-in first (RFC 6585, section 6).
	NetworkAuthenticationRequired = ServerError.Derive(Spec{Code: "network_authentication_required", Status: 511})
	// ServiceNotConfigured is 503: the service has not been configured. Web API 1.
	ServiceNotConfigured = ServiceUnavailable.Derive(Spec{Code: "service_not_configured", Number: 1, Type: "server-not-configured"})
)

// statusKinds is the kind that stands for a bare status.
var statusKinds = map[int]*Kind{
	400: BadRequest,
	401: Unauthorized,
	402: PaymentRequired,
	403: Forbidden,
	404: NotFound,
	405: MethodNotAllowed,
	406: NotAcceptable,
	407: ProxyAuthRequired,
	408: RequestTimeout,
	409: Conflict,
	410: Gone,
	411: LengthRequired,
	412: PreconditionFailed,
	413: ContentTooLarge,
	414: URITooLong,
	415: UnsupportedMediaType,
	416: RangeNotSatisfiable,
	417: ExpectationFailed,
	421: MisdirectedRequest,
	422: UnprocessableContent,
	423: Locked,
	424: FailedDependency,
	425: TooEarly,
	426: UpgradeRequired,
	428: PreconditionRequired,
	429: TooManyRequests,
	431: RequestHeaderFieldsTooLarge,
	451: UnavailableForLegalReasons,
	499: ClientClosedRequest,
	500: InternalServerError,
	501: NotImplemented,
	502: BadGateway,
	503: ServiceUnavailable,
	504: GatewayTimeout,
	505: HTTPVersionNotSupported,
	506: VariantAlsoNegotiates,
	507: InsufficientStorage,
	508: LoopDetected,
	511: NetworkAuthenticationRequired,
}
