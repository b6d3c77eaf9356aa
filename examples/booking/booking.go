// Package booking is the domain of a small time-booking service: projects with tasks, resources who
// work on them, and the hours they book. It is shared by the examples for all frameworks and knows
// none of them: whatever goes wrong is an error of polyfault's core.
package booking

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"time"

	fault "github.com/polyfault/polyfault/core"
)

//go:embed locales/*.toml
var files embed.FS

// Locales are the service's own texts, in five languages.
func Locales() fs.FS {
	own, err := fs.Sub(files, "locales")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return own
}

// The service's own kinds, below polyfault's.
var (
	NotFound        = fault.EntityNotFound.Derive(fault.Spec{Code: "booking_not_found"})
	UnknownTask     = fault.EntityNotFound.Derive(fault.Spec{Code: "unknown_task"})
	UnknownResource = fault.EntityNotFound.Derive(fault.Spec{Code: "unknown_resource"})
	BadDate         = fault.BadFieldValue.Derive(fault.Spec{Code: "bad_date"})
	HoursLeft       = fault.MaxHoursReached.Derive(fault.Spec{Code: "hours_left"})
)

// NotSynced is an error with a body of its own: the client system knows this shape from before.
type NotSynced struct {
	*fault.Fault
	Resource string
}

// ErrorBody is the whole body of the response.
func (e *NotSynced) ErrorBody(fault.Localizer) any {
	return map[string]any{"error": "user-not-synced", "user": e.Resource}
}

// Task is a part of a project that hours are booked on.
type Task struct {
	ID, Project string
	Locked      bool
}

// Resource is a person who books.
type Resource struct {
	ID       string
	MaxHours int  // a day
	Synced   bool // known to the payroll system
}

// Booking is hours of a resource on a task.
type Booking struct {
	ID       int    `json:"id"`
	Task     string `json:"task"`
	Resource string `json:"resource"`
	Date     string `json:"date"`
	Hours    int    `json:"hours"`
}

// Input is what a client sends to book.
type Input struct {
	Task     string `json:"task"`
	Resource string `json:"resource"`
	Date     string `json:"date"`
	Hours    int    `json:"hours"`
}

// Service is the time booking, in memory. It is safe for concurrent use.
type Service struct {
	tasks     map[string]Task
	resources map[string]Resource

	mu       sync.Mutex
	bookings map[int]Booking
	last     int
}

// New makes a service with two projects, three tasks and two resources.
func New() *Service {
	return &Service{
		tasks: map[string]Task{
			"T-100": {ID: "T-100", Project: "P-1"},
			"T-200": {ID: "T-200", Project: "P-1", Locked: true},
			"T-300": {ID: "T-300", Project: "P-2"},
		},
		resources: map[string]Resource{
			"R41": {ID: "R41", MaxHours: 8, Synced: true},
			"R42": {ID: "R42", MaxHours: 8},
		},
		bookings: map[int]Booking{},
	}
}

// Create books. All attributes that cannot be converted are named at once, in the details of a
// Transformation.
func (s *Service) Create(_ context.Context, in Input) (Booking, error) {
	task, resource, err := s.convert(in)
	if err != nil {
		return Booking{}, err
	}
	switch {
	case in.Hours < 0:
		return Booking{}, fault.NegativeLoad
	case task.Locked:
		return Booking{}, fault.TaskLocked.New(fault.Detail("task", task.ID))
	case !resource.Synced:
		return Booking{}, &NotSynced{fault.BadRequest.New(), resource.ID}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if left := resource.MaxHours - s.booked(resource.ID, in.Date); in.Hours > left {
		return Booking{}, HoursLeft.New(fault.Count(left), fault.Arg("Date", in.Date))
	}
	s.last++
	b := Booking{s.last, task.ID, resource.ID, in.Date, in.Hours}
	s.bookings[b.ID] = b
	return b, nil
}

func (s *Service) convert(in Input) (Task, Resource, error) {
	var failing fault.Details
	if _, err := time.Parse(time.DateOnly, in.Date); err != nil {
		failing.AddError("date", BadDate)
	}
	task, ok := s.tasks[in.Task]
	if !ok {
		failing.AddError("task", UnknownTask.New(fault.Arg("ID", in.Task)))
	}
	resource, ok := s.resources[in.Resource]
	if !ok {
		failing.AddError("resource", UnknownResource.New(fault.Arg("ID", in.Resource)))
	}
	return task, resource, failing.Err(fault.Transformation)
}

func (s *Service) booked(resource, date string) (hours int) {
	for _, b := range s.bookings {
		if b.Resource == resource && b.Date == date {
			hours += b.Hours
		}
	}
	return hours
}

// Find returns the booking with the id, which comes from a path and may be anything.
func (s *Service) Find(_ context.Context, id string) (Booking, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.bookings {
		if fmt.Sprint(b.ID) == id {
			return b, nil
		}
	}
	return Booking{}, NotFound.New(fault.Arg("ID", id))
}

// List returns all bookings in the order of their ids.
func (s *Service) List(context.Context) []Booking {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]Booking, 0, len(s.bookings))
	for _, b := range s.bookings {
		list = append(list, b)
	}
	slices.SortFunc(list, func(a, b Booking) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Report is not finished: it panics, as code sometimes does.
func (s *Service) Report(context.Context) string {
	months := []string{}
	return months[len(months)]
}
