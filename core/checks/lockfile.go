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

// NewKey returns a random key of twelve upper-case hexadecimal digits. It is easy to search for, and has no meaning that
// could become wrong when the message changes.
func NewKey() string {
	var b [6]byte
	rand.Read(b[:]) // never fails
	return fmt.Sprintf("%X", b)
}

// LoadLock reads a lock file. The error is a *[LockError], or that of the file system, such as [fs.ErrNotExist].
func LoadLock(path string) (*Lock, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("checks: lock file: %w", err)
	}
	return ParseLock(path, content)
}

// WriteFile replaces the file with the lock in one step: readers see the old content or the new. It creates a file that does
// not exist. It returns an error and changes nothing if the file does not parse or is not a prefix of the lock: then the
// lock was read from another file, or the file has changed since.
//
// WriteFile does not prevent two processes from writing at the same time: [UpdateLock] does.
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

// UpdateLock reads the lock file, or begins an empty one, calls change to append to it, and writes it if something was
// appended. Other updates of the file wait meanwhile, in this process and in others: of two that append at once, both
// succeed. Errors are those of [LoadLock], of change, and of [Lock.WriteFile]; the file is unchanged then. change must not
// update a lock file itself.
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
