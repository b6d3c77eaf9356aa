//go:build !unix

package localetest_test

import "os"

// makePipe makes a folder in place of a named pipe: neither is a regular file.
func makePipe(path string) error { return os.Mkdir(path, 0o700) }
