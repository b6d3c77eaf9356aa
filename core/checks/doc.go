// Package checks finds mistakes before the first request: an id that two people have given to different messages, a
// changed code or status that clients rely on, a text that a language lacks.
//
//	import "github.com/polyfault/polyfault/core/checks"
//
// It has three parts. Each works without the others.
//
// # Serial ids
//
// A message needs a unique id, so that people can silence it, search for it and document it. A [Registry] gives ids
// out: [Register] a key once, and [Make] messages with it.
//
//	checks.Register("0A25CEA3F2C3", "djutils", checks.Warning) // djutils.W001
//	m, err := checks.Make("0A25CEA3F2C3", "the cache is off", "set CACHE_URL", nil)
//
// An id is the app, the letter of the level (D, I, W, E, C) and a serial number within both. Retire a key that is no longer
// used: its number is never issued again.
//
// # The lock file
//
// Numbers follow the order of registration, which changes when an import moves. A [Lock], the file codes.lock, pins them:
// bind the registry to it with [UseLock]. The file pins kinds, too, because clients branch on their status, type, number,
// exit code, retry promise and the arguments of their texts. [TestKinds] and [TestCodes] compare a program with its lock
// file in go test, and append new entries. [Lock] describes the format; two branches can change it at the same time.
//
// # System checks
//
// A [Check] looks at a [Subject], the catalogue and configuration of a responder as plain data, and
// returns messages. [AddCheck] adds a check of yours. [Run] runs your checks; [RunFor], for start-up, runs polyfault's first,
// then yours:
//
//	id              tag        what is wrong
//	polyfault.E001  texts      the default language lacks a text
//	polyfault.W001  texts      other languages of the all-languages body lack a text
//	polyfault.E002  texts      the placeholders of a text differ between languages; {{.Count}} may
//	                           be left out if one of them has plural forms
//	polyfault.E003  kinds      a kind with a status of its own has no text of its own in any language
//	polyfault.W002  kinds      another kind has no text of its own in any language
//	polyfault.C001  kinds      two kinds have the same exit code
//	polyfault.C002  kinds      an exit code is outside 1..255
//	polyfault.W003  kinds      a kind is retryable and has no Retry-After
//	polyfault.W005  kinds      responses with status 401 have no WWW-Authenticate (RFC 9110, section 15.5.2)
//	polyfault.W006  kinds      a kind has status 407, 415 or 426 and lacks the header that belongs to it
//	polyfault.E004  security   clients see internals of unknown errors; deploy-only
//	polyfault.W004  mappers    a mapper never decides anything
//	polyfault.E005  languages  a language tag is unknown to BCP 47, or not canonical
//	polyfault.W007  languages  the default language was not chosen, and the body has no English
//	polyfault.W008  texts      the id of an own text is nearly that of a built-in one
//	polyfault.W009  texts      own files change a built-in text, but not in all languages of the body
//	polyfault.C003  (any)      a check panicked, ended its goroutine, or returned an unknown level
//
// # Design
//
// The model is Django's system check framework (https://docs.djangoproject.com/en/stable/topics/checks/): the ids, the form
// of messages and the summary line are the same. Ids are stricter here: a registration that fails consumes no number, a
// retired key cannot be registered again, and a file pins the numbers.
//
// Package core does not import this package. Nothing here prints or reads the environment: a [Result] writes itself to the
// writer that you give it.
package checks
