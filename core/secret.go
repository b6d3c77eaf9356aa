package fault

import (
	"fmt"
	"io"
	"log/slog"
)

// Secret returns a stand-in for a value that must not be shown: "***" in texts, params, details, logs and every print
// verb. It does not keep the value.
func Secret(any) any { return secret{} }

type secret struct{}

const secretText = "***"

func (secret) String() string { return secretText }

func (secret) GoString() string { return secretText }

func (secret) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, secretText) }

func (secret) MarshalText() ([]byte, error) { return []byte(secretText), nil }

func (secret) LogValue() slog.Value { return slog.StringValue(secretText) }
