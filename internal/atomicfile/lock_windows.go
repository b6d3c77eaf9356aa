package atomicfile

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	sharingViolation = syscall.Errno(32)
	deletePending    = syscall.Errno(303)
	deleteOnClose    = 0x04000000
)

// lockFolder opens a file that nobody else may open, and that goes when it is closed: Windows cannot lock folders.
func lockFolder(folder string) (unlock func(), err error) {
	name, err := syscall.UTF16PtrFromString(filepath.Join(folder, ".polyfault.lock"))
	if err != nil {
		return nil, err
	}
	for {
		handle, err := syscall.CreateFile(name, syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS,
			syscall.FILE_ATTRIBUTE_NORMAL|deleteOnClose, 0)
		if err == nil {
			return func() { _ = syscall.CloseHandle(handle) }, nil
		}
		taken := errors.Is(err, sharingViolation) || errors.Is(err, deletePending)
		if _, statErr := os.Stat(folder); !taken || statErr != nil {
			return nil, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}
