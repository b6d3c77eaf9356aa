// Package booking is the domain of a small time-booking service: projects with tasks, resources who
// work on them, and the hours they book. The examples for all frameworks share it. It imports none of
// them: its errors are those of polyfault's core.
package booking

import (
	"context"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/polyfault/polyfault/examples/booking/texts"
)

// MaxHours is what a resource can book on one day.
const MaxHours = 10

// Invoicing is how long a task takes no bookings while it is being invoiced.
const Invoicing = 3 * time.Second

// Project has tasks.
type Project struct {
	ID       string
	Finished bool
}

// Task is a part of a project that hours are booked on.
type Task struct {
	ID, Project string
	Locked      bool
	Invoiced    bool // just now: it can be booked on in a moment
}

// Resource is a person who books.
type Resource struct {
	ID     string
	Synced bool // known to the payroll system
}

// Booking is hours of a resource on a task.
type Booking struct {
	ID       string `json:"id"`
	Task     string `json:"task"`
	Resource string `json:"resource"`
	Date     string `json:"date"` // 2026-11-20
	Hours    int    `json:"hours"`
}

// Service is the time booking, in memory. It is safe for concurrent use.
type Service struct {
	projects  map[string]Project
	tasks     map[string]Task
	resources map[string]Resource

	mu       sync.Mutex
	bookings []Booking // in the order they were made
	last     int       // number of the last booking
}

// New makes a service with fixed data: an open task T-100, a locked one T-200, one of a finished
// project T-300, and T-400, which is being invoiced; the resources R12, R23 and R41, of whom R41 is not
// synced yet; and two bookings.
func New() *Service {
	return &Service{
		projects: map[string]Project{
			"P-1": {ID: "P-1"},
			"P-2": {ID: "P-2", Finished: true},
		},
		tasks: map[string]Task{
			"T-100": {ID: "T-100", Project: "P-1"},
			"T-200": {ID: "T-200", Project: "P-1", Locked: true},
			"T-300": {ID: "T-300", Project: "P-2"},
			"T-400": {ID: "T-400", Project: "P-1", Invoiced: true},
		},
		resources: map[string]Resource{
			"R12": {ID: "R12", Synced: true},
			"R23": {ID: "R23", Synced: true},
			"R41": {ID: "R41"},
		},
		bookings: []Booking{
			{ID: "B-1", Task: "T-100", Resource: "R12", Date: "2026-11-20", Hours: 7},
			{ID: "B-2", Task: "T-200", Resource: "R23", Date: "2026-11-20", Hours: 9},
		},
		last: 2,
	}
}

// Create books. Its error names all attributes that cannot be converted.
func (s *Service) Create(ctx context.Context, in Input) (Booking, error) {
	if err := ctx.Err(); err != nil {
		return Booking{}, err
	}
	if err := s.check(in); err != nil {
		return Booking{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.checkHours(in); err != nil {
		return Booking{}, err
	}
	s.last++
	b := Booking{"B-" + strconv.Itoa(s.last), in.Task, in.Resource, in.Date, in.Hours}
	s.bookings = append(s.bookings, b)
	return b, nil
}

// Booking returns the booking with the id, which comes from a path and may be anything.
func (s *Service) Booking(id string) (Booking, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.index(id)
	if err != nil {
		return Booking{}, err
	}
	return s.bookings[i], nil
}

// Bookings returns all bookings in the order they were made.
func (s *Service) Bookings() []Booking {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.bookings)
}

// Delete removes the booking with the id. Bookings on a locked task stay.
func (s *Service) Delete(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	i, err := s.index(id)
	if err != nil {
		return err
	}
	if err := s.checkOpen(s.bookings[i].Task); err != nil {
		return err
	}
	s.bookings = slices.Delete(s.bookings, i, i+1)
	return nil
}

// Report panics like unfinished code, with a message that no client should see.
func (s *Service) Report() string {
	panic("report: no connection to db.internal:5432")
}

func (s *Service) index(id string) (int, error) {
	i := slices.IndexFunc(s.bookings, func(b Booking) bool { return b.ID == id })
	if i < 0 {
		return 0, NotFound.New(texts.BookingNotFound(id)...)
	}
	return i, nil
}
