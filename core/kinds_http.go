package fault

// The kinds of HTTP: the root, the two families, and one for each registered status from 400 on.
var (
	// Any is the root of the hierarchy: every kind is one of its descendants. 500.
	Any = register(nil, Spec{Code: "unknown_error", Status: 500, ExitCode: 1, Category: CategorySystem, Retry: RetryNever})
	// ClientError is any 4xx: the request is at fault. 400.
	ClientError = Any.Derive(Spec{Code: "client_error", Status: 400, Category: CategoryData})
	// BadRequest is 400: the request is malformed (RFC 9110, section 15.5.1).
	BadRequest = ClientError.Derive(Spec{Code: "bad_request", Status: 400})
	// Unauthorized is 401: valid credentials are missing (RFC 9110, section 15.5.2); see [WithChallenge].
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
	RequestTimeout = ClientError.Derive(Spec{Code: "request_timeout", Status: 408, Retry: RetryLater})
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
	TooManyRequests = ClientError.Derive(Spec{Code: "too_many_requests", Status: 429, Retry: RetryLater})
	// RequestHeaderFieldsTooLarge is 431: the headers are too large (RFC 6585, section 5).
	RequestHeaderFieldsTooLarge = ClientError.Derive(Spec{Code: "request_header_fields_too_large", Status: 431})
	// UnavailableForLegalReasons is 451: a legal demand forbids it (RFC 7725, section 3).
	UnavailableForLegalReasons = ClientError.Derive(Spec{Code: "unavailable_for_legal_reasons", Status: 451})
	// ClientClosedRequest is 499, nginx's status: the client went away; only the log and observers see it.
	ClientClosedRequest = ClientError.Derive(Spec{Code: "client_closed_request", Status: 499})
	// ServerError is any 5xx: the service is at fault. 500.
	ServerError = Any.Derive(Spec{Code: "server_error", Status: 500})
	// InternalServerError is 500: the service failed (RFC 9110, section 15.6.1).
	InternalServerError = ServerError.Derive(Spec{Code: "internal_server_error", Status: 500})
	// NotImplemented is 501: the function does not exist (RFC 9110, section 15.6.2).
	NotImplemented = ServerError.Derive(Spec{Code: "not_implemented", Status: 501})
	// BadGateway is 502: an upstream server answered nonsense (RFC 9110, section 15.6.3).
	BadGateway = ServerError.Derive(Spec{Code: "bad_gateway", Status: 502})
	// ServiceUnavailable is 503: the service is down or overloaded for now (RFC 9110, section 15.6.4).
	ServiceUnavailable = ServerError.Derive(Spec{Code: "service_unavailable", Status: 503, Retry: RetryLater})
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
