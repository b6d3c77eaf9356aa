package main

import (
	"strconv"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
)

// formatScenarios are the formats beside each other, all in one negotiated language.
func formatScenarios() []*scenario {
	return []*scenario{
		inEveryFormat("formats, one language", func() error { return fault.TaskLocked.New() }),
		inEveryFormat("formats, 5 fields, one language", func() error { return fault.ValidationFailed.New(fieldErrors(5)...) }),
	}
}

// inEveryFormat has Multilingual in one language, with the members that the others have too, as its
// yardstick.
func inEveryFormat(name string, fail func() error) *scenario {
	const own = "another shape"
	quiet := fault.WithLogger(logger)
	format := func(name string, f fault.Format, opts ...fault.Option) contestant {
		c := polyfault(name, must(fault.NewResponder(append(opts, quiet, fault.WithFormats(f))...)), fail)
		c.differs = own
		return c
	}
	yardstick := format(oneOfFour, fault.Multilingual{}, fault.WithNegotiatedLanguage(),
		fault.WithMembers(fault.MemberCode, fault.MemberTraceID, fault.MemberParams, fault.MemberRetryable))
	yardstick.role, yardstick.differs = hand, ""
	return &scenario{name: name, request: browse("application/json"), contestants: []contestant{
		yardstick,
		format("Problem", fault.Problem{}),
		format("formats.Envelope", formats.Envelope{}),
		format("formats.WebAPI", formats.WebAPI{}),
		format("formats.RPCStatus", formats.RPCStatus{}),
		format("formats.JSONAPI", formats.JSONAPI{}),
		format("formats.Text", formats.Text{}),
		format("formats.HTML", formats.HTML{}),
	}}
}

const oneOfFour = "Multilingual, negotiated, four members"

// fieldErrors are n field errors of several rules, made as a handler makes them.
func fieldErrors(n int) []fault.Attr {
	attrs := make([]fault.Attr, n)
	for i, at := range places[:n] {
		switch i % 4 {
		case 0:
			attrs[i] = fault.Field(at, "required")
		case 1:
			attrs[i] = fault.Field(at, "max", fault.Arg("Limit", maxHours))
		case 2:
			attrs[i] = fault.Field(at, "min", fault.Text("rule.min.string"), fault.Count(3))
		default:
			attrs[i] = fault.Field(at, "email")
		}
	}
	return attrs
}

// places are where the field errors lie: constants of a service.
var places = func() (list []fault.Location) {
	for i := range 20 {
		list = append(list, fault.InBody("/items/"+strconv.Itoa(i)+"/qty"))
	}
	return list
}()

// fieldScenarios are 20 fields that fail at once, and what a further language adds.
func fieldScenarios() []*scenario {
	fields := &scenario{name: manyFields, request: browse("application/json")}
	for _, languages := range [][]string{{"en"}, {"de", "en"}, {"de", "en", "fr", "pt"}} {
		r := must(fault.NewResponder(fault.WithLogger(logger), fault.WithLanguages(languages...)))
		c := polyfault(strconv.Itoa(len(languages))+" languages", r, func() error { return fault.ValidationFailed.New(fieldErrors(20)...) })
		if len(languages) < 4 {
			c.differs = "fewer languages"
		}
		fields.contestants = append(fields.contestants, c)
	}
	return []*scenario{fields}
}

const manyFields = "20 fields"
