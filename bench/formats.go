package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/moogar0880/problems"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/formats"
)

// formatScenarios are the formats beside each other, all in one negotiated language.
func formatScenarios() []*scenario {
	return []*scenario{
		inEveryFormat("formats, one language", func() error { return fault.TaskLocked.New() }),
		inEveryFormat("formats, 5 fields, one language", func() error { return fault.ValidationFailed.New(fieldErrors(5)...) }),
		peers(),
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

// peers answer with problem details too, in English alone and without what negotiation needs.
func peers() *scenario {
	const text, title = "This is not possible because the task is locked.", "Task locked"
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("orders", "1"))
	huma.Get(api, "/orders/{id}", func(context.Context, *struct {
		ID string `path:"id"`
	}) (*struct{}, error) {
		return nil, huma.NewError(http.StatusLocked, text)
	})
	const simpler = "English alone: no negotiation, no code, no trace id"
	return &scenario{name: "problem+json beside peers", request: browse("application/problem+json"), contestants: []contestant{
		polyfault("polyfault, one of 4 languages", must(fault.NewResponder(fault.WithLogger(logger))),
			func() error { return fault.TaskLocked.New() }),
		{name: "moogar0880/problems, encoding/json", differs: simpler, handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			body, err := json.Marshal(problems.NewDetailedProblem(http.StatusLocked, text).WithTitle(title))
			check(err)
			h := w.Header()
			h.Set("Content-Type", problems.ProblemMediaType)
			h.Set("Content-Length", strconv.Itoa(len(body)))
			w.WriteHeader(http.StatusLocked)
			_, _ = w.Write(body)
		})},
		{name: "huma, humago", differs: simpler + "; routing included", handler: mux},
	}}
}

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
