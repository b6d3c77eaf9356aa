// Package recipes are the pieces of docs/observability.md, as they stand there: each file of it is a block of that page. The
// tests run them with the real libraries.
package recipes
