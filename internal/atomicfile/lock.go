package atomicfile

import (
	"fmt"
	"path/filepath"
)

// Lock waits for the lock of the path's folder, and holds it until unlock is called or the process ends. It keeps commands of
// polyfault from changing each other's files between reading and writing; other programs ignore it. It leaves no file behind.
// On a system without such locks it does nothing. The error is that of the folder.
//
// A process that locks a folder twice waits for itself.
func Lock(path string) (unlock func(), err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target
	}
	unlock, err = lockFolder(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("%s cannot be locked: %w", path, err)
	}
	return unlock, nil
}
