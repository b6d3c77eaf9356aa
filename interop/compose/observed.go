package compose

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/attribute"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// Counts notes the status, which a label has, of each count of a metric that has grown since the last call.
func Counts(metrics prometheus.Gatherer, name, label string, counted map[string]float64, seen *Seen) {
	families, _ := metrics.Gather()
	now := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, l := range m.GetLabel() {
				if f.GetName() == name && l.GetName() == label {
					now[l.GetValue()] += m.GetCounter().GetValue()
				}
			}
		}
	}
	for code, count := range now {
		if count > counted[code] {
			counted[code] = count
			status, _ := strconv.Atoi(code)
			seen.Note(status)
		}
	}
}

// Spans is a span processor that notes the status, which an attribute has, of each span that ends.
type Spans struct {
	Seen      *Seen
	Attribute attribute.Key
}

// OnStart does nothing.
func (Spans) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// Shutdown does nothing.
func (Spans) Shutdown(context.Context) error { return nil }

// ForceFlush does nothing.
func (Spans) ForceFlush(context.Context) error { return nil }

// OnEnd notes.
func (s Spans) OnEnd(span sdktrace.ReadOnlySpan) {
	for _, a := range span.Attributes() {
		if a.Key == s.Attribute {
			s.Seen.Note(int(a.Value.AsInt64()))
		}
	}
}
