// Command exitcode shows how a command line tool ends with the exit code of its error:
//
//	go run ./examples/exitcode report      # 0
//	go run ./examples/exitcode database    # 2
//	go run ./examples/exitcode file        # 4
//	go run ./examples/exitcode something   # 1
//
// go run itself always ends with 1; build the command to see the codes in $?.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	fault "github.com/polyfault/polyfault/core"
)

func main() {
	fault.Exit(run(os.Args[1:]), fault.MapAs(fileFailed))
}

// fileFailed maps errors of package os.
func fileFailed(e *fs.PathError) *fault.Fault {
	return fault.IOFailure.New(fault.Detail("operation", e.Op))
}

func run(args []string) error {
	task := "report"
	if len(args) > 0 {
		task = args[0]
	}
	switch task {
	case "report":
		fmt.Println("all bookings are in order")
		return nil
	case "database":
		return fmt.Errorf("loading the bookings: %w", fault.Database.Wrap(errors.New("relation \"bookings\" does not exist")))
	case "file":
		_, err := os.ReadFile("no such folder/bookings.csv")
		return err
	}
	return fmt.Errorf("there is no task %q", task)
}
