package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	fault "github.com/polyfault/polyfault/core"
)

// OthersFingerprint is the fingerprint of the row that stands for what came after the thousand new
// fingerprints of a minute.
const OthersFingerprint = "others"

const (
	maxNewPrints  = 1000 // of a minute
	printWindow   = time.Minute
	maxKnown      = 20_000      // fingerprints that are remembered as there
	printPatience = time.Second // with a function of the application, in each batch
	othersMessage = "others: there were more than 1,000 new fingerprints in a minute"
	maxIdentified = 1 << 10 // bytes of a text in a fingerprint
)

// isUnknown reports whether nobody classified the error: its code tells nothing about it.
func isUnknown(code string) bool {
	return code == fault.Unhandled.Code() || code == fault.Any.Code()
}

// printOf is the fingerprint of a record: the same for what is one bug. A kind and a scope are one; of what nobody
// classified, the types of the error, its innermost frame of the application and its text without what varies
// belong to it; of records without a code, the level and the message.
func printOf(r *logRow) string {
	parts := make([]string, 0, 8)
	if r.code == "" {
		parts = append(parts, "message", strconv.Itoa(r.level))
	}
	parts = append(parts, r.code, r.scope, normalised(r.message))
	if r.code == "" || isUnknown(r.code) {
		parts = append(parts, r.types, r.place, normalised(r.cause))
	}
	b := make([]byte, 0, 512)
	for _, part := range parts {
		b = strconv.AppendInt(b, int64(len(part)), 10)
		b = append(append(b, ':'), part...)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// quotes are those that open, and what closes them.
var quotes = map[rune]rune{'"': '"', '\'': '\'', '`': '`', '“': '”', '‘': '’', '«': '»', '„': '“', '‚': '‘', '「': '」'}

// normalised is the text without what differs from one occurrence to the next: what stands in quotes, words with
// digits in them, addresses, long words of hexadecimal digits.
func normalised(text string) string {
	text = cutBytes(text, maxIdentified)
	var b strings.Builder
	b.Grow(len(text))
	before := ' '
	for text != "" {
		c, size := utf8.DecodeRuneInString(text)
		if closing, ok := quotes[c]; ok && !(c == '\'' && isWord(before)) {
			if end := endOfQuoted(text[size:], closing); end >= 0 {
				b.WriteString(`""`)
				text, before = text[size+end:], closing
				continue
			}
		}
		if !isWord(c) {
			b.WriteRune(c)
			text, before = text[size:], c
			continue
		}
		if isUUID(text) {
			b.WriteByte('#')
			text, before = text[uuidLength:], 'a'
			continue
		}
		end := strings.IndexFunc(text, func(c rune) bool { return !isWord(c) })
		if end < 0 {
			end = len(text)
		}
		b.WriteString(constant(text[:end]))
		text, before = text[end:], 'a'
	}
	return joinNumbers(b.String())
}

const uuidLength = 36

// isUUID reports whether the text begins with one (RFC 9562, section 4).
func isUUID(text string) bool {
	if len(text) < uuidLength {
		return false
	}
	for i := range uuidLength {
		switch dash := i == 8 || i == 13 || i == 18 || i == 23; {
		case dash && text[i] != '-':
			return false
		case !dash && strings.IndexByte("0123456789abcdefABCDEF", text[i]) < 0:
			return false
		}
	}
	return true
}

func cutBytes(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return string(appendCut(nil, s, limit))
}

func isWord(c rune) bool { return c == '_' || c == '@' || unicode.IsLetter(c) || unicode.IsDigit(c) }

// endOfQuoted is where the text goes on behind the closing quote; -1 when nothing closes it.
func endOfQuoted(text string, closing rune) int {
	escaped := false
	for i, c := range text {
		switch {
		case escaped:
			escaped = false
		case c == '\\':
			escaped = true
		case c == closing:
			return i + utf8.RuneLen(c)
		}
	}
	return -1
}

// constant is the word, or "#" for one that names a thing and not a fact.
func constant(word string) string {
	const hexWord = 8
	isHex := len(word) >= hexWord
	for _, c := range word {
		if unicode.IsDigit(c) || c == '@' {
			return "#"
		}
		isHex = isHex && strings.ContainsRune("abcdefABCDEF", c)
	}
	if isHex {
		return "#"
	}
	return word
}

// joinNumbers makes one "#" of numbers that signs join: dates, addresses, versions, UUIDs.
func joinNumbers(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	for i := 0; i < len(text); i++ {
		b.WriteByte(text[i])
		if text[i] != '#' {
			continue
		}
		for {
			next := i + 1
			for next < len(text) && next-i <= 2 && strings.IndexByte(" .,:-/+", text[next]) >= 0 {
				next++
			}
			if next >= len(text) || text[next] != '#' {
				break
			}
			i = next
		}
	}
	return b.String()
}

// originOf is what a value of an attribute knows of where an error came from.
func originOf(v any) (types, place string, ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	e, ok := v.(interface{ FaultOrigin() (types, place string) })
	if !ok {
		return "", "", false
	}
	types, place = e.FaultOrigin()
	return types, place, types != "" || place != ""
}

// A printAsker asks the application for fingerprints, and waits for it in bounds.
type printAsker struct {
	ask  func(LogRecord) string
	busy chan struct{} // holds one while a call runs
	once sync.Once
}

// askAll replaces the fingerprints of the rows by those that the application wants. A function that panics, or
// takes longer than a second for all of them, costs its own contribution.
func (c *logCore) askAll(ctx context.Context, rows []logRow) {
	a := &c.asker
	if a.ask == nil {
		return
	}
	deadline := time.NewTimer(printPatience)
	defer deadline.Stop()
	for i := range rows {
		answer := make(chan string, 1)
		select {
		case a.busy <- struct{}{}:
		default:
			a.complain(ctx, c.store.log, "it has not returned yet")
			return
		}
		r := rows[i].record(c.options.Host)
		go func() {
			mark, problem := a.call(r)
			<-a.busy
			if problem != "" {
				a.complain(ctx, c.store.log, problem)
			}
			answer <- mark
		}()
		select {
		case mark := <-answer:
			if mark = storable(strings.TrimSpace(mark), maxColumn); mark != "" {
				rows[i].mark = mark
			}
		case <-deadline.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

func (a *printAsker) call(r LogRecord) (mark, problem string) {
	defer func() {
		if v := recover(); v != nil {
			mark, problem = "", describePanic(r, v)
		}
	}()
	return a.ask(r), ""
}

func (a *printAsker) complain(ctx context.Context, log *slog.Logger, problem string) {
	a.once.Do(func() {
		log.WarnContext(ctx, "store: LogOptions.Fingerprint fails; the store's own fingerprints are used", "problem", problem)
	})
}

// A printBudget bounds the new fingerprints of a minute.
type printBudget struct {
	mu      sync.Mutex
	granted [maxNewPrints]time.Time // of the latest ones, a ring
	next    int
	known   map[string]bool
}

// isKnown reports whether the fingerprint is known to be there.
func (b *printBudget) isKnown(mark string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known[mark]
}

// learn remembers fingerprints that are there.
func (b *printBudget) learn(prints ...string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil || len(b.known)+len(prints) > maxKnown {
		b.known = make(map[string]bool, len(prints))
	}
	for _, mark := range prints {
		b.known[mark] = true
	}
}

// grant reports whether one more new fingerprint may be written. It goes by the monotonic clock.
func (b *printBudget) grant() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if oldest := b.granted[b.next]; !oldest.IsZero() && now.Sub(oldest) < printWindow {
		return false
	}
	b.granted[b.next] = now
	b.next = (b.next + 1) % maxNewPrints
	return true
}
