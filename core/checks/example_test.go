package checks_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/checks"
)

func ExampleRegistry() {
	var r checks.Registry
	for _, err := range []error{
		r.Register("D5A88CC0B3EC", "djutils", checks.Error),
		r.Register("0A25CEA3F2C3", "djutils", checks.Warning),
		r.Register("5DE1BAF3E498", "djutils", checks.Error),
	} {
		if err != nil {
			fmt.Println(err)
		}
	}
	m, err := r.Make("5DE1BAF3E498", "the cache is off", "set CACHE_URL", "settings")
	fmt.Println(m, err)
	fmt.Println(r.Register("5DE1BAF3E498", "djutils", checks.Error))
	// Output:
	// settings: (djutils.E002) the cache is off
	// 	HINT: set CACHE_URL <nil>
	// checks: key "5DE1BAF3E498" (djutils.E002): the key is already registered; every message has a key of its own
}

func ExampleLock() {
	l, err := checks.ParseLock("codes.lock", []byte(`# polyfault codes.lock v1 append-only
code D5A88CC0B3EC djutils.E001
code 5DE1BAF3E498 djutils.E002
`))
	if err != nil {
		fmt.Println(err)
	}
	r := checks.NewRegistry(l)
	fmt.Println(r.Register("5DE1BAF3E498", "djutils", checks.Error)) // the order does not matter
	fmt.Println(r.Code("5DE1BAF3E498"))
	fmt.Println(l.Add("0A25CEA3F2C3", "djutils", checks.Warning))

	_, err = checks.ParseLock("codes.lock", []byte(l.String()+"code A84DEF26F5A0 djutils.W001\n"))
	fmt.Println(err)
	// Output:
	// <nil>
	// djutils.E002 <nil>
	// djutils.W001 <nil>
	// codes.lock:5: djutils.W001 belongs to key "A84DEF26F5A0" here and to key "0A25CEA3F2C3" in line 4; keep the line that was published first, remove the other and add its key again: it gets the next number
}

func ExampleRunFor() {
	boom := errors.New("boom")
	r, err := fault.NewResponder(fault.WithMapper(fault.MapIs(boom, fault.Gone), fault.MapIs(boom, fault.Conflict)))
	if err != nil {
		fmt.Println(err)
		return
	}
	result, err := checks.RunFor(context.Background(), r, checks.Options{Tags: []string{"mappers"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := result.WriteTo(os.Stdout); err != nil || result.Failed {
		os.Exit(1)
	}
	// Output:
	// System check identified some issues:
	//
	// WARNINGS:
	// MapIs(boom): (polyfault.W004) mapper 2 never decides anything: mapper 1 already maps its target
	// 	HINT: put the special mapper before the general one, or remove it
	//
	// System check identified 1 issue (0 silenced).
}

func ExampleSet() {
	var s checks.Set
	err := s.Add(checks.Check{Name: "mail", Tags: []string{"mail"}, Run: func(context.Context, *checks.Subject) []checks.Message {
		return []checks.Message{{Level: checks.Warning, Text: "no mail server", ID: "shop.W001"}}
	}})
	if err != nil {
		fmt.Println(err)
	}
	result, err := s.Run(context.Background(), nil, checks.Options{Silenced: []string{"shop.W001"}})
	fmt.Println(result.Summary(), err)
	// Output: System check identified no issues (1 silenced). <nil>
}

func ExampleCheckKinds() {
	l := checks.NewLock("codes.lock")
	if err := l.AddKind(checks.KindEntry{Code: "task_locked", Status: 423, Type: "task-locked", ExitCode: 1}); err != nil {
		fmt.Println(err)
	}
	is := checks.KindEntry{Code: "task_locked", Status: 409, Type: "task-locked", ExitCode: 1}
	for _, p := range checks.CheckKinds(l, []checks.KindEntry{is}) {
		_, _ = io.WriteString(os.Stdout, p.Error())
	}
	// Output: codes.lock:2: kind task_locked: status was 423 and is 409: clients that branch on the status break; derive a new kind or restore it
}
