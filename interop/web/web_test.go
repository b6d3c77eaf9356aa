package web

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// need ends the test where something is not installed: in CI it fails, elsewhere it is skipped.
func need(t *testing.T, there bool, what string) {
	t.Helper()
	switch {
	case there:
	case os.Getenv("CI") == "true":
		t.Fatal("CI lacks " + what)
	default:
		t.Skip("not run: it needs " + what)
	}
}

func needNode(t *testing.T) {
	t.Helper()
	_, err := exec.LookPath("node")
	need(t, err == nil, "node, version 20 or later")
	_, err = os.Stat(filepath.Join("node_modules", ".bin", "tsc"))
	need(t, err == nil, "the packages of npm: run npm ci --ignore-scripts in interop/web")
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	need(t, false, "Chromium")
	return ""
}

// folder is a new one below this package, where node finds the packages.
func folder(t *testing.T) string {
	t.Helper()
	require.NoError(t, os.MkdirAll("build", 0o755))
	dir, err := os.MkdirTemp("build", "") //nolint:usetesting // elsewhere node would not find the packages
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// command runs in the folder and returns the output of both kinds.
func command(t *testing.T, dir string, env []string, name string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute) // on a busy machine
	defer cancel()
	c := exec.CommandContext(ctx, name, args...)
	c.Dir = dir
	c.Env = append(os.Environ(), append(env, "REDOCLY_TELEMETRY=off", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true", "NO_COLOR=1")...)
	out, err := c.CombinedOutput()
	return string(out), err
}

// bin is a program of a package of npm.
func bin(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("node_modules", ".bin", name))
	require.NoError(t, err)
	return path
}

func write(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
}

func copyTo(t *testing.T, dir string, paths ...string) {
	t.Helper()
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		write(t, dir, filepath.Base(path), content)
	}
}

var program = sync.OnceValues(func() (string, error) {
	path, err := filepath.Abs(filepath.Join("build", "web"))
	if err != nil {
		return "", err
	}
	c := exec.Command("go", "build", "-o", path, "./web")
	c.Dir = filepath.Join("..", "..", "examples")
	c.Env = append(os.Environ(), "GOWORK=off")
	out, err := c.CombinedOutput()
	if err != nil {
		return "", &buildError{string(out)}
	}
	return path, nil
})

type buildError struct{ out string }

func (e *buildError) Error() string { return e.out }

// page runs the example and returns its address, and those of the services behind it as JSON.
func page(t *testing.T) (url, servers string) {
	t.Helper()
	path, err := program()
	require.NoError(t, err)
	c := exec.CommandContext(t.Context(), path, "-addr", "127.0.0.1:0")
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt)
		_ = c.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	url = strings.TrimSpace(line)
	resp, err := http.Get(url + "frameworks.json")
	require.NoError(t, err)
	defer resp.Body.Close()
	list, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.True(t, json.Valid(list))
	return url, string(list)
}
