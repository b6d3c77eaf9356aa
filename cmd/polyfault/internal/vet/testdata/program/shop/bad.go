package shop

import (
	"errors"

	fault "github.com/polyfault/polyfault/core"
)

func unknown() error {
	_ = fault.Text("order_lost")                                            // want `unknown text id "order_lost": no locale file in .*shop.locales has it$`
	_ = fault.Text("order_not_fond")                                        // want `did you mean "order_not_found"\?`
	_ = fault.Text(paid + "s")                                              // want `unknown text id "order_paids"`
	_ = fault.Text("")                                                      // want `unknown text id ""`
	_ = fault.Spec{Code: "x", Text: "nothing_like_it"}                      // want `unknown text id "nothing_like_it"`
	_ = fault.Field(fault.InBody("a"), "even")                              // want `no text for the rule "even": clients read the general one, rule.invalid; add "rule.even" to the locale files in .*shop.locales, or choose a text with fault.Text`
	_ = (&fault.Details{}).AddField(fault.InBody("a"), "gte")               // want `no text for the rule "gte".*; did you mean "rule.gt"\?`
	return fault.NotFound.New(fault.Text("order_lost"), fault.Arg("ID", 1)) // want `unknown text id "order_lost"`
}

func missing(err error) (result error) {
	if err == nil {
		return OrderNotFound // want `text "order_not_found" needs fault.Arg\("Customer", …\) and fault.Arg\("ID", …\)`
	}
	result = HoursLeft.New(fault.Arg("Name", "Ada"))                                                                                   // want `text "hours_left" needs fault.Count\(…\), which chooses its plural form`
	result = HoursLeft.New(fault.Arg("Name", "Ada"), fault.Arg("Count", 3))                                                            // want `text "hours_left" needs fault.Count\(…\), which chooses its plural form`
	result = fault.Conflict.New(fault.Text("german_plural"))                                                                           // want `text "german_plural" needs fault.Count`
	result = fault.Conflict.New(fault.Text("number"))                                                                                  // want `text "number" needs fault.Count\(…\)$`
	result = fault.Conflict.Wrap(err, fault.Text("both"), fault.Arg("A", 1))                                                           // want `text "both" needs fault.Arg\("B", …\)$`
	result = fault.Conflict.New([]fault.Attr{fault.Text("both"), fault.Arg("A", 1)}...)                                                // want `text "both" needs fault.Arg\("B", …\)$`
	result = unexported.New().With(fault.Arg("A", 1)).With(fault.Detail("x", 1))                                                       // want `text "both" needs fault.Arg\("B", …\)$`
	result = fault.Conflict.Derive(fault.Spec{Code: "both"}).New(fault.Arg("A", 1))                                                    // want `text "both" needs fault.Arg\("B", …\)$`
	result = fault.Gone.New(fault.Text("both"), fault.Arg("A", 1), fault.Detail("a", 1), fault.DetailsOf(nil), fault.Header("A", "b"), // want `text "both" needs fault.Arg\("B", …\)$`
		fault.AddHeader("A", "b"), fault.HeadersFunc(nil), fault.RetryAfter(1), fault.Cause(err), fault.TraceID("1"), fault.Subtype("a"),
		fault.Log(), fault.Field(fault.InBody("a"), "required"))
	result = new(fault.Details).Err(unexported) // want `text "both" needs fault.Arg\("A", …\) and fault.Arg\("B", …\)$`
	return result
}

func leaves(errs chan error, d *fault.Details) (int, error) {
	var declared error = unexported.New()          // want `text "both" needs`
	errs <- unexported.New()                       // want `text "both" needs`
	list := []error{unexported.New()}              // want `text "both" needs`
	list = append(list, unexported.New())          // want `text "both" needs`
	_ = [...]error{3: unexported.New()}            // want `text "both" needs`
	_ = map[string]error{"a": unexported.New()}    // want `text "both" needs`
	_ = struct{ err error }{unexported.New()}      // want `text "both" needs`
	_ = struct{ err error }{err: unexported.New()} // want `text "both" needs`
	_ = error(unexported.New())                    // want `text "both" needs`
	_ = errors.Join(declared, (unexported.New()))  // want `text "both" needs`
	d.AddError("a", unexported.New())              // want `text "both" needs`
	d.AddError("a", unexported)                    // want `text "both" needs`
	_ = func() error { return unexported }         // want `text "both" needs`
	if len(list) > 3 {
		panic(unexported) // want `text "both" needs`
	}
	if len(list) > 2 {
		panic(unexported.New()) // want `text "both" needs`
	}
	return 0, unexported.New() // want `text "both" needs`
}

func extra(f *fault.Fault) error {
	_ = fault.Conflict.New(fault.Text("order_paid"), fault.Arg("ID", 1))                          // want `text "order_paid" has no {{.ID}} for fault.Arg\("ID", …\): it has no placeholders`
	_ = fault.Conflict.New(fault.Text("order_paid"), fault.Count(1))                              // want `text "order_paid" has neither plural forms nor {{.Count}} for fault.Count`
	_ = f.With(fault.Text("both"), fault.Arg("C", 1))                                             // want `text "both" has no {{.C}} for fault.Arg\("C", …\): it has {{.A}}, {{.B}}`
	_ = fault.Conflict.New(fault.Text("lost"), fault.Text("order_paid")).With(fault.Arg("ID", 1)) // want `unknown text id "lost"` `text "order_paid" has no {{.ID}}`
	_ = fault.Conflict.New(fault.Text("order_paid"), fault.Arg("ID", 1)).With(fault.Cause(nil))   // want `text "order_paid" has no {{.ID}}`
	_ = fault.Conflict.New(fault.Text("order_paid"), fault.Arg("Count", 1))                       // want `text "order_paid" has no {{.Count}} for fault.Arg\("Count", …\): it has no placeholders`
	_ = fault.Conflict.New(fault.Text("german_plural"), fault.Arg("Count", 1))                    // want `text "german_plural" has no {{.Count}} for fault.Arg`
	return OrderPaid.New(fault.Arg("ID", 1))                                                      // want `text "order_paid" has no {{.ID}}`
}

func fields() []fault.Attr {
	return []fault.Attr{
		fault.Field(fault.InBody("a"), "odd"),                                                  // want `text "rule.odd" needs fault.Arg\("Limit", …\)$`
		fault.Field(fault.InBody("a"), "odd", fault.Arg("Limits", 1)),                          // want `needs fault.Arg\("Limit", …\)$` `text "rule.odd" has no {{.Limits}} for fault.Arg\("Limits", …\): it has {{.Field}}, {{.Limit}}`
		fault.Field(fault.InBody("a"), "min"),                                                  // want `text "rule.min" needs fault.Arg\("Limit", …\)$`
		fault.Field(fault.InBody("a"), "any", fault.Text("both"), fault.Arg("A", 1)),           // want `text "both" needs fault.Arg\("B", …\)$`
		fault.DetailsOf(new(fault.Details).AddField(fault.InBody("a"), "odd", fault.Count(1))), // want `text "rule.odd" has neither` `needs fault.Arg\("Limit", …\)$`
	}
}

type own struct{ *fault.Fault }

// ErrorBody shows the texts of a localizer.
func (own) ErrorBody(l fault.Localizer) any {
	_ = l.Texts("lost")                                      // want `unknown text id "lost"`
	_ = l.Text("both", fault.Arg("A", 1), fault.Arg("C", 1)) // want `text "both" needs fault.Arg\("B", …\)$` `text "both" has no {{.C}}`
	return l.Texts("both")                                   // want `text "both" needs fault.Arg\("A", …\) and fault.Arg\("B", …\)$`
}
