// Command polyfault works on the kinds, texts and locale files of a service:
//
//	polyfault check      runs the system checks
//	polyfault codes      keeps the lock file of codes, and writes the list of kinds
//	polyfault catalog    writes the kinds in forms for other tools: OpenAPI, TypeScript
//	polyfault locales    begins, checks, formats and stamps locale files, and exchanges them with translators' tools
//	polyfault texts      generates a function with typed arguments for each text
//	polyfault vet        finds texts that code uses wrongly, also as a vettool
//
// Each command says by --help what it takes. It ends with 0 when all is well, with 1 when it found something or
// failed, and with 2 when it was called in a wrong way: with a command, a flag or a value that there is not.
package main
