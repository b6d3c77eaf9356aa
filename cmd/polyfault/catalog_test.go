package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
)

// document is what such a test reads of an OpenAPI document. That a real validator takes it is tested beside
// core/openapi's documents: the command writes the same.
type document struct {
	OpenAPI    string
	Info       struct{ Title, Version string }
	Components struct {
		Responses map[string]struct {
			Content map[string]struct {
				Examples map[string]struct{ Value map[string]any }
			}
		}
	}
}

func parsed(t *testing.T, content string) (d document) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(content), &d))
	return d
}

func TestCatalogOpenAPI(t *testing.T) {
	var log bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	defer slog.SetDefault(before)

	out, err := run(t, "catalog", "openapi")
	require.NoError(t, err)
	want, err := openapi.Components(nil, openapi.Options{})
	require.NoError(t, err)
	assert.Equal(t, string(want), out, "the same as the function's")
	assert.Empty(t, log.String(), "examples are no failures")
	doc := parsed(t, out)
	assert.Equal(t, "3.1.0", doc.OpenAPI)
	assert.Len(t, doc.Components.Responses, len(slices.Collect(fault.Kinds())))

	out, err = run(t, "catalog", "openapi", "--version", "3.0", "--title", "Errors of the shop", "--release", "2.1", "--languages", "FR,pt,de")
	require.NoError(t, err)
	doc = parsed(t, out)
	assert.Equal(t, "3.0.3", doc.OpenAPI)
	assert.Equal(t, "Errors of the shop", doc.Info.Title)
	assert.Equal(t, "2.1", doc.Info.Version)
	content := doc.Components.Responses["TaskLocked"].Content
	assert.Equal(t, []string{"de", "fr", "pt"}, slices.Sorted(maps.Keys(content["application/problem+json"].Examples)))
	texts := content["application/json"].Examples["all"].Value
	assert.Equal(t, []string{"DE", "FR", "PT", "code"}, slices.Sorted(maps.Keys(texts)))
}

func TestCatalogOpenAPIWithOwnTexts(t *testing.T) {
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "active.sv.toml"),
		[]byte("own = \"Egen.\"\n[task_locked]\nother = \"Uppgiften vilar.\""), 0o600))
	out, err := run(t, "catalog", "openapi", "--locales", folder)
	require.NoError(t, err)
	assert.Contains(t, out, "Uppgiften vilar.")
}

func TestCatalogOpenAPIWritesAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "errors.json")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	out, err := run(t, "catalog", "openapi", "--languages", "xx", "--out", path)
	require.Error(t, err)
	assert.Empty(t, out)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "old", string(content), "a failure leaves the file as it was")

	out, err = run(t, "catalog", "openapi", "--out", path)
	require.NoError(t, err)
	assert.Empty(t, out)
	content, err = os.ReadFile(path)
	require.NoError(t, err)
	assert.True(t, json.Valid(content))
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing else is left behind")
}

func TestCatalogErrors(t *testing.T) {
	nowhere := filepath.Join(t.TempDir(), "none", "x.json")
	_, missing := os.Create(nowhere)
	for want, args := range map[string][]string{
		`invalid argument "2.0" for "--version" flag: use 3.1 or 3.0`: {"openapi", "--version", "2.0"},
		"xx":                           {"openapi", "--languages", "xx"},
		errors.Unwrap(missing).Error(): {"openapi", "--out", nowhere},
		"active.en.toml":               {"openapi", "--locales", badLocales(t)},
		`unknown command "3.0"`:        {"openapi", "3.0"},
		`unknown command "swagger"`:    {"swagger"},
	} {
		out, err := run(t, append([]string{"catalog"}, args...)...)
		require.ErrorContains(t, err, want)
		assert.Empty(t, out)
	}
	assert.Contains(t, ran(t, "catalog"), "openapi", "the group tells what it has")
	assert.Contains(t, ran(t, "catalog", "openapi", "--help"), "$ref: 'errors.json#/components/responses/TaskLocked'")
}

func badLocales(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "active.en.toml"), []byte("[x]\nother = \"{{if}}\""), 0o600))
	return folder
}
