package checks

import (
	"fmt"
	"io"
	"strings"
)

// A Result holds the findings of a run of checks. The zero Result is that of a run without findings.
type Result struct {
	Messages []Message `json:"messages"` // without silenced ones, in the order of the checks
	Silenced int       `json:"silenced"` // how many were silenced
	Failed   bool      `json:"failed"`   // one of Messages has at least the fail level
}

func (r *Result) take(m Message, opts Options) {
	if m.Silenced(opts.Silenced) {
		r.Silenced++
		return
	}
	r.Messages = append(r.Messages, m)
	r.Failed = r.Failed || m.Serious(opts.FailLevel)
}

// Summary returns the last line: "System check identified no issues (2 silenced).".
func (r Result) Summary() string {
	issues := fmt.Sprintf("%d issues", len(r.Messages))
	switch len(r.Messages) {
	case 0:
		issues = "no issues"
	case 1:
		issues = "1 issue"
	}
	return fmt.Sprintf("System check identified %s (%d silenced).", issues, r.Silenced)
}

// String returns the messages under a heading for each level, the most serious level first, and the summary.
func (r Result) String() string {
	var b strings.Builder
	if len(r.Messages) > 0 {
		b.WriteString("System check identified some issues:\n")
	}
	for _, level := range levels {
		heading := "\n" + strings.ToUpper(level.String()) + "S:\n"
		for _, m := range r.Messages {
			if m.Level == level {
				b.WriteString(heading + m.String() + "\n")
				heading = ""
			}
		}
	}
	if len(r.Messages) > 0 {
		b.WriteString("\n")
	}
	b.WriteString(r.Summary() + "\n")
	return b.String()
}

// WriteTo writes the result of String to w. It implements [io.WriterTo]; the error is that of w.
func (r Result) WriteTo(w io.Writer) (int64, error) {
	n, err := io.WriteString(w, r.String())
	return int64(n), err
}
