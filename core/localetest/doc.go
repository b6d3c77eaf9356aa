// Package localetest finds mistakes in locale files before a user does: texts that are missing or were left in English,
// placeholders without an argument, plural forms that a language needs, letters of a foreign script that look like the
// right ones.
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
// It is a library for go test and for tools, such as the command "polyfault locales". [New] begins a file, [Lint] finds
// mistakes, [Fix] and [Format] repair and order, [Stamp] records what was translated, [Status] tells how complete the
// languages are, and [Read] and [Merge] exchange texts with other tools. Nothing here writes a file: functions return
// changes, and the caller writes them. All functions are safe for concurrent use.
//
// # Rules
//
// A finding is a [checks.Message] whose Object is a [Place]. Ids never change their meaning. [Rules] lists them.
//
//	id            key                               what is wrong
//	locales.E001  file-unreadable                   a file cannot be read, is not a regular file, or exceeds 1 MiB
//	locales.E002  file-name                         not active.<tag>.toml, <tag>.toml or .json; a tag that is unknown or not canonical
//	locales.E003  file-encoding                     byte order mark, carriage return, invalid UTF-8
//	locales.E004  file-syntax                       not TOML or JSON, or too deep; a text that is not a string; an unknown member
//	locales.E005  lock-file                         translations.lock cannot be read
//	locales.E006  text-id                           an id is a reserved word, or not words joined by dots
//	locales.E007  text-twice                        an id, or a language, occurs twice
//	locales.E008  text-missing                      the source, or a required language, lacks a text; or a text is empty
//	locales.E009  text-extra                        the source has no such text
//	locales.E010  template-action                   double braces hold something other than {{.Name}}
//	locales.E011  placeholder-unknown               a placeholder that the source does not have
//	locales.E012  placeholder-missing               a placeholder is missing; {{.Count}} may be in zero, one and two
//	locales.E013  placeholder-undeclared            the program has no such argument for the text
//	locales.E014  plural-missing                    a plural form that the language needs for whole numbers, or "other"
//	locales.E015  plural-foreign                    a plural form that the language lacks, or of a text without a count
//	locales.E016  white-space                       spaces at an end or doubled, line breaks, tabs, unusual spaces
//	locales.E017  character                         control, invisible, bidirectional, private characters; not in NFC
//	locales.E018  script                            letters of a foreign script, or of the other Chinese one
//	locales.E019  markup                            HTML, Markdown, URLs
//	locales.E020  title                             a title of more than 80 characters, or with a placeholder
//	locales.W001  text-missing-in-optional-language another language lacks a text
//	locales.W002  foreign-word                      a Latin word in a text of another script; the source lacks the word
//	locales.W003  closing-punctuation               the text does not end like the source, with the language's own mark
//	locales.W004  punctuation                       marks that the language's script does not use
//	locales.W005  untranslated                      the text is the same as the source
//	locales.W006  stale                             the source has changed since the text was translated
//	locales.W007  unstamped                         translations.lock has no source for the text
//	locales.W008  allowance-unused                  translations.lock allows a finding that does not occur
//	locales.W009  text-id-near-built-in             the id is nearly a built-in one, and overrides nothing
//	locales.I001  review-outdated                   texts have changed since somebody reviewed the language
//	locales.I002  plural-missing-for-decimals       a plural form that whole numbers do not need
//	locales.I003  layout                            the file is not in the layout of Format
//
// Some findings are right as they are: a word that two languages share, or the line breaks of a mail. If the rule is
// [Allowable], record the finding in the [LockFile], for a text or a pattern of ids, and it is no longer reported. For
// folders with other texts than those of errors, [AnyTexts] leaves out rules of style.
//
// # Where the rules come from
//
// Plural categories come from go-i18n itself (CLDR 48), so lint and run time cannot differ. Scripts come from the
// language's tag (BCP 47, Unicode Script property), closing marks from CLDR's exemplar punctuation. In the end the loader
// of package fault reads the files, so a file that it refuses cannot pass here.
package localetest
