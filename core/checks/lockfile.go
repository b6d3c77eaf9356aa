package checks

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/polyfault/polyfault/internal/atomicfile"
)

// NewKey makes a random key of twelve upper-case hexadecimal digits: opaque, so that nothing has to
// be renamed when a message changes its meaning, and easy to search for.
func NewKey() string {
	var b [6]byte
	rand.Read(b[:]) // never fails
	return fmt.Sprintf("%X", b)
}

// LoadLock reads a lock file. The error is a *[LockError], or that of the file system:
// [fs.ErrNotExist] when there is none.
func LoadLock(path string) (*Lock, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("checks: lock file: %w", err)
	}
	return ParseLock(path, content)
}

// WriteFile replaces the file by the lock, in one step: readers see the old content or the new. It
// refuses, and leaves the file alone, when the file does not parse or is not a prefix of the lock:
// then it is not the file that the lock was read from, or somebody has changed it since. A file that
// does not exist is made.
//
// It does not keep two processes from writing at the same time: [UpdateLock] does.
func (l *Lock) WriteFile(path string) error {
	old, err := LoadLock(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case !strings.HasPrefix(l.String(), old.String()):
		return fmt.Errorf("checks: lock file %s has other lines than the lock that was to be written: it is append-only; read it again", path)
	}
	if err := atomicfile.ReplaceString(path, l.String()); err != nil {
		return fmt.Errorf("checks: lock file: %w", err)
	}
	return nil
}

// UpdateLock reads the lock file, or begins an empty one, lets change append to it, and writes it
// when something was appended. From reading to writing nobody else can update the file, of this process or
// another one: two that append at once both do, one behind the other. Errors are those of [LoadLock], of
// change, and of [Lock.WriteFile]; the file is as it was then. change must not update a lock file itself.
func UpdateLock(path string, change func(*Lock) error) error {
	unlock, err := atomicfile.Lock(path)
	if err != nil {
		return fmt.Errorf("checks: lock file: %w", err)
	}
	defer unlock()
	l, err := LoadLock(path)
	if errors.Is(err, fs.ErrNotExist) {
		l, err = NewLock(path), nil
	}
	if err != nil {
		return err
	}
	before := l.lines
	if err := change(l); err != nil {
		return err
	}
	if l.lines == before {
		return nil
	}
	return l.WriteFile(path)
}
