package recipes

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	fault "github.com/polyfault/polyfault/core"
)

// Counted counts failures. No label is unbounded: code and route are the service's own, and the path is not among them.
func Counted(registry prometheus.Registerer) fault.Option {
	failures := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "http_errors_total", Help: "Failures that were answered.",
	}, []string{"code", "status", "route"})
	registry.MustRegister(failures)
	return fault.WithObserver(func(_ context.Context, o *fault.Occurrence) {
		failures.WithLabelValues(o.Kind().Code(), strconv.Itoa(o.Status()), o.Route()).Inc()
	})
}
