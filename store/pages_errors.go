package store

import (
	"errors"
	"slices"
	"strconv"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/page"
)

// errorsPerPage is the number of errors on a page of the list.
const errorsPerPage = 50

// An errorList is the list of errors.
type errorList struct {
	Form     *form
	Rows     []errorRow
	Count    int
	Previous string
	Next     string
	Position string // "Page 2 of 7"; "" for one page
}

// An errorRow is a record as it is shown.
type errorRow struct {
	Record
	URL      string
	Title    page.Text // in the reader's language where that is known
	Activity *activity
}

func (v *visit) errorList() (*shown, error) {
	f := v.form(
		&input{Name: "name", Label: v.T("code"), Type: "search"},
		&input{Name: "scope", Label: v.T("scope"), Type: "search"},
		&input{Name: "category", Label: v.T("category"), Choices: v.categoryChoices()},
		&input{Name: "is_builtin", Label: v.T("builtin"), Choices: []choice{
			{Text: v.T("all")}, {Value: "true", Text: v.T("yes")}, {Value: "false", Text: v.T("no")},
		}},
	)
	list := &errorList{Form: f}
	s := &shown{v.T("errors"), list}
	filter, err := v.errorFilter(f)
	if err != nil || f.HasWrong() {
		return s, err
	}
	records, err := v.allRecords(filter)
	if err != nil {
		return s, v.refuse(f, err)
	}
	return s, v.fill(list, records)
}

func (v *visit) categoryChoices() []choice {
	choices := []choice{{Text: v.T("all")}}
	for _, c := range categories {
		choices = append(choices, choice{Value: c, Text: v.Category(fault.Category(c))})
	}
	return choices
}

func (v *visit) errorFilter(f *form) (Filter, error) {
	filter := Filter{Name: f.value("name"), PageSize: MaxPageSize, Order: []string{"name"}}
	if scope := f.value("scope"); scope != "" {
		filter.Scope = &scope
	}
	category, wrongCategory := f.chosen("category")
	filter.Category = category
	builtin, wrongBuiltin := f.chosen("is_builtin")
	if builtin != "" {
		filter.Builtin = new(builtin == "true")
	}
	return filter, errors.Join(v.refuse(f, wrongCategory), v.refuse(f, wrongBuiltin))
}

// allRecords returns the records of all pages, because only the log knows their order. They are few: the store keeps them in
// memory.
func (v *visit) allRecords(f Filter) (all []Record, err error) {
	for f.Page = 1; ; f.Page++ {
		records, count, err := v.store.List(v.ctx, f)
		if err != nil {
			return nil, err
		}
		all = append(all, records...)
		if len(records) < f.PageSize || len(all) >= count {
			return all, nil
		}
	}
}

func (v *visit) fill(list *errorList, records []Record) error {
	number, err := v.number("page", 1)
	if err != nil {
		return err
	}
	active, err := v.activities()
	if err != nil {
		return err
	}
	slices.SortStableFunc(records, func(a, b Record) int { return active.of(b.ID).compare(active.of(a.ID)) })
	list.Count = len(records)
	pages := max(1, (len(records)+errorsPerPage-1)/errorsPerPage)
	current := int(min(number, int64(pages)))
	records = records[(current-1)*errorsPerPage : min(current*errorsPerPage, len(records))]
	if err := active.addEarlier(records); err != nil {
		return err
	}
	for _, r := range records {
		list.Rows = append(list.Rows, errorRow{r, v.URL(strconv.FormatInt(r.ID, 10)), v.titleOf(r), active.of(r.ID)})
	}
	if pages > 1 {
		list.Position = v.Position(current, pages)
		list.Previous, list.Next = v.pageURL(list.Form, current-1, pages), v.pageURL(list.Form, current+1, pages)
	}
	return nil
}

// pageURL links to another page of the list; "" when there is none of the number.
func (v *visit) pageURL(f *form, number, pages int) string {
	if number < 1 || number > pages {
		return ""
	}
	return v.URL("./", append(f.parameters(), "page", strconv.Itoa(number))...)
}

// textsOf returns the texts that clients get; nil when the responder's catalogue has none.
func (v *visit) textsOf(r Record) *page.Texts {
	texts := page.TextsNamed(v.Catalogue, r.Name)
	if k, ok := fault.KindByCode(r.Name); ok {
		texts = page.TextsOf(v.Catalogue, k)
	}
	if texts.ID == "" {
		return nil
	}
	return texts
}

// titleOf returns the record's title. A built-in's is in the reader's language until an operator writes another one, whose
// language is not known.
func (v *visit) titleOf(r Record) page.Text {
	if r.Builtin && r.edited&editedTitle == 0 {
		if texts := v.textsOf(r); texts != nil {
			return texts.For(v.Reader)
		}
	}
	return page.Text{Title: page.Line(r.Title), Dir: "auto"}
}

// recentEntries is the number of log entries on the page of an error.
const recentEntries = 20

// An errorView is one error.
type errorView struct {
	errorRow
	Lead              *page.Text // what clients read; nil when the responder's catalogue has no such text
	Description       string     // what an operator wrote
	Created, Modified *page.Time
	Texts             page.TextTable
	Recent            []entryRow
	More              string // the log with all of them
	Stack             string // of the newest entry that has one
}

func (v *visit) oneError() (*shown, error) {
	r, err := v.store.Get(v.ctx, v.id())
	if err != nil {
		return nil, err
	}
	e := &errorView{errorRow: errorRow{Record: r, Title: v.titleOf(r)}}
	e.Created, e.Modified = page.TimeOf(r.Created), page.TimeOf(r.LastModified)
	e.Texts.Words = v.Words
	if texts := v.textsOf(r); texts != nil {
		e.Texts.Rows, e.Lead = texts.All(), new(texts.For(v.Reader))
	}
	if !r.Builtin || r.edited&editedDescription != 0 {
		e.Description = page.Block(r.Description)
	}
	active, err := v.activities()
	if err != nil {
		return nil, err
	}
	if err := active.addEarlier([]Record{r}); err != nil {
		return nil, err
	}
	e.Activity = active.of(r.ID)
	title := e.Title.Title
	if title == "" {
		title = page.Line(r.Name)
	}
	return &shown{title, e}, v.addRecent(e)
}

func (v *visit) addRecent(e *errorView) error {
	entries, _, err := v.store.Logs(v.ctx, LogFilter{Code: e.Name, Scope: e.Scope, PageSize: recentEntries})
	if err != nil {
		return err
	}
	for _, l := range entries {
		e.Recent = append(e.Recent, v.entryRow(l))
		if e.Stack == "" {
			e.Stack = page.Block(l.Stacktrace)
		}
	}
	e.More = v.URL("../logs/", "code", e.Name, "scope", e.Scope)
	return nil
}

// Entries returns the recent occurrences.
func (e *errorView) Entries(w page.Words) entryTable { return entryTable{w, w.T("recent"), e.Recent} }
