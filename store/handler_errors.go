package store

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
)

// An errorWire is a record as JSON.
type errorWire struct {
	ID           int64          `json:"id"`
	Name         string         `json:"name"`
	Scope        string         `json:"scope"`
	Title        string         `json:"title"`
	Description  string         `json:"description"`
	Category     fault.Category `json:"category"`
	Builtin      bool           `json:"is_builtin"`
	Retryable    bool           `json:"should_be_retried"`
	Status       int            `json:"status"`
	ExitCode     int            `json:"exit_code"`
	Created      string         `json:"created"`
	LastModified string         `json:"last_modified"`
	Links        errorLinks     `json:"links"`
}

type errorLinks struct {
	Self string  `json:"self"`
	Logs *string `json:"logs"` // the entries with the record's name as their code, of its scope
}

func (l links) errorWire(r *Record) errorWire {
	return errorWire{
		ID: r.ID, Name: r.Name, Scope: r.Scope, Title: r.Title, Description: r.Description, Category: r.Category,
		Builtin: r.Builtin, Retryable: r.Retryable, Status: r.Status, ExitCode: r.ExitCode,
		Created: wireTime(r.Created), LastModified: wireTime(r.LastModified),
		Links: errorLinks{Self: l.item("errors", r.ID), Logs: l.logsOf(map[string]string{"code": r.Name, "scope": r.Scope})},
	}
}

// An errorListWire is the list of errors.
type errorListWire struct {
	Count    int         `json:"count"`
	Next     *string     `json:"next"`
	Previous *string     `json:"previous"`
	Results  []errorWire `json:"results"`
}

func (c *call) listErrors() error {
	f := Filter{}
	q := readQuery(c.req.URL.RawQuery, c.store.now(), errorParameters, &f)
	q.window(f.Started, f.Ended, c.maxRange)
	if err := q.err(); err != nil {
		return err
	}
	records, count, err := c.store.List(c.req.Context(), f)
	if err != nil {
		return err
	}
	page := errorListWire{Count: count, Results: make([]errorWire, len(records))}
	for i := range records {
		page.Results[i] = c.links.errorWire(&records[i])
	}
	page.Next, page.Previous = c.neighbours(q, &f, count)
	return c.send(http.StatusOK, revalidated, page)
}

// neighbours returns the links to the next and previous pages. For a page after the last one, the previous page is the last.
func (c *call) neighbours(q *query, f *Filter, count int) (next, previous *string) {
	number, size := max(f.Page, 1), f.PageSize
	if size == 0 {
		size = DefaultPageSize
	}
	pages := max((count+size-1)/size, 1)
	to := func(page int) *string {
		return new(c.links.list("errors", q.with("page", strconv.Itoa(page))))
	}
	if number < pages {
		next = to(number + 1)
	}
	if number > 1 {
		previous = to(min(number-1, pages))
	}
	return next, previous
}

func (c *call) createError() error {
	if err := checkMedia(c.req); err != nil {
		return err
	}
	scope, entry, err := c.readNew(c.newSubmission())
	if err != nil {
		return err
	}
	r, err := c.store.Create(c.req.Context(), scope, entry)
	if err != nil {
		return err
	}
	c.w.Header().Set("Location", c.links.item("errors", r.ID))
	return c.sendError(http.StatusCreated, &r)
}

func (c *call) getError() error {
	if err := c.noParameters(); err != nil {
		return err
	}
	r, err := c.store.Get(c.req.Context(), c.id)
	if err != nil {
		return err
	}
	unchanged, err := c.conditions(etag(&r))
	if err != nil {
		return err
	}
	if !unchanged {
		return c.sendError(http.StatusOK, &r)
	}
	header := c.w.Header()
	header.Set("ETag", etag(&r))
	header.Set("Cache-Control", revalidated)
	c.w.WriteHeader(http.StatusNotModified)
	return nil
}

// updateError asks the database for the record first: the cache may be older than what the client has.
func (c *call) updateError() error {
	ctx := c.req.Context()
	r, err := c.store.fetch(ctx, func(ctx context.Context, db querier) (Record, error) { return c.store.recordByID(ctx, db, c.id) })
	if err != nil {
		return err
	}
	if err := c.mayChange(etag(&r)); err != nil {
		return err
	}
	entry, err := c.readChange(c.newSubmission(), &r)
	if err != nil {
		return err
	}
	updated, err := c.store.Update(ctx, c.id, c.version(r.Version), entry)
	if err != nil {
		return err
	}
	return c.sendError(http.StatusOK, &updated)
}

func (c *call) sendError(status int, r *Record) error {
	c.w.Header().Set("ETag", etag(r))
	return c.send(status, revalidated, c.links.errorWire(r))
}

// noParameters refuses every parameter.
func (c *call) noParameters() error { return c.readParameters().err() }

func (c *call) readParameters() *query {
	return readQuery(c.req.URL.RawQuery, c.store.now(), nil, &Filter{})
}

// etag returns a strong validator: the version and its time, because versions begin again in a new database.
func etag(r *Record) string {
	return `"` + strconv.FormatInt(r.Version, 10) + "-" + strconv.FormatInt(toMicros(r.LastModified), 36) + `"`
}

// conditions evaluates If-Match and If-None-Match (RFC 9110, section 13.2.2). unchanged reports that GET
// answers 304; any other condition that is false is an error, 412.
func (c *call) conditions(tag string) (unchanged bool, err error) {
	if match := c.req.Header.Values("If-Match"); len(match) > 0 && !lists(match, tag) {
		return false, ErrConflict
	}
	none := c.req.Header.Values("If-None-Match")
	if !lists(none, tag) && !lists(none, "W/"+tag) { // compared weakly
		return false, nil
	}
	if c.req.Method == http.MethodGet || c.req.Method == http.MethodHead {
		return true, nil
	}
	return false, fault.PreconditionFailed
}

// mayChange checks the conditions of a PATCH of what has the tag.
func (c *call) mayChange(tag string) error {
	if err := checkMedia(c.req); err != nil {
		return err
	}
	if c.conditional && c.req.Header.Get("If-Match") == "" {
		return fault.PreconditionRequired.New(fault.Field(fault.InHeader("If-Match"), ruleRequired))
	}
	_, err := c.conditions(tag)
	return err
}

// version returns the version that a change is made from, 0 for any.
func (c *call) version(current int64) int64 {
	if c.namesVersion() {
		return current
	}
	return 0
}

// namesVersion reports whether the conditions are about one version, and not about any.
func (c *call) namesVersion() bool {
	match := strings.TrimSpace(fault.JoinedHeader(c.req.Header, "If-Match"))
	return match != "" && match != "*" || c.req.Header.Get("If-None-Match") != ""
}

// lists reports whether a list of tags has the tag, or is "*". Tags of ours have no comma.
func lists(lines []string, tag string) bool {
	for _, line := range lines {
		for member := range strings.SplitSeq(line, ",") {
			if member = strings.TrimSpace(member); member == tag || member == "*" {
				return true
			}
		}
	}
	return false
}
