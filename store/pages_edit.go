package store

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/page"
)

// The changes that forms ask for, as their field "change" names them.
const (
	changeTexts = "texts"
	changeRetry = "retry"
	changeState = "state"
)

// A submitted is a form that was sent.
type submitted struct {
	values  url.Values
	version int64 // of what the form showed
}

// change makes the change of a form, which the request may do, unless it comes from a foreign page. Nothing of the form is read
// before that is known.
func (v *visit) change(w http.ResponseWriter, view *view) (*shown, error) {
	if err := v.crossOrigin.Check(v.req); err != nil {
		return nil, fault.PermissionDenied.New(fault.Cause(err))
	}
	s, err := v.submitted(w)
	if err != nil {
		return nil, err
	}
	return view.change(v, s)
}

const mediaForm = "application/x-www-form-urlencoded"

func (v *visit) submitted(w http.ResponseWriter) (*submitted, error) {
	if err := checkMediaOf(v.req, []string{mediaForm}, map[string]string{"Accept-Post": mediaForm}); err != nil {
		return nil, err
	}
	body := v.req.Body
	v.req.Body = http.MaxBytesReader(w, body, maxBody)
	if err := v.req.ParseForm(); err != nil { // middleware may have called it before
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, fault.ContentTooLarge.New(fault.Cause(unread(body, err)))
		}
		return nil, fault.InvalidFormData.New(fault.Cause(err))
	}
	s := &submitted{values: v.req.PostForm}
	for name, values := range s.values {
		if len(values) > 1 {
			return nil, &FieldError{Field: name, Rule: ruleUnique, Problem: "it stands twice in the form"}
		}
	}
	return s, s.readVersion()
}

func (s *submitted) readVersion() (err error) {
	if s.version, err = strconv.ParseInt(s.value("version"), 10, 64); err != nil || s.version < 1 {
		return &FieldError{Field: "version", Rule: ruleMin, Attrs: []fault.Attr{fault.Arg("Limit", 1)}, Problem: "it is no version"}
	}
	return nil
}

// value returns the value of a field; nothing but spaces is nothing: such a title would be none. Line ends are as the store
// keeps them.
func (s *submitted) value(name string) string {
	value := s.values.Get(name)
	if strings.TrimSpace(value) == "" {
		return ""
	}
	return strings.ReplaceAll(value, "\r\n", "\n")
}

// text returns the value of a field that may be empty, but not missing.
func (s *submitted) text(name string) (string, error) {
	if !s.values.Has(name) {
		return "", &FieldError{Field: name, Rule: ruleRequired, Problem: "the form lacks it"}
	}
	return s.value(name), nil
}

// chosen returns the value of a field that has few of them.
func (s *submitted) chosen(name string, allowed ...string) (string, error) {
	value := s.value(name)
	if slices.Contains(allowed, value) {
		return value, nil
	}
	return "", oneOf(value, allowed).inField(name)
}

// saved leads back to the page of the item, which says that the change was saved.
func (v *visit) saved() *shown { return &shown{target: v.URL(v.name, "saved", "1")} }

// Saved returns the sentence that says so after a change.
func (v *visit) Saved() string {
	if v.Query("saved") == "" {
		return ""
	}
	return v.T("saved")
}

// A posted is what every form with a change has.
type posted struct {
	Words   page.Words
	Action  string
	Change  string
	Version int64
}

func (v *visit) posted(change string, version int64) posted {
	return posted{v.Words, v.URL(v.name), change, version}
}

// mayChange reports whether the page shows forms.
func (v *visit) mayChange(a Action) bool { return refusalOf(v.mayEdit(v.req, a)) == nil }

// A retryForm says whether repeating helps.
type retryForm struct {
	posted
	Retryable bool
}

// A stateForm changes the state of an entry.
type stateForm struct {
	posted
	Buttons []choice
}

// stateButtons are the words of the buttons, by the states that they lead to.
var stateButtons = map[LogState]string{LogNew: "reopen", LogResolved: "resolve", LogIgnored: "ignore"}

func (v *visit) stateForm(l *LogRecord) *stateForm {
	f := &stateForm{posted: v.posted(changeState, l.Version)}
	for _, state := range []LogState{LogResolved, LogIgnored, LogNew} {
		if state != l.State {
			f.Buttons = append(f.Buttons, choice{Value: string(state), Text: v.T(stateButtons[state])})
		}
	}
	return f
}

// A textForm edits title and description in one language.
type textForm struct {
	posted
	Language, Name, Dir string
	Title, Description  textInput
	Cancel              string
}

// A textInput is a field with a text. Own is what the program says in its place.
type textInput struct{ Value, Own, Wrong string }

// textForm returns the form for the texts of a record in a language.
func (v *visit) textForm(r *Record, t *textRow) *textForm {
	f := &textForm{
		posted: v.posted(changeTexts, r.Version), Language: t.Language, Name: t.Name, Dir: t.Dir,
		Title: textInput{Value: t.EditedTitle, Own: t.OwnTitle}, Description: textInput{Value: t.Description, Own: t.Text.Text},
		Cancel: v.URL(v.name),
	}
	f.Action = v.URL(v.name, "edit", t.Language)
	return f
}

// ownsTexts reports whether the texts of the record belong to the program, as the REST API has it.
func ownsTexts(r *Record) bool { return r.Category == fault.CategorySystem }

// changeError makes a change of a record.
func (v *visit) changeError(s *submitted) (*shown, error) {
	r, err := v.currentRecord()
	if err != nil {
		return nil, err
	}
	change, err := s.chosen("change", changeTexts, changeRetry)
	if err != nil {
		return nil, err
	}
	if change == changeRetry {
		return v.changeRetryable(s, &r)
	}
	return v.changeTexts(s, &r)
}

// currentRecord asks the database: the cache may be older than a form, and than what another instance has just saved.
func (v *visit) currentRecord() (Record, error) {
	return v.store.fetch(v.ctx, func(ctx context.Context, db querier) (Record, error) { return v.store.recordByID(ctx, db, v.id()) })
}

func (v *visit) changeRetryable(s *submitted, r *Record) (*shown, error) {
	value, err := s.chosen("should_be_retried", "true", "false")
	if err != nil {
		return nil, err
	}
	wanted := value == "true"
	_, err = v.store.Update(v.ctx, r.ID, s.version, Entry{Retryable: &wanted})
	if !errors.Is(err, ErrConflict) {
		return v.saved(), err
	}
	now, err := v.currentRecord()
	if err != nil {
		return nil, err
	}
	return v.conflict(&conflictView{
		posted: v.posted(changeRetry, now.Version), Field: "should_be_retried", Value: value,
		Rows: []conflictRow{{v.T("retry"), v.YesNo(wanted), v.YesNo(now.Retryable)}},
	}), nil
}

func (v *visit) changeTexts(s *submitted, r *Record) (*shown, error) {
	if ownsTexts(r) {
		return nil, readOnly("title")
	}
	rows, err := v.textRows(r)
	if err != nil {
		return nil, err
	}
	row, wrong := rowIn(rows, s.value("tag"))
	if wrong != nil {
		return nil, wrong.inField("tag")
	}
	title, noTitle := s.text("title")
	description, noDescription := s.text("description")
	if err := errors.Join(noTitle, noDescription); err != nil {
		return nil, err
	}
	_, err = v.store.Update(v.ctx, r.ID, s.version, Entry{
		Language: row.Language, Title: changed(title, row.EditedTitle), Description: changed(description, row.Description),
	})
	f := v.textForm(r, row)
	f.Title.Value, f.Description.Value = page.Line(title), page.Block(description)
	switch {
	case err == nil:
		return v.saved(), nil
	case errors.Is(err, ErrConflict):
		return v.textConflict(f)
	}
	return v.editAgain(r, rows, f, err)
}

// changed returns the text to write; nil if the form has it as the page showed it. What pages replace, such as characters that
// turn other text, stays then.
func changed(text, shown string) *string {
	if text != "" && text == shown {
		return nil
	}
	return &text
}

// editAgain shows the form with its mistake.
func (v *visit) editAgain(r *Record, rows []textRow, f *textForm, err error) (*shown, error) {
	wrong, ok := errors.AsType[*FieldError](err)
	if !ok {
		return nil, err
	}
	switch wrong.Field {
	case "title":
		f.Title.Wrong = v.rule(wrong.Rule, v.T("title"), wrong.Attrs...)
	case "description":
		f.Description.Wrong = v.rule(wrong.Rule, v.T("description"), wrong.Attrs...)
	default:
		return nil, err
	}
	v.status = http.StatusBadRequest
	return v.showError(r, rows, f)
}

// A conflictView shows two versions of what somebody wanted to change.
type conflictView struct {
	posted
	Rows         []conflictRow
	Form         *textForm // nil: Value of Field may be saved again as it is
	Field, Value string
	Cancel       string
}

type conflictRow struct{ Label, Yours, Current string }

func (v *visit) conflict(c *conflictView) *shown {
	v.status = http.StatusConflict
	c.Cancel = v.URL(v.name)
	return &shown{title: v.T("conflict"), main: c, template: v.conflicts}
}

// textConflict shows the texts of the form beside those that are there now.
func (v *visit) textConflict(f *textForm) (*shown, error) {
	now, err := v.currentRecord()
	if err != nil {
		return nil, err
	}
	rows, err := v.textRows(&now)
	if err != nil {
		return nil, err
	}
	row, wrong := rowIn(rows, f.Language)
	if wrong != nil {
		return nil, wrong.inField("tag")
	}
	f.Version = now.Version
	own := func(yours, program string) string { return cmp.Or(yours, program) }
	return v.conflict(&conflictView{posted: f.posted, Form: f, Rows: []conflictRow{
		{v.T("title"), own(f.Title.Value, row.OwnTitle), own(row.EditedTitle, row.OwnTitle)},
		{v.T("description"), own(f.Description.Value, row.Text.Text), own(row.Description, row.Text.Text)},
	}}), nil
}

// changeEntry makes a change of an entry of the log.
func (v *visit) changeEntry(s *submitted) (*shown, error) {
	if _, err := s.chosen("change", changeState); err != nil {
		return nil, err
	}
	state := LogState(s.value("state"))
	_, err := v.store.SetLogState(v.ctx, v.id(), s.version, state)
	if !errors.Is(err, ErrConflict) {
		return v.saved(), err
	}
	now, err := v.store.Log(v.ctx, v.id())
	if err != nil {
		return nil, err
	}
	return v.conflict(&conflictView{
		posted: v.posted(changeState, now.Version), Field: "state", Value: string(state),
		Rows: []conflictRow{{v.T("state"), v.T("state." + string(state)), v.T("state." + string(now.State))}},
	}), nil
}
