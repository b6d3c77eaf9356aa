package faulthttp

import (
	"time"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/internal/page"
)

// catalogList is the list, in the form of its JSON.
type catalogList struct {
	Language string         `json:"lang"`
	Dir      string         `json:"dir"`
	Count    int            `json:"count"`
	Results  []catalogEntry `json:"results"`
}

// A catalogEntry is a kind in the list.
type catalogEntry struct {
	Code   string `json:"code"`
	Status int    `json:"status"`
	page.Text
	Type      string         `json:"type"`
	Number    int            `json:"number,omitempty"`
	Category  fault.Category `json:"category"`
	Retryable bool           `json:"retryable"`
	Href      string         `json:"href"`
}

// A catalogKind is one kind, in the form of its JSON.
type catalogKind struct {
	catalogEntry
	RetryAfter   int                  `json:"retry_after,omitempty"` // seconds
	ExitCode     int                  `json:"exit_code"`
	TextID       string               `json:"text_id"`
	Placeholders []string             `json:"placeholders"`
	Parent       string               `json:"parent,omitempty"`
	Texts        map[string]page.Text `json:"texts"`
	Example      *catalogExample      `json:"example,omitempty"`
	rows         []page.Text          // Texts in the order of the tags
}

// A catalogVisit is one request for the catalogue.
type catalogVisit struct {
	*page.Visit
	responder *fault.Responder
}

func (v *catalogVisit) list(kinds []*fault.Kind) *catalogList {
	list := &catalogList{Language: v.Reader.Tag, Dir: v.Reader.Dir, Count: len(kinds), Results: []catalogEntry{}}
	for _, k := range kinds {
		list.Results = append(list.Results, v.entry(k))
	}
	return list
}

func (v *catalogVisit) entry(k *fault.Kind) catalogEntry {
	return catalogEntry{
		Code: k.Code(), Status: statusesOf(v.responder)(k), Text: page.TextsOf(v.Catalogue, k).For(v.Reader),
		Type: k.Type(), Number: k.Number(), Category: k.Category(), Retryable: retryable(v.responder, k), Href: k.Code(),
	}
}

func (v *catalogVisit) one(k *fault.Kind) *catalogKind {
	texts := page.TextsOf(v.Catalogue, k)
	one := &catalogKind{
		catalogEntry: v.entry(k), ExitCode: k.ExitCode(), TextID: texts.ID, Placeholders: texts.Placeholders(),
		rows: texts.All(), Texts: map[string]page.Text{},
	}
	for _, text := range one.rows {
		one.Texts[text.Key] = text
	}
	if wait := k.RetryAfter(); wait > 0 && one.Retryable {
		one.RetryAfter = int((wait + time.Second - 1) / time.Second) // as the header has it
	}
	if k.Parent() != nil {
		one.Parent = k.Parent().Code()
	}
	one.Example = v.example(k, one.Placeholders)
	return one
}
