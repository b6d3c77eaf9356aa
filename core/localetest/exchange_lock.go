package localetest

import (
	"maps"
	"slices"
)

// lock returns the lock file after a merge, or nil if there is none or nothing changes.
func (m *merge) lock() *Change {
	s := m.set
	reviewed := slices.ContainsFunc(m.languages, func(l Language) bool { return l.Review != "" })
	if s.source == nil || s.lock == nil && !reviewed {
		return nil
	}
	next := &translations{languages: map[string]*stamps{}}
	for tag := range s.lock.all() {
		if tag == allLanguages || s.fileOf(tag) != nil {
			next.languages[tag] = s.lock.named(tag)
		}
	}
	for _, lang := range m.languages {
		if f := s.fileOf(lang.Tag); f != s.source {
			next.languages[lang.Tag] = m.stamps(f, lang)
		}
	}
	if content := next.String(); content != string(m.lockFile) {
		return &Change{File: LockFile, Before: m.lockFile, Content: []byte(content)}
	}
	return nil
}

// all returns the languages that have records.
func (t *translations) all() map[string]*stamps {
	if t == nil {
		return nil
	}
	return t.languages
}

// stamps returns the records of a language after a merge of its texts.
func (m *merge) stamps(f *localeFile, lang Language) *stamps {
	old, next := m.set.lock.of(f.tag), newStamps()
	next.allowed = maps.Clone(old.allowed)
	for id, hash := range old.sources {
		if f.texts[id] != nil && !f.texts[id].empty() {
			next.sources[id] = hash
		}
	}
	for _, text := range lang.Texts {
		source := m.set.source.texts[text.ID]
		if source != nil && len(text.Forms) > 0 && !text.Draft && m.confirms(f, text, source) {
			next.sources[text.ID] = source.sourceHash()
		}
	}
	next.review, next.reviewHash = old.review, old.reviewHash
	if lang.Review != "" && lang.Review != old.review {
		next.review, next.reviewHash = lang.Review, f.textsHash()
	}
	if next.review == "" || next.review == Machine {
		next.review, next.reviewHash = Machine, f.textsHash()
	}
	return next
}

// confirms reports whether the text was made from the present source: the tool says so, or the text is new and the source
// came with it.
func (m *merge) confirms(f *localeFile, text Text, source *entry) bool {
	if text.Source != nil {
		for form, now := range text.Source {
			if source.filled()[form] != now {
				return false
			}
		}
		return len(text.Source) > 0
	}
	if !m.seen[m.set.source.tag.String()] {
		return false
	}
	if old, had := m.old[f][text.ID]; had {
		return old.forms != f.texts[text.ID].forms
	}
	_, recorded := m.set.lock.of(f.tag).sources[text.ID]
	return !recorded
}
