package main

import (
	"slices"
	"strings"
)

// A budget is a promise about one contestant: a number of allocations, a time, or a ratio to
// another contestant of the same scenario.
type budget struct {
	claim                string
	scenario, contestant string
	against              string  // ratio to this contestant's time; "" for none
	ratio                float64 // at most: 0.1 is ten times faster
	nanoseconds          float64 // at most; 0 for none
	allocs               int64   // at most, of a budget that is neither a ratio nor a time
	cold                 bool    // measured in a process of its own
}

const (
	byHand   = "by hand, Header.Set"
	usualWay = "go-i18n, map, encoding/json"
	recovery = "plain recover"
	stack    = "plain recover, debug.Stack"
)

var budgets = slices.Concat(productionBudgets, frameworkBudgets(), bestCaseBudgets)

// productionBudgets are those of production on net/http.
var productionBudgets = []budget{
	atMost(1.2, prodStatic, bareKind, byHand),
	atMost(1.2, prodStatic, newFault, byHand),
	atMost(1.2, prodStatic20, bareKind, byHand),
	atMost(1.2, prodStatic20, newFault, byHand),
	{claim: "at most 3 allocations", scenario: prodStatic, contestant: bareKind, allocs: 3},
	{claim: "at most 3 allocations", scenario: prodStatic, contestant: newFault, allocs: 3},
	atMost(1.2, prodStatic, withPolicy, newFault),
	atMost(1.2, prodArgument, ours, handFmt),
	atMost(1.2, prodArgument20, ours, handFmt),
	atMost(1.2, prodArguments, ours, handFmt),
	atMost(1.2, prodArgument, "polyfault, WithRetryable", ours),
	atMost(1.2, prodProblem, withPolicy, newFault),
	atMost(2, prodFormats, "Multilingual, negotiated", allOfThem),
	atMost(2, prodFormats, "Problem", allOfThem),
	atMost(2, prodFormats, "formats.Envelope", allOfThem),
	atMost(2, prodFormats, "formats.WebAPI", allOfThem),
	atMost(2, prodFormats, "formats.RPCStatus", allOfThem),
	atMost(2, prodFormats, "formats.JSONAPI", allOfThem),
	atMost(2, prodFormats, "formats.Text", allOfThem),
	atMost(2, prodFormats, "formats.HTML", allOfThem),
	atMost(0.5, prodUnknown, ours, slogByHand),
	atMost(0.5, prodUnknown, ours, slogHTTPError),
	atMost(0.5, prodPanic, ours, slogByHand),
	atMost(0.5, prodLogs, oursStored, handJSON),
	atMost(1, prodWritten, "polyfault, the store's log, SQLite", handFile),
	{claim: "at most 1 allocation", scenario: prodSuccess, contestant: "polyfault Middleware", allocs: 1},
	{claim: "at most 1 allocation", scenario: prodSuccess, contestant: "polyfault Handler", allocs: 1},
}

// frameworkBudgets are those of production on the frameworks.
func frameworkBudgets() (list []budget) {
	for _, name := range frameworksInProduction {
		list = append(list,
			atMost(1.2, inProduction(name, topicStatic), bareKind, byHand),
			atMost(1.2, inProduction(name, topicStatic), newFault, byHand),
			atMost(0.5, inProduction(name, topicUnknown), ours, slogByHand),
			atMost(0.5, inProduction(name, topicPanic), ours, slogByHand),
			cheaper(inProduction(name, topicPanic), ours, ownRecovery),
			cheaper(inProduction(name, topicSuccess), ours, ownRecovery))
	}
	return list
}

// bestCaseBudgets are those of bodies with texts alone, and without observers.
var bestCaseBudgets = []budget{
	atMost(1.2, "static, 4 languages", "polyfault, kind, WithRetryable", "polyfault, kind"),
	atMost(1.2, "static, 4 languages", withPolicy, newFault),
	{claim: "at most 4 allocations", scenario: "static, 4 languages", contestant: "polyfault, New()", allocs: 4},
	{claim: "at most 4 allocations", scenario: "static, 4 languages", contestant: "polyfault, New(Text)", allocs: 4},
	{claim: "at most 1.5 × by hand", scenario: "static, 4 languages", contestant: "polyfault, New()", against: byHand, ratio: 1.5},
	{claim: "at most 1.5 × by hand", scenario: "static, 4 languages", contestant: "polyfault, New(Text)", against: byHand, ratio: 1.5},
	faster(10, "static, 4 languages", "polyfault, New()"),
	faster(10, "static, 4 languages", "polyfault, New(Text)"),
	faster(12, "1 argument, 4 languages", "polyfault"),
	faster(12, "3 arguments, 4 languages", "polyfault"),
	faster(20, "static, 20 languages", "polyfault, New()"),
	faster(20, "static, 20 languages", "polyfault, New(Text)"),
	faster(20, "1 argument, 20 languages", "polyfault"),
	faster(20, "plural, 20 languages", "polyfault"),
	{claim: "at most 1 allocation", scenario: "success", contestant: "polyfault Middleware", allocs: 1},
	{claim: "at most 1 allocation", scenario: "success", contestant: "polyfault Handler", allocs: 1},
	{claim: "at most 1 allocation", scenario: "success", contestant: "polyfault Middleware and Handler", allocs: 1},
	cheaper("success", "polyfault Middleware", recovery),
	cheaper("success", "polyfault Handler", recovery),
	cheaper("panic(fault.TaskLocked)", "polyfault Middleware", stack),
	cheaper("panic(fault.TaskLocked)", "polyfault Middleware", "chi Recoverer"),
	cheaper(`panic("boom")`, "polyfault Middleware", stack),
	cheaper(`panic("boom")`, "polyfault Middleware", "chi Recoverer"),
	{claim: "no allocation beyond the framework's", scenario: "gin, success", contestant: ours},
	// echo makes one for any middleware; ours is the second.
	{claim: "at most 1 allocation beyond the framework's", scenario: "echo, success", contestant: ours, allocs: 2},
	{claim: "at most 1 allocation", scenario: "echo v5, success", contestant: ours, allocs: 1},
	{claim: "no allocation beyond the framework's", scenario: "fiber, success", contestant: ours},
	cheaper("gin, success", ours, ownRecovery),
	cheaper("echo, success", ours, ownRecovery),
	cheaper("echo v5, success", ours, ownRecovery),
	cheaper("fiber, success", ours, ownRecovery),
	cheaper("echo, error, 4 languages", ours, ownDefault),
	cheaper("echo v5, error, 4 languages", ours, ownDefault),
	{claim: "at most 1.5 × by hand", scenario: "gin, error, 4 languages", contestant: ours, against: byHand, ratio: 1.5},
	{claim: "at most 1.5 × by hand", scenario: "echo, error, 4 languages", contestant: ours, against: byHand, ratio: 1.5},
	{claim: "at most 1.5 × by hand", scenario: "echo v5, error, 4 languages", contestant: ours, against: byHand, ratio: 1.5},
	{claim: "at most 2 × by hand", scenario: "fiber, error, 4 languages", contestant: ours, against: byHand, ratio: 2},
	cheaper(`gin, panic("boom")`, ours, ownRecovery),
	cheaper(`echo, panic("boom")`, ours, ownRecovery),
	cheaper(`echo v5, panic("boom")`, ours, ownRecovery),
	cheaper(`fiber, panic("boom")`, ours, ownRecovery),
	{claim: "below 25 µs", scenario: manyFields, contestant: "4 languages", nanoseconds: 25e3},
	likeMultilingual("formats, one language", "Problem", 1),
	likeMultilingual("formats, one language", "formats.Envelope", 1),
	likeMultilingual("formats, one language", "formats.WebAPI", 1),
	likeMultilingual("formats, one language", "formats.RPCStatus", 2),
	likeMultilingual("formats, one language", "formats.JSONAPI", 1),
	likeMultilingual("formats, 5 fields, one language", "Problem", 1),
	likeMultilingual("formats, 5 fields, one language", "formats.Envelope", 1),
	likeMultilingual("formats, 5 fields, one language", "formats.WebAPI", 1),
	likeMultilingual("formats, 5 fields, one language", "formats.RPCStatus", 2),
	likeMultilingual("formats, 5 fields, one language", "formats.JSONAPI", 1),
	{claim: "below 30 ms", scenario: warm, contestant: "polyfault, built-in locales", nanoseconds: 30e6},
	{claim: "below 30 ms", scenario: warm, contestant: "polyfault, 20 languages", nanoseconds: 30e6},
	{claim: "below 30 ms", scenario: cold, contestant: "built-in", nanoseconds: 30e6, cold: true},
	{claim: "below 30 ms", scenario: cold, contestant: "20", nanoseconds: 30e6, cold: true},
	{claim: "below 30 ms", scenario: cold, contestant: "33", nanoseconds: 30e6, cold: true},
	{claim: "below 2 µs", scenario: logging, contestant: ours, nanoseconds: 2000},
	{claim: "at most 2 allocations", scenario: logging, contestant: ours, allocs: 2},
	{claim: "at least 0.7 of the rate of plain INSERTs", scenario: inserting, contestant: ours, against: preparedRow, ratio: 1 / 0.7},
	{claim: "below 1 s", scenario: lint, contestant: ours, nanoseconds: 1e9},
}

func atMost(times float64, scenario, contestant, against string) budget {
	return budget{claim: "at most " + decimal(times) + " × " + against, scenario: scenario, contestant: contestant, against: against,
		ratio: times}
}

func faster(times float64, scenario, contestant string) budget {
	return budget{claim: "at least " + decimal(times) + " × faster than the usual way",
		scenario: scenario, contestant: contestant, against: usualWay, ratio: 1 / times}
}

func cheaper(scenario, contestant, against string) budget {
	return budget{claim: "no slower than " + against, scenario: scenario, contestant: contestant, against: against, ratio: 1}
}

// likeMultilingual is 1.5 × the same in Multilingual for each language that the format renders:
// RPCStatus has English beside the client's.
func likeMultilingual(scenario, contestant string, languages float64) budget {
	claim := "at most 1.5 × Multilingual"
	if languages > 1 {
		claim += " a language, of which it has " + decimal(languages)
	}
	return budget{claim: claim, scenario: scenario, contestant: contestant, against: oneOfFour, ratio: 1.5 * languages}
}

// judge returns what was measured, and whether it keeps the promise.
func (b budget) judge(m measurements) (found string, reached bool) {
	mine := m[key{b.scenario, b.contestant}]
	switch {
	case b.against != "":
		ratio := median(ratios(mine.sequential, m[key{b.scenario, b.against}].sequential))
		if strings.HasSuffix(b.claim, "faster than the usual way") {
			return decimal(1/ratio) + " × faster", ratio <= b.ratio
		}
		return decimal(ratio) + " ×", ratio <= b.ratio
	case b.nanoseconds > 0:
		ns := median(mine.sequential)
		if b.nanoseconds < 1e6 {
			return decimal(ns/1e3) + " µs", ns <= b.nanoseconds
		}
		return decimal(ns/1e6) + " ms", ns <= b.nanoseconds
	}
	return decimal(float64(mine.allocs)), mine.allocs <= b.allocs
}
