package page

import (
	"strconv"
	"strings"
)

// The media types that pages and catalogues are offered in.
const (
	HTML     = "text/html"
	JSON     = "application/json"
	Markdown = "text/markdown"
)

// Limits of Accept.
const (
	maxAccept      = 1024
	maxMediaRanges = 32
)

// Accepted is the offered media type that the Accept header wants most, or the first one when it wants
// none of them. Each type takes the weight of the most specific range that matches it ([RFC 9110,
// section 12.5.1]); among equal weights the more specific match wins, then the order of offered.
// Malformed members count as absent. These are the rules by which a responder chooses its format, and a
// test compares the two.
//
// [RFC 9110, section 12.5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1
func Accepted(accept string, offered ...string) string {
	ranges := mediaRanges(accept)
	best, bestRank := offered[0], 0
	for _, mediaType := range offered {
		if rank := rankOf(ranges, mediaType); rank > bestRank {
			best, bestRank = mediaType, rank
		}
	}
	return best
}

// A mediaRange is one member of Accept.
type mediaRange struct {
	name   string
	weight int // 0..1000
}

func mediaRanges(accept string) (ranges []mediaRange) {
	if len(accept) > maxAccept {
		accept = accept[:max(0, strings.LastIndexByte(accept[:maxAccept], ','))]
	}
	for i, member := range splitUnquoted(accept, ',') {
		if i == maxMediaRanges {
			break
		}
		parts := splitUnquoted(member, ';')
		if weight, ok := weightOf(parts[1:]); ok {
			ranges = append(ranges, mediaRange{strings.ToLower(strings.Trim(parts[0], " \t")), weight})
		}
	}
	return ranges
}

// rankOf is weight and specificity in one number; 0 is not acceptable.
func rankOf(ranges []mediaRange, mediaType string) int {
	weight, specificity := 0, 0
	for _, r := range ranges {
		switch s := specificityOf(r.name, mediaType); {
		case s == 0 || s < specificity:
		case s > specificity:
			weight, specificity = r.weight, s
		default:
			weight = max(weight, r.weight)
		}
	}
	if weight == 0 {
		return 0
	}
	return weight*4 + specificity
}

// specificityOf is 3 for the type itself, 2 for type/*, 1 for */*, 0 for no match.
func specificityOf(mediaRange, mediaType string) int {
	switch top, _, _ := strings.Cut(mediaType, "/"); mediaRange {
	case mediaType:
		return 3
	case top + "/*":
		return 2
	case "*/*":
		return 1
	}
	return 0
}

// weightOf is the parameter q in thousandths, 1000 without one; false when it is malformed.
func weightOf(parameters []string) (weight int, ok bool) {
	weight = 1000
	for _, parameter := range parameters {
		name, value, _ := strings.Cut(parameter, "=")
		if !strings.EqualFold(strings.Trim(name, " \t"), "q") {
			continue
		}
		number, err := strconv.ParseFloat(strings.Trim(value, " \t"), 64)
		if err != nil || strings.Trim(value, " \t0123456789.+-") != "" {
			return 0, false
		}
		weight = int(min(max(number, 0), 1)*1000 + 1e-6)
	}
	return weight, true
}

// splitUnquoted splits s at sep where it stands outside of quoted strings.
func splitUnquoted(s string, sep byte) (parts []string) {
	quoted, start := false, 0
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			parts, start = append(parts, s[start:i]), i+1
		}
	}
	return append(parts, s[start:])
}
