package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/core/typescript"
)

// That the file compiles, and what it does, is tested in interop/web.
func TestCatalogTypeScript(t *testing.T) {
	out, err := run(t, "catalog", "ts")
	require.NoError(t, err)
	want, err := typescript.Module(nil, typescript.Options{})
	require.NoError(t, err)
	assert.Equal(t, string(want), out, "the same as the function's")
	assert.Contains(t, out, `export type Language = "DE" | "EN" | "FR" | "PT";`)
	assert.NotContains(t, out, "import ")

	file := filepath.Join(t.TempDir(), "web", "errors.ts")
	_, err = run(t, "catalog", "ts", "--out", file, "--check")
	assert.ErrorContains(t, err, "errors.ts does not fit the kinds and texts; write it again, without --check")
	_, err = run(t, "catalog", "ts", "--out", file)
	require.NoError(t, err)
	_, err = run(t, "catalog", "ts", "--out", file, "--check")
	require.NoError(t, err)
	_, err = run(t, "catalog", "ts", "--out", file, "--check", "--languages", "en,es,es-419")
	require.Error(t, err, "other languages")
	_, err = run(t, "catalog", "ts", "--check")
	assert.ErrorContains(t, err, "--check needs the file")

	require.NoError(t, os.WriteFile(file, []byte("// by hand\n"), 0o600))
	_, err = run(t, "catalog", "ts", "--out", file)
	assert.ErrorContains(t, err, "was not written by polyfault catalog ts")
}

// The kinds of an application, from its lock file, and the types that its texts declare.
func TestCatalogTypeScriptOfALockFile(t *testing.T) {
	dir := t.TempDir()
	lock := filepath.Join(dir, "codes.lock")
	_, err := run(t, "catalog", "ts", "--lock", lock)
	require.Error(t, err, "there is no such file")
	require.NoError(t, os.WriteFile(lock, []byte("# polyfault codes.lock v1 append-only: lines are never changed, moved or removed\n"), 0o600))
	_, err = run(t, "catalog", "ts", "--lock", lock)
	require.ErrorContains(t, err, "has no kinds")
	require.NoError(t, checks.UpdateLock(lock, func(l *checks.Lock) error {
		_, err := l.AddKinds([]checks.KindEntry{
			{Code: "order_paid", Status: 409, Type: "order-paid", Args: []string{"Due", "ID"}},
			{Code: "gone_by", Status: 410, Type: "gone-by", Retryable: true, Args: []string{"delete"}},
			{Code: "old", Status: 404, Type: "old"},
		})
		if err != nil {
			return err
		}
		return l.RetireKind("old")
	}))
	locales := filepath.Join(dir, "locales")
	require.NoError(t, os.Mkdir(locales, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(locales, "active.en.toml"), []byte(
		"[order_paid]\ndescription = \"Types: ID int, Due time.Time\"\nother = \"Order {{.ID}} */ was paid on {{.Due}}.\"\n"), 0o600))
	out, err := run(t, "catalog", "ts", "--lock", lock, "--locales", locales)
	require.NoError(t, err)
	assert.Contains(t, out, `ProblemOf<"order_paid", 409, { readonly "Due"?: string; readonly "ID"?: number }>`)
	assert.Contains(t, out, `ProblemOf<"gone_by", 410, { readonly "delete"?: unknown }>;`)
	assert.Contains(t, out, "new Set<string>([\n  \"gone_by\",\n]);")
	assert.NotContains(t, out, `"old"`, "it is retired")
	assert.NotContains(t, out, `"task_locked"`)
	assert.Contains(t, out, "Order  * / was paid on")
	assert.Contains(t, out, `export type Language = "EN";`)

	require.NoError(t, checks.UpdateLock(lock, func(l *checks.Lock) error {
		_, err := l.AddKinds([]checks.KindEntry{{Code: "odd", Status: 200, Type: "odd"}})
		return err
	}))
	_, err = run(t, "catalog", "ts", "--lock", lock)
	assert.ErrorContains(t, err, `the kind "odd" has the status 200`)
}
