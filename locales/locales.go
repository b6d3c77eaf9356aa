// Package locales holds polyfault's built-in texts: one file active.<tag>.toml a language, in
// go-i18n's file format, embedded. It is data and nothing else; the core package reads it.
package locales

import "embed"

// FS holds the files active.<tag>.toml. It is read-only and safe for concurrent use.
//
//go:embed active.*.toml
var FS embed.FS
