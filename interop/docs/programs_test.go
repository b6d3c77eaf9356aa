package docs_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/internal/markdown"
)

// atOnce is how many programs are built, and run, at the same time.
const atOnce = 2

// TestPrograms builds each program of each page in a folder of this module, runs it beside the commands of its console blocks,
// and compares what they print.
func TestPrograms(t *testing.T) {
	folder := workspace(t)
	var mains, tests []*program
	for _, page := range pages(t) {
		for _, p := range page.programs {
			write(t, folder, p)
			if p.isTest() {
				tests = append(tests, p)
			} else {
				mains = append(mains, p)
			}
		}
	}
	require.NotEmpty(t, mains)
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, ".curlrc"), []byte("silent\nshow-error\nmax-time = 10\n"), 0o600))
	t.Cleanup(func() { edits.write(t) })
	complaints := build(t, folder, bin, mains)
	results := runTests(t, folder, tests)
	running := make(chan struct{}, atOnce)
	for _, p := range mains {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			running <- struct{}{}
			defer func() { <-running }()
			binary := filepath.Join(bin, p.name)
			require.FileExists(t, binary, "%s:%d does not build:\n%s", p.page, p.Line, complaints)
			p.run(t, binary)
		})
	}
	for _, p := range tests {
		t.Run(p.name, func(t *testing.T) {
			passed := regexp.MustCompile(`(?m)^ok\s+\S*/` + regexp.QuoteMeta(p.name) + `\s+[\d.()a-z]+$`) // not [no tests to run]
			assert.Regexp(t, passed, results, "%s:%d fails", p.page, p.Line)
		})
	}
}

// workspace is a folder inside of this module, which has all that programs import. It is removed in the end.
func workspace(t *testing.T) string {
	t.Helper()
	require.NoError(t, os.MkdirAll("testdata", 0o755))
	folder, err := os.MkdirTemp("testdata", "pages") //nolint:usetesting // a folder of this module, whose imports programs find
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, os.RemoveAll(folder))
		_ = os.Remove("testdata") // unless another run has a folder there
	})
	return folder
}

// write writes a program and its files to a folder of its own, with free ports for those of the page.
func write(t *testing.T, folder string, p *program) {
	t.Helper()
	inside, err := filepath.Abs(filepath.Join(folder, p.name))
	require.NoError(t, err)
	p.folder, p.ports = inside, map[string]string{}
	for _, match := range anyPort.FindAllStringSubmatch(p.Text, -1) {
		if p.ports[match[1]] == "" {
			p.ports[match[1]] = p.reserve(t)
		}
	}
	name := "main.go"
	if p.isTest() {
		name = "main_test.go"
	}
	page, err := filepath.Abs(filepath.Join(root, filepath.FromSlash(p.page)))
	require.NoError(t, err)
	save := func(name, text string) {
		file := filepath.Join(p.folder, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(p.withPorts(text)), 0o600))
	}
	save(name, fmt.Sprintf("//line %s:%d\n%s", page, p.Line, p.Text))
	for _, file := range p.files {
		save(strings.TrimPrefix(file.Note, "file: "), file.Text)
	}
}

// reserve is a port that nobody else gets until the program releases it. It is below those that systems give to whoever asks for
// any port: between the release and the program's own listening nobody takes it.
func (p *program) reserve(t *testing.T) (port string) {
	t.Helper()
	for range 100 {
		port = strconv.Itoa(20_000 + rand.IntN(12_000))
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:"+port)
		if err == nil {
			p.reserved = append(p.reserved, listener)
			return port
		}
	}
	t.Fatal("no port is free")
	return ""
}

func (p *program) release() {
	for _, listener := range p.reserved {
		_ = listener.Close()
	}
}

// withPorts is a text of the page with the ports of this run, withoutPorts the other way round.
func (p *program) withPorts(text string) string {
	return anyPort.ReplaceAllStringFunc(text, func(address string) string {
		host, port, _ := strings.Cut(address, ":")
		if free := p.ports[port]; free != "" {
			port = free
		}
		return host + ":" + port
	})
}

func (p *program) withoutPorts(text string) string {
	for port, free := range p.ports {
		text = strings.ReplaceAll(text, "127.0.0.1:"+free, "127.0.0.1:"+port)
	}
	return text
}

// build builds programs without the race detector, whoever asks, as those of users are. What fails to build has no binary.
func build(t *testing.T, folder, bin string, programs []*program) (complaints string) {
	t.Helper()
	args := []string{"build", "-p", fmt.Sprint(atOnce), "-ldflags=-s -w", "-o", bin + string(filepath.Separator)}
	out, _ := goTool(t, append(args, folders(folder, programs)...)...)
	return out
}

func runTests(t *testing.T, folder string, programs []*program) (results string) {
	t.Helper()
	if len(programs) == 0 {
		return ""
	}
	out, err := goTool(t, append([]string{"test", "-p", fmt.Sprint(atOnce)}, folders(folder, programs)...)...)
	if err != nil {
		t.Error(out)
	}
	return out
}

func folders(folder string, programs []*program) (paths []string) {
	for _, p := range programs {
		paths = append(paths, "./"+filepath.ToSlash(filepath.Join(folder, p.name)))
	}
	return paths
}

func goTool(t *testing.T, args ...string) (output string, err error) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Env = append(os.Environ(), "GOWORK=off")
	out, err := command.CombinedOutput()
	return string(out), err
}

// run starts a program that listens, and runs the commands of the page beside it. A program that listens nowhere is run once, or
// where the page has "$ go run .".
func (p *program) run(t *testing.T, binary string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all []command
	for _, block := range p.console {
		all = append(all, commands(block.Line, block.Text)...)
	}
	ends := slices.ContainsFunc(all, command.isProgram)
	shell := &shell{folder: p.folder, binary: binary, program: p, printed: &output{}}
	p.release()
	switch {
	case ends: // a command of the page
	case len(p.ports) == 0:
		all = append(all, command{line: p.Line, text: "go run .", output: []string{"…"}})
	default:
		server := exec.CommandContext(ctx, binary)
		server.Dir, server.Stdout, server.Stderr = p.folder, shell.printed, shell.printed
		require.NoError(t, server.Start())
		defer func() {
			cancel()
			_ = server.Wait() // it was killed
		}()
		p.waitUntilListening(t, shell.printed)
	}
	for _, c := range all {
		p.compare(t, c, shell)
	}
	for _, block := range p.logs {
		p.compareLogs(t, block, shell.printed)
	}
}

func (p *program) compare(t *testing.T, c command, shell *shell) {
	t.Helper()
	out, ok := shell.execute(t, c)
	if !ok {
		return // for the reader only
	}
	printed := strings.Split(p.withoutPorts(out), "\n")
	switch difference := difference(c.output, printed); {
	case difference == "":
	case *update:
		edits.add(p.page, edit{c.below, len(c.output), documented(printed)})
	default:
		t.Errorf("%s:%d: $ %s\n%s", p.page, c.line, c.text, difference)
	}
}

// compareLogs waits for what a server may print after it has answered.
func (p *program) compareLogs(t *testing.T, block markdown.Block, printed *output) {
	t.Helper()
	var line string
	found := func() bool {
		var missing bool
		line, missing = unlogged(strings.Split(block.Text, "\n"), trimmed(strings.Split(p.withoutPorts(printed.String()), "\n")))
		return !missing
	}
	if !found() && !assert.Eventually(t, found, 5*time.Second, 20*time.Millisecond) {
		t.Errorf("%s:%d: no line\n%s\nin order in\n%s", p.page, block.Line, line, printed)
	}
}

func (p *program) waitUntilListening(t *testing.T, printed *output) {
	t.Helper()
	for _, port := range p.ports {
		require.Eventually(t, func() bool {
			connection, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", "127.0.0.1:"+port)
			if err != nil {
				return false
			}
			return connection.Close() == nil
		}, 30*time.Second, 20*time.Millisecond, "%s:%d does not listen: %s", p.page, p.Line, printed)
	}
}

// A shell runs the commands of a page beside a program.
type shell struct {
	folder, binary string
	program        *program
	printed        *output // what the program prints by itself
}

// asGo runs the program as the go command does.
const asGo = `program() { "$PROGRAM" "$@" || { s=$?; echo "exit status $s"; return 1; }; }; program`

func (c command) isProgram() bool {
	return c.text == "go run ." || strings.HasPrefix(c.text, "go run . ")
}

// execute runs a command of a page, if it is one of those that the tests run: curl, node where it is installed, and "go run ." for
// the program itself. ok says whether it is.
func (s *shell) execute(t *testing.T, c command) (out string, ok bool) {
	t.Helper()
	script := s.program.withPorts(c.text)
	switch {
	case strings.HasPrefix(script, "curl "):
	case strings.HasPrefix(script, "node "):
		if _, err := exec.LookPath("node"); err != nil && os.Getenv("CI") == "" {
			return "", false
		}
	case c.isProgram():
		script = asGo + strings.TrimPrefix(script, "go run .")
	default:
		return "", false
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "sh", "-c", script)
	command.Dir = s.folder
	command.Env = append(os.Environ(), "PROGRAM="+s.binary, "CURL_HOME="+filepath.Dir(s.binary))
	printed, err := command.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	if c.isProgram() {
		_, _ = s.printed.Write(printed)
		if c.below == 0 { // no command of the page
			assert.NoError(t, err, "%s:%d\n%s", s.program.page, c.line, printed)
		}
	}
	return string(printed), true
}

// An output is what a process writes while others read it.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}
