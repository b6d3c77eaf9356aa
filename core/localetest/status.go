package localetest

import (
	"io/fs"
	"strings"

	"golang.org/x/text/language"
)

// A LanguageStatus tells how complete the translation of one language is.
type LanguageStatus struct {
	Tag      string `json:"tag"`
	File     string `json:"file"`
	Source   bool   `json:"source,omitempty"` // the others are translated from it
	Total    int    `json:"total"`            // texts of the source
	Texts    int    `json:"texts"`            // texts of the source that are translated
	Same     int    `json:"same"`             // the same as the source, allowed or not
	Stale    int    `json:"stale"`            // the source has changed since
	Unknown  int    `json:"unknown"`          // not in the lock file, so their source is not known
	Review   string `json:"review"`           // "machine", or "reviewed by " and a name; "" if not recorded
	Outdated bool   `json:"outdated"`         // texts have changed since the review
}

// Percent returns the translated part of the language, rounded down: 100 means all texts.
func (s LanguageStatus) Percent() int {
	if s.Total == 0 {
		return 0
	}
	return 100 * s.Texts / s.Total
}

// Status returns the status of each language of fsys, sorted by tag. Its errors are those of [Lint], and one for the first
// file that cannot be read.
func Status(fsys fs.FS, o Options) ([]LanguageStatus, error) {
	s, err := load(fsys, o)
	if err != nil {
		return nil, err
	}
	if err := s.whole(); err != nil {
		return nil, err
	}
	var list []LanguageStatus
	for _, f := range s.files {
		if f.tag != language.Und {
			list = append(list, s.status(f))
		}
	}
	return list, nil
}

func (s *localeSet) status(f *localeFile) LanguageStatus {
	stamps := s.lock.of(f.tag)
	status := LanguageStatus{Tag: f.tag.String(), File: f.name, Source: f == s.source, Total: len(s.source.texts), Review: stamps.review}
	status.Outdated = strings.HasPrefix(stamps.review, reviewedBy) && stamps.reviewHash != f.textsHash()
	for id, source := range s.source.texts {
		e := f.texts[id]
		if e == nil || e.empty() {
			continue
		}
		status.Texts++
		if f == s.source {
			continue
		}
		if s.sameAsSource(f, e) {
			status.Same++
		}
		switch hash, stamped := stamps.sources[id]; {
		case !stamped:
			status.Unknown++
		case hash != source.sourceHash():
			status.Stale++
		}
	}
	return status
}
