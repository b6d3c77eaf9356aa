package localefile

import "strings"

// title ends the ids of titles.
const title = ".title"

// maxNear is the longest id that is compared letter by letter.
const maxNear = 64

// Near reports whether the id is probably a mistyped form of the known one: with another letter case, other separators, one
// slip, or two slips in long words. Short words and numbers are too similar to tell.
func Near(id, known string) bool {
	if plainID(id) == plainID(known) || len(id) > maxNear {
		return plainID(id) == plainID(known)
	}
	id, known = withoutCommon(strings.ToLower(id), known)
	shorter := min(len(id), len(known))
	limit := 0
	switch {
	case shorter >= 12:
		limit = 2
	case shorter >= 5:
		limit = 1
	}
	return limit > 0 && withoutDigits(id) != withoutDigits(known) && slips(id, known, limit) <= limit
}

func plainID(id string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune("._-", r) {
			return -1
		}
		return r
	}, strings.ToLower(id))
}

// withoutCommon leaves away the steps that both begin with, and the title at the ends.
func withoutCommon(a, b string) (x, y string) {
	if strings.HasSuffix(a, title) && strings.HasSuffix(b, title) {
		a, b = strings.TrimSuffix(a, title), strings.TrimSuffix(b, title)
	}
	for {
		step, restA, more := strings.Cut(a, ".")
		other, restB, moreB := strings.Cut(b, ".")
		if !more || !moreB || step != other {
			return a, b
		}
		a, b = restA, restB
	}
}

func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if '0' <= r && r <= '9' {
			return -1
		}
		return r
	}, s)
}

// slips returns how many letters were left out, added, mistaken or swapped with the next one; more than limit is not
// counted any further.
func slips(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, next := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(last[j]+1, next[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, last, next = last, next, before
	}
	return last[len(b)]
}
