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

// Replace writes the new file beside the old one, through to the disk, and then renames it: readers see the old content or the
// new one, even after a failure. Permissions stay, and a symbolic link keeps its target; a new file gets 0644. An error of
// write is returned unchanged; other errors name the path and tell that the file has not changed.
func Replace(path string, write func(io.Writer) error) error {
	next, err := prepare(path, write)
	if err != nil {
		return err
	}
	return next.put()
}

// ReplaceString is [Replace] with the content.
func ReplaceString(path, content string) error { return Replace(path, writing(content)) }

func writing(content string) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := io.WriteString(w, content)
		return err
	}
}

// A File is a file and its new content.
type File struct{ Path, Content string }

// ReplaceAll replaces several files, or none. It writes all of them beside the old ones before it renames the first. If a
// rename fails, it restores the files before.
func ReplaceAll(files []File) error {
	var ready []*replacement
	for _, f := range files {
		next, err := prepare(f.Path, writing(f.Content))
		if err != nil {
			discard(ready)
			return err
		}
		ready = append(ready, next)
	}
	for i, next := range ready {
		if err := next.put(); err != nil {
			discard(ready[i+1:])
			return errors.Join(err, restore(ready[:i]))
		}
	}
	return nil
}

// A replacement is a new content that waits to take its place.
type replacement struct {
	path, temp string
	old        []byte // nil when there was no file
}

func prepare(path string, write func(io.Writer) error) (next *replacement, err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the rename would replace the link
	}
	next = &replacement{path: path}
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
		if next.old, err = os.ReadFile(path); err != nil {
			return nil, unchanged(path, err)
		}
	}
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, unchanged(path, err)
	}
	next.temp = temp.Name()
	if err := write(temp); err != nil {
		_ = temp.Close()
		discard([]*replacement{next})
		return nil, err
	}
	if err := errors.Join(temp.Chmod(mode), temp.Sync(), temp.Close()); err != nil {
		discard([]*replacement{next})
		return nil, unchanged(path, err)
	}
	return next, nil
}

func (r *replacement) put() error {
	if err := os.Rename(r.temp, r.path); err != nil {
		discard([]*replacement{r})
		return unchanged(r.path, err)
	}
	return nil
}

func discard(list []*replacement) {
	for _, r := range list {
		_ = os.Remove(r.temp)
	}
}

// restore gives files their old content back.
func restore(list []*replacement) (err error) {
	for _, r := range list {
		if r.old == nil {
			err = errors.Join(err, os.Remove(r.path))
			continue
		}
		err = errors.Join(err, ReplaceString(r.path, string(r.old)))
	}
	return err
}

func unchanged(path string, err error) error { return fmt.Errorf("%s is as it was: %w", path, err) }
