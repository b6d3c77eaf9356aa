package fault

import "time"

// The kinds of business: failures inside of services. They keep the statuses, numbers, types and exit codes of older systems
// whose clients know them, even where HTTP practice differs; [WithStatus] moves any of them.
var (
	// EntityNotFound is 404: the business object does not exist. Number 100.
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
	// InvalidAttribute is 400: an attribute is not valid. Number 102.
	InvalidAttribute = BadRequest.Derive(Spec{Code: "invalid_attribute", Number: 102, Type: "resource-attribute-invalid"})
	// InvalidFormData is 400: fields of a form are not valid. Number 105.
	InvalidFormData = BadRequest.Derive(Spec{Code: "invalid_form_data", Number: 105, Type: "request-field-error"})
	// MissingAttribute is 400: a required attribute is missing. Number 106.
	MissingAttribute = BadRequest.Derive(Spec{Code: "missing_attribute", Number: 106, Type: "request-attribute-missing"})
	// NotLoggedIn is 401: nobody is signed in. Number 103.
	NotLoggedIn = Unauthorized.Derive(Spec{Code: "not_logged_in", Number: 103, Type: "auth-not-logged-in"})
	// LoginFailed is 401: the sign-in failed. Number 104.
	LoginFailed = Unauthorized.Derive(Spec{Code: "login_failed", Number: 104, Type: "auth-login-failed"})
	// PermissionDenied is 403: the caller lacks the permission. Number 101.
	PermissionDenied = Forbidden.Derive(Spec{Code: "permission_denied", Number: 101, Type: "resource-permission-denied"})
	// OAuthMissingScope is 403: the OAuth 2 token lacks a scope. Number 112.
	OAuthMissingScope = Forbidden.Derive(Spec{Code: "oauth_missing_scope", Number: 112, Type: "auth-oauth2-missing-scope"})
	// OAuthAccessDenied is 403: OAuth 2 tokens may not do this. Number 113.
	OAuthAccessDenied = Forbidden.Derive(Spec{Code: "oauth_access_denied", Number: 113, Type: "auth-oauth2-access-denied"})
	// ExtensionInstalled is 409: the extension is already installed. Number 109.
	ExtensionInstalled = Conflict.Derive(Spec{Code: "extension_installed", Number: 109, Type: "extension-already-installed"})
	// InstallExtensionFailed is 409: the extension could not be installed. Number 110.
	InstallExtensionFailed = Conflict.Derive(Spec{Code: "install_extension_failed", Number: 110, Type: "extension-install-error"})
	// DuplicateItem is 409: an item with these values exists. Number 111.
	DuplicateItem = Conflict.Derive(Spec{Code: "duplicate_item", Number: 111, Type: "resource-conflict"})
	// RateLimitExceeded is 429: the caller's rate limit is reached. Number 114.
	RateLimitExceeded = TooManyRequests.Derive(Spec{Code: "rate_limit_exceeded", Number: 114, Type: "request-rate-limit-exceeded"})
	// Unhandled is 500: an unknown error or panic; clients learn only its trace id.
	Unhandled = InternalServerError.Derive(Spec{Code: "unhandled"})
	// EntityNotSavedWithReason is 500: saving was refused; the details give the reason.
	EntityNotSavedWithReason = InternalServerError.Derive(Spec{Code: "entity_not_saved_with_reason"})
	// EntityNotDeletedWithReason is 500: deleting was refused; the details give the reason.
	EntityNotDeletedWithReason = InternalServerError.Derive(Spec{Code: "entity_not_deleted_with_reason"})
	// TransactionConflict is 500: two transactions collided; repeating helps.
	TransactionConflict = InternalServerError.Derive(Spec{Code: "transaction_conflict", Retry: RetryLater, RetryAfter: time.Second})
	// EnableExtensionFailed is 500: the extension could not be enabled. Number 107.
	EnableExtensionFailed = InternalServerError.Derive(Spec{Code: "enable_extension_failed", Number: 107, Type: "extension-enable-error"})
	// DisableExtensionFailed is 500: the extension could not be disabled. Number 108.
	DisableExtensionFailed = InternalServerError.Derive(Spec{Code: "disable_extension_failed", Number: 108, Type: "extension-disable-error"})
	// Database is 500: programming or integrity failure in the database. Exit code 2.
	Database = InternalServerError.Derive(Spec{Code: "database", ExitCode: 2})
	// DatabaseOperation is 500: connection or deadlock failure in the database; repeating helps. Exit code 3.
	DatabaseOperation = InternalServerError.Derive(Spec{
		Code: "database_operation", ExitCode: 3, Retry: RetryLater, RetryAfter: 5 * time.Second,
	})
	// IOFailure is 500: reading or writing failed. Exit code 4.
	IOFailure = InternalServerError.Derive(Spec{Code: "io_failure", ExitCode: 4})
	// ProgrammingError is 500: the service is used or written wrongly.
	ProgrammingError = ServerError.Derive(Spec{Code: "programming_error", Status: 500})
	// ServiceNotConfigured is 503: the service has not been configured. Number 1.
	ServiceNotConfigured = ServiceUnavailable.Derive(Spec{Code: "service_not_configured", Number: 1, Type: "server-not-configured"})
)
