// Package checks finds mistakes before the first request: ids that two people gave to different
// messages, codes and statuses that clients rely on and somebody changed, texts that a language
// lacks.
//
//	import "github.com/polyfault/polyfault/core/checks"
//
// It has three parts, which work without one another.
//
// # Serial ids
//
// A message that can be silenced, searched for and documented needs an id that nobody else gives
// away. A [Registry] hands them out: [Register] a key once, and [Make] messages with it.
//
//	checks.Register("0A25CEA3F2C3", "djutils", checks.Warning) // djutils.W001
//	m, err := checks.Make("0A25CEA3F2C3", "the cache is off", "set CACHE_URL", nil)
//
// An id is the app, the letter of the level (D, I, W, E, C) and a serial number of both. A key that
// is out of use is retired: its number is never issued again.
//
// # The lock file
//
// Numbers that follow the order of registration change when an import moves. A [Lock], the file
// codes.lock, pins them: bind the registry to it by [UseLock]. The file pins kinds too, with status,
// type, number, exit code, retry promise and the arguments of the text, as clients branch on them.
// [TestKinds] and [TestCodes] hold a program and its lock file together in go test, and append what
// is new; [Lock] describes the format, which two branches can change at the same time.
//
// # System checks
//
// A [Check] looks at a [Subject], the catalogue and configuration of a responder as plain data, and
// returns messages. [AddCheck] adds one; [Run] runs those, and [RunFor], at start-up, these of
// polyfault before them:
//
//	id              tag        what is wrong
//	polyfault.E001  texts      the default language lacks a text
//	polyfault.W001  texts      other languages of the all-languages body lack a text
//	polyfault.E002  texts      the placeholders of a text differ between languages; {{.Count}} may
//	                           be left out when one of them has plural forms
//	polyfault.E003  kinds      a kind with a status of its own has no text of its own in any language
//	polyfault.W002  kinds      another kind has no text of its own in any language
//	polyfault.C001  kinds      two kinds have the same exit code
//	polyfault.C002  kinds      an exit code is outside 1..255
//	polyfault.W003  kinds      a kind is retryable and has no Retry-After
//	polyfault.W005  kinds      responses with status 401 have no WWW-Authenticate (RFC 9110, section 15.5.2)
//	polyfault.W006  kinds      a kind has status 407, 415 or 426 and not the header that goes with it
//	polyfault.E004  security   clients are shown the inside of unknown errors; deploy-only
//	polyfault.W004  mappers    a mapper never decides anything
//	polyfault.E005  languages  a language tag is unknown to BCP 47, or not canonical
//	polyfault.W007  languages  nobody has chosen the default language, and English is none of the body's
//	polyfault.W008  texts      the id of an own text is nearly that of a built-in one
//	polyfault.W009  texts      own files change a built-in text, and leave a language of the body behind
//	polyfault.C003  (any)      a check panicked, ended its goroutine, or returned an unknown level
//
// # Design
//
// The model is Django's system check framework and a message registry made for it: the same
// ids, message form and summary line. What differs: a registration that fails consumes no number, a
// key cannot be registered again after its retirement, and numbers are pinned by a file.
//
// core imports nothing of this package. Nothing here prints or reads the environment: a [Result]
// writes itself where it is told to.
package checks
