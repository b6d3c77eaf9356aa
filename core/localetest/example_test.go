package localetest_test

import (
	"fmt"
	"testing/fstest"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/localetest"
)

var exampleFiles = fstest.MapFS{
	"active.en.toml": {Data: []byte("[order_paid]\nother = \"Order {{.ID}} has been paid already.\"\n")},
	"active.de.toml": {Data: []byte("[order_paid]\nother = \"Der Auftrag {{.Nr}} ist schon bezahlt\"\n")},
}

func ExampleLint() {
	found, err := localetest.Lint(exampleFiles, localetest.Options{})
	for _, m := range found {
		fmt.Println(m)
	}
	fmt.Println(err)
	// Output:
	// active.de.toml:2: order_paid.other: (locales.E011) the text has no value for the placeholder {{.Nr}}
	// 	HINT: use {{.ID}}
	// active.de.toml:2: order_paid.other: (locales.E012) the placeholder {{.ID}} is missing
	// 	HINT: put it in, in any place
	// active.de.toml:2: order_paid.other: (locales.W003) the text ends with nothing, the source with a full stop
	// 	HINT: end it as the source does, by the language's own mark
	// <nil>
}

func ExampleNew() {
	change, err := localetest.New(exampleFiles, "pl", localetest.NewOptions{})
	fmt.Printf("%s\n%s%v", change.File, change.Content, err)
	// Output:
	// active.pl.toml
	// # pl. Source of all texts: active.en.toml.
	//
	// #. Source: Order {{.ID}} has been paid already.
	// [order_paid]
	// other = ""
	// <nil>
}

func ExampleStatus() {
	languages, err := localetest.Status(exampleFiles, localetest.Options{})
	for _, l := range languages {
		fmt.Printf("%s: %d of %d texts\n", l.Tag, l.Texts, l.Total)
	}
	fmt.Println(err)
	// Output:
	// de: 1 of 1 texts
	// en: 1 of 1 texts
	// <nil>
}

func ExamplePseudo() {
	pseudo, err := localetest.Pseudo(exampleFiles)
	if err != nil {
		fmt.Println(err)
	}
	r, err := fault.NewResponder(fault.WithLocales(exampleFiles), fault.WithLocales(pseudo))
	if err != nil {
		fmt.Println(err)
	}
	text, _ := r.Catalogue().Text("order_paid", localetest.PseudoAccents, fault.Arg("ID", 7))
	fmt.Println(text)
	// Output:
	// [Öŕðéŕ 7 ĥåš ƀééñ þåîð åļŕéåðý. ~~~~~~~~~~~~]
}
