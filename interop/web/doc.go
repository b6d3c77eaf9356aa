// Package web has no code: its tests try documents, the TypeScript file and the page of the examples with what front ends use, from npm
// (package.json) and in Chromium. They need node and, once, npm ci in this folder; the page needs Chromium. Without them they are
// skipped, in CI they fail.
package web
