// Command polyfault works on the kinds, texts and locale files of a service:
//
//	polyfault check      runs the system checks
//	polyfault codes      manages the lock file of codes, and writes the list of kinds
//	polyfault catalog    writes the kinds for other tools: OpenAPI, TypeScript
//	polyfault locales    begins, checks, formats and stamps locale files, and exchanges them with translators' tools
//	polyfault texts      generates a function with typed arguments for each text
//	polyfault vet        finds texts that code uses wrongly, also as a vettool
//
// The flag --help of each command describes its flags and arguments. The exit code is 0 if all is well, 1 if the command has
// findings or fails, and 2 for an unknown command, flag or value.
package main
