package main

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/mattn/go-isatty"

	"github.com/polyfault/polyfault/core/checks"
	"github.com/polyfault/polyfault/core/localetest"
)

// A located finding knows the directory that it was found in.
type located struct {
	checks.Message
	path  string // with slashes
	place localetest.Place
}

func locate(dir string, m checks.Message) located {
	place, _ := m.Object.(localetest.Place)
	return located{m, path.Join(filepath.ToSlash(dir), place.File), place}
}

// where returns the place with the whole path.
func (f located) where() string {
	place := f.place
	place.File = filepath.FromSlash(f.path)
	return place.String()
}

// printFindings writes the findings of the level or above.
func printFindings(w io.Writer, format string, found []located, level checks.Level) error {
	var shown []located
	counts := map[checks.Level]int{}
	for _, f := range found {
		counts[f.Level]++
		if f.Level >= level {
			shown = append(shown, f)
		}
	}
	switch format {
	case "json":
		return writeJSON(w, jsonFindings(shown))
	case "sarif":
		return writeJSON(w, sarifLog(shown))
	case "github":
		return printAnnotations(w, shown)
	}
	colour := colours(w)
	for _, f := range shown {
		_, err := fmt.Fprintf(w, "%s: %s(%s)%s %s\n\tHINT: %s\n", f.where(), colour[f.Level], f.ID, colour[0], f.Text, f.Hint)
		if err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "errors: %d, warnings: %d, notes: %d\n", counts[checks.Error], counts[checks.Warning], counts[checks.Info])
	return err
}

// colours returns the escape sequences before a level's id and, under 0, after it. It returns none for files, pipes and dumb
// terminals, and if NO_COLOR is set.
func colours(w io.Writer) map[checks.Level]string {
	if !isTerminal(w) || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return nil
	}
	return map[checks.Level]string{checks.Error: "\x1b[31m", checks.Warning: "\x1b[33m", checks.Info: "\x1b[36m", 0: "\x1b[0m"}
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	return isatty.IsTerminal(file.Fd())
}

// progress overwrites one line of a terminal, and writes nothing elsewhere.
func progress(w io.Writer, format string, args ...any) {
	if isTerminal(w) {
		fmt.Fprintf(w, "\r\x1b[K"+format+"\r", args...)
	}
}

// A jsonFinding is a finding of --format json. Lines begin at 1, and are left out for the whole file.
type jsonFinding struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Text    string `json:"text_id,omitempty"`
	Form    string `json:"form,omitempty"`
	Rule    string `json:"rule"`
	Key     string `json:"key"`
	Level   string `json:"level"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func jsonFindings(found []located) []jsonFinding {
	list := []jsonFinding{}
	for _, f := range found {
		list = append(list, jsonFinding{f.path, f.place.Line, f.place.ID, f.place.Form, f.ID, f.key(),
			strings.ToLower(f.Level.String()), f.Text, f.Hint})
	}
	return list
}

func (f located) key() string {
	e, _ := localetest.Rules().Find(f.ID)
	return e.Key
}

// annotationLevels are the commands of GitHub Actions for messages in a pull request.
var annotationLevels = map[checks.Level]string{checks.Error: "error", checks.Warning: "warning", checks.Info: "notice"}

var (
	annotationText  = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	annotationValue = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// printAnnotations writes GitHub's workflow commands.
func printAnnotations(w io.Writer, found []located) error {
	for _, f := range found {
		line := ""
		if f.place.Line > 0 {
			line = fmt.Sprintf(",line=%d", f.place.Line)
		}
		about := strings.Trim(f.place.ID+"."+f.place.Form, ".")
		_, err := fmt.Fprintf(w, "::%s file=%s%s,title=%s::%s\n", annotationLevels[f.Level], annotationValue.Replace(f.path), line,
			annotationValue.Replace(f.ID+" "+f.key()), annotationText.Replace(strings.TrimPrefix(about+": "+f.Text+". "+f.Hint, ": ")))
		if err != nil {
			return err
		}
	}
	return nil
}

// sarifLevels are the levels of SARIF 2.1.0, section 3.27.10.
var sarifLevels = map[checks.Level]string{checks.Error: "error", checks.Warning: "warning", checks.Info: "note"}

type object = map[string]any

// sarifLog returns the Static Analysis Results Interchange Format, 2.1.0 (OASIS).
func sarifLog(found []located) object {
	var rules []object
	for _, e := range localetest.Rules().All() {
		rules = append(rules, object{
			"id": e.Code.String(), "name": e.Key,
			"shortDescription":     object{"text": strings.ReplaceAll(e.Key, "-", " ")},
			"defaultConfiguration": object{"level": sarifLevels[e.Code.Level]},
		})
	}
	results := []object{}
	for _, f := range found {
		results = append(results, f.sarif())
	}
	return object{
		"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0",
		"runs": []object{{
			"tool": object{"driver": object{
				"name": "polyfault locales lint", "informationUri": "https://github.com/polyfault/polyfault", "rules": rules,
			}},
			"results": results,
		}},
	}
}

func (f located) sarif() object {
	location := object{"artifactLocation": object{"uri": (&url.URL{Path: f.path}).EscapedPath()}}
	if f.place.Line > 0 {
		location["region"] = object{"startLine": f.place.Line}
	}
	about := object{"physicalLocation": location}
	if f.place.ID != "" {
		about["logicalLocations"] = []object{{"fullyQualifiedName": strings.Trim(f.place.ID+"."+f.place.Form, "."), "kind": "resource"}}
	}
	return object{
		"ruleId": f.ID, "level": sarifLevels[f.Level], "message": object{"text": f.Text + ". " + f.Hint},
		"locations": []object{about},
	}
}
