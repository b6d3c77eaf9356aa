package fault_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

type (
	fuzzBase struct {
		ID   int `json:"id"`
		Kind string
	}
	FuzzShared struct {
		Note  string `json:"note"`
		Kind  string
		Twice int `json:"twice"`
	}
	FuzzOther  struct{ Twice int }
	FuzzTagged struct {
		Kelvin int `json:"kelvin"`
		Long   string
	}
	// Of names at one depth a tagged one counts, and none of several; a type that is embedded twice has none.
	FuzzPlain  struct{ Pick int }
	FuzzChosen struct {
		Other string `json:"Pick"`
	}
	FuzzLeft   struct{ FuzzCommon }
	FuzzRight  struct{ FuzzCommon }
	FuzzCommon struct{ Common int }
	fuzzRules  struct {
		FuzzPlain
		FuzzChosen
		FuzzLeft
		FuzzRight
	}
	// fuzzEven refuses odd lengths.
	fuzzEven string
	// fuzzKey refuses names that begin with x.
	fuzzKey  string
	fuzzMany struct {
		fuzzBase
		*FuzzShared
		FuzzOther
		FuzzTagged `json:"tagged"`
		Pointer    *FuzzTagged                `json:"pointer"`
		Text       string                     `json:"text"`
		Bool       bool                       `json:"a.b/c~d"`
		Small      int8                       `json:"small"`
		Natural    uint                       `json:"natural"`
		Float      float32                    `json:"float"`
		Quoted     int                        `json:"quoted,string"`
		QuotedText *string                    `json:"quotedText,string"`
		QuotedBool bool                       `json:",string"`
		Number     json.Number                `json:"number"`
		Raw        json.RawMessage            `json:"raw"`
		When       time.Time                  `json:"when"`
		Until      *time.Time                 `json:"until"`
		Even       fuzzEven                   `json:"even"`
		Keys       map[fuzzKey]*fuzzMany      `json:"keys"`
		Numbers    map[int8]string            `json:"numbers"`
		Names      map[string][]int           `json:"names"`
		Odd        map[bool]int               `json:"odd"`
		Any        any                        `json:"any"`
		Err        error                      `json:"err"`
		Pair       [2]FuzzTagged              `json:"pair"`
		Bytes      []byte                     `json:"bytes"`
		Lists      [][]float64                `json:"lists"`
		Next       *fuzzMany                  `json:"next"`
		Dash       int                        `json:"-,"`
		Hidden     int                        `json:"-"`
		Invalid    int                        `json:"in\"valid"`
		Unicode    int                        `json:"straße"`
		Anonymous  struct{ A, B *int }        `json:"anonymous"`
		Deep       ***int                     `json:"deep"`
		Stamp      struct{ time.Time }        `json:"stamp"`
		Stamps     []*struct{ time.Time }     `json:"stamps"`
		Func       func()                     `json:"func"`
		Complex    complex64                  `json:"complex"`
		Maps       map[string]map[uint8][]any `json:"maps"`
	}
)

func (e *fuzzEven) UnmarshalJSON(b []byte) error {
	if len(b)%2 == 1 {
		return errors.New("canary")
	}
	*e = fuzzEven(b)
	return nil
}

func (k *fuzzKey) UnmarshalText(b []byte) error {
	if strings.HasPrefix(string(b), "x") {
		_, err := strconv.Atoi(string(b))
		return err
	}
	*k = fuzzKey(b)
	return nil
}

// fuzzTargets are values to decode into, fresh ones.
func fuzzTargets() []any {
	held := any(&FuzzTagged{})
	return []any{
		new(fuzzMany), new(fuzzRules), new(any), &held, new(map[string]any), new([]fuzzMany), new(map[string]FuzzTagged), new(json.RawMessage),
		&struct {
			A any
			B []any `json:"b"`
			fuzzBase
		}{A: &fuzzMany{}, B: []any{&FuzzTagged{}, new(int)}},
		new(int), new(string), new(*[]string), new(fuzzEven), new(time.Time), new([3]int), new(map[time.Time]int),
		&struct{ time.Time }{}, new(json.Number),
	}
}

var errTwice = errors.New("a name twice")

// strictly is what BindJSON must accept, and what it must decode.
func strictly(text string, v any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("behind the value")
	}
	return namedTwice(json.NewDecoder(strings.NewReader(text)))
}

// namedTwice goes through the tokens of a value.
func namedTwice(d *json.Decoder) error {
	token, err := d.Token()
	if err != nil {
		return nil //nolint:nilerr // numbers that are no float64 are no names
	}
	open, ok := token.(json.Delim)
	if !ok {
		return nil
	}
	names := map[string]bool{}
	for d.More() {
		if open == '{' {
			token, _ = d.Token()
			name, _ := token.(string)
			if names[name] {
				return errTwice
			}
			names[name] = true
		}
		if err := namedTwice(d); err != nil {
			return err
		}
	}
	_, _ = d.Token()
	return nil
}

// BindJSON is to accept what encoding/json accepts, with the same value, and to say why and where it does not.
func FuzzBindJSON(f *testing.F) {
	r, err := fault.NewResponder(fault.WithFormats(fault.Problem{}), fault.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range fuzzSeeds {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wanted := fuzzTargets()
		for i, got := range fuzzTargets() {
			want := wanted[i]
			refused := strictly(text, want)
			err := fault.BindJSON(strings.NewReader(text), got)
			if (refused == nil) != (err == nil) {
				t.Fatalf("%T: encoding/json: %v, BindJSON: %v", got, refused, err)
			}
			if err == nil {
				if !reflect.DeepEqual(want, got) {
					t.Fatalf("%T: encoding/json: %+v, BindJSON: %+v", got, want, got)
				}
				continue
			}
			if status := r.Respond(with(), err).Status; status != 400 {
				t.Fatalf("%T: status %d: %v", got, status, err)
			}
			checkKind(t, text, refused, err)
			checkPlaces(t, text, r.Respond(with(), err))
		}
	})
}

// checkKind compares kinds as far as the one error of encoding/json tells which it must be.
func checkKind(t *testing.T, text string, refused, err error) {
	t.Helper()
	var mismatch *json.UnmarshalTypeError
	superfluous := errors.Is(err, fault.SuperfluousAttributesInRequest)
	f, decided := fault.From(err) // a type that decodes itself leaves that to mappers
	switch {
	case !json.Valid([]byte(text)):
		if decided {
			t.Fatalf("no JSON: %v", err)
		}
	case errors.Is(refused, errTwice):
		if !superfluous && !errors.Is(err, fault.ValidationFailed) {
			t.Fatalf("a name twice as %v", err)
		}
	case errors.As(refused, &mismatch) && namedTwice(json.NewDecoder(strings.NewReader(text))) == nil:
		if !decided || f.Kind() != fault.InvalidJSON {
			t.Fatalf("type error %v as %v", refused, err)
		}
	case decided && f.Kind() != fault.InvalidJSON && !superfluous && !errors.Is(err, fault.ValidationFailed):
		t.Fatalf("%v as %v", refused, err)
	}
}

// checkPlaces holds each place to the document.
func checkPlaces(t *testing.T, text string, resp *fault.Response) {
	t.Helper()
	var document any
	if json.Unmarshal([]byte(text), &document) != nil || namedTwice(json.NewDecoder(strings.NewReader(text))) != nil {
		return
	}
	var body struct {
		Errors []struct{ Code, Pointer string }
	}
	if err := json.Unmarshal(resp.Body, &body); err != nil {
		t.Fatal(err)
	}
	for _, e := range body.Errors {
		if !exists(document, fragmentSteps(t, e.Pointer)) {
			t.Fatalf("%s at %s is not in %s", e.Code, e.Pointer, text)
		}
	}
}

func exists(v any, steps []string) bool {
	if len(steps) == 0 {
		return true
	}
	switch v := v.(type) {
	case map[string]any:
		member, ok := v[steps[0]]
		return ok && exists(member, steps[1:])
	case []any:
		i, err := strconv.Atoi(steps[0])
		return err == nil && i < len(v) && fmt.Sprint(i) == steps[0] && exists(v[i], steps[1:])
	}
	return false
}

// fragmentSteps reads a pointer in a URI fragment.
func fragmentSteps(t *testing.T, fragment string) []string {
	t.Helper()
	pointer, err := url.PathUnescape(strings.TrimPrefix(fragment, "#"))
	if err != nil {
		t.Fatal(err)
	}
	if pointer == "" {
		return nil
	}
	steps := strings.Split(pointer[1:], "/")
	for i, step := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
	}
	return steps
}

var fuzzSeeds = []string{
	`{"Pick":"x"}`, `{"Pick":1}`, `{"Common":1}`,
	`{}`, `null`, `[]`, `1`, `"a"`, `true`, ` `, `{"id":1}`, `{"ID":1,"id":2}`, `{"Kind":"x"}`, `{"twice":1}`, `{"Twice":1}`,
	`{"note":"n","tagged":{"kelvin":1,"KELVIN":2,"K":3},"\u212aelvin":1}`, "{\"tagged\":{\"\u212aelvin\":1,\"long\":\"\",\"\u017fong\":1}}",
	`{"pointer":{"x":1},"text":1,"a.b/c~d":"y","small":128,"natural":-1,"float":1e39}`, `{"a.b/c~d":true,"small":-128}`,
	`{"quoted":"1","quotedText":"\"a\"","QuotedBool":"true"}`, `{"quoted":1,"quotedText":"a","QuotedBool":"maybe"}`,
	`{"quoted":"","quotedText":null,"QuotedBool":"null"}`, `{"number":1e5,"raw":{"a":1,"a":2},"any":1e999}`, `{"number":"1x"}`,
	`{"number":"1"}`,
	`{"when":"2026-01-02T03:04:05Z","until":null}`, `{"when":null,"until":7}`, `{"even":1}`, `{"even":12,"colour":1}`, `{"even":null}`,
	`{"keys":{"a":{"id":"x"},"xy":null},"numbers":{"1":"a","300":"b"},"names":{"a/b":[1,"x"],"":[]}}`, `{"odd":{"true":1}}`, `{"odd":null}`,
	`{"any":{"a":[1,{"b":null,"b":1}]}}`, `{"err":1}`, `{"err":null}`, `{"pair":[{"kelvin":1},{},{"x":1,"x":2},5]}`, `{"pair":[{"x":1}]}`,
	`{"bytes":"AA==","lists":[[1,2],[],[null,"x"]]}`, `{"bytes":"A","next":{"next":{"id":[]}}}`, `{"bytes":[1,256]}`, `{"-":1}`,
	`{"Hidden":1}`,
	`{"Invalid":1,"straße":1,"STRASSE":1}`, `{"STRAẞE":1}`, `{"anonymous":{"a":1,"B":2,"c":3}}`, `{"deep":1}`, `{"deep":"1"}`,
	`{"stamp":{"Time":null}}`,
	`{"stamp":"2026-01-02T03:04:05Z"}`, `{"stamps":["2026-01-02T03:04:05Z",null,1]}`, `{"func":null}`, `{"func":1}`, `{"complex":1}`,
	`{"maps":{"a":{"1":[{}]}}}`, `{"maps":{"a":{"x":[]}}}`, `{"a":1,"\u0061":2}`, "{\"\xff\":1,\"\xfe\":2}", `{"\ud800":1,"\ufffd":2}`,
	`{"id":1,}`,
	`{,}`, `[1,]`, `[,1]`, `{"a"}`, `{"a":}`, `{"id":1}{}`, `{"id":1} x`, `[[[[`, `[{"id":1},{"id":"x"}]`,
	`{"a":{"id":1,"x":2},"b":[{"x":1},"y",3]}`,
	`{"A":1,"a":{"id":1}}`, `{"b":[null,null,{"x":1,"x":1}]}`, `{"a":{"kelvin":"x"},"b":{"x":1}}`, `{"kelvin":1,"x":2}`,
	`"2026-01-02T03:04:05Z"`,
	`{"2026-01-02T03:04:05Z":1,"b":2}`, `[1,2,3,4]`, `[1,2,3,{"a":1,"a":2}]`, `-`, `01`, `1.`, `tru`, `nul`, `{"id":nul}`, `"\x"`,
	`"a` + "\n" + `"`,
	`{"id":1.5}`, `{"id":1e2}`, `{"id":99999999999999999999}`, `{"text":"\ud83d\ude00"}`, "\ufeff{}", "{}\x00", "\u00a0", `{"":1,"":2}`,
	`{"a1":1,"a2":1,"a3":1,"a4":1,"a5":1,"a6":1,"a7":1,"a8":1,"a9":1,"a10":1,"a11":1,"a1":2,"\u0061\u0033":3}`,
}
