package openapi

import "encoding/json"

// The parts of a document that are needed, with their members in the order that people read them.
type (
	document struct {
		OpenAPI    string     `json:"openapi"`
		Info       info       `json:"info"`
		Paths      struct{}   `json:"paths"` // 3.0 requires it
		Components components `json:"components"`
	}

	info struct {
		Title       string `json:"title"`
		Description string `json:"description"`
		Version     string `json:"version"`
	}

	components struct {
		Responses map[string]*response `json:"responses"`
		Headers   map[string]*header   `json:"headers"`
		Schemas   map[string]*schema   `json:"schemas"`
	}

	response struct {
		Description string               `json:"description"`
		Headers     map[string]*header   `json:"headers"`
		Content     map[string]mediaType `json:"content"`
		Code        string               `json:"x-error-code"`
		Status      int                  `json:"x-error-status"`
		Type        string               `json:"x-error-type"`
		Number      int                  `json:"x-error-number,omitempty"`
	}

	mediaType struct {
		Schema   *schema            `json:"schema"`
		Examples map[string]example `json:"examples"`
	}

	example struct {
		Summary string          `json:"summary"`
		Value   json.RawMessage `json:"value"`
	}

	header struct {
		Ref         string  `json:"$ref,omitempty"`
		Description string  `json:"description,omitempty"`
		Required    bool    `json:"required,omitempty"`
		Schema      *schema `json:"schema,omitempty"`
		Example     any     `json:"example,omitempty"`
	}

	// schema has keywords that mean the same in both versions; maker.constant and maker.null write those that
	// differ.
	schema struct {
		Ref                  string             `json:"$ref,omitempty"`
		Description          string             `json:"description,omitempty"`
		Type                 string             `json:"type,omitempty"`
		Format               string             `json:"format,omitempty"`
		Nullable             bool               `json:"nullable,omitempty"` // 3.0 only
		Const                any                `json:"const,omitempty"`    // 3.1 only
		Enum                 []any              `json:"enum,omitempty"`
		Pattern              string             `json:"pattern,omitempty"`
		MaxLength            int                `json:"maxLength,omitempty"`
		Minimum              *int64             `json:"minimum,omitempty"`
		Maximum              int64              `json:"maximum,omitempty"`
		MaxItems             int                `json:"maxItems,omitempty"`
		MinProperties        int                `json:"minProperties,omitempty"`
		Items                *schema            `json:"items,omitempty"`
		AllOf                []*schema          `json:"allOf,omitempty"`
		AnyOf                []*schema          `json:"anyOf,omitempty"`
		OneOf                []*schema          `json:"oneOf,omitempty"`
		Properties           map[string]*schema `json:"properties,omitempty"`
		AdditionalProperties any                `json:"additionalProperties,omitempty"`
		Required             []string           `json:"required,omitempty"`
	}
)
