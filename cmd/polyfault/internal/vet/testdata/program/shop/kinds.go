// Package shop has its texts beside it.
package shop

import fault "github.com/polyfault/polyfault/core"

const paid = "order_paid"

var code = "order_" + suffix()

func suffix() string { return "open" }

// Kinds whose text is known.
var (
	OrderNotFound = fault.NotFound.Derive(fault.Spec{Code: "order_not_found", Status: 404})                          // want OrderNotFound:"kind with text order_not_found"
	OrderPaid     = fault.Conflict.Derive(fault.Spec{Code: "order_done", Text: paid})                                // want OrderPaid:"kind with text order_paid"
	HoursLeft     = OrderPaid.Derive((fault.Spec{"hours_gone", "hours_left", 0, 0, "", 0, "", 0, nil, 0, nil, nil})) // want HoursLeft:"kind with text hours_left"
	Alias         = (OrderNotFound)                                                                                  // want Alias:"kind with text order_not_found"
	TextLess      = fault.Conflict.Derive(fault.Spec{Code: "no_text_yet", Text: ""})                                 // want TextLess:"kind with text no_text_yet"
	Wrong         = fault.Conflict.Derive(fault.Spec{Code: "wrong", Text: "order_piad"})                             // want Wrong:"kind with text order_piad" `unknown text id "order_piad": no locale file in .*shop.locales has it; did you mean "order_paid"\?`
	unexported    = fault.Conflict.Derive(fault.Spec{Code: "both"})                                                  // want unexported:"kind with text both"
)

// Kinds whose text is not known.
var (
	spec       = fault.Spec{Code: "order_not_found"}
	FromSpec   = fault.Conflict.Derive(spec)
	FromCode   = fault.Conflict.Derive(fault.Spec{Code: code})
	FromText   = fault.Conflict.Derive(fault.Spec{Code: "order_not_found", Text: code})
	Changed    = fault.Conflict.Derive(fault.Spec{Code: "order_not_found"})
	Pointed    = fault.Conflict.Derive(fault.Spec{Code: "order_not_found"})
	FromCall   = kind()
	Fresh, _   = kinds()
	Undeclared *fault.Kind
)

func kind() *fault.Kind                 { return fault.NotFound }
func kinds() (*fault.Kind, *fault.Kind) { return fault.NotFound, fault.NotFound }

func change() {
	Changed = fault.NotFound
	p := &Pointed
	*p = fault.NotFound
}
