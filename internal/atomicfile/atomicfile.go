// Package atomicfile replaces files in one step.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Replace writes the file beside the old one, through to the disk, and then takes its place: readers see the old
// content or the new one, whatever fails in between. Permissions stay, and a symbolic link goes on pointing
// where it does; a file that does not exist is made with 0644. write's own error is returned as it is; the
// others name the path and say that the file is as it was.
func Replace(path string, write func(io.Writer) error) (err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the rename below would replace the link
	}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return unchanged(path, err)
	}
	defer func() {
		if err != nil {
			_ = temp.Close()
			_ = os.Remove(temp.Name())
		}
	}()
	if err := write(temp); err != nil {
		return err
	}
	if err := errors.Join(temp.Chmod(mode), temp.Sync(), temp.Close()); err != nil {
		return unchanged(path, err)
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return unchanged(path, err)
	}
	return nil
}

// ReplaceString is [Replace] with the content.
func ReplaceString(path, content string) error {
	return Replace(path, func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	})
}

func unchanged(path string, err error) error { return fmt.Errorf("%s is as it was: %w", path, err) }
