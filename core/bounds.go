package fault

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/polyfault/polyfault/internal/clean"
	"github.com/polyfault/polyfault/internal/jsontext"
)

// What clients send and applications collect ends up in error responses, so each part of one is bounded, in bytes. What
// is longer is cut at a character, an item or a member, and "…" stands there.
const (
	maxName    = 1024 // of a detail, an argument, a parameter of the request
	maxArg     = 1024 // that one argument adds to a text, or to the params
	maxPointer = 1024 // What lies deeper is told by what holds it.
	maxArgs    = 100  // arguments that clients get by themselves
	maxParams  = 16 << 10
	maxCode    = 50 // of a kind or a rule

	maxDetailErrors = 100 // field errors and other errors among the details

	// The shares of the whole body that one detail, and the details of an error among the details, may have.
	detailShare = 16
	nestedShare = 4

	timesExposed = 16 // as long, while details of unknown errors are shown

	defaultBodyLimit = 64 << 10
	minBodyLimit     = 4 << 10
)

// WithBodyLimit sets the greatest length of a body in bytes: 64 KiB by default, 4 KiB at least. One detail may have a
// sixteenth of it, 4096 bytes by default. A longer detail is cut; details that do not fit are left out from the end,
// and a detail named "…" tells their number. With an exposure above [ExposeNone] the limit is sixteen times as high.
// It does not apply to an ErrorBody, nor to the constant parts of a format.
func WithBodyLimit(bytes int) Option {
	return func(r *Responder) error {
		if bytes < minBodyLimit {
			return fmt.Errorf("WithBodyLimit: %d bytes are fewer than %d", bytes, minBodyLimit)
		}
		r.bodyLimit = bytes
		return nil
	}
}

func (o *Occurrence) bodyLimit() int { return o.responder.limit() }

func (r *Responder) limit() int {
	limit := r.bodyLimit
	if limit == 0 {
		limit = defaultBodyLimit
	}
	if r.exposure > ExposeNone {
		return limit * timesExposed
	}
	return limit
}

// paramsLimit returns the share of the body that the arguments of one error may have.
func (o *Occurrence) paramsLimit() int { return min(maxParams, o.bodyLimit()/nestedShare) }

// isSafeName is a quick yes for most names.
func isSafeName(name string) bool {
	for i := range len(name) {
		if name[i] >= 0x80 {
			return false
		}
	}
	return len(name) <= maxName
}

// safeName returns the name as every format can have it: see [clean.Name].
func safeName(name string) string {
	if isSafeName(name) {
		return name
	}
	return clean.Name(name, maxName)
}

// truePointer returns the pointer, or that of what holds the place when it is too long. Its steps are safe names.
func truePointer(pointer string) string {
	if !isSafeName(pointer) {
		pointer = clean.Name(pointer, len(pointer))
	}
	if len(pointer) > maxPointer {
		pointer = pointer[:strings.LastIndexByte(pointer[:maxPointer+1], '/')]
	}
	return pointer
}

// fieldCode returns the code of a rule in a form for clients.
func fieldCode(code string) string {
	if len(code) > maxCode || strings.ContainsFunc(code, isNoCode) {
		return "invalid"
	}
	return code
}

func isNoCode(r rune) bool { return neutralRune(r) != r }

// countErrors counts the errors among the details, those left away too.
func (o *Occurrence) countErrors() {
	o.errors, o.sent = 0, 0
	for i := range o.entries {
		o.errors += o.entries[i].others
		if isDetailError(o.entries[i].value) {
			o.errors++
			o.sent++
		}
	}
	if o.errors > o.sent {
		o.note(fmt.Sprintf("%d field errors, %d of them sent", o.errors, o.sent))
	}
}

// boundMemory removes details that would make the body many times longer than its limit.
func (o *Occurrence) boundMemory() {
	const times = 8
	limit := times * o.bodyLimit()
	if len(o.entries) <= times*nestedShare { // each has a fourth at most
		return
	}
	size := 0
	for i := range o.entries {
		if size += o.weigh(&o.entries[i]); size > limit {
			o.keep(o.entries, i)
			return
		}
	}
}

// weigh returns about as much as the detail can add to a body.
func (o *Occurrence) weigh(d *detail) int {
	size := 200 + 2*len(d.name)
	t, f := o.entryText(d)
	switch {
	case t == nil:
		return size + jsontext.Size(d.value, o.bodyLimit()/detailShare)
	case f != nil && len(f.details()) > 0:
		size += o.bodyLimit() / nestedShare
	}
	field, _ := d.value.(*fieldError)
	args := 0
	for _, a := range slices.Concat(f.all(), field.args()) {
		args += jsontext.Size(a.value, maxArg)
	}
	return size + t.size + args*(t.slots+1)
}

func (e *fieldError) args() []Attr {
	if e == nil {
		return nil
	}
	return e.attrs
}

// shorten renders the body again, with as many details as it has room for.
func (o *Occurrence) shorten() {
	entries, limit := o.entries, o.bodyLimit()
	fits := func(n int) bool {
		o.keep(entries, n)
		o.append()
		return len(o.resp.Body) <= limit
	}
	n := sort.Search(len(entries)-o.tail, func(n int) bool { return !fits(n + 1) })
	if !fits(n) && o.fault.hasLongArgs() {
		o.fault = o.fault.withShortArgs()
		o.append()
	}
	o.note(fmt.Sprintf("the body has room for %d of %d details", n, len(entries)-o.tail))
}

// leftAway is the value of the last detail when others were left away: how many.
type leftAway int

// keep leaves the first n of the details, and those of the responder itself at the end.
func (o *Occurrence) keep(entries []detail, n int) {
	end := len(entries) - o.tail
	kept, left := slices.Clone(entries[:n]), leftAway(0)
	if n < end { // the last one may be such a count
		before, _ := entries[end-1].value.(leftAway)
		left = max(before-1, 0) // it is left away, too
	}
	o.sent = 0
	for i := range entries {
		switch {
		case i >= n && i < end && !isDetailError(entries[i].value):
			left++
		case (i < n || i >= end) && isDetailError(entries[i].value):
			o.sent++
		}
	}
	if left > 0 {
		kept = append(kept, detail{name: jsontext.Ellipsis, value: left})
	}
	kept = append(kept, entries[end:]...)
	o.entries = kept
}

const shortArg = 64

func (f *Fault) hasLongArgs() bool {
	return slices.ContainsFunc(f.all(), func(a Attr) bool { return a.op == opArg && jsontext.Size(a.value, shortArg+1) > shortArg })
}

// withShortArgs returns f, with texts that are cut in place of its longer arguments.
func (f *Fault) withShortArgs() *Fault {
	short := *f
	short.attrs = slices.Clone(f.attrs)
	for i := range short.attrs {
		if a := &short.attrs[i]; a.op == opArg && jsontext.Size(a.value, shortArg+1) > shortArg {
			a.value = clean.Shorten(valueText(a.value), shortArg)
		}
	}
	return &short
}
