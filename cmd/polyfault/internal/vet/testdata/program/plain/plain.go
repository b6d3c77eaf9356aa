// Package plain does not know polyfault.
package plain

// Text is not polyfault's.
func Text(id string) string { return id }

var _ = Text("lost")
