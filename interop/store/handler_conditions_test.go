package store_test

import (
	"cmp"
	"fmt"
	"io"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/polyfault/polyfault/store"
)

// No update is lost when clients send what they have read.
func TestHandlerConditions(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		a := newAPI(t, writing(s))
		r := a.do("POST", "/errors/", newError)
		target, first := r.Header.Get("Location"), r.Header.Get("ETag")
		assert.Regexp(t, `^"[^"]+"$`, first, "strong")
		for _, c := range []struct {
			header, value string
			status        int
		}{
			{"If-None-Match", first, 304}, {"If-None-Match", "W/" + first, 304}, {"If-None-Match", `"x", ` + first, 304},
			{"If-None-Match", "*", 304},
			{"If-None-Match", `"x"`, 200}, {"If-None-Match", strings.Trim(first, `"`), 200},
			{"If-Match", first, 200}, {"If-Match", "*", 200}, {"If-Match", `"x","y" , ` + first, 200}, {"If-Match", "W/" + first, 412}, {"If-Match", `"x"`, 412},
		} {
			for _, method := range []string{"GET", "HEAD"} {
				r := a.do(method, target, "", c.header, c.value)
				assert.Equal(t, c.status, r.Status, "%s %s: %s", method, c.header, c.value)
				if c.status == 304 {
					assert.Equal(t, []string{first, "private, no-cache", "", ""},
						[]string{r.Header.Get("ETag"), r.Header.Get("Cache-Control"), r.Header.Get("Content-Type"), r.Header.Get("Content-Length")})
				}
			}
		}
		for _, c := range []struct {
			header, value string
			status        int
		}{
			{"If-Match", `"x"`, 412}, {"If-Match", "W/" + first, 412}, {"If-Match", strings.Trim(first, `"`), 412}, {"If-Match", ",", 412},
			{"If-None-Match", "*", 412}, {"If-None-Match", first, 412},
		} {
			r := a.do("PATCH", target, `{"title":"Lost"}`, c.header, c.value)
			code, _ := refused(t, r)
			assert.Equal(t, "412 precondition_failed", fmt.Sprint(r.Status, " ", code), c)
		}
		changed := a.do("PATCH", target, `{"title":"One"}`, "If-Match", first)
		require.Equal(t, 200, changed.Status)
		second := changed.Header.Get("ETag")
		assert.NotEqual(t, first, second)
		assert.Equal(t, 412, a.do("PATCH", target, `{"title":"Two"}`, "If-Match", first).Status, "the update of somebody who has not seen One")
		assert.Equal(t, 200, a.get(target, "If-None-Match", first).Status)
		assert.Equal(t, 200, a.do("PATCH", target, `{"title":"Three"}`, "If-Match", `"x", `+second).Status)
		assert.Equal(t, 200, a.do("PATCH", target, `{"title":"Four"}`, "If-Match", "*").Status)
		assert.Equal(t, 200, a.do("PATCH", target, `{"title":"Five"}`, "If-None-Match", second).Status)
		assert.Equal(t, "Five", decode[wireError](t, a.get(target)).Title)
		assert.Equal(t, 404, a.do("PATCH", "/errors/999/", `{}`, "If-Match", "*").Status)
	})
}

// What another instance has written counts, although this one has not heard of it.
func TestHandlerConditionsOfStaleInstances(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t, store.WithPollInterval(time.Hour))
		old := save(t, s, "", store.Entry{Name: "a"})[0]
		other := d.other(t)
		a, b := newAPI(t, writing(s)), newAPI(t, writing(other))
		target := fmt.Sprintf("/errors/%d/", old.ID)
		stale := a.get(target).Header.Get("ETag")
		fresh := b.do("PATCH", target, `{"title":"x"}`, "If-Match", stale)
		require.Equal(t, 200, fresh.Status)
		assert.Equal(t, 412, a.do("PATCH", target, `{"title":"y"}`, "If-Match", stale).Status)
		assert.Equal(t, fresh.Body, a.get(target).Body, "whoever reads next sees why")
		again := b.do("PATCH", target, `{"title":"z"}`)
		assert.Equal(t, 200, a.do("PATCH", target, `{"title":"y"}`, "If-Match", again.Header.Get("ETag")).Status, "newer than this instance knows")
	})
}

func TestHandlerRequiresIfMatch(t *testing.T) {
	t.Parallel()
	s := newSQLite(t).open(t)
	r := save(t, s, "", store.Entry{Name: "a"})[0]
	a := newAPI(t, writing(s, store.WithIfMatchRequired()))
	target := fmt.Sprintf("/errors/%d/", r.ID)
	refusal := a.do("PATCH", target, `{"title":"x"}`)
	code, fields := refused(t, refusal)
	assert.Equal(t, 428, refusal.Status)
	assert.Equal(t, "precondition_required", code)
	assert.Equal(t, []string{"header If-Match required"}, fields)
	assert.Equal(t, 428, a.do("PATCH", target, `{"title":"x"}`, "If-None-Match", `"x"`).Status)
	assert.Equal(t, 200, a.do("PATCH", target, `{"title":"x"}`, "If-Match", a.get(target).Header.Get("ETag")).Status)
	assert.Equal(t, 404, a.do("PATCH", "/errors/99/", `{"title":"x"}`).Status)
}

// Of clients that edit the same state one wins, and with retries nobody's edit is lost.
func TestHandlerConcurrentUpdates(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s := d.open(t)
		r := save(t, s, "", store.Entry{Name: "a", Title: new("0")})[0]
		first, second := newAPI(t, writing(s)), newAPI(t, writing(d.other(t)))
		target := fmt.Sprintf("/errors/%d/", r.ID)
		const clients, edits = 4, 5
		var wg sync.WaitGroup
		var lost sync.Map
		for i := range clients {
			a := []*api{first, second}[i%2]
			wg.Go(func() {
				for done := 0; done < edits; {
					current := a.get(target)
					e := decode[wireError](t, current)
					n, _ := strconv.Atoi(e.Title)
					switch got := a.do("PATCH", target, fmt.Sprintf(`{"title":"%d"}`, n+1), "If-Match", current.Header.Get("ETag")); got.Status {
					case 200:
						done++
					case 412:
						lost.Store(n, true)
					default:
						assert.Fail(t, got.Body)
						return
					}
				}
			})
		}
		wg.Wait()
		fresh, err := s.Update(t.Context(), r.ID, 0, store.Entry{})
		require.NoError(t, err)
		assert.Equal(t, strconv.Itoa(clients*edits), fresh.Title)

		statuses := make(chan int, 8)
		current := first.do("PATCH", target, `{}`).Header.Get("ETag")
		for i := range cap(statuses) {
			wg.Go(func() {
				statuses <- first.do("PATCH", target, fmt.Sprintf(`{"title":"by %d"}`, i), "If-Match", current).Status
			})
		}
		wg.Wait()
		close(statuses)
		counts := map[int]int{}
		for status := range statuses {
			counts[status]++
		}
		assert.Equal(t, map[int]int{200: 1, 412: 7}, counts)
	})
}

// onRead is a body that lets something happen when it is read: after the conditions were looked at.
type onRead struct {
	io.Reader
	once sync.Once
	do   func()
}

func (b *onRead) Read(p []byte) (int, error) {
	b.once.Do(b.do)
	return b.Reader.Read(p)
}

// What is written while a client still sends its body counts, if the client has asked for a version.
func TestHandlerConditionsHoldUntilTheWrite(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		s, other := d.open(t), d.other(t)
		r := save(t, s, "", store.Entry{Name: "a"})[0]
		target := fmt.Sprintf("/errors/%d/", r.ID)
		for _, c := range []struct {
			header, value string
			status        int
		}{{"If-Match", "", 412}, {"If-Match", "*", 200}, {"X-None", "x", 200}, {"If-None-Match", `"x"`, 412}} {
			get := httptest.NewRecorder()
			writing(other).ServeHTTP(get, httptest.NewRequest("GET", target, nil))
			req := httptest.NewRequest("PATCH", target, &onRead{Reader: strings.NewReader(`{"title":"late"}`), do: func() {
				_, err := other.Update(t.Context(), r.ID, 0, store.Entry{Title: new(c.header + c.value)})
				assert.NoError(t, err)
			}})
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set(c.header, cmp.Or(c.value, get.Header().Get("ETag")))
			w := httptest.NewRecorder()
			writing(other).ServeHTTP(w, req)
			assert.Equal(t, c.status, w.Code, c)
		}
	})
}

// A database that is made anew has the same versions again, and other tags.
func TestHandlerTagsOfNewDatabases(t *testing.T) {
	t.Parallel()
	tags := map[string]bool{}
	for i := range 3 {
		c := newClock()
		c.move(time.Duration(i) * time.Microsecond)
		s := newSQLite(t).open(t, store.WithClock(c.now))
		assert.EqualValues(t, 1, save(t, s, "", store.Entry{Name: "a"})[0].Version)
		tags[newAPI(t, store.Handler(s, nil)).get("/errors/1/").Header.Get("ETag")] = true
	}
	assert.Len(t, tags, 3)
}

// Clients that create the same name at once: one of them does.
func TestHandlerConcurrentCreates(t *testing.T) {
	t.Parallel()
	eachDatabase(t, func(t *testing.T, d *database) {
		apis := []*api{newAPI(t, writing(d.open(t))), newAPI(t, writing(d.other(t)))}
		var wg sync.WaitGroup
		statuses := make(chan int, 8)
		for i := range cap(statuses) {
			wg.Go(func() { statuses <- apis[i%2].do("POST", "/errors/", newError).Status })
		}
		wg.Wait()
		close(statuses)
		counts := map[int]int{}
		for status := range statuses {
			counts[status]++
		}
		assert.Equal(t, map[int]int{201: 1, 409: 7}, counts)
	})
}
