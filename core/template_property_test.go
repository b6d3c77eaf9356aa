package fault_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
)

// anew hides that a format is reusable.
type anew struct{ fault.Format }

// Whatever the options, errors and requests: a response from a template equals the one that is rendered anew.
func TestTemplatesOfRandomFailures(t *testing.T) {
	for seed := range uint64(40) {
		d := dice{rand.New(rand.NewPCG(seed, 25))}
		asked := 0
		opts := []fault.Option{fault.WithLogger(slog.New(slog.DiscardHandler))}
		for _, opt := range []fault.Option{
			fault.WithNegotiatedLanguage(), fault.WithMembers(fault.MemberTraceID, fault.MemberRetryable), fault.WithMembers(fault.MemberParams),
			fault.WithObserver(func(context.Context, *fault.Occurrence) {}), fault.WithStatus(fault.NotFound, 410),
			fault.WithRetryable(func(*fault.Kind) bool { return asked%2 == 0 }), fault.WithDefaultKind(fault.BadGateway), fault.WithBodyLimit(4096),
			fault.WithLocales(files("active.ar.toml", "own = 'نص {{.A}}'", "active.en.toml", "own = 'Own <b> {{.A}} {{.Count}}'")),
			fault.WithExposure(fault.ExposeException), fault.WithChallenge("Basic"),
		} {
			if d.IntN(3) == 0 {
				opts = append(opts, opt)
			}
		}
		formats := []fault.Format{fault.Multilingual{}, fault.Problem{TypeBase: []string{"", "https://example.com/"}[d.IntN(2)]}}
		if d.IntN(2) == 0 {
			slices.Reverse(formats)
		}
		templates, err := fault.NewResponder(append(opts, fault.WithFormats(formats...))...)
		require.NoError(t, err)
		rendered, err := fault.NewResponder(append(opts, fault.WithFormats(anew{formats[0]}, anew{formats[1]}))...)
		require.NoError(t, err)
		for ; asked < 200; asked++ {
			failure, req := d.failure(), with("Accept-Language", d.of("", "ar", "de", "en;q=0, *", ",;q="), "Accept", d.of("", problemJSON, "x/;"),
				"X-Request-ID", d.of("abc", "A+b/c=", "~", strings.Repeat("0", 32), strings.Repeat("AB", 16), strings.Repeat("f", 31)))
			want, got := rendered.Respond(req, failure), templates.Respond(req, failure)
			assert.Equal(t, want.Header(), got.Header(), "seed %d: %v", seed, failure)
			assert.Equal(t, want.Status, got.Status, "seed %d: %v", seed, failure)
			assert.Equal(t, string(want.Body), string(got.Body), "seed %d", seed)
		}
	}
}

type dice struct{ *rand.Rand }

func (d dice) of(list ...string) string { return list[d.IntN(len(list))] }

// failure makes an error, which may wrap others.
func (d dice) failure() error {
	kinds := slices.Collect(fault.Kinds())
	k := kinds[d.IntN(len(kinds))]
	var attrs []fault.Attr
	for range d.IntN(4) {
		attrs = append(attrs, []fault.Attr{
			fault.Text("own"), fault.Text("gone"), fault.Text("nowhere"), fault.Arg("A", d.of("x", "<\u202e\"")),
			fault.Count(d.IntN(4)), fault.Subtype("s"),
			fault.TraceID(d.of("own-id", "a+b", strings.Repeat("a", 32))), fault.Cause(panickingUnwrap{}), fault.Cause(panickingError{}),
			fault.RetryAfter(time.Duration(d.IntN(3)-1) * time.Second), fault.Header("X-A", "v"), fault.Detail("d", 1), fault.Log(slog.Int("a", 1)),
		}[d.IntN(13)])
	}
	switch d.IntN(8) {
	case 0:
		return k
	case 1:
		return fmt.Errorf("wrapped: %w", d.failure())
	case 2:
		return errors.Join(errors.New("x"), d.failure())
	case 3:
		return &bodied{k.New(attrs...), func(l fault.Localizer) any { return l.Texts("gone") }}
	case 4:
		return []error{errors.New("x"), panickingError{}, panickingIs{errors.New("x")}, statusError(404), fault.Panicked(k)}[d.IntN(5)]
	}
	return k.New(attrs...)
}
