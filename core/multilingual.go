package fault

// Multilingual is the default format, application/json: the text in every configured language under
// its upper-cased tag, then the members of [WithMembers], "code" by default, then "details" when there are any, and
// "input" when there is something to say of the body of the request as such ([Occurrence.AppendInput]). With
// [WithNegotiatedLanguage] it carries the client's language alone. The zero value is ready.
//
// Keys of languages are in capitals, members are not: a program that ignores letter case, as encoding/json does when it reads into a
// structure, takes the Indonesian text under "ID" for a member "id". faulthttp.Decode does not.
type Multilingual struct{}

// ContentType is "application/json".
func (Multilingual) ContentType() string { return "application/json" }

// Use is AllLanguages.
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
