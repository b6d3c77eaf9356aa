package store

import (
	"encoding/json"
	"net/http"
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
	Links      logLinks        `json:"links"`
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
	if err := q.err(); err != nil {
		return err
	}
	records, next, err := c.store.Logs(c.req.Context(), f)
	if err != nil {
		return err
	}
	page := logListWire{Results: make([]logWire, len(records))}
	for i := range records {
		page.Results[i] = c.logWire(&records[i])
	}
	if next > 0 {
		page.Next = new(c.links.list("logs", q.with("before", strconv.FormatInt(next, 10))))
	}
	return c.send(http.StatusOK, unstored, page)
}

func (c *call) getLog() error {
	if err := c.noParameters(); err != nil {
		return err
	}
	r, err := c.store.Log(c.req.Context(), c.id)
	if err != nil {
		return err
	}
	return c.send(http.StatusOK, unstored, c.logWire(&r))
}
