// Package localetest finds what is wrong with locale files before a user does: texts that are missing or
// were left in English, placeholders that no argument fills, plural forms that a language needs, letters
// of a foreign script that look like the right ones.
//
//	import "github.com/polyfault/polyfault/core/localetest"
//
//	//go:embed locales
//	var locales embed.FS
//
//	func TestLocales(t *testing.T) {
//		localetest.Test(t, locales, localetest.Options{}, checks.Warning)
//	}
//
// It is a library for go test and for tools. The command polyfault locales is made of it: [New] begins a
// file, [Lint] looks for mistakes, [Fix] and [Format] repair and order, [Stamp] records what has been
// translated, [Status] tells how far the languages are, [Read] and [Merge] exchange texts with other tools. Nothing
// here writes: changes are returned, and the caller puts them in place. All functions are safe for concurrent use.
//
// # Rules
//
// A finding is a [checks.Message] whose Object is a [Place]. Ids are locked: they never change their
// meaning. [Rules] lists them.
//
//	id            key                               what is wrong
//	locales.E001  file-unreadable                   a file cannot be read, is no regular file or larger than 1 MiB
//	locales.E002  file-name                         not active.<tag>.toml, <tag>.toml or .json; a tag that is unknown or not canonical
//	locales.E003  file-encoding                     byte order mark, carriage return, invalid UTF-8
//	locales.E004  file-syntax                       not TOML or JSON, or too deep; a text that is no string; a member that texts do not have
//	locales.E005  lock-file                         translations.lock cannot be read
//	locales.E006  text-id                           an id is a reserved word, or not words joined by dots
//	locales.E007  text-twice                        an id, or a language, stands twice
//	locales.E008  text-missing                      the source, or a required language, lacks a text; or a text is empty
//	locales.E009  text-extra                        the source has no such text
//	locales.E010  template-action                   something else than {{.Name}} stands in braces
//	locales.E011  placeholder-unknown               a placeholder that the source does not have
//	locales.E012  placeholder-missing               a placeholder is missing; {{.Count}} may be in zero, one and two
//	locales.E013  placeholder-undeclared            the program gives the source no such argument
//	locales.E014  plural-missing                    a plural form that the language needs for whole numbers, or "other"
//	locales.E015  plural-foreign                    a plural form that the language does not have, or of a text without a count
//	locales.E016  white-space                       at an end, doubled, line breaks, tabs, unusual spaces
//	locales.E017  character                         control, invisible, bidirectional, private characters; not in NFC
//	locales.E018  script                            letters of a foreign script, also of the other Chinese one
//	locales.E019  markup                            HTML, Markdown, URLs
//	locales.E020  title                             a title of more than 80 characters, or with a placeholder
//	locales.W001  text-missing-in-optional-language another language lacks a text
//	locales.W002  foreign-word                      a Latin word in another script that the source does not have
//	locales.W003  closing-punctuation               the text does not end as the source does, by the language's own mark
//	locales.W004  punctuation                       marks that the language's script does not use
//	locales.W005  untranslated                      the text is the same as the source
//	locales.W006  stale                             the source has changed since the text was translated
//	locales.W007  unstamped                         translations.lock does not know what the text was made from
//	locales.W008  allowance-unused                  translations.lock allows what does not happen
//	locales.W009  text-id-near-built-in             the id is nearly one of polyfault, which it would override
//	locales.I001  review-outdated                   texts have changed since somebody reviewed the language
//	locales.I002  plural-missing-for-decimals       a plural form that whole numbers do not need
//	locales.I003  layout                            the file is not in the layout of Format
//
// A finding that is right as it is, a word that two languages share or the line breaks of a mail for example, can
// be recorded in the [LockFile], for a text or a pattern of ids, if it is [Allowable]. Then it is none. In folders
// of other texts than those of errors, [AnyTexts] leaves out what is a matter of taste there.
//
// # Where the rules come from
//
// Plural categories are those of go-i18n (CLDR 48), asked of go-i18n itself: lint and run time cannot
// differ. Scripts are those of the language's tag (BCP 47, Unicode Script property), closing marks those of
// CLDR's exemplar punctuation. What makes a file unusable is asked of the loader of the package fault in the
// end, so that no file passes here that is refused there.
package localetest
