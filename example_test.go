package polyfault_test

import (
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing/fstest"

	fault "github.com/polyfault/polyfault/core"
	faulthttp "github.com/polyfault/polyfault/nethttp"
)

// show sends a request to the handler and prints status and body.
func show(h http.Handler, method, target, body string) {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(method, target, strings.NewReader(body)))
	fmt.Println(w.Code, w.Body)
}

// A handler returns an error, and the client gets a body in all languages of the service. Without [fault.WithLanguages] and files of your
// own these are German, English, French and Portuguese.
func Example() {
	r, err := fault.NewResponder(fault.WithLanguages("en", "fr"))
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("GET /orders/{id}", faulthttp.Handler(nil, func(_ http.ResponseWriter, r *http.Request) error {
		return fault.EntityNotFound.New(fault.Detail("order", r.PathValue("id")))
	}))
	handler := faulthttp.Middleware(r)(faulthttp.Mux(nil, mux)) // nil: the responder around
	show(handler, http.MethodGet, "/orders/7", "")
	show(handler, http.MethodGet, "/nowhere", "")
	// Output:
	// 404 {"EN":"The requested object does not exist.","FR":"L’objet demandé n’existe pas.","code":"entity_not_found","details":{"order":"7"}}
	// 404 {"EN":"The requested page or resource was not found.","FR":"La page ou la ressource demandée est introuvable.","code":"not_found"}
}

var OrderPaid = fault.Conflict.Derive(fault.Spec{Code: "example_order_paid"})

// A kind and texts of your own. In a service the files are embedded.
func Example_ownTexts() {
	r, err := fault.NewResponder(fault.WithLocales(fstest.MapFS{
		"active.en.toml": {Data: []byte(`example_order_paid = "Order {{.ID}} has been paid already."`)},
		"active.de.toml": {Data: []byte(`example_order_paid = "Die Bestellung {{.ID}} ist bereits bezahlt."`)},
	}))
	if err != nil {
		fmt.Println(err) // names file, key and rule
		return
	}
	pay := faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error {
		return OrderPaid.New(fault.Arg("ID", "A-7"))
	})
	show(pay, http.MethodPost, "/orders/A-7/payment", "")
	// Output:
	// 409 {"DE":"Die Bestellung A-7 ist bereits bezahlt.","EN":"Order A-7 has been paid already.","code":"example_order_paid"}
}

// The body is decoded strictly: all mistakes are named at once.
func Example_fieldErrors() {
	r, err := fault.NewResponder(fault.WithLanguages("en"))
	if err != nil {
		fmt.Println(err)
		return
	}
	create := faulthttp.Handler(r, func(_ http.ResponseWriter, req *http.Request) error {
		var order struct {
			Item string `json:"item"`
			Qty  int    `json:"qty"`
		}
		return fault.BindJSON(req.Body, &order, "item", "qty")
	})
	show(create, http.MethodPost, "/orders", `{"qty":1}`)
	// Output:
	// 400 {"EN":"Mandatory attributes are missing.","code":"mandatory_attributes_missing","details":{"item":{"code":"required","EN":"item is required."}}}
}

// The text of an unknown error stays inside: a client gets a trace id, and the log has the rest.
func Example_unknownError() {
	r, err := fault.NewResponder(fault.WithLanguages("en"), fault.WithLogger(slog.New(slog.DiscardHandler)),
		fault.WithTraceID(func(fault.Request) string { return "4bf92f3577b34da6a3ce929d0e0e4736" }))
	if err != nil {
		fmt.Println(err)
		return
	}
	fail := faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error {
		return errors.New("pq: password authentication failed for user shop")
	})
	show(fail, http.MethodGet, "/orders", "")
	// Output:
	// 500 {"EN":"An unexpected error occurred. Please try again later.","code":"unhandled","details":{"trace_id":"4bf92f3577b34da6a3ce929d0e0e4736"}}
}

// Errors of others become kinds by mappers.
func Example_errorsOfOthers() {
	r, err := fault.NewResponder(fault.WithLanguages("en"), fault.WithMapper(fault.MapIs(sql.ErrNoRows, fault.EntityNotFound)))
	if err != nil {
		fmt.Println(err)
		return
	}
	get := faulthttp.Handler(r, func(http.ResponseWriter, *http.Request) error {
		return fmt.Errorf("reading order 7: %w", sql.ErrNoRows)
	})
	show(get, http.MethodGet, "/orders/7", "")
	// Output:
	// 404 {"EN":"The requested object does not exist.","code":"entity_not_found"}
}

// A client gets the error back.
func Example_client() {
	service := httptest.NewServer(faulthttp.Handler(nil, func(http.ResponseWriter, *http.Request) error {
		return fault.TaskLocked
	}))
	defer service.Close()

	client := &http.Client{Transport: faulthttp.Transport(nil)}
	_, err := client.Get(service.URL)
	fmt.Println(errors.Is(err, fault.TaskLocked), errors.Is(err, fault.Locked), errors.Is(err, fault.NotFound))
	// Output: true true false
}
