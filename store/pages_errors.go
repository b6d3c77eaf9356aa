package store

import (
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/page"
)

const (
	errorsPerPage = 50  // of a list
	foldedErrors  = 100 // that never occurred, below the list of those that did
)

// An errorList is the list of errors.
type errorList struct {
	Form     *form
	Rows     []errorRow
	Count    int
	Previous string
	Next     string
	Position string // "Page 2 of 7"; "" for one page
	Hours    string // what the charts show

	Never    []errorRow // some of those that never occurred
	AllNever string     // their list, if these are not all
	NeverSum int
}

// An errorRow is a record as it is shown.
type errorRow struct {
	Record
	Name     string // as it is shown, like Scope: nothing in it turns other text
	Scope    string
	URL      string
	Title    page.Text // in the reader's language where that is known
	Level    string    // of log lines about it; "" if no kind has the code
	Severe   bool
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
		&input{Name: "never", Label: v.T("last_seen"), Choices: []choice{{Text: v.T("all")}, {Value: "true", Text: v.T("never")}}},
	)
	list := &errorList{Form: f}
	s := &shown{title: v.T("errors"), main: list}
	filter, err := v.errorFilter(f)
	if err != nil || f.HasWrong() {
		return s, err
	}
	never, err := f.chosen("never")
	if err := v.refuse(f, err); err != nil || f.HasWrong() {
		return s, err
	}
	records, err := v.allRecords(filter)
	if err != nil {
		return s, v.refuse(f, err)
	}
	return s, v.fill(list, records, never != "")
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

// fill shows those of the records that have occurred, or never have.
func (v *visit) fill(list *errorList, records []Record, never bool) error {
	number, err := v.number("page", 1)
	if err != nil {
		return err
	}
	active, err := v.activities()
	if err == nil {
		err = active.addEarlier()
	}
	if err != nil {
		return err
	}
	var occurred, others []Record
	for _, r := range records {
		if active.of(r.ID).LastSeen() == nil {
			others = append(others, r)
			continue
		}
		occurred = append(occurred, r)
	}
	slices.SortStableFunc(occurred, func(a, b Record) int { return active.of(b.ID).compare(active.of(a.ID)) })
	if never {
		occurred, others = others, nil
	}
	if err := v.fillPage(list, occurred, active, int(min(number, 1<<30))); err != nil {
		return err
	}
	return v.fillNever(list, others, active)
}

func (v *visit) fillPage(list *errorList, records []Record, active *activities, number int) (err error) {
	list.Count = len(records)
	pages := max(1, (len(records)+errorsPerPage-1)/errorsPerPage)
	current := min(number, pages)
	records = records[(current-1)*errorsPerPage : min(current*errorsPerPage, len(records))]
	list.Rows, err = v.errorRows(records, active)
	if pages > 1 {
		list.Position = v.Position(current, pages)
		list.Previous, list.Next = v.pageURL(list.Form, current-1, pages), v.pageURL(list.Form, current+1, pages)
	}
	if slices.ContainsFunc(list.Rows, func(r errorRow) bool { return r.Activity.Total > 0 }) {
		list.Hours = v.hours(active.first)
	}
	return err
}

// fillNever folds away what has never occurred: it stands below the last page of what has.
func (v *visit) fillNever(list *errorList, records []Record, active *activities) (err error) {
	if list.Next != "" {
		return nil
	}
	list.NeverSum = len(records)
	if len(records) > foldedErrors {
		records = records[:foldedErrors]
		list.AllNever = v.URL("./", append(list.Form.parameters(), "never", "true")...)
	}
	list.Never, err = v.errorRows(records, active)
	return err
}

func (v *visit) errorRows(records []Record, active *activities) (rows []errorRow, err error) {
	ids := make([]int64, len(records))
	for i := range records {
		ids[i] = records[i].ID
	}
	edited, err := v.store.titlesIn(v.ctx, v.Reader.Tag, ids)
	if err != nil {
		return nil, err
	}
	for i := range records {
		rows = append(rows, v.errorRow(&records[i], edited[records[i].ID], active))
	}
	return rows, nil
}

func (v *visit) errorRow(r *Record, edited string, active *activities) errorRow {
	row := errorRow{
		Record: *r, Name: page.Line(r.Name), Scope: page.Line(r.Scope), URL: v.URL(strconv.FormatInt(r.ID, 10)), Title: v.titleOf(r, edited),
		Activity: active.of(r.ID),
	}
	if k, ok := fault.KindByCode(r.Name); ok {
		level := v.responder.Level(k)
		row.Level, row.Severe = level.String(), level >= slog.LevelError
	}
	return row
}

// pageURL links to another page of the list; "" when there is none of the number.
func (v *visit) pageURL(f *form, number, pages int) string {
	if number < 1 || number > pages {
		return ""
	}
	return v.URL("./", append(f.parameters(), "page", strconv.Itoa(number))...)
}

// textsOf returns the texts that clients get; nil when the responder's catalogue has none.
func (v *visit) textsOf(r *Record) *page.Texts {
	texts := page.TextsNamed(v.Catalogue, r.Name)
	if k, ok := fault.KindByCode(r.Name); ok {
		texts = page.TextsOf(v.Catalogue, k)
	}
	if texts.ID == "" {
		return nil
	}
	return texts
}

// titleOf returns the record's title: what operators wrote in the reader's language, else the program's in that language. A
// record that is not built-in has that of the default language in place of the program's.
func (v *visit) titleOf(r *Record, edited string) page.Text {
	if edited != "" {
		return page.Text{Title: page.Line(edited), Language: v.Reader.Tag, Dir: v.Reader.Dir}
	}
	if r.Builtin {
		if texts := v.textsOf(r); texts != nil {
			return texts.For(v.Reader)
		}
	}
	t := page.Text{Title: page.Line(r.Title), Dir: "auto"}
	if v.readsDefault() {
		t.Language = v.Reader.Tag
	}
	return t
}

// readsDefault reports whether the reader's language is that of Record.Title.
func (v *visit) readsDefault() bool { return v.Reader.Tag == v.store.defaultTag() }

// The number of rows on the page of an error.
const (
	recentEntries = 20
	recentTraces  = 20
)

// An errorView is one error.
type errorView struct {
	errorRow
	Saved             string
	Lead              *page.Text // what clients read; nil when the responder's catalogue has no such text
	Description       string     // what an operator wrote
	DescriptionIn     page.Text  // its language
	Created, Modified *page.Time
	Retry             *retryForm // nil: the reader may not change it
	Edit              string     // where the texts in the reader's language are edited
	ReadOnly          bool       // the texts belong to the program
	Form              *textForm
	Texts             []textRow
	Hours             string
	Recent            []entryRow
	Traces            traceTable
	More              string // the log with all of them
	Stack             string // of the newest entry that has one
}

func (v *visit) oneError() (*shown, error) {
	r, err := v.currentRecord()
	if err != nil {
		return nil, err
	}
	rows, err := v.textRows(&r)
	if err != nil {
		return nil, err
	}
	tag := v.Query("edit")
	if tag == "" || ownsTexts(&r) || !v.mayChange(UpdateError) {
		return v.showError(&r, rows, nil)
	}
	row, wrong := rowIn(rows, tag)
	if wrong != nil {
		return nil, wrong.inFilter("edit")
	}
	return v.showError(&r, rows, v.textForm(&r, row))
}

// showError shows the record with its texts, and with the form that edits it.
func (v *visit) showError(r *Record, rows []textRow, f *textForm) (*shown, error) {
	active, err := v.activities()
	if err == nil && active.of(r.ID).LastSeen() == nil {
		err = active.addEarlier()
	}
	if err != nil {
		return nil, err
	}
	e := &errorView{Saved: v.Saved(), Form: f, Texts: rows}
	edited := textRow{}
	if i := slices.IndexFunc(rows, func(t textRow) bool { return t.Language == v.Reader.Tag }); i >= 0 {
		edited = rows[i]
	}
	e.errorRow = v.errorRow(r, edited.EditedTitle, active)
	e.Created, e.Modified = v.Time(r.Created), v.Time(r.LastModified)
	if e.Activity.Total > 0 {
		e.Hours = v.hours(active.first)
	}
	if texts := v.textsOf(r); texts != nil {
		e.Lead = new(texts.For(v.Reader))
	}
	e.Description, e.DescriptionIn = edited.Description, page.Text{Language: v.Reader.Tag, Dir: "auto"}
	if e.Description == "" && !r.Builtin {
		e.Description, e.DescriptionIn = page.Block(r.Description), page.Text{Dir: "auto"}
	}
	v.addForms(e, edited.Language != "")
	title := e.Title.Title
	if strings.TrimSpace(title) == "" {
		title = page.Line(r.Name)
	}
	return &shown{title: title, main: e}, v.addRecent(e)
}

// addForms adds the forms that the reader may send.
func (v *visit) addForms(e *errorView, editable bool) {
	if !v.mayChange(UpdateError) {
		return
	}
	e.Retry = &retryForm{v.posted(changeRetry, e.Version), e.Retryable}
	e.ReadOnly = ownsTexts(&e.Record)
	if e.ReadOnly {
		return
	}
	for i := range e.Texts {
		e.Texts[i].Edit = v.URL(v.name, "edit", e.Texts[i].Language)
	}
	if editable {
		e.Edit = v.URL(v.name, "edit", v.Reader.Tag)
	}
}

// A textRow is what is said of an error in one language.
type textRow struct {
	page.Text   // what is shown as title, and what clients read
	OwnTitle    string
	EditedTitle string
	Description string // what an operator wrote
	Edit        string // where it is edited; "" for those who may not
}

// textRows returns the texts of the record in all languages of the catalogue, in the order of their tags.
func (v *visit) textRows(r *Record) ([]textRow, error) {
	edited, err := v.store.ErrorTexts(v.ctx, r.ID)
	if err != nil {
		return nil, err
	}
	if !r.Builtin { // whoever made it wrote these
		edited = append(edited, ErrorText{Language: v.store.defaultTag(), Title: r.Title, Description: r.Description})
	}
	texts, rows := v.textsOf(r), []textRow(nil)
	for _, l := range v.Catalogue.Languages() {
		row := textRow{Text: page.Text{Language: l.Tag, Dir: l.Dir, Name: page.Name(v.Catalogue, l.Tag)}}
		if texts != nil {
			if text, ok := texts.In(l); ok {
				row.OwnTitle, row.Title, row.Text.Text = text.Title, text.Title, text.Text
			}
		}
		for _, e := range edited {
			if strings.EqualFold(e.Language, l.Tag) {
				row.EditedTitle, row.Description = page.Line(e.Title), page.Block(e.Description)
			}
		}
		if row.EditedTitle != "" {
			row.Title = row.EditedTitle
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// rowIn finds the row of the language with the tag.
func rowIn(rows []textRow, tag string) (*textRow, *problem) {
	tags := make([]string, len(rows))
	for i := range rows {
		if tags[i] = rows[i].Language; strings.EqualFold(tags[i], tag) {
			return &rows[i], nil
		}
	}
	return nil, oneOf(tag, tags)
}

func (v *visit) addRecent(e *errorView) error {
	entries, _, err := v.store.Logs(v.ctx, LogFilter{Code: e.Record.Name, Scope: e.Record.Scope, Order: ByLastSeen, PageSize: recentEntries})
	if err != nil {
		return err
	}
	for i := range entries {
		e.Recent = append(e.Recent, v.entryRow(&entries[i]))
		if e.Stack == "" {
			e.Stack = stackOf(entries[i].Stacktrace)
		}
	}
	e.More = v.URL("../logs/", "code", e.Record.Name, "scope", e.Record.Scope)
	e.Traces, err = v.traces(entries)
	return err
}

// stackOf returns the stack as it is shown: without empty lines.
func stackOf(stack string) string {
	lines := strings.Split(page.Block(stack), "\n")
	lines = slices.DeleteFunc(lines, func(line string) bool { return strings.TrimSpace(line) == "" })
	return strings.Join(lines, "\n")
}

// Entries returns the recent occurrences.
func (e *errorView) Entries(w page.Words) entryTable {
	return entryTable{Words: w, Name: w.T("recent"), Rows: e.Recent, Columns: headings(w, unsorted)}
}
