package booking

import (
	"io"
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/examples/booking/texts"
)

// MaxBody is the number of bytes of a request body that a server should read.
const MaxBody = 4 << 10

// Input is what a client sends to book. Hours are whole hours.
type Input struct {
	Task     string `json:"task"`
	Resource string `json:"resource"`
	Date     string `json:"date"`
	Hours    int    `json:"hours"`
}

// Read reads an Input as JSON. It returns one error that names all mistakes.
func Read(body io.Reader) (Input, error) {
	var in Input
	if err := fault.BindJSON(body, &in); err != nil {
		return Input{}, err
	}
	return in, nil
}

// check returns the mistakes of the input that do not depend on earlier bookings.
func (s *Service) check(in Input) error {
	if err := missing(in); err != nil {
		return err
	}
	if err := s.unknown(in); err != nil {
		return err
	}
	if in.Hours < 0 {
		return fault.NegativeLoad
	}
	if err := s.checkOpen(in.Task); err != nil {
		return err
	}
	if !s.resources[in.Resource].Synced {
		return newUserNotSynced(in.Resource)
	}
	return nil
}

func missing(in Input) error {
	var failing fault.Details
	for _, a := range []struct {
		name    string
		missing bool
	}{
		{"task", in.Task == ""},
		{"resource", in.Resource == ""},
		{"date", in.Date == ""},
		{"hours", in.Hours == 0},
	} {
		if a.missing {
			failing.AddField(fault.InBody(a.name), "required")
		}
	}
	return failing.Err(fault.MandatoryAttributesMissing)
}

// unknown returns an error that names a malformed date and all unknown ids.
func (s *Service) unknown(in Input) error {
	var failing fault.Details
	if _, err := time.Parse(time.DateOnly, in.Date); err != nil {
		failing.AddError("date", BadDate)
	}
	if _, ok := s.tasks[in.Task]; !ok {
		failing.AddError("task", UnknownTask.New(texts.UnknownTask(in.Task)...))
	}
	if _, ok := s.resources[in.Resource]; !ok {
		failing.AddError("resource", UnknownResource.New(texts.UnknownResource(in.Resource)...))
	}
	return failing.Err(fault.Transformation)
}

func (s *Service) checkOpen(id string) error {
	task := s.tasks[id]
	if task.Locked {
		return fault.TaskLocked.New(fault.Detail("task", task.ID))
	}
	if task.Invoiced {
		return fault.ServiceUnavailable.New(fault.RetryAfter(Invoicing))
	}
	if s.projects[task.Project].Finished {
		return fault.ProjectFinished.New(texts.ProjectClosed(task.Project)...).With(fault.Detail("project", task.Project))
	}
	return nil
}

func (s *Service) checkHours(in Input) error {
	left := MaxHours
	for _, b := range s.bookings {
		if b.Resource == in.Resource && b.Date == in.Date {
			left -= b.Hours
		}
	}
	if left == 0 {
		return fault.MaxHoursReached
	}
	if in.Hours > left {
		return HoursLeft.New(texts.HoursLeft(left)...)
	}
	return nil
}
