package catalog

import (
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/page"
)

// listing is the list, in the form of its JSON.
type listing struct {
	Language string  `json:"lang"`
	Dir      string  `json:"dir"`
	Count    int     `json:"count"`
	Results  []entry `json:"results"`
}

// An entry is a kind in the list.
type entry struct {
	Code   string `json:"code"`
	Status int    `json:"status"`
	page.Text
	Type      string         `json:"type"`
	Number    int            `json:"number,omitempty"`
	Category  fault.Category `json:"category"`
	Retryable bool           `json:"retryable"`
	Href      string         `json:"href"`
}

// A kind is one kind, in the form of its JSON.
type kind struct {
	entry
	RetryAfter   int                  `json:"retry_after,omitempty"` // in seconds
	ExitCode     int                  `json:"exit_code"`
	TextID       string               `json:"text_id"`
	Placeholders []string             `json:"placeholders"`
	Parent       string               `json:"parent,omitempty"`
	Texts        map[string]page.Text `json:"texts"`
	Example      *example             `json:"example"`
	rows         []page.Text          // Texts in the order of the tags
}

// A visit is one request for the catalogue.
type visit struct {
	*page.Visit
	responder *fault.Responder
}

func (v *visit) list(kinds []*fault.Kind) *listing {
	list := &listing{Language: v.Reader.Tag, Dir: v.Reader.Dir, Count: len(kinds), Results: []entry{}}
	for _, k := range kinds {
		list.Results = append(list.Results, v.entry(k))
	}
	return list
}

func (v *visit) entry(k *fault.Kind) entry {
	return entry{
		Code: k.Code(), Status: v.responder.Status(k), Text: page.TextsOf(v.Catalogue, k).For(v.Reader),
		Type: k.Type(), Number: k.Number(), Category: k.Category(), Retryable: v.responder.Retryable(k), Href: k.Code(),
	}
}

func (v *visit) one(k *fault.Kind) *kind {
	texts := page.TextsOf(v.Catalogue, k)
	one := &kind{
		entry: v.entry(k), ExitCode: k.ExitCode(), TextID: texts.ID, Placeholders: texts.Placeholders(),
		rows: texts.All(), Texts: map[string]page.Text{},
	}
	for _, text := range one.rows {
		one.Texts[text.Key] = text
	}
	if wait := k.RetryAfter(); wait > 0 && one.Retryable {
		one.RetryAfter = int((wait + time.Second - 1) / time.Second) // rounded up, as in the header
	}
	if k.Parent() != nil {
		one.Parent = k.Parent().Code()
	}
	one.Example = v.example(k, one.Placeholders)
	return one
}
