package formats

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"log/slog"
	"reflect"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/clean"
)

// HTML is text/html: a page for people, in the client's language and its direction. It has the title, the text, the field
// errors with their names, and in small print status, code and trace id. The page loads nothing: it has no script and no
// images, and one style sheet inside, with dark mode and print.
//
// Other details are for programs and not on the page. Programs find the code and the trace id in the meta elements
// "error-code" and "trace-id". The attribute data-in of a field error tells the part of the request if that is not the body:
// "query", "path", "header" or "cookie". It is "pointer" if the name is a JSON Pointer ("#/a.b"), because a path with dots
// would be another place.
//
// With [fault.ExposeException] the page shows the text of an unknown error. With [fault.ExposeTraceback] it has a part for
// developers, in English: the error and what it wraps with Go types, the call stack with the application's own frames
// marked, the request (method, path and some headers, never Authorization or Cookie), details and log attributes. The
// values of names like "token" or "password" show as "***" there, also inside of texts.
//
// Its responses have a Content-Security-Policy that allows the page's own style sheet, by hash, and
// nothing else ([CSP Level 3]). All values are escaped for the place where they stand; control
// characters and bidirectional overrides in them are replaced. The zero value is ready.
//
// [CSP Level 3]: https://www.w3.org/TR/CSP3/
type HTML struct{}

// ContentType returns "text/html; charset=utf-8".
func (HTML) ContentType() string { return "text/html; charset=utf-8" }

// Use returns [fault.OneLanguageTitled].
func (HTML) Use() fault.TextUse { return fault.OneLanguageTitled }

// Reusable returns true.
func (HTML) Reusable() bool { return true }

// SetHeader sets the Content-Security-Policy. NewResponder calls it.
func (HTML) SetHeader(set func(name, value string)) {
	set("Content-Security-Policy", page().policy)
}

// Append appends the page.
func (HTML) Append(dst []byte, o *fault.Occurrence) []byte {
	b := bytes.NewBuffer(dst)
	if err := page().template.Execute(b, newView(o)); err != nil {
		return nil // core answers with its last resort
	}
	return b.Bytes()
}

//go:embed page.html
var pageSource string

type preparedPage struct {
	template *template.Template
	policy   string
}

// page parses the template when the first responder with the format is made.
var page = sync.OnceValue(func() preparedPage {
	t := template.Must(template.New("page").Parse(pageSource))
	var b strings.Builder
	if err := t.Execute(&b, view{}); err != nil {
		panic(err) // only a wrong template can fail: it has no values
	}
	// The hash is over the element's content as it is sent, since the template engine may change it.
	_, style, _ := strings.Cut(b.String(), "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	hash := sha256.Sum256([]byte(style))
	return preparedPage{t, "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(hash[:]) +
		"'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}
})

// A view is what the template sees: plain values, neutralised.
type view struct {
	Language, Dir string
	Title, Text   string // Text is empty if it equals the title
	Violations    []violation
	Total         int // number of all violations, if some were left out
	Status        int
	Code, TraceID string
	Exception     string // shown from ExposeException on
	Developer     *developerView
}

// A violation is an error among the details. In is the part of the request that holds Name, "pointer" if Name is a JSON
// Pointer into the body, and "" if it is a path in the body.
type violation struct{ Name, Text, In string }

func newViolation(o *fault.Occurrence, e *fault.DetailError) violation {
	v := violation{Name: label(e.Name()), Text: violationText(o, e)}
	switch at := e.At(); {
	case at.In() != "body":
		v.Name, v.In = label(at.Name()), at.In()
	case at.Pointer() == "":
		v.Name = ""
	case !isTold(e.Name(), at):
		v.Name, v.In = label(notation(at)), "pointer"
	}
	return v
}

func newView(o *fault.Occurrence) view {
	v := view{
		Language: o.Language(), Dir: o.Dir(), Title: clean.Sentence(o.Title()), Text: clean.Sentence(o.Text()),
		Status: o.Status(), Code: o.Code(), TraceID: o.TraceID(),
	}
	if v.Text == v.Title {
		v.Text = ""
	}
	for e := range o.Errors() {
		v.Violations = append(v.Violations, newViolation(o, &e))
	}
	if incomplete(o) {
		v.Total = o.ErrorCount()
	}
	exception, unknown := exposedText(o)
	switch {
	case !unknown:
	case o.Exposure() >= fault.ExposeTraceback:
		v.Developer = newDeveloperView(o)
	default:
		v.Exception = clean.Block(exception, maxMessage)
	}
	return v
}

// A developerView is the part for developers.
type developerView struct {
	Panicked bool
	Causes   []cause // the error, and what it wraps
	Frames   []frame
	Request  []fact
	Values   []fact
	Texts    []fact
}

// A fact is a line of a table.
type fact struct{ Name, Value string }

// A cause is one error of the tree: the next one of the chain is what it wraps.
type cause struct {
	Type, Text string
	Branches   [][]cause
	More       bool // stands for causes that were left out
}

type frame struct {
	Package, Name string
	At            string
	Own           bool // the application's
}

func newDeveloperView(o *fault.Occurrence) *developerView {
	v := &developerView{Panicked: o.Panicked(), Frames: frames(o.Stack())}
	w := causeWalk{left: maxCauses}
	v.Causes = w.chain(o.Err(), 0)
	harmless(func() { v.Request = requestFacts(o.Request()) })
	harmless(func() { v.Values = valueFacts(o) })
	var kinds []string
	for k := o.Kind(); k != nil; k = k.Parent() {
		kinds = append(kinds, k.Code())
	}
	v.Texts = []fact{{"kind", strings.Join(kinds, " ← ")}, {"text", label(o.TextID())}, {"language", o.Language()}}
	return v
}

// harmless runs f, which calls code of the application. If that panics, only f's contribution is lost.
func harmless(f func()) {
	defer func() { _ = recover() }()
	f()
}

// Limits for trees of errors, which can be cyclic and broad.
const (
	maxCauses   = 40
	maxBranches = 8 // on top of each other
)

// A causeWalk walks a tree of errors.
type causeWalk struct {
	left int
	seen []error
}

func (w *causeWalk) chain(err error, depth int) (chain []cause) {
	for !fault.IsNil(err) {
		if w.left == 0 || depth > maxBranches || w.met(err) {
			return append(chain, cause{More: true})
		}
		w.left--
		c := cause{Type: fmt.Sprintf("%T", err), Text: errorText(err)}
		branches, next := unwrap(err)
		for _, branch := range branches {
			if below := w.chain(branch, depth+1); len(below) > 0 {
				c.Branches = append(c.Branches, below)
			}
			if w.left == 0 {
				break
			}
		}
		chain = append(chain, c)
		err = next
	}
	return chain
}

// met reports whether the walk has met err before. Only their number bounds errors that cannot be compared.
func (w *causeWalk) met(err error) bool {
	if !reflect.ValueOf(err).Comparable() {
		return false
	}
	if slices.Contains(w.seen, err) {
		return true
	}
	w.seen = append(w.seen, err)
	return false
}

// unwrap returns the errors that err wraps, and nothing if its Unwrap panics.
func unwrap(err error) (branches []error, next error) {
	harmless(func() {
		switch x := err.(type) {
		case interface{ Unwrap() error }:
			next = x.Unwrap()
		case interface{ Unwrap() []error }:
			branches = x.Unwrap()
		}
	})
	return branches, next
}

func errorText(err error) (text string) {
	text = "(Error panicked)"
	harmless(func() { text = err.Error() })
	return clean.Block(withoutSecrets(clean.Shorten(text, maxMessage)), maxValue)
}

const maxFrames = 100

func frames(stack fault.Stack) (list []frame) {
	for f := range stack.Frames() {
		if len(list) == maxFrames {
			break
		}
		pkg, name := splitFunction(f)
		list = append(list, frame{Package: clean.Line(pkg, maxMessage), Name: clean.Line(name, maxMessage),
			At: clean.Line(f.File+":"+strconv.Itoa(f.Line), maxMessage), Own: isOwn(f.File)})
	}
	return list
}

// splitFunction splits "example.com/orders.(*Service).Find" before "(*Service)".
func splitFunction(f runtime.Frame) (pkg, name string) {
	path, _, _ := strings.Cut(f.Function, "[") // type arguments have slashes, too
	dot := strings.IndexByte(path[strings.LastIndexByte(path, '/')+1:], '.')
	if dot < 0 {
		return "", f.Function
	}
	dot += strings.LastIndexByte(path, '/') + 1
	return f.Function[:dot], f.Function[dot+1:]
}

// isOwn reports whether a file is the application's, and not one of polyfault, another module or the standard library. The
// name of a function does not tell: an inlined closure has its caller's.
func isOwn(file string) bool {
	inside, ours := strings.CutPrefix(file, ourSource)
	switch standard := standardSource(); {
	case ours:
		return strings.HasPrefix(inside, "examples/") || strings.HasSuffix(inside, "_test.go")
	case strings.Contains(file, "@v"), strings.Contains(file, "/vendor/"), strings.HasPrefix(file, "<"): // a module's version; generated
		return false
	case standard != "":
		return !strings.HasPrefix(file, standard)
	}
	// Built with -trimpath: files begin with the path of their module, and the standard library has none.
	first, _, _ := strings.Cut(file, "/")
	return strings.Contains(first, ".") || strings.HasPrefix(file, mainModule()+"/")
}

// ourSource is the folder of polyfault's module.
var ourSource = func() string {
	_, file, _, _ := runtime.Caller(0)
	return strings.TrimSuffix(file, "core/formats/html.go")
}()

// standardSource is the folder of the standard library, "" when the program was built with -trimpath.
var standardSource = sync.OnceValue(func() string {
	pc := reflect.ValueOf(strings.Map).Pointer()
	file, _ := runtime.FuncForPC(pc).FileLine(pc)
	return strings.TrimSuffix(file, "strings/strings.go")
})

var mainModule = sync.OnceValue(func() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Path
	}
	return ""
})

// requestHeaders are the headers that help developers and hold no secrets.
var requestHeaders = []string{
	"Accept", "Accept-Encoding", "Accept-Language", "Content-Length", "Content-Type", "Origin", "Referer", "Traceparent",
	"User-Agent", "X-Request-ID",
}

func requestFacts(req fault.Request) (facts []fact) {
	if req == nil {
		return nil
	}
	add := func(name, value string) {
		if value != "" {
			facts = append(facts, fact{name, clean.Line(withoutSecrets(clean.Shorten(value, maxMessage)), maxValue)})
		}
	}
	add("method", req.Method())
	add("path", req.Path())
	if r, ok := req.(interface{ Route() string }); ok {
		add("route", r.Route())
	}
	for _, name := range requestHeaders {
		value := req.Header(name)
		if name == "Referer" {
			value = withoutQuery(value)
		}
		add(name, value)
	}
	return facts
}

// withoutQuery hides query and fragment of a URL, which may hold private data of other pages.
func withoutQuery(url string) string {
	if i := strings.IndexAny(url, "?#"); i >= 0 {
		return url[:i+1] + hidden
	}
	return url
}

// valueFacts returns the details, arguments and log attributes.
func valueFacts(o *fault.Occurrence) (facts []fact) {
	room := maxValue
	add := func(name string, value any) {
		if len(facts) < maxFacts && room > 0 {
			shown := clean.Shorten(shownValue(o, name, value), maxMessage)
			room -= len(shown)
			facts = append(facts, fact{label(name), shown})
		}
	}
	for name, value := range o.Details() {
		if name != "trace_id" && name != "exception" && name != "traceback" { // these have places of their own
			add(name, value)
		}
	}
	f, ok := fault.From(o.Err())
	if !ok {
		return facts
	}
	for name, value := range o.Args() {
		add(name, value)
	}
	for _, a := range f.LogValue().Group() {
		switch a.Key {
		case "code", "status", "text", "params", "details", "cause", "stack": // of the fault, shown elsewhere
		default:
			logFacts(a.Key, a.Value, 0, add)
		}
	}
	return facts
}

// logFacts adds a log attribute, or each member of a group.
func logFacts(name string, value slog.Value, depth int, add func(string, any)) {
	value = value.Resolve()
	switch {
	case value.Kind() == slog.KindAny, depth == maxBranches, secretName.MatchString(name):
		add(name, value.Any())
		return
	case value.Kind() != slog.KindGroup:
		add(name, value.String())
		return
	}
	for _, a := range value.Group() {
		logFacts(name+"."+a.Key, a.Value, depth+1, add)
	}
}

// shownValue returns a value, with "***" for members whose names say that they are secret.
func shownValue(o *fault.Occurrence, name string, value any) string {
	if secretName.MatchString(name) {
		return hidden
	}
	if err, ok := value.(error); ok && !fault.IsNil(err) {
		return errorText(err)
	}
	encoded := o.AppendJSON(nil, value)
	var tree any
	d := json.NewDecoder(bytes.NewReader(encoded))
	d.UseNumber()
	if d.Decode(&tree) != nil {
		return ""
	}
	if s, ok := tree.(string); ok {
		return clean.Block(withoutSecrets(s), maxValue)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false) // the template does
	e.SetIndent("", "  ")
	if e.Encode(withoutSecretMembers(tree)) != nil {
		return ""
	}
	return clean.Block(strings.TrimSpace(b.String()), maxValue)
}

func withoutSecretMembers(tree any) any {
	switch v := tree.(type) {
	case map[string]any:
		for name, member := range v {
			if secretName.MatchString(name) {
				v[name] = hidden
			} else {
				v[name] = withoutSecretMembers(member)
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutSecretMembers(v[i])
		}
	case string:
		return withoutSecrets(v)
	}
	return tree
}
