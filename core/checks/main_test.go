package checks_test

import "flag"

var update = flag.Bool("update", false, "append what is new to codes.lock")
