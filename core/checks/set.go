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

// A Check looks for mistakes that show before the first request.
type Check struct {
	// Name is for people: it stands in the message about a check that fails.
	Name string
	// Tags choose checks for a run. A check without any runs only when no tag is asked for.
	Tags []string
	// Deploy keeps the check for runs with [Options.Deploy]: it is about production, and would
	// disturb development.
	Deploy bool
	// Run returns what it has found, nil for nothing. It must not change the subject, and should
	// return early when the context ends. It runs on a goroutine of its own.
	Run func(context.Context, *Subject) []Message
}

// Options say how checks run. The zero value runs all but the deploy checks.
type Options struct {
	Tags      []string // run checks with one of these tags; none means all checks
	Deploy    bool     // deploy-only checks too
	Silenced  []string // ids of messages that are counted only
	FailLevel Level    // messages of this level or above fail the run; 0 means Error

	// Kinds keeps the kinds that the checks of Run and RunFor see; nil means all of the process.
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

// Add appends a check, whose Tags are copied. It is an error when it has no name, no function, an
// empty tag, or the name of another check of the set; the set is as it was then.
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

// Checks are the checks in the order of their addition. The slice is the caller's, its Tags are not.
func (s *Set) Checks() []Check {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.Clone(s.checks)
}

// Tags are the tags of the checks, sorted; those of deploy-only checks only with deploy.
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

// Run runs the checks one after the other, in the order of their addition, over the subject; nil
// means an empty one. Messages keep that order.
//
// A check that panics, ends its goroutine, or returns a message of an unknown level becomes a
// Critical message that names it, polyfault.C003, and the other checks run on.
//
// Errors: [ErrUnknownTag] for a tag that no check has, [ErrLevel] for an unknown fail level, both
// before any check runs; and the context's error when it ends before the last check has returned.
// The result then holds what was found until then, and a check that does not care about the context
// is left behind on its goroutine.
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

// call runs one check. The goroutine is for checks that end it, or that do not come back.
func call(ctx context.Context, c Check, subject *Subject) ([]Message, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("checks: check %q has not run: %w", c.Name, err)
	}
	done := make(chan []Message, 1)
	go func() {
		found := []Message{faulty(c, "has ended its goroutine")} // by runtime.Goexit, as t.FailNow does
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

// inspect replaces messages that nobody would see, as their level is none.
func inspect(c Check, found []Message) []Message {
	found = slices.Clone(found)
	for i, m := range found {
		if !m.Level.known() {
			found[i] = faulty(c, fmt.Sprintf("has returned a message of the unknown level %d: %s", int(m.Level), m))
		}
	}
	return found
}
