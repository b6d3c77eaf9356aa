package typescript_test

import (
	"fmt"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/typescript"
)

func ExampleModule() {
	content, err := typescript.Module(nil, typescript.Options{Kinds: func(k *fault.Kind) bool {
		return k == fault.TaskLocked || k == fault.ServiceUnavailable
	}})
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(content)) {
		if strings.HasPrefix(line, "  | ProblemOf<") {
			fmt.Print(line)
		}
	}
	// Output:
	//   | ProblemOf<"task_locked", 423>
	//   | ProblemOf<"service_unavailable", 503>;
}
