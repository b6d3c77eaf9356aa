package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(b)
}

func TestReplace(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "codes.lock")
	require.NoError(t, ReplaceString(path, "first"))
	assert.Equal(t, "first", content(t, path))
	require.NoError(t, ReplaceString(path, ""))
	assert.Empty(t, content(t, path))
	if runtime.GOOS != "windows" {
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o644), info.Mode())
		require.NoError(t, os.Chmod(path, 0o600))
		require.NoError(t, ReplaceString(path, "private"))
		info, err = os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode())
	}
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing else is left behind")
}

func TestLinksStay(t *testing.T) {
	folder := t.TempDir()
	path, link := filepath.Join(folder, "file"), filepath.Join(folder, "link")
	require.NoError(t, ReplaceString(path, "old"))
	if err := os.Symlink(path, link); err != nil {
		t.Skipf("no symbolic links here: %v", err)
	}
	require.NoError(t, ReplaceString(link, "new"))
	assert.Equal(t, "new", content(t, path))
	info, err := os.Lstat(link)
	require.NoError(t, err)
	assert.NotZero(t, info.Mode()&fs.ModeSymlink)
}

// Whatever fails, the file is as it was, and nothing else is left.
func TestFailures(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	require.NoError(t, ReplaceString(path, "old"))
	failed := errors.New("no more ink")
	assert.Equal(t, failed, Replace(path, func(w io.Writer) error {
		_, _ = io.WriteString(w, "half")
		return failed
	}))
	assert.ErrorContains(t, Replace(path, func(w io.Writer) error { return w.(io.Closer).Close() }), path+" is as it was: ")
	assert.Equal(t, "old", content(t, path))
	require.NoError(t, os.Mkdir(filepath.Join(folder, "taken"), 0o700))
	assert.ErrorContains(t, ReplaceString(filepath.Join(folder, "taken"), "x"), "is as it was")
	assert.ErrorIs(t, ReplaceString(filepath.Join(folder, "none", "file"), "x"), fs.ErrNotExist)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, entries, 2)
}

func TestReadersSeeOneOrTheOther(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	long := string(make([]byte, 1<<16))
	require.NoError(t, ReplaceString(path, long))
	var wait sync.WaitGroup
	wait.Go(func() {
		for i := range 50 {
			assert.NoError(t, ReplaceString(path, []string{"", long}[i%2]))
		}
	})
	for range 200 {
		b, err := os.ReadFile(path)
		if runtime.GOOS == "windows" && err != nil {
			continue // it is being replaced
		}
		assert.NoError(t, err)
		assert.Contains(t, []int{0, len(long)}, len(b))
	}
	wait.Wait()
}

func TestReplaceAll(t *testing.T) {
	folder := t.TempDir()
	a, b, c := filepath.Join(folder, "a"), filepath.Join(folder, "b"), filepath.Join(folder, "c")
	require.NoError(t, ReplaceString(a, "old"))
	require.NoError(t, ReplaceAll([]File{{a, "new"}, {b, "new"}}))
	assert.Equal(t, "newnew", content(t, a)+content(t, b))

	// The last one cannot be written, or cannot take its place: nothing has changed.
	require.NoError(t, os.MkdirAll(filepath.Join(c, "full"), 0o700))
	for _, last := range []string{filepath.Join(folder, "none", "x"), filepath.Join(a, "below a file"), c} {
		fresh := filepath.Join(folder, "fresh")
		assert.ErrorContains(t, ReplaceAll([]File{{a, "newer"}, {fresh, "newer"}, {last, "x"}, {b, "newer"}}), "is as it was", last)
		assert.Equal(t, "newnew", content(t, a)+content(t, b))
		assert.NoFileExists(t, fresh)
		entries, err := os.ReadDir(folder)
		require.NoError(t, err)
		assert.Len(t, entries, 3, "nothing else is left behind")
	}
}

// Whoever reads, adds and writes under the lock loses nothing.
func TestLock(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	require.NoError(t, ReplaceString(path, ""))
	var wait sync.WaitGroup
	for range 20 {
		wait.Go(func() {
			unlock, err := Lock(path)
			if !assert.NoError(t, err) {
				return
			}
			defer unlock()
			assert.NoError(t, ReplaceString(path, content(t, path)+"x"))
		})
	}
	wait.Wait()
	assert.Len(t, content(t, path), 20)
	_, err := Lock(filepath.Join(folder, "none", "file"))
	assert.ErrorIs(t, err, fs.ErrNotExist)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}
