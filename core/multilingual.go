package fault

// Multilingual is the default format, application/json. It has the text in every configured language under its
// upper-cased tag, then the members of [WithMembers], "code" by default, then "details", if there are any, and
// "input", if there is something to say about the request's body as such ([Occurrence.AppendInput]). With
// [WithNegotiatedLanguage] it has the client's language only. The zero value is ready.
//
// Keys of languages are in capitals, members are not. A program that ignores letter case, like encoding/json when it
// reads into a struct, takes the Indonesian text under "ID" for a member "id". faulthttp.Decode does not.
type Multilingual struct{}

// ContentType returns "application/json".
func (Multilingual) ContentType() string { return "application/json" }

// Use returns AllLanguages.
func (Multilingual) Use() TextUse { return AllLanguages }

// Reusable returns true.
func (Multilingual) Reusable() bool { return true }

// Append appends the body.
func (Multilingual) Append(dst []byte, o *Occurrence) []byte {
	dst = append(dst, '{')
	dst = o.AppendTexts(dst)
	dst = o.AppendMembers(dst)
	if o.HasDetails() {
		dst = append(dst, `,"details":`...)
		dst = o.AppendDetails(dst)
	}
	dst = o.appendErrorCount(dst)
	dst = o.appendInput(dst)
	return append(dst, '}')
}
