//go:build unix

package localetest_test

import "syscall"

// makePipe makes a named pipe: who reads it waits for somebody who writes.
func makePipe(path string) error { return syscall.Mkfifo(path, 0o600) }
