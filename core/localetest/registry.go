package localetest

import (
	_ "embed" // for the lock file
	"fmt"
	"sync"

	"github.com/polyfault/polyfault/core/checks"
)

// app is the app of the rules' ids.
const app = "locales"

// The keys of the rules. Their ids stand in codes.lock, their meanings in the package's
// documentation.
const (
	ruleUnreadable = "file-unreadable"
	ruleFileName   = "file-name"
	ruleEncoding   = "file-encoding"
	ruleSyntax     = "file-syntax"
	ruleLock       = "lock-file"
	ruleID         = "text-id"
	ruleDuplicate  = "text-twice"
	ruleMissing    = "text-missing"
	ruleIncomplete = "text-missing-in-optional-language"
	ruleExtra      = "text-extra"
	ruleAction     = "template-action"
	ruleUnknownArg = "placeholder-unknown"
	ruleMissingArg = "placeholder-missing"
	ruleArguments  = "placeholder-undeclared"
	ruleFormLack   = "plural-missing"
	ruleFormExtra  = "plural-foreign"
	ruleFormRare   = "plural-missing-for-decimals"
	ruleSpace      = "white-space"
	ruleCharacter  = "character"
	ruleScript     = "script"
	ruleForeign    = "foreign-word"
	ruleEnd        = "closing-punctuation"
	rulePunctuate  = "punctuation"
	ruleMarkup     = "markup"
	ruleTitle      = "title"
	ruleSame       = "untranslated"
	ruleStale      = "stale"
	ruleUnstamped  = "unstamped"
	ruleAllowance  = "allowance-unused"
	ruleNear       = "text-id-near-built-in"
	ruleReview     = "review-outdated"
	ruleLayout     = "layout"
)

// ruleLevels are the rules in the order of their registration.
var ruleLevels = []struct {
	key   string
	level checks.Level
}{
	{ruleUnreadable, checks.Error},
	{ruleFileName, checks.Error},
	{ruleEncoding, checks.Error},
	{ruleSyntax, checks.Error},
	{ruleLock, checks.Error},
	{ruleID, checks.Error},
	{ruleDuplicate, checks.Error},
	{ruleMissing, checks.Error},
	{ruleExtra, checks.Error},
	{ruleAction, checks.Error},
	{ruleUnknownArg, checks.Error},
	{ruleMissingArg, checks.Error},
	{ruleArguments, checks.Error},
	{ruleFormLack, checks.Error},
	{ruleFormExtra, checks.Error},
	{ruleSpace, checks.Error},
	{ruleCharacter, checks.Error},
	{ruleScript, checks.Error},
	{ruleMarkup, checks.Error},
	{ruleTitle, checks.Error},
	{ruleIncomplete, checks.Warning},
	{ruleForeign, checks.Warning},
	{ruleEnd, checks.Warning},
	{rulePunctuate, checks.Warning},
	{ruleSame, checks.Warning},
	{ruleStale, checks.Warning},
	{ruleUnstamped, checks.Warning},
	{ruleAllowance, checks.Warning},
	{ruleNear, checks.Warning},
	{ruleReview, checks.Info},
	{ruleFormRare, checks.Info},
	{ruleLayout, checks.Info},
}

//go:embed codes.lock
var lockedCodes []byte

// Rules returns the registry of the rules of [Lint], with the app "locales", for tools that list or explain ids. It is
// sealed.
func Rules() *checks.Registry { return rules() }

var rules = sync.OnceValue(func() *checks.Registry {
	lock, err := checks.ParseLock("codes.lock", lockedCodes)
	if err != nil {
		panic(err) // cannot happen: the file is embedded, and a test reads it
	}
	r := checks.NewRegistry(lock)
	for _, rule := range ruleLevels {
		if err := r.Register(rule.key, app, rule.level); err != nil {
			panic(err) // cannot happen: both sides are in this package, and a test compares them
		}
	}
	r.Seal()
	return r
})

// finding makes a finding of the rule.
func finding(rule string, at Place, hint, format string, args ...any) checks.Message {
	m, err := rules().Make(rule, fmt.Sprintf(format, args...), hint, at)
	if err != nil {
		panic(err) // cannot happen: the keys are the constants above
	}
	return m
}
