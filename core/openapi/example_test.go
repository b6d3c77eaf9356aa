package openapi_test

import (
	"encoding/json"
	"fmt"
	"log/slog"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/core/openapi"
)

func ExampleComponents() {
	r, err := fault.NewResponder(fault.WithLanguages("de", "en"), fault.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}
	content, err := openapi.Components(r, openapi.Options{
		Title: "Errors of the shop",
		Kinds: func(k *fault.Kind) bool { return k.Is(fault.TaskLocked) || k.Is(fault.Unhandled) },
	})
	if err != nil {
		panic(err)
	}
	var document struct {
		OpenAPI    string
		Components struct {
			Responses map[string]struct {
				Description string
				Code        string `json:"x-error-code"`
			}
		}
	}
	if err := json.Unmarshal(content, &document); err != nil {
		panic(err)
	}
	fmt.Println(document.OpenAPI, len(document.Components.Responses))
	fmt.Printf("%+v\n", document.Components.Responses["TaskLocked"])
	// Output:
	// 3.1.0 2
	// {Description:Task locked: This is not possible because the task is locked. Code:task_locked}
}
