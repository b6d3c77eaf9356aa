package main

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/locales"
)

// starts are what a process does once, by the name it has on the command line of a cold process.
var starts = map[string]func(){
	"built-in": func() { must(fault.NewResponder(fault.WithLogger(logger))) },
	"20":       func() { responder(twenty) },
	"33":       func() { must(fault.NewResponder(fault.WithLogger(logger), fault.WithLanguages(shipped()...))) },
}

// shipped are the tags of all languages that polyfault brings.
func shipped() (tags []string) {
	for _, entry := range must(locales.FS.ReadDir(".")) {
		tags = append(tags, strings.TrimSuffix(strings.TrimPrefix(entry.Name(), "active."), ".toml"))
	}
	return tags
}

const (
	warm = "start-up, warm"
	cold = "start-up, cold process"
)

func startScenarios() []*scenario {
	return []*scenario{{name: warm, contestants: []contestant{
		{name: "polyfault, built-in locales", op: starts["built-in"]},
		{name: "polyfault, 20 languages", op: starts["20"]},
		{name: "polyfault, all 33 in the body", op: starts["33"]},
		{name: "go-i18n, 20 languages", role: usual, op: func() { newGoI18n(form{}, twenty).prebuilt() }},
	}}}
}

// coldStart is the time that the start of that name takes in a process of its own: this program
// again, with the flag -cold.
func coldStart(name string) time.Duration {
	out := must(exec.Command(must(os.Executable()), "-cold", name).Output())
	return time.Duration(must(strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)))
}

// beCold is what that process does.
func beCold(name string) {
	begin := time.Now()
	starts[name]()
	fmt.Println(time.Since(begin).Nanoseconds())
}
