package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

var update = flag.Bool("update", false, "write docs/errors.md and docs/errors.json")

// run runs the command as main does.
func run(t *testing.T, args ...string) (out string, err error) {
	t.Helper()
	var b bytes.Buffer
	root := newRoot()
	root.SetArgs(args)
	root.SetOut(&b)
	root.SetErr(&b)
	err = root.ExecuteContext(t.Context())
	return b.String(), err
}

func ran(t *testing.T, args ...string) string {
	t.Helper()
	out, err := run(t, args...)
	require.NoError(t, err, out)
	return out
}

// The generated catalogue is what the command writes today.
func TestDocsAreFresh(t *testing.T) {
	for format, name := range map[string]string{"markdown": "errors.md", "json": "errors.json"} {
		path := filepath.Join("..", "..", "docs", name)
		if *update {
			ran(t, "codes", "doc", "--format", format, "--out", path)
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Equal(t, string(want), ran(t, "codes", "doc", "--format", format),
			"docs/%s is stale: go test ./cmd/polyfault -run TestDocsAreFresh -update", name)
	}
}

func TestDocHasEveryKindWithItsTexts(t *testing.T) {
	markdown := ran(t, "codes", "doc")
	assert.Contains(t, ran(t, "codes", "doc", "--languages", "en,pl"), "Żądany obiekt")
	var kinds []struct {
		Code      string
		Status    int
		Number    int
		ExitCode  int `json:"exit_code"`
		Retryable bool
		Texts     map[string]string
	}
	require.NoError(t, json.Unmarshal([]byte(ran(t, "codes", "doc", "--format", "json")), &kinds))
	c := fault.Default().Catalogue()
	i := 0
	for k := range fault.Kinds() {
		assert.Equal(t, k.Code(), kinds[i].Code)
		assert.Equal(t, k.Status(), kinds[i].Status)
		assert.Equal(t, k.Number(), kinds[i].Number)
		assert.Equal(t, k.ExitCode(), kinds[i].ExitCode)
		assert.Equal(t, k.Retryable(), kinds[i].Retryable)
		assert.Len(t, kinds[i].Texts, len(c.Body()))
		for _, l := range c.Body() {
			text, _ := c.Text(k.TextID(), l.Tag)
			assert.Equal(t, text, kinds[i].Texts[l.Tag])
			assert.Contains(t, markdown, text)
		}
		assert.Contains(t, markdown, "\n## "+k.Code()+"\n")
		i++
	}
	assert.Len(t, kinds, i)

	own := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(own, "active.en.toml"), []byte("task_locked = \"a | b\"\n"), 0o600))
	assert.Contains(t, ran(t, "codes", "doc", "--locales", own), `| en | Task locked | a \| b |`)
}

func TestOutIsWrittenAtOnceOrNotAtAll(t *testing.T) {
	path := filepath.Join(t.TempDir(), "errors.md")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	ran(t, "codes", "doc", "--out", path)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, ran(t, "codes", "doc"), string(content))
	_, err = run(t, "codes", "doc", "--out", filepath.Join(t.TempDir(), "no", "folder.md"))
	require.Error(t, err)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	require.NoError(t, err)
	assert.Empty(t, left, "no temporary file stays")
	_, err = run(t, "codes", "doc", "--format", "xml")
	require.ErrorContains(t, err, "use markdown or json")
}

// lockIn is a lock file with the lines in it.
func lockIn(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "codes.lock")
	head := "# polyfault codes.lock v1 append-only: lines are never changed, moved or removed\n"
	require.NoError(t, os.WriteFile(path, []byte(head+strings.Join(lines, "\n")+"\n"), 0o600))
	return path
}

func TestCodesAddListShowRetire(t *testing.T) {
	path := filepath.Join(t.TempDir(), "codes.lock")
	for _, c := range []struct{ key, level, id string }{ // the reference's example
		{"5D5A88CC0B3EC", "error", "djutils.E001"},
		{"0A25CEA3F2C3", "warning", "djutils.W001"},
		{"A84DEF26F5A0", "info", "djutils.I001"},
		{"5DE1BAF3E498", "E", "djutils.E002"},
		{"FA9544893762", "DEBUG", "djutils.D001"},
	} {
		assert.Equal(t, c.key+" "+c.id+"\n", ran(t, "codes", "add", "--lock", path, "--app", "djutils", "--level", c.level, c.key))
	}
	made := strings.Fields(ran(t, "codes", "add", "--lock", path, "--app", "djutils", "--level", "error"))
	assert.Regexp(t, "^[0-9A-F]{12}$", made[0])
	assert.Equal(t, "djutils.E003", made[1])

	list := ran(t, "codes", "list", "--lock", path)
	assert.Regexp(t, `djutils\.W001 +0A25CEA3F2C3`, list)
	assert.Contains(t, ran(t, "codes", "show", "--lock", path, "djutils.I001"), `"key": "A84DEF26F5A0"`)
	assert.Contains(t, ran(t, "codes", "show", "--lock", path, "A84DEF26F5A0"), `"id": "djutils.I001"`)

	ran(t, "codes", "retire", "--lock", path, "0A25CEA3F2C3")
	assert.Regexp(t, `djutils\.W001 +0A25CEA3F2C3 +retired`, ran(t, "codes", "list", "--lock", path))
	assert.Contains(t, ran(t, "codes", "add", "--lock", path, "--app", "djutils", "--level", "warning", "next"),
		"djutils.W002", "the number stays reserved")
	var listed struct{ Codes []lockedCode }
	require.NoError(t, json.Unmarshal([]byte(ran(t, "codes", "list", "--lock", path, "--format", "json")), &listed))
	assert.Len(t, listed.Codes, 7)

	before, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"add", "--app", "djutils", "--level", "error", "5DE1BAF3E498"}, "5DE1BAF3E498"},
		{[]string{"add", "--app", "djutils", "--level", "loud", "x"}, "loud"},
		{[]string{"add", "--app", "no app", "--level", "error", "x"}, "no app"},
		{[]string{"add", "--app", "djutils"}, "level"},
		{[]string{"retire", "nobody"}, "nobody"},
		{[]string{"retire", "0A25CEA3F2C3"}, "0A25CEA3F2C3"},
		{[]string{"show", "nobody"}, "nobody"},
		{[]string{"frobnicate"}, ""},
	} {
		_, err := run(t, append([]string{"codes", "--lock", path}, c.args...)...)
		if c.want != "" {
			require.ErrorContains(t, err, c.want, "%v", c.args)
		}
	}
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(before), string(after), "a refused command changes nothing")
	_, err = run(t, "codes", "list", "--lock", filepath.Join(t.TempDir(), "none.lock"))
	require.ErrorContains(t, err, "codes add")
}

func TestCodesCheck(t *testing.T) {
	kind := "kind order_paid status=409 type=order-paid number=7 exit=1 retryable=no args=ID"
	base := lockIn(t, "code k1 app.E001", "code k2 app.E002", "code k3 app.W001", "retire code k3", kind,
		"kind gone_kind status=400 type=gone-kind number=0 exit=1 retryable=no args=")
	for _, c := range []struct {
		name  string
		lines []string
		want  []string // nil: in order
	}{
		{"the same", []string{"code k1 app.E001", "code k2 app.E002", "code k3 app.W001", "retire code k3", kind,
			"kind gone_kind status=400 type=gone-kind number=0 exit=1 retryable=no args="}, nil},
		{"more, and retired by the rules", []string{"code k1 app.E001", "code k2 app.E002", "code k3 app.W001",
			"retire code k3", "code k4 app.E003", "retire code k1", kind,
			"args order_paid Who", "kind gone_kind status=400 type=gone-kind number=0 exit=1 retryable=no args=", "retire kind gone_kind"}, nil},
		{"an id vanished", []string{"code k1 app.E001", "code k3 app.W001", "retire code k3", kind},
			[]string{`key "k2" is gone; it was app.E002`, "gone_kind"}},
		{"an id changed", []string{"code k0 app.E001", "code k1 app.E002", "code k2 app.E003", "code k3 app.W001",
			"retire code k3", kind}, []string{`app.E001 is now that of key "k0"; it was that of "k1"`, `app.E002 is now that of key "k1"`}},
		{"a tombstone is gone", []string{"code k1 app.E001", "code k2 app.E002", "code k3 app.W001", kind},
			[]string{`key "k3" (app.W001) was retired`}},
		{"a kind changed", []string{"code k1 app.E001", "code k2 app.E002", "code k3 app.W001", "retire code k3",
			"kind order_paid status=400 type=order-paid number=8 exit=1 retryable=no args="},
			[]string{"status was 409 and is 400", "number was 7 and is 8", "argument ID is gone"}},
		{"two branches took a number", []string{"code k1 app.E001", "code k2 app.E002", "code k9 app.E002"}, []string{"app.E002", "k2", "k9"}},
		{"a conflict", []string{"<<<<<<< HEAD", "code k1 app.E001", "=======", "code k2 app.E001", ">>>>>>> other"},
			[]string{"codes.lock:2", "conflict"}},
		{"reordered", []string{"code k2 app.E002", "code k1 app.E001"}, []string{"codes.lock:"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := lockIn(t, c.lines...)
			content, err := os.ReadFile(path)
			require.NoError(t, err)
			out, err := run(t, "codes", "check", "--lock", path, "--base", base)
			for _, want := range c.want {
				require.Error(t, err)
				assert.Contains(t, out+err.Error(), want)
			}
			if c.want == nil {
				require.NoError(t, err, out)
				assert.Contains(t, out, "in order")
			} else if errors.Is(err, errFound) {
				assert.Contains(t, out, base+":", "both sides are named")
			}
			after, err := os.ReadFile(path)
			require.NoError(t, err)
			assert.Equal(t, string(content), string(after))
		})
	}
	truncated := lockIn(t)
	require.NoError(t, os.WriteFile(truncated, []byte("# polyfault codes.lock v1\ncode k1 app.E0"), 0o600))
	_, err := run(t, "codes", "check", "--lock", truncated)
	require.ErrorContains(t, err, "codes.lock:2")
	_, err = run(t, "codes", "check", "--lock", base, "--base", base, "--base-ref", "main")
	require.Error(t, err, "one base at a time")
}

func TestCodesCheckAgainstAGitRevision(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		command := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)...)
		command.Dir = dir
		out, err := command.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	path := filepath.Join(dir, "codes.lock")
	git("init", "-q")
	ran(t, "codes", "add", "--lock", path, "--app", "app", "--level", "error", "k1")
	git("add", ".")
	git("commit", "-q", "-m", "codes")
	t.Chdir(dir)
	assert.Contains(t, ran(t, "codes", "check", "--base-ref", "HEAD"), "codes: 1")
	require.NoError(t, os.Remove("codes.lock"))
	ran(t, "codes", "add", "--app", "app", "--level", "error", "k2")
	out, err := run(t, "codes", "check", "--base-ref", "HEAD")
	require.ErrorIs(t, err, errFound)
	assert.Contains(t, out, `app.E001 is now that of key "k2"; it was that of "k1" (HEAD:./codes.lock:2)`)
	_, err = run(t, "codes", "check", "--base-ref", "nowhere")
	require.ErrorContains(t, err, "git show nowhere")
}

func TestPolyfaultsOwnLockIsInOrder(t *testing.T) {
	out := ran(t, "codes", "check", "--lock", filepath.Join("..", "..", "core", "checks", "codes.lock"))
	assert.Contains(t, out, "in order")
}

func TestCheck(t *testing.T) {
	assert.Equal(t, "System check identified no issues (0 silenced).\n", ran(t, "check"))
	assert.Equal(t, "System check identified no issues (0 silenced).\n", ran(t, "check", "--deploy", "--fail-level", "debug"))
	tags := strings.Fields(ran(t, "check", "--list-tags"))
	assert.Contains(t, tags, "texts")
	assert.NotContains(t, tags, "security")
	assert.Contains(t, ran(t, "check", "--list-tags", "--deploy"), "security")

	own := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(own, "active.en.toml"), []byte("only = \"English {{.A}}\"\n"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(own, "active.de.toml"), []byte("mine = \"Deutsch\"\nonly = \"Deutsch {{.B}}\"\n"), 0o600))
	out, err := run(t, "check", "--locales", own)
	require.ErrorIs(t, err, errFound)
	assert.Contains(t, out, "ERRORS:")
	assert.Contains(t, out, "only")
	assert.Contains(t, out, "HINT:")
	var result struct {
		Messages []struct{ ID string }
		Silenced int
		Failed   bool
	}
	out, err = run(t, "check", "--locales", own, "--format", "json")
	require.ErrorIs(t, err, errFound)
	require.NoError(t, json.Unmarshal([]byte(out), &result))
	require.NotEmpty(t, result.Messages)
	args := []string{"check", "--locales", own}
	for _, m := range result.Messages {
		args = append(args, "--silence", m.ID)
	}
	out = ran(t, args...)
	assert.Regexp(t, `^System check identified no issues \([1-9]\d* silenced\)\.\n$`, out)

	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"--tag", "nonsense"}, "nonsense"},
		{[]string{"--fail-level", "loud"}, "loud"},
		{[]string{"--languages", "xx"}, "xx"},
		{[]string{"--locales", filepath.Join(own, "none")}, "none"},
		{[]string{"--format", "xml"}, "use text or json"},
		{[]string{"extra"}, "extra"},
	} {
		_, err := run(t, append([]string{"check"}, c.args...)...)
		require.ErrorContains(t, err, c.want)
	}
}

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"check", "--help"}, {"codes", "--help"}, {"codes", "add", "--help"},
		{"codes", "check", "--help"}, {"codes", "doc", "--help"}} {
		assert.Contains(t, ran(t, args...), "Usage:")
	}
	assert.Contains(t, ran(t, "completion", "bash"), "polyfault")
}

// Whatever is wrong with the call itself ends with 2, in every command.
func TestExitCodes(t *testing.T) {
	dir := t.TempDir()
	for code, calls := range map[int][]string{
		0: {"", "codes", "locales --help", "help codes add", "catalog", "check --list-tags"},
		1: {"codes list --lock " + filepath.Join(dir, "none"), "locales lint " + dir, "codes show --lock " + lockIn(t) + " x",
			"locales import " + filepath.Join(dir, "none")},
		2: {"x", "codes x", "codes lst", "locales x", "locales lnt", "catalog x", "completion x", "help x", "help codes x", "codes --nope",
			"locales lint --nope", "locales lint --format xml", "locales lint --level loud", "locales lint --profile chat",
			"check --fail-level loud", "check x", "codes add", "codes add --app a --level loud k", "codes check --base a --base-ref b",
			"locales new", "locales export", "locales import", "texts -nope", "vet -nope"},
	} {
		for _, call := range calls {
			var out, log bytes.Buffer
			assert.Equal(t, code, execute(strings.Fields(call), &out, &log), "%s: %s", call, log.String())
			assert.Equal(t, code == 0, log.Len() == 0, "%s: %s", call, log.String())
		}
	}
	var all func(c *cobra.Command)
	all = func(c *cobra.Command) {
		assert.Contains(t, ran(t, append(strings.Fields(c.CommandPath())[1:], "--help")...), "Exit codes: 0 ", c.CommandPath())
		for _, sub := range c.Commands() {
			all(sub)
		}
	}
	all(newRoot())
}

// Many runs at once get different ids, and every printed id is in the file.
func TestCodesAddAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "codes.lock")
	var wait sync.WaitGroup
	printed := make([]string, 20)
	for i := range printed {
		wait.Go(func() {
			out, err := run(t, "codes", "add", "--lock", path, "--app", "app", "--level", "error", fmt.Sprintf("k%02d", i))
			assert.NoError(t, err)
			printed[i] = strings.TrimSpace(out)
		})
	}
	wait.Wait()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, line := range printed {
		assert.Contains(t, string(content), "code "+line+"\n")
	}
	assert.Equal(t, 21, strings.Count(string(content), "\n"))

	// An id that was not written is not printed.
	folder := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(folder, nil, 0o600))
	out, err := run(t, "codes", "add", "--lock", filepath.Join(folder, "codes.lock"), "--app", "app", "--level", "error", "k")
	assert.Error(t, err)
	assert.Empty(t, out)
}

// A base without a lock file promised nothing; the lock may stand anywhere, named from the root of the system, too.
func TestCodesCheckAgainstABaseWithoutTheFile(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		args = append([]string{"-C", dir, "-c", "user.name=t", "-c", "user.email=t@example.com"}, args...)
		command := exec.CommandContext(t.Context(), "git", args...)
		out, err := command.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	git("init", "-q")
	git("commit", "-q", "--allow-empty", "-m", "empty")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a", "b c"), 0o700))
	path := filepath.Join(dir, "a", "b c", "codes.lock")
	ran(t, "codes", "add", "--lock", path, "--app", "app", "--level", "error", "k1")
	assert.Contains(t, ran(t, "codes", "check", "--lock", path, "--base-ref", "HEAD"), "in order")
	git("add", ".")
	git("commit", "-q", "-m", "codes")
	assert.Contains(t, ran(t, "codes", "check", "--lock", path, "--base-ref", "HEAD"), "in order")
	require.NoError(t, os.Remove(path))
	ran(t, "codes", "add", "--lock", path, "--app", "app", "--level", "error", "k2")
	relative := filepath.Join("b c", "codes.lock")
	t.Chdir(filepath.Join(dir, "a"))
	for _, lock := range []string{path, relative, "." + string(filepath.Separator) + relative} {
		out, err := run(t, "codes", "check", "--lock", lock, "--base-ref", "HEAD")
		require.ErrorIs(t, err, errFound, lock)
		assert.Contains(t, out, `it was that of "k1"`)
		assert.Contains(t, ran(t, "codes", "check", "--lock", lock, "--base-ref", "HEAD~1"), "in order", lock)
		_, err = run(t, "codes", "check", "--lock", lock, "--base-ref", "nowhere")
		require.ErrorContains(t, err, "git show nowhere", lock)
		_, err = run(t, "codes", "check", "--lock", lock, "--base-ref", "--output=x")
		require.Error(t, err, lock)
	}
}
