package localefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// Limits of a file, far above those of real files: the built-in ones have some 60 KiB, 900 keys and two levels. Decoders
// recurse at each bracket and allocate for each key, so files are checked before they are decoded.
const (
	MaxSize    = 1 << 20 // bytes
	MaxNesting = 16      // tables in tables, steps of a key
	MaxKeys    = 50_000  // their steps counted
)

// A SyntaxError is the reason why a file cannot be decoded.
type SyntaxError struct {
	Key     string // near it, "" when unknown
	Line    int    // from 1, 0 when unknown
	Problem string
}

// Error is the problem.
func (e *SyntaxError) Error() string { return e.Problem }

// Read reads a file, unless it is larger than [MaxSize] or none that ends: a pipe would block.
func Read(fsys fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", err)
	case !info.Mode().IsRegular():
		return nil, errors.New("is no regular file")
	case info.Size() > MaxSize:
		return nil, fmt.Errorf("is larger than %d bytes", MaxSize)
	}
	file, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("cannot be read: %w", err)
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read: %w", err)
	case len(content) > MaxSize: // it has grown, or lied
		return nil, fmt.Errorf("is larger than %d bytes", MaxSize)
	}
	return content, nil
}

// Encoding returns the mistake in the bytes of a file, or "".
func Encoding(content []byte) string {
	if bytes.HasPrefix(content, []byte("\xef\xbb\xbf")) {
		return "starts with a byte order mark (BOM); save it as UTF-8 without one"
	}
	if !utf8.Valid(content) {
		return fmt.Sprintf("line %d is not valid UTF-8", invalidLine(content))
	}
	return ""
}

func invalidLine(content []byte) int {
	line := 1
	for len(content) > 0 {
		r, size := utf8.DecodeRune(content)
		if r == utf8.RuneError && size == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		content = content[size:]
	}
	return line
}

// Decode decodes a file with that ending: a tree of map[string]any, []any, string and what else the format has. A JSON
// null is an empty string: both are texts that are not translated.
func Decode(ext string, content []byte) (any, error) {
	if ext == "json" {
		if len(content) == 0 {
			return map[string]any{}, nil // as go-i18n has it
		}
		return decodeJSON(content)
	}
	if err := countTOML(string(content)); err != nil {
		return nil, err
	}
	var tree map[string]any
	if _, err := toml.Decode(string(content), &tree); err != nil {
		if parseError, ok := errors.AsType[toml.ParseError](err); ok {
			return nil, invalid("TOML", parseError.LastKey, parseError.Position.Line, parseError.Message)
		}
		return nil, invalid("TOML", "", 0, err.Error())
	}
	return tree, nil
}

// invalid returns the error of a decoder, cut to what can be read: decoders quote.
func invalid(format, key string, line int, problem string) error {
	return &SyntaxError{Key: short(key, 100), Line: line, Problem: "is not valid " + format + ": " + short(problem, 300)}
}

func short(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}

// countTOML refuses what is too deep or too much. It follows strings and comments as the decoder does.
func countTOML(text string) error {
	c := tomlCounter{text: text, line: 1}
	for c.pos < len(text) {
		if err := c.step(); err != nil {
			return err
		}
	}
	return nil
}

type tomlCounter struct {
	text             string
	pos, line        int
	depth, dots, all int
}

func (c *tomlCounter) step() error {
	switch b := c.text[c.pos]; b {
	case '"', '\'':
		c.quoted(b)
		return nil
	case '#':
		for c.pos < len(c.text) && c.text[c.pos] != '\n' {
			c.pos++
		}
		return nil
	case '\n':
		c.line++
		c.dots = 0
	case '[', '{':
		c.depth++
		c.all++
	case ']', '}':
		c.depth--
	case '.':
		c.dots++
		c.all++
	case '=', ',':
		c.dots = 0
		c.all++
	}
	c.pos++
	switch {
	case c.depth > MaxNesting || c.dots >= MaxNesting:
		return &SyntaxError{Line: c.line, Problem: fmt.Sprintf("is nested deeper than %d levels in line %d", MaxNesting, c.line)}
	case c.all > MaxKeys:
		return &SyntaxError{Line: c.line, Problem: fmt.Sprintf("has more than %d keys", MaxKeys)}
	}
	return nil
}

// quoted steps over a string of any of TOML's four notations; one without an end ends with its line.
func (c *tomlCounter) quoted(quote byte) {
	long := strings.Repeat(string(quote), 3)
	multiline := strings.HasPrefix(c.text[c.pos:], long)
	c.pos++
	if multiline {
		c.pos += 2
	}
	for c.pos < len(c.text) {
		b := c.text[c.pos]
		switch {
		case b == '\\' && quote == '"':
			c.pos++
		case b == '\n' && !multiline:
			return
		case multiline && strings.HasPrefix(c.text[c.pos:], long):
			c.pos += 3
			for c.pos < len(c.text) && c.text[c.pos] == quote {
				c.pos++ // one or two quotes of the text may stand before the end
			}
			return
		case b == quote && !multiline:
			c.pos++
			return
		}
		if c.pos < len(c.text) && c.text[c.pos] == '\n' {
			c.line++
		}
		c.pos++
	}
}

func decodeJSON(content []byte) (any, error) {
	d := jsonDecoder{Decoder: json.NewDecoder(bytes.NewReader(content)), content: content}
	d.UseNumber()
	tree, err := d.value("", 0)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = d.invalid("", "something follows the end of the value")
		}
	}
	return tree, err
}

// A jsonDecoder knows what encoding/json does not tell: keys that stand twice.
type jsonDecoder struct {
	*json.Decoder
	content []byte
	keys    int
}

func (d *jsonDecoder) fail(key, problem string) error {
	line := 1 + bytes.Count(d.content[:min(int(d.InputOffset()), len(d.content))], []byte{'\n'})
	return &SyntaxError{Key: short(key, 100), Line: line, Problem: problem}
}

func (d *jsonDecoder) invalid(key, problem string) error {
	return d.fail(key, "is not valid JSON: "+short(problem, 300))
}

func (d *jsonDecoder) value(key string, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, d.broken(key, err)
	}
	switch token {
	case nil:
		return "", nil
	case json.Delim('{'), json.Delim('['):
		if depth >= MaxNesting {
			return nil, d.fail("", fmt.Sprintf("is nested deeper than %d levels", MaxNesting))
		}
		if token == json.Delim('[') {
			return d.list(key, depth)
		}
		return d.table(key, depth)
	}
	return token, nil
}

func (d *jsonDecoder) broken(key string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return d.invalid(key, "it ends too early")
	}
	return d.invalid(key, err.Error())
}

func (d *jsonDecoder) table(key string, depth int) (any, error) {
	table := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, d.broken(key, err)
		}
		name, _ := token.(string)
		inside := strings.TrimPrefix(key+"."+name, ".")
		if _, twice := table[name]; twice {
			return nil, d.fail(inside, "the key stands twice in one object; keep one")
		}
		if d.keys++; d.keys > MaxKeys {
			return nil, d.fail("", fmt.Sprintf("has more than %d keys", MaxKeys))
		}
		if table[name], err = d.value(inside, depth+1); err != nil {
			return nil, err
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, d.broken(key, err)
	}
	return table, nil
}

func (d *jsonDecoder) list(key string, depth int) (any, error) {
	list := []any{}
	for d.More() {
		if d.keys++; d.keys > MaxKeys {
			return nil, d.fail("", fmt.Sprintf("has more than %d keys", MaxKeys))
		}
		value, err := d.value(key, depth+1)
		if err != nil {
			return nil, err
		}
		list = append(list, value)
	}
	if _, err := d.Token(); err != nil {
		return nil, d.broken(key, err)
	}
	return list, nil
}
