// Package coretest is the conformance suite for adapters. It starts a service on the adapter's framework, sends it requests
// over TCP, and checks every rule that an adapter has to keep. It is modelled on testing/slogtest and imports no framework.
//
// An adapter's test tells how to register a route, start a listener and set up the adapter, and in which features the
// framework legitimately differs:
//
//	func TestConformance(t *testing.T) {
//		coretest.Run(t, coretest.Adapter{
//			Start: func(r *fault.Responder, routes []coretest.Route) (string, func(), error) {
//				…
//				for _, route := range routes {
//					router.Handle(route.Method, route.Path, func(c Context) error {
//						return route.Handle(exchange{c})
//					})
//				}
//				…
//			},
//			Features: coretest.Features{HeadRoutes: true, Informational: true, Hijack: true, ClientCancel: true},
//		})
//	}
//
// All adapters have the same golden answers: status, chosen headers and the bytes of the body. A failure quotes the rule
// that is broken and tells where it is written.
package coretest

import (
	"errors"
	"fmt"
	"testing"

	fault "github.com/polyfault/polyfault/core"
)

// BodyLimit is the size that the service under test must allow for request bodies, by
// [http.MaxBytesHandler] or the framework's own means.
const BodyLimit = 4096

// An Adapter is what the suite tests.
type Adapter struct {
	// Start starts a service with the adapter under test, set up with r, and the routes, and nothing else. The service
	// limits request bodies to BodyLimit. Start returns the address of a TCP listener on loopback, and a function that
	// stops the service and waits for its end.
	Start func(r *fault.Responder, routes []Route) (addr string, stop func(), err error)

	Features Features
}

// Features are the legitimate differences between frameworks. The zero value is the most restricted
// framework. They describe the framework and never excuse an adapter.
type Features struct {
	// HeadRoutes: HEAD requests reach the handler of the GET route (net/http, fiber). Without it,
	// HEAD has no route (gin, echo, chi).
	HeadRoutes bool
	// Streaming: the framework sends at once what a handler writes, so a response can be half sent when
	// an error comes. Without it, the framework buffers (fiber), and an error replaces the buffer.
	Streaming bool
	// Informational: handlers can send 103 Early Hints.
	Informational bool
	// Hijack: handlers can take over the connection while they run.
	Hijack bool
	// ClientCancel: the request's context ends when the client goes away. fasthttp has no such signal.
	ClientCancel bool
	// AllMethods: requests with an unknown method reach the router. fiber answers them itself.
	AllMethods bool
	// FrameworkError makes an error of the framework's own type with a status and a message, as handlers
	// do: echo.NewHTTPError, fiber.NewError. It is nil for a framework without such a type.
	FrameworkError func(status int, message string) error
}

// A Failure is a rule that an adapter breaks.
type Failure struct {
	Case string // the name of the case
	Rule string // the rule in words, and where it is written
	Err  error  // what the suite saw
}

// Error returns the name of the case, what the suite saw, and the rule.
func (f *Failure) Error() string { return fmt.Sprintf("%s: %v\nrule: %s", f.Case, f.Err, f.Rule) }

// Unwrap returns Err.
func (f *Failure) Unwrap() error { return f.Err }

// Run runs the suite, with a subtest for each rule.
func Run(t *testing.T, a Adapter) {
	t.Helper()
	s, err := start(a)
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if c.needs != nil && !c.needs(a.Features) {
				t.Skip("not with these features: " + c.rule)
			}
			if f := s.run(c); f != nil {
				t.Error(f)
			}
		})
	}
}

// Check runs the suite without a [testing.T] and joins all failures, each a *[Failure], into one error.
func Check(a Adapter) error {
	s, err := start(a)
	if err != nil {
		return err
	}
	defer s.stop()
	var failures []error
	for _, c := range cases {
		if c.needs != nil && !c.needs(a.Features) {
			continue
		}
		if f := s.run(c); f != nil {
			failures = append(failures, f)
		}
	}
	return errors.Join(failures...)
}
