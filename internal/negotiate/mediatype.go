package negotiate

import "strings"

// Limits of Accept.
const (
	maxAccept      = 1024
	maxMediaRanges = 32
)

// MediaType returns the index of the offered media type that the Accept header wants most, or 0,
// the default, when it wants none of them: an error response is never refused with 406.
//
// Each type takes the weight of the most specific range that matches it (RFC 9110, section 12.5.1).
// Among equal weights the more specific match wins, then the order of offered. Malformed members
// count as absent.
func MediaType(header string, offered []string) int {
	if header == "" || len(offered) < 2 {
		return 0
	}
	for i, mediaType := range offered { // what programs send: one plain media type
		if header == mediaType {
			return i
		}
	}
	best, bestRank := 0, 0
	for i, mediaType := range offered {
		if rank := rankOf(header, mediaType); rank > bestRank {
			best, bestRank = i, rank
		}
	}
	return best
}

// rankOf returns weight and specificity in one number; 0 means not acceptable.
func rankOf(header, mediaType string) int {
	header = bounded(header, maxAccept)
	weight, specificity := 0, 0
	for range maxMediaRanges {
		if header == "" {
			break
		}
		var item string
		item, header = cutUnquoted(header, ',')
		name, parameters := cutUnquoted(item, ';')
		s := specificityOf(trim(name), mediaType)
		if s == 0 || s < specificity {
			continue
		}
		w, ok := weightOf(parameters)
		if !ok {
			continue
		}
		if s > specificity {
			weight, specificity = w, s
		} else {
			weight = max(weight, w)
		}
	}
	if weight == 0 {
		return 0
	}
	return weight*4 + specificity
}

// specificityOf returns 3 for the type itself, 2 for type/*, 1 for */*, 0 for no match.
func specificityOf(mediaRange, mediaType string) int {
	if strings.EqualFold(mediaRange, mediaType) {
		return 3
	}
	if mediaRange == "*/*" {
		return 1
	}
	prefix, ok := strings.CutSuffix(mediaRange, "*")
	if ok && len(prefix) > 1 && prefix[len(prefix)-1] == '/' && len(mediaType) > len(prefix) &&
		strings.EqualFold(prefix, mediaType[:len(prefix)]) {
		return 2
	}
	return 0
}

// cutUnquoted is strings.Cut that does not cut inside a quoted string.
func cutUnquoted(s string, sep byte) (before, after string) {
	if strings.IndexByte(s, '"') < 0 {
		before, after, _ = strings.Cut(s, string(sep))
		return before, after
	}
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == sep && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}
