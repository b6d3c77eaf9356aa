package store

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
)

// A logWire is an entry of the log as JSON.
type logWire struct {
	ID         int64           `json:"id"`
	Host       string          `json:"host"`
	Level      string          `json:"level"`
	Message    string          `json:"message"`
	Code       string          `json:"code"`
	Scope      string          `json:"scope"`
	TraceID    string          `json:"trace_id"`
	Attributes json.RawMessage `json:"attributes"`
	Stacktrace string          `json:"stacktrace"`
	Created    string          `json:"created"`
	Repeats    int             `json:"repeats"`
	LastSeen   string          `json:"last_seen"`

	Fingerprint string   `json:"fingerprint"`
	State       LogState `json:"state"`
	Regressions int      `json:"regressions"`
	Version     int64    `json:"version"`

	Occurrences []occurrenceWire `json:"occurrences,omitempty"` // of one entry
	Hours       []hourWire       `json:"hours,omitempty"`
	Links       logLinks         `json:"links"`
}

// An occurrenceWire is one of the latest occurrences.
type occurrenceWire struct {
	TraceID string `json:"trace_id"`
	Time    string `json:"time"`
	Path    string `json:"path"`
	Host    string `json:"host"`
}

type hourWire struct {
	Hour  string `json:"hour"`
	Count int    `json:"count"`
}

// logLinks are null where there is nothing to link to.
type logLinks struct {
	Self  string  `json:"self"`
	Error *string `json:"error"` // the record of the code: the scope's own, else the built-in one
	Code  *string `json:"code"`  // the entries of the same code
	Trace *string `json:"trace"` // the entries of the same trace
}

func (c *call) logWire(r *LogRecord) logWire {
	return logWire{
		ID: r.ID, Host: r.Host, Level: r.Level.String(), Message: r.Message, Code: r.Code, Scope: r.Scope, TraceID: r.TraceID,
		Attributes: attributes(r.Attributes), Stacktrace: r.Stacktrace,
		Created: wireTime(r.Created), Repeats: r.Repeats, LastSeen: wireTime(r.LastSeen),
		Fingerprint: r.Fingerprint, State: r.State, Regressions: r.Regressions, Version: r.Version,
		Links: logLinks{
			Self: c.links.item("logs", r.ID), Error: c.errorOf(r),
			Code: c.links.logsOf(map[string]string{"code": r.Code}), Trace: c.links.logsOf(map[string]string{"trace_id": r.TraceID}),
		},
	}
}

// attributes returns an object for any content of the table.
func attributes(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 || raw[0] != '{' || !json.Valid(raw) {
		return json.RawMessage("{}")
	}
	return raw
}

// errorOf returns the link to the record that an entry's code names. It reads memory only: a page of entries
// must not become a thousand queries.
func (c *call) errorOf(r *LogRecord) *string {
	if r.Code == "" {
		return nil
	}
	n := c.store.cache.now.Load()
	for _, scope := range []string{r.Scope, ""} {
		key, ok := lookupKey(scope, r.Code)
		if !ok {
			continue
		}
		if found := n.byKey[key]; found != nil {
			return new(c.links.item("errors", found.ID))
		}
	}
	return nil
}

// A logListWire is the list of entries.
type logListWire struct {
	Next    *string   `json:"next"`
	Results []logWire `json:"results"`
}

func (c *call) listLogs() error {
	f := LogFilter{}
	q := readQuery(c.req.URL.RawQuery, c.store.now(), logParameters, &f)
	q.window(f.Started, f.Ended, c.maxRange)
	if s, ok := sortOf(f.Order); ok {
		_, p := s.read(f.beforeValue)
		q.refuse("before_value", p)
	}
	if err := q.err(); err != nil {
		return err
	}
	records, next, err := c.store.logs(c.req.Context(), f)
	if err != nil {
		return err
	}
	page := logListWire{Results: make([]logWire, len(records))}
	for i := range records {
		page.Results[i] = c.logWire(&records[i])
	}
	if next.id > 0 {
		page.Next = new(c.links.list("logs", next.parameters(q, &f)))
	}
	return c.send(http.StatusOK, unstored, page)
}

// parameters are those of the page that begins there.
func (p logPlace) parameters(q *query, f *LogFilter) url.Values {
	values := q.with("before", strconv.FormatInt(p.id, 10))
	values.Del("before_seen")
	values.Del("before_value")
	switch {
	case f.Order == ByLastSeen:
		micros, _ := strconv.ParseInt(p.value, 10, 64)
		values.Set("before_seen", wireTime(fromMicros(micros)))
	case f.Ascending || f.Order != "" && f.Order != ByCreated: // what is older than a record that is gone is gone, too
		values.Set("before_value", p.value)
	}
	return values
}

func (c *call) getLog() error {
	if err := c.noParameters(); err != nil {
		return err
	}
	r, err := c.store.Log(c.req.Context(), c.id)
	if err != nil {
		return err
	}
	return c.sendLog(&r)
}

// sendLog answers with the entry, its latest occurrences and its hours.
func (c *call) sendLog(r *LogRecord) error {
	wire, ctx := c.logWire(r), c.req.Context()
	occurrences, err := c.store.LogOccurrences(ctx, r.ID)
	if err != nil {
		return err
	}
	hours, err := c.store.LogHours(ctx, r.ID)
	if err != nil {
		return err
	}
	for _, o := range occurrences {
		wire.Occurrences = append(wire.Occurrences, occurrenceWire{o.TraceID, wireTime(o.Time), o.Path, o.Host})
	}
	for _, h := range hours {
		wire.Hours = append(wire.Hours, hourWire{wireTime(h.Hour), h.Count})
	}
	c.w.Header().Set("ETag", logETag(r))
	return c.send(http.StatusOK, unstored, wire)
}

// logETag is that of the state: counters change all the time, and none of them is anybody's to lose.
func logETag(r *LogRecord) string {
	return `"` + strconv.FormatInt(r.Version, 10) + "-" + strconv.FormatInt(toMicros(r.Created), 36) + `"`
}

// updateLog changes the state of an entry.
func (c *call) updateLog() error {
	ctx := c.req.Context()
	r, err := c.store.Log(ctx, c.id)
	if err != nil {
		return err
	}
	if err := c.mayChange(logETag(&r)); err != nil {
		return err
	}
	state, err := c.readState(c.newSubmission())
	if err != nil {
		return err
	}
	updated, err := c.store.SetLogState(ctx, c.id, c.version(r.Version), state)
	if err != nil {
		return err
	}
	return c.sendLog(&updated)
}
