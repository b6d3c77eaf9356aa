// Package checks_test holds core/checks to models of it, with random operations.
package checks_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/polyfault/polyfault/core/checks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// What two branches append is found after a union merge, in which all lines survive.
func TestLockAfterUnionMerge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := checks.NewLock("codes.lock")
		must(base.Add("base", "x", checks.Error))
		branch := func(name string) string {
			l := must(checks.ParseLock("codes.lock", []byte(base.String())))
			for i := range rapid.IntRange(0, 3).Draw(t, name) {
				must(l.Add(fmt.Sprint(name, i), rapid.SampledFrom([]string{"x", "y"}).Draw(t, "app"), checks.Error))
			}
			return strings.TrimPrefix(l.String(), base.String())
		}
		ours, theirs := branch("ours"), branch("theirs")
		clash := false
		for id := range strings.Lines(ours) {
			clash = clash || slices.Contains(ids(theirs), strings.Fields(id)[2])
		}
		_, err := checks.ParseLock("codes.lock", []byte(base.String()+ours+theirs))
		assert.Equal(t, clash, err != nil, "%s%s: %v", ours, theirs, err)
	})
}

func ids(lines string) (list []string) {
	for line := range strings.Lines(lines) {
		list = append(list, strings.Fields(line)[2])
	}
	return list
}

// Whatever is added can be read again, whichever the keys.
func TestLockRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		l := checks.NewLock("codes.lock")
		for _, key := range rapid.SliceOfDistinct(rapid.StringN(1, 10, -1), rapid.ID).Draw(t, "keys") {
			must(l.Add(key, "x", checks.Level(10*rapid.IntRange(1, 5).Draw(t, "level"))))
			if rapid.Bool().Draw(t, "retire") {
				assert.NoError(t, l.Retire(key))
			}
		}
		for _, code := range rapid.SliceOfDistinct(rapid.StringN(1, 10, -1), rapid.ID).Draw(t, "kinds") {
			assert.NoError(t, l.AddKind(checks.KindEntry{
				Code: code, Status: rapid.Int().Draw(t, "status"), Type: rapid.String().Draw(t, "type"),
				Number: rapid.Int().Draw(t, "number"), Retryable: rapid.Bool().Draw(t, "retryable"),
				Args: rapid.SliceOf(rapid.StringMatching("[A-Za-z_][A-Za-z_0-9]*")).Draw(t, "args"),
			}))
		}
		read, err := checks.ParseLock("codes.lock", []byte(l.String()))
		assert.NoError(t, err)
		assert.Equal(t, l.Codes(), read.Codes())
		assert.Equal(t, l.Kinds(), read.Kinds())
		assert.Equal(t, l.String(), read.String())
	})
}

// The registry behaves as a list of keys in which nothing is ever removed.
func TestRegistryAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type series struct {
			app   string
			level checks.Level
		}
		var r checks.Registry
		ids, retired, issued := map[string]string{}, map[string]bool{}, map[series]int{}
		key := rapid.SampledFrom([]string{"", "a", "b", "c", "d", "e f", "\xff", "é"})
		t.Repeat(map[string]func(*rapid.T){
			"register": func(t *rapid.T) {
				k := key.Draw(t, "key")
				s := series{rapid.SampledFrom([]string{"", "x", "y.z", "?"}).Draw(t, "app"), checks.Level(10 * rapid.IntRange(0, 6).Draw(t, "level"))}
				ok := k != "" && ids[k] == "" && (s.app == "x" || s.app == "y.z") && s.level >= 10 && s.level <= 50
				assert.Equal(t, ok, r.Register(k, s.app, s.level) == nil)
				if ok {
					issued[s]++
					ids[k] = checks.Code{App: s.app, Level: s.level, Number: issued[s]}.String()
				}
			},
			"retire": func(t *rapid.T) {
				k := key.Draw(t, "key")
				assert.Equal(t, ids[k] != "" && !retired[k], r.Retire(k) == nil)
				retired[k] = ids[k] != ""
			},
			"": func(t *rapid.T) {
				assert.Len(t, r.All(), len(ids))
				for k, id := range ids {
					assert.Equal(t, id, must(r.Code(k)).String())
					_, err := r.Make(k, "", "", nil)
					assert.Equal(t, retired[k], err != nil)
				}
			},
		})
	})
}

// However many messages and whatever is silenced, none is lost and the order stays.
func TestRunAgainstAModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []checks.Message
		var s checks.Set
		for i := range rapid.IntRange(0, 5).Draw(t, "checks") {
			var found []checks.Message
			for range rapid.IntRange(0, 4).Draw(t, "messages") {
				found = append(found, checks.Message{
					Level: checks.Level(10 * rapid.IntRange(1, 5).Draw(t, "level")),
					ID:    rapid.SampledFrom([]string{"", "a.E001", "a.E002"}).Draw(t, "id"),
					Text:  fmt.Sprint(len(all) + len(found)),
				})
			}
			all = append(all, found...)
			assert.NoError(t, s.Add(checks.Check{Name: fmt.Sprint(i),
				Run: func(context.Context, *checks.Subject) []checks.Message { return found }}))
		}
		opts := checks.Options{
			Silenced:  rapid.SliceOf(rapid.SampledFrom([]string{"", "a.E001", "a.E003"})).Draw(t, "silenced"),
			FailLevel: checks.Level(10 * rapid.IntRange(1, 5).Draw(t, "fail level")),
		}
		visible := slices.DeleteFunc(slices.Clone(all), func(m checks.Message) bool {
			return m.ID == "a.E001" && slices.Contains(opts.Silenced, "a.E001")
		})
		r, err := s.Run(t.Context(), nil, opts)
		assert.NoError(t, err)
		assert.ElementsMatch(t, visible, r.Messages)
		assert.True(t, slices.EqualFunc(visible, r.Messages, checks.Message.Equal))
		assert.Equal(t, len(all)-len(visible), r.Silenced)
		assert.Equal(t, slices.ContainsFunc(visible, func(m checks.Message) bool { return m.Level >= opts.FailLevel }), r.Failed)
		assert.True(t, strings.HasSuffix(r.String(), r.Summary()+"\n"))
	})
}
