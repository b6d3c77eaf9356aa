package recipes

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	fault "github.com/polyfault/polyfault/core"
)

// Counted counts failures. The number of label values is limited: codes and routes are the service's own. The path is no label.
func Counted(registry prometheus.Registerer) fault.Option {
	failures := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "http_errors_total", Help: "Failures that were answered.",
	}, []string{"code", "status", "route"})
	registry.MustRegister(failures)
	return fault.WithObserver(func(_ context.Context, o *fault.Occurrence) {
		failures.WithLabelValues(o.Kind().Code(), strconv.Itoa(o.Status()), o.Route()).Inc()
	})
}
