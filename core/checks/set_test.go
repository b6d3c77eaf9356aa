package checks_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/checks"
)

func TestMessageString(t *testing.T) { // M-05
	for _, c := range []struct {
		m    checks.Message
		want string
	}{
		{checks.Message{Text: "Message", Hint: "Hint", Object: "obj"}, "obj: Message\n\tHINT: Hint"},
		{checks.Message{Text: "Message", Object: "obj"}, "obj: Message"},
		{checks.Message{Text: "Message", Hint: "Hint"}, "?: Message\n\tHINT: Hint"},
		{checks.Message{Text: "Message", Hint: "Hint", Object: "obj", ID: "ID"}, "obj: (ID) Message\n\tHINT: Hint"},
		{checks.Message{Text: "Message", ID: "app.E001", Object: fault.TaskLocked}, "task_locked: (app.E001) Message"},
		{checks.Message{Object: []int{1}}, "[1]: "},
	} {
		assert.Equal(t, c.want, c.m.String())
		assert.Equal(t, c.want, fmt.Sprint(c.m))
	}
}

func TestMessageEqual(t *testing.T) { // M-06
	sample := func() checks.Message {
		return checks.Message{Level: checks.Error, Text: "text", Hint: "hint", Object: []int{1}, ID: "app.E001"}
	}
	assert.True(t, sample().Equal(sample()))
	for name, change := range map[string]func(*checks.Message){
		"level":                 func(m *checks.Message) { m.Level = checks.Warning },
		"text":                  func(m *checks.Message) { m.Text = "other" },
		"hint":                  func(m *checks.Message) { m.Hint = "" },
		"object":                func(m *checks.Message) { m.Object = []int{2} },
		"object, another type":  func(m *checks.Message) { m.Object = []int8{1} },
		"object, a simple one":  func(m *checks.Message) { m.Object = 1 },
		"object, none":          func(m *checks.Message) { m.Object = nil },
		"id":                    func(m *checks.Message) { m.ID = "app.E002" },
		"id of the same object": func(m *checks.Message) { m.ID, m.Object = "", []int{1} },
	} {
		m := sample()
		change(&m)
		assert.False(t, m.Equal(sample()), name)
		assert.False(t, sample().Equal(m), name)
	}
	simple := checks.Message{Text: "text", Object: 1}
	assert.True(t, simple.Equal(simple))
	assert.Equal(t, checks.Message{Text: "text", Object: 1}, simple)
	assert.True(t, simple == checks.Message{Text: "text", Object: 1})
	a, b := 1, 1
	assert.False(t, checks.Message{Object: &a}.Equal(checks.Message{Object: &b}), "pointers are identities")
	assert.True(t, checks.Message{}.Equal(checks.Message{}))
}

func TestMessageJSON(t *testing.T) {
	for want, m := range map[string]checks.Message{
		`{"level":40,"id":"app.E001","object":"task_locked","text":"a \"text\"","hint":"hint"}`: {
			Level: checks.Error, ID: "app.E001", Object: fault.TaskLocked, Text: `a "text"`, Hint: "hint",
		},
		`{"level":10,"text":""}`:             {Level: checks.Debug},
		`{"level":10,"object":"","text":""}`: {Level: checks.Debug, Object: ""},
	} {
		assert.Equal(t, want, string(must(json.Marshal(m))))
	}
	assert.Equal(t, `{"messages":[{"level":20,"text":"x"}],"silenced":2,"failed":true}`,
		string(must(json.Marshal(checks.Result{Messages: []checks.Message{{Level: checks.Info, Text: "x"}}, Silenced: 2, Failed: true}))))
}

func TestMessageSerious(t *testing.T) {
	m := checks.Message{Level: checks.Warning}
	assert.False(t, m.Serious(0), "the default is Error")
	assert.False(t, m.Serious(checks.Error))
	assert.True(t, m.Serious(checks.Warning))
	assert.True(t, m.Serious(checks.Debug))
	assert.True(t, checks.Message{Level: checks.Error}.Serious(0))
	assert.True(t, checks.Message{Level: checks.Critical}.Serious(0))
}

// say makes a check that returns messages with these texts, as Debug.
func say(name string, tags []string, texts ...string) checks.Check {
	return checks.Check{Name: name, Tags: tags, Run: func(context.Context, *checks.Subject) (found []checks.Message) {
		for _, text := range texts {
			found = append(found, checks.Message{Level: checks.Debug, Text: text})
		}
		return found
	}}
}

func deploy(c checks.Check) checks.Check {
	c.Deploy = true
	return c
}

func set(t testing.TB, list ...checks.Check) *checks.Set {
	t.Helper()
	var s checks.Set
	for _, c := range list {
		require.NoError(t, s.Add(c))
	}
	return &s
}

func texts(r checks.Result) []string {
	list := []string{}
	for _, m := range r.Messages {
		list = append(list, m.Text)
	}
	return list
}

// reference is the registry of M-08.
func reference(t testing.TB) *checks.Set {
	return set(t, say("first", nil, "1", "2"), say("second", []string{"tag3"}, "3"), say("third", []string{"tag1"}, "4"),
		deploy(say("fourth", []string{"tag2", "tag0"}, "5")))
}

func TestRunChoosesByTags(t *testing.T) { // M-08
	for _, c := range []struct {
		opts checks.Options
		want []string
	}{
		{checks.Options{}, []string{"1", "2", "3", "4"}},
		{checks.Options{Deploy: true}, []string{"1", "2", "3", "4", "5"}},
		{checks.Options{Tags: []string{"tag1"}}, []string{"4"}},
		{checks.Options{Tags: []string{"tag1", "tag2"}, Deploy: true}, []string{"4", "5"}},
		{checks.Options{Tags: []string{"tag2", "tag0", "tag2"}, Deploy: true}, []string{"5"}},
		{checks.Options{Tags: []string{"tag1", "tag3"}}, []string{"3", "4"}},
	} {
		r, err := reference(t).Run(t.Context(), nil, c.opts)
		require.NoError(t, err)
		assert.Equal(t, c.want, texts(r), "%+v", c.opts)
	}
}

func TestRunRefusesUnknownTagsAndLevels(t *testing.T) {
	ran := false
	s := reference(t)
	require.NoError(t, s.Add(checks.Check{Name: "watch",
		Run: func(context.Context, *checks.Subject) []checks.Message { ran = true; return nil }}))
	for _, c := range []struct {
		opts checks.Options
		want error
		text string
	}{
		{checks.Options{Tags: []string{"tag1", "nobody"}}, checks.ErrUnknownTag, `"nobody"`},
		{checks.Options{Tags: []string{""}}, checks.ErrUnknownTag, `""`},
		{checks.Options{Tags: []string{"nobody"}}, checks.ErrUnknownTag, "tag1, tag3"},
		{checks.Options{Tags: []string{"tag2"}}, checks.ErrUnknownTag, "deploy"},
		{checks.Options{FailLevel: 45}, checks.ErrLevel, "45"},
	} {
		r, err := s.Run(t.Context(), nil, c.opts)
		assert.ErrorIs(t, err, c.want)
		assert.ErrorContains(t, err, c.text)
		assert.Zero(t, r)
	}
	assert.False(t, ran)
}

func TestTagsAreSorted(t *testing.T) {
	assert.Equal(t, []string{"tag1", "tag3"}, reference(t).Tags(false))
	assert.Equal(t, []string{"tag0", "tag1", "tag2", "tag3"}, reference(t).Tags(true))
	twice := set(t, say("a", []string{"x", "x"}), say("b", []string{"x"}))
	assert.Equal(t, []string{"x"}, twice.Tags(false))
	assert.Empty(t, (&checks.Set{}).Tags(true))
}

func TestSetRefuses(t *testing.T) {
	s := set(t, say("taken", []string{"x"}))
	for _, c := range []struct {
		check checks.Check
		text  string
	}{
		{checks.Check{Run: say("", nil).Run}, "name"},
		{checks.Check{Name: "nothing"}, `"nothing"`},
		{say("taken", nil), `"taken"`},
		{say("tagged", []string{"x", ""}), `"tagged"`},
	} {
		assert.ErrorContains(t, s.Add(c.check), c.text)
	}
	assert.Len(t, s.Checks(), 1)
	own := []string{"mine"}
	require.NoError(t, s.Add(say("own", own)))
	own[0] = "changed"
	assert.Equal(t, []string{"mine", "x"}, s.Tags(false))
}

func TestRunSilences(t *testing.T) { // M-09
	s := set(t, checks.Check{Name: "mixed", Run: func(context.Context, *checks.Subject) []checks.Message {
		return []checks.Message{
			{Level: checks.Warning, Text: "w", ID: "app.W001"},
			{Level: checks.Error, Text: "e", ID: "app.E001"},
			{Level: checks.Info, Text: "without id"},
		}
	}})
	for _, c := range []struct {
		opts    checks.Options
		want    []string
		failed  bool
		summary string
	}{
		{checks.Options{}, []string{"w", "e", "without id"}, true, "System check identified 3 issues (0 silenced)."},
		{checks.Options{Silenced: []string{"app.E001"}}, []string{"w", "without id"}, false, "System check identified 2 issues (1 silenced)."},
		{checks.Options{Silenced: []string{"app.E001"}, FailLevel: checks.Warning}, []string{"w", "without id"}, true,
			"System check identified 2 issues (1 silenced)."},
		{checks.Options{Silenced: []string{"app.E001", "app.W001", ""}, FailLevel: checks.Warning},
			[]string{"without id"}, false, "System check identified 1 issue (2 silenced)."},
		{checks.Options{Silenced: []string{"app.E001", "app.W001"}, FailLevel: checks.Info}, []string{"without id"},
			true, "System check identified 1 issue (2 silenced)."},
		{checks.Options{FailLevel: checks.Critical}, []string{"w", "e", "without id"}, false, "System check identified 3 issues (0 silenced)."},
	} {
		r, err := s.Run(t.Context(), nil, c.opts)
		require.NoError(t, err)
		assert.Equal(t, c.want, texts(r))
		assert.Equal(t, c.failed, r.Failed, "%+v", c.opts)
		assert.Equal(t, c.summary, r.Summary())
	}
	assert.Equal(t, "System check identified no issues (2 silenced).", checks.Result{Silenced: 2}.Summary())
}

func TestResultIsPrintedByLevel(t *testing.T) {
	r := checks.Result{Silenced: 1, Messages: []checks.Message{
		{Level: checks.Debug, Text: "d"}, {Level: checks.Warning, Text: "w", Hint: "h"}, {Level: checks.Error, Text: "e2", ID: "x.E002"},
		{Level: checks.Info, Text: "i"}, {Level: checks.Error, Text: "e1", ID: "x.E001"}, {Level: checks.Critical, Text: "c"},
	}}
	var b bytes.Buffer
	n, err := r.WriteTo(&b)
	require.NoError(t, err)
	assert.Equal(t, int64(b.Len()), n)
	assert.Equal(t, `System check identified some issues:

CRITICALS:
?: c

ERRORS:
?: (x.E002) e2
?: (x.E001) e1

WARNINGS:
?: w
	HINT: h

INFOS:
?: i

DEBUGS:
?: d

System check identified 6 issues (1 silenced).
`, b.String())
	assert.Equal(t, "System check identified no issues (0 silenced).\n", checks.Result{}.String())
	_, err = r.WriteTo(brokenWriter{})
	assert.ErrorContains(t, err, "broken")
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, errors.New("broken") }

func TestFaultyChecksHideNothing(t *testing.T) {
	check := func(name string, f func() []checks.Message) checks.Check {
		return checks.Check{Name: name, Run: func(context.Context, *checks.Subject) []checks.Message { return f() }}
	}
	s := set(t,
		say("before", nil, "before"),
		check("panics", func() []checks.Message { panic("oh dear") }),
		check("panics with an error", func() []checks.Message { panic(errors.New("an error")) }),
		check("panics with nil", func() []checks.Message { panic(nil) }),
		check("panics when printed", func() []checks.Message { panic(panicker{}) }),
		check("leaves", func() []checks.Message { runtime.Goexit(); return nil }),
		check("levels", func() []checks.Message {
			return []checks.Message{{Level: checks.Debug, Text: "known"}, {Text: "unknown"}, {Level: 41}}
		}),
		say("after", nil, "after"),
	)
	r, err := s.Run(t.Context(), nil, checks.Options{})
	require.NoError(t, err)
	found := texts(r)
	require.Len(t, found, 10)
	assert.Equal(t, []string{"before", "known", "after"}, []string{found[0], found[6], found[9]})
	assert.Equal(t, checks.Message{
		Level: checks.Critical, Text: `check "panics" has panicked: oh dear`, Hint: "what the check looks for is unknown until it is repaired",
		Object: "panics", ID: "polyfault.C003",
	}, r.Messages[1])
	assert.Contains(t, found[2], "an error")
	assert.Contains(t, found[3], `"panics with nil"`)
	assert.Contains(t, found[4], `"panics when printed"`)
	assert.Equal(t, `check "leaves" has ended its goroutine`, found[5])
	assert.Contains(t, found[7], `check "levels" has returned a message of the unknown level 0: ?: unknown`)
	assert.Contains(t, found[8], "unknown level 41")
	for _, i := range []int{1, 2, 3, 4, 5, 7, 8} {
		assert.Equal(t, checks.Critical, r.Messages[i].Level)
		assert.Equal(t, "polyfault.C003", r.Messages[i].ID)
	}
	assert.True(t, r.Failed)
}

type panicker struct{}

func (panicker) String() string { panic("again") }

func TestRunKeepsToTheContext(t *testing.T) {
	t.Run("ended before", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		r, err := reference(t).Run(ctx, nil, checks.Options{})
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorContains(t, err, `"first" has not run`)
		assert.Empty(t, r.Messages)
	})
	t.Run("ends while a check hangs", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		release := make(chan struct{})
		defer close(release)
		hangs := checks.Check{Name: "hangs", Run: func(context.Context, *checks.Subject) []checks.Message { cancel(); <-release; return nil }}
		r, err := set(t, say("before", nil, "before"), hangs, say("after", nil, "after")).Run(ctx, nil, checks.Options{FailLevel: checks.Debug})
		assert.ErrorIs(t, err, context.Canceled)
		assert.ErrorContains(t, err, `"hangs" has not returned`)
		assert.Equal(t, []string{"before"}, texts(r), "what was found until then")
		assert.True(t, r.Failed)
	})
	t.Run("is the checks'", func(t *testing.T) {
		type key struct{}
		ctx := context.WithValue(t.Context(), key{}, "value")
		s := set(t, checks.Check{Name: "asks", Run: func(ctx context.Context, _ *checks.Subject) []checks.Message {
			return []checks.Message{{Level: checks.Debug, Text: ctx.Value(key{}).(string)}}
		}})
		r, err := s.Run(ctx, nil, checks.Options{})
		assert.NoError(t, err)
		assert.Equal(t, []string{"value"}, texts(r))
	})
}

func TestChecksMayAddChecks(t *testing.T) {
	var s checks.Set
	require.NoError(t, s.Add(checks.Check{Name: "adds", Run: func(context.Context, *checks.Subject) []checks.Message {
		assert.NoError(t, s.Add(say("added", nil, "added")))
		return nil
	}}))
	r, err := s.Run(t.Context(), nil, checks.Options{})
	assert.NoError(t, err)
	assert.Empty(t, r.Messages, "checks that are added while a run is on are for the next one")
	assert.Len(t, s.Checks(), 2)
}
