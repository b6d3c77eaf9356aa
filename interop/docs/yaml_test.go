package docs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/polyfault/polyfault/internal/markdown"
)

// A workflow of GitHub Actions, as far as the pages have one to copy.
type workflow struct {
	On   any `yaml:"on"`
	Jobs map[string]struct {
		RunsOn string `yaml:"runs-on"`
		Steps  []struct {
			Uses string         `yaml:"uses"`
			Run  string         `yaml:"run"`
			With map[string]any `yaml:"with"`
		} `yaml:"steps"`
	} `yaml:"jobs"`
}

// Blocks of YAML parse; those that are workflows have what GitHub asks of one.
func TestYAML(t *testing.T) {
	workflows := 0
	for _, page := range pages(t) {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(page.path)))
		require.NoError(t, err)
		for _, block := range markdown.Blocks(string(text)) {
			if block.Language != "yaml" {
				continue
			}
			var w workflow
			if !assert.NoError(t, yaml.Unmarshal([]byte(block.Text), &w), "%s:%d", page.path, block.Line) || w.Jobs == nil {
				continue
			}
			workflows++
			assert.NotNil(t, w.On, "%s:%d", page.path, block.Line)
			for name, job := range w.Jobs {
				assert.NotEmpty(t, job.RunsOn, "%s:%d: %s", page.path, block.Line, name)
				for i, step := range job.Steps {
					assert.True(t, (step.Uses == "") != (step.Run == ""), "%s:%d: step %d of %s", page.path, block.Line, i, name)
				}
			}
		}
	}
	assert.Positive(t, workflows)
}
