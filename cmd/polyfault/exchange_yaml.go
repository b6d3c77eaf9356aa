package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/polyfault/polyfault/internal/localefile"
)

// yamlAsJSON writes a YAML file as JSON, with each key on its line, so that the reader of locale files reports the right
// lines. Numbers and the like stay what they are, so that the reader refuses them.
func yamlAsJSON(content []byte) ([]byte, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(content, &document); err != nil {
		return nil, err
	}
	if len(document.Content) == 0 {
		return []byte("{}"), nil
	}
	w := yamlWriter{line: 1}
	if err := w.value(document.Content[0], 0); err != nil {
		return nil, err
	}
	return []byte(w.out.String()), nil
}

type yamlWriter struct {
	out  strings.Builder
	line int
}

func (w *yamlWriter) value(n *yaml.Node, depth int) error {
	for ; w.line < n.Line; w.line++ {
		w.out.WriteByte('\n')
	}
	if depth > localefile.MaxNesting || w.out.Len() > localefile.MaxSize {
		return fmt.Errorf("line %d: the file is too deep or too large", n.Line)
	}
	switch n.Kind {
	case yaml.AliasNode:
		return w.value(n.Alias, depth+1)
	case yaml.MappingNode:
		return w.members(n, depth)
	case yaml.SequenceNode:
		for i, item := range n.Content {
			w.out.WriteString([]string{",", "["}[max(0, 1-i)])
			if err := w.value(item, depth+1); err != nil {
				return err
			}
		}
		w.out.WriteString(map[bool]string{true: "[]", false: "]"}[len(n.Content) == 0])
		return nil
	}
	switch n.ShortTag() {
	case "!!str":
		return w.text(n.Value)
	case "!!null":
		w.out.WriteString("null")
	case "!!bool":
		w.out.WriteString("true")
	default:
		w.out.WriteString("0") // a number, a date: no text
	}
	return nil
}

func (w *yamlWriter) members(n *yaml.Node, depth int) error {
	w.out.WriteByte('{')
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" || key.ShortTag() == "!!null" {
			return fmt.Errorf("line %d: a key is a word", key.Line)
		}
		if i > 0 {
			w.out.WriteByte(',')
		}
		for ; w.line < key.Line; w.line++ {
			w.out.WriteByte('\n')
		}
		if err := w.text(key.Value); err != nil {
			return err
		}
		w.out.WriteByte(':')
		if err := w.value(n.Content[i+1], depth+1); err != nil {
			return err
		}
	}
	w.out.WriteByte('}')
	return nil
}

func (w *yamlWriter) text(value string) error {
	quoted, err := json.Marshal(value)
	if err != nil {
		return errors.New("a text cannot be written")
	}
	w.out.Write(quoted)
	return nil
}
