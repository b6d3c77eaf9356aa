package checks

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	fault "github.com/polyfault/polyfault/core"
)

// A Check looks for mistakes before the first request.
type Check struct {
	// Name is for people: the message about a check that fails to run has it.
	Name string
	// Tags choose checks for a run. A check without tags runs only in runs that ask for no tag.
	Tags []string
	// Deploy limits the check to runs with [Options.Deploy]: it is about production and would disturb
	// development.
	Deploy bool
	// Run returns its findings, or nil. It must not change the subject, and should return early when the context
	// ends. It runs on a goroutine of its own.
	Run func(context.Context, *Subject) []Message
}

// Options choose how checks run. The zero value runs all but the deploy-only checks.
type Options struct {
	Tags      []string // run checks with one of these tags; none means all checks
	Deploy    bool     // deploy-only checks too
	Silenced  []string // ids of messages that are only counted
	FailLevel Level    // messages of this level or above fail the run; 0 means Error

	// Kinds chooses the kinds that the checks of Run and RunFor see; nil means all of the process.
	Kinds func(*fault.Kind) bool
}

// ErrUnknownTag is the error of a run for a tag that no check has.
var ErrUnknownTag = errors.New("the tag is unknown")

// A Set is a list of checks. The zero Set is empty and ready. It is safe for concurrent use, also by
// checks that run, and must not be copied.
type Set struct {
	mu     sync.RWMutex
	checks []Check
}

// Add appends a check and copies its Tags. It returns an error, and changes nothing, if the check has no name, no function,
// an empty tag, or the name of another check of the set.
func (s *Set) Add(c Check) error {
	switch {
	case c.Name == "":
		return errors.New("checks: a check has no name; set Check.Name")
	case c.Run == nil:
		return fmt.Errorf("checks: check %q has no function; set Check.Run", c.Name)
	case slices.Contains(c.Tags, ""):
		return fmt.Errorf("checks: check %q has an empty tag; remove it", c.Name)
	}
	c.Tags = slices.Clone(c.Tags)
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.checks, func(other Check) bool { return other.Name == c.Name }) {
		return fmt.Errorf("checks: check %q is already in the set; choose another Check.Name", c.Name)
	}
	s.checks = append(s.checks, c)
	return nil
}

// Checks returns the checks in the order of their addition. The slice is a copy; its Tags are not and must not be changed.
func (s *Set) Checks() []Check {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.checks)
}

// Tags returns the tags of the checks, sorted. Tags of deploy-only checks are included only if deploy is true.
func (s *Set) Tags(deploy bool) []string { return tags(s.Checks(), deploy) }

func tags(checks []Check, deploy bool) []string {
	var list []string
	for _, c := range checks {
		if deploy || !c.Deploy {
			list = append(list, c.Tags...)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// Run runs the checks over the subject, one after the other, in the order of their addition. Messages keep that order. A nil
// subject means an empty one.
//
// If a check panics, ends its goroutine, or returns a message of an unknown level, the result has a Critical message that
// names the check, polyfault.C003, and the other checks still run.
//
// Before any check runs, Run returns [ErrUnknownTag] for a tag that no check has, and [ErrLevel] for an unknown fail level.
// If the context ends before the last check has returned, Run returns the context's error. The result then holds the
// findings until then, and a check that ignores the context is left behind on its goroutine.
func (s *Set) Run(ctx context.Context, subject *Subject, opts Options) (Result, error) {
	return run(ctx, s.Checks(), subject, opts)
}

func run(ctx context.Context, checks []Check, subject *Subject, opts Options) (Result, error) {
	if opts.FailLevel != 0 && !opts.FailLevel.known() {
		return Result{}, fmt.Errorf("checks: fail level: %w: %d; use Debug, Info, Warning, Error or Critical", ErrLevel, int(opts.FailLevel))
	}
	selected, err := choose(checks, opts)
	if err != nil {
		return Result{}, err
	}
	if subject == nil {
		subject = &Subject{}
	}
	result := Result{Messages: []Message{}}
	for _, c := range selected {
		found, err := call(ctx, c, subject)
		if err != nil {
			return result, err
		}
		for _, m := range found {
			result.take(m, opts)
		}
	}
	return result, nil
}

func choose(checks []Check, opts Options) ([]Check, error) {
	known := tags(checks, opts.Deploy)
	for _, tag := range opts.Tags {
		if slices.Contains(known, tag) {
			continue
		}
		if slices.Contains(tags(checks, true), tag) {
			return nil, fmt.Errorf("checks: tag %q: %w without deploy: only deploy checks have it", tag, ErrUnknownTag)
		}
		return nil, fmt.Errorf("checks: tag %q: %w; known are: %s", tag, ErrUnknownTag, strings.Join(known, ", "))
	}
	return slices.DeleteFunc(slices.Clone(checks), func(c Check) bool {
		asked := len(opts.Tags) == 0 || slices.ContainsFunc(c.Tags, func(tag string) bool { return slices.Contains(opts.Tags, tag) })
		return !asked || c.Deploy && !opts.Deploy
	}), nil
}

// call runs one check, on a goroutine, since the check may end it or never return.
func call(ctx context.Context, c Check, subject *Subject) ([]Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("checks: check %q has not run: %w", c.Name, err)
	}
	done := make(chan []Message, 1)
	go func() {
		found := []Message{faulty(c, "has ended its goroutine")} // with runtime.Goexit, like t.FailNow
		defer func() {
			if v := recover(); v != nil {
				found = []Message{faulty(c, fmt.Sprintf("has panicked: %v", v))}
			}
			done <- found
		}()
		found = inspect(c, c.Run(ctx, subject))
	}()
	select {
	case found := <-done:
		return found, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("checks: check %q has not returned: %w", c.Name, ctx.Err())
	}
}

// inspect replaces messages of an unknown level, which nobody would see.
func inspect(c Check, found []Message) []Message {
	found = slices.Clone(found)
	for i, m := range found {
		if !m.Level.known() {
			found[i] = faulty(c, fmt.Sprintf("has returned a message of the unknown level %d: %s", int(m.Level), m))
		}
	}
	return found
}
