package main

import (
	"encoding/json"
	"errors"
	"io"

	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/internal/atomicfile"
)

// errFound ends a command that has printed its findings.
var errFound = errors.New("there is something to repair")

func printResult(w io.Writer, result checks.Result, format string) error {
	var err error
	if format == "json" {
		err = writeJSON(w, result)
	} else {
		_, err = result.WriteTo(w)
	}
	if err == nil && result.Failed {
		return errFound
	}
	return err
}

func writeJSON(w io.Writer, v any) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(v)
}

// writeOut writes to the file in one step, or to w if path is empty.
func writeOut(w io.Writer, path string, write func(io.Writer) error) error {
	if path == "" {
		return write(w)
	}
	return atomicfile.Replace(path, write)
}
