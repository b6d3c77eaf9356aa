package fault

import (
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// A rule is how a tag of go-playground/validator reads: a text, and which of its placeholders the
// parameter of the tag fills. Nothing here has the refused value, nor the value of another field that
// a condition asks for.
type rule struct {
	text   string // id
	param  param
	alt    string // id of the text in the other case, of a date or of several fields
	sized  *sizedTexts
	format string // {{.Format}}
	bare   string // id of the text when the names of the other fields are not known; rule.invalid unless said otherwise
}

// A param is the meaning of a tag's parameter, which gives the arguments of the text.
type param uint8

const (
	paramUnused    param = iota // of no interest to clients
	paramSize                   // {{.Limit}} of a number, {{.Count}} of characters or items
	paramSame                   // as paramSize, but a string compares with {{.Limit}}
	paramDifferent              // as paramSame, for the tag ne
	paramOther                  // {{.Other}}, another field; alt for dates
	paramOthers                 // {{.Others}}, other fields; alt when there are several
	paramUnique                 // no argument for lists; {{.Other}} for a pair of fields
	paramValues                 // {{.Values}}
	paramText                   // {{.Text}}, a part of a text
	paramCharacter              // {{.Text}}, the first character of the parameter
	paramMediaType              // {{.Format}}
	paramLayout                 // {{.Example}} of a date
)

// sizedTexts are the ids of the texts of a limit, by what has the limit.
type sizedTexts struct{ number, characters, items, moment string }

var (
	atLeast   = &sizedTexts{"rule.min", "rule.min.string", "rule.min.items", "rule.future"}
	atMost    = &sizedTexts{"rule.max", "rule.max.string", "rule.max.items", "rule.past"}
	moreThan  = &sizedTexts{"rule.gt", "rule.gt.string", "rule.gt.items", "rule.future"}
	lessThan  = &sizedTexts{"rule.lt", "rule.lt.string", "rule.lt.items", "rule.past"}
	exactSize = &sizedTexts{"rule.eq", "rule.len.string", "rule.len.items", ruleInvalid}
	equalTo   = &sizedTexts{"rule.eq", "rule.eq", "rule.len.items", ruleInvalid}
	unequalTo = &sizedTexts{"rule.ne", ruleNotAllowed, "rule.ne.items", ruleInvalid}
)

const (
	ruleRequired   = "rule.required"
	ruleNotAllowed = "rule.not_allowed"
)

// rules are the tags of go-playground/validator v10. Tags of one meaning share a text. validateFn is
// missing: it says nothing of what is wrong.
var rules = map[string]rule{
	"required":             {text: ruleRequired},
	"required_if":          {text: "rule.required_if"},
	"required_unless":      {text: "rule.required_if"},
	"skip_unless":          {text: "rule.required_if"},
	"required_with":        {text: "rule.required_with", param: paramOthers, alt: "rule.required_with.any", bare: "rule.required_if"},
	"required_with_all":    {text: "rule.required_with", param: paramOthers, alt: "rule.required_with.all", bare: "rule.required_if"},
	"required_without":     {text: "rule.required_without", param: paramOthers, alt: "rule.required_without.any", bare: "rule.required_if"},
	"required_without_all": {text: "rule.required_without", param: paramOthers, alt: "rule.required_without.all", bare: "rule.required_if"},
	"isdefault":            {text: "rule.excluded"},
	"excluded_if":          {text: "rule.excluded_if"},
	"excluded_unless":      {text: "rule.excluded_if"},
	"excluded_with":        {text: "rule.excluded_with", param: paramOthers, alt: "rule.excluded_if", bare: "rule.excluded_if"},
	"excluded_with_all":    {text: "rule.excluded_with", param: paramOthers, alt: "rule.excluded_if", bare: "rule.excluded_if"},
	"excluded_without":     {text: "rule.excluded_without", param: paramOthers, alt: "rule.excluded_if", bare: "rule.excluded_if"},
	"excluded_without_all": {text: "rule.excluded_without", param: paramOthers, alt: "rule.excluded_if", bare: "rule.excluded_if"},

	// No checks, but what the error of a nil pointer is called where they come first.
	"dive":          {text: ruleRequired},
	"structonly":    {text: ruleRequired},
	"nostructlevel": {text: ruleRequired},

	"len":            {param: paramSize, sized: exactSize},
	"min":            {param: paramSize, sized: atLeast},
	"gte":            {param: paramSize, sized: atLeast},
	"max":            {param: paramSize, sized: atMost},
	"lte":            {param: paramSize, sized: atMost},
	"gt":             {param: paramSize, sized: moreThan},
	"lt":             {param: paramSize, sized: lessThan},
	"eq":             {param: paramSame, sized: equalTo},
	"eq_ignore_case": {param: paramSame, sized: equalTo},
	"ne":             {param: paramDifferent, sized: unequalTo},
	"ne_ignore_case": {param: paramDifferent, sized: unequalTo},
	"oneof":          {text: "rule.oneof", param: paramValues},
	"oneofci":        {text: "rule.oneof", param: paramValues},
	"noneof":         {text: ruleNotAllowed},
	"noneofci":       {text: ruleNotAllowed},
	"unique":         {text: "rule.unique", param: paramUnique, alt: "rule.nefield"},

	"eqfield":       {text: "rule.eqfield", param: paramOther},
	"eqcsfield":     {text: "rule.eqfield", param: paramOther},
	"nefield":       {text: "rule.nefield", param: paramOther},
	"necsfield":     {text: "rule.nefield", param: paramOther},
	"gtfield":       {text: "rule.gtfield", param: paramOther, alt: "rule.gtfield.time"},
	"gtcsfield":     {text: "rule.gtfield", param: paramOther, alt: "rule.gtfield.time"},
	"gtefield":      {text: "rule.gtefield", param: paramOther, alt: "rule.gtefield.time"},
	"gtecsfield":    {text: "rule.gtefield", param: paramOther, alt: "rule.gtefield.time"},
	"ltfield":       {text: "rule.ltfield", param: paramOther, alt: "rule.ltfield.time"},
	"ltcsfield":     {text: "rule.ltfield", param: paramOther, alt: "rule.ltfield.time"},
	"ltefield":      {text: "rule.ltefield", param: paramOther, alt: "rule.ltefield.time"},
	"ltecsfield":    {text: "rule.ltefield", param: paramOther, alt: "rule.ltefield.time"},
	"fieldcontains": {text: "rule.fieldcontains", param: paramOther},
	"fieldexcludes": {text: "rule.fieldexcludes", param: paramOther},

	"alpha":           {text: "rule.alpha"},
	"alphaspace":      {text: "rule.alphaspace"},
	"alphanum":        {text: "rule.alphanum"},
	"alphanumspace":   {text: "rule.alphanumspace"},
	"alphaunicode":    {text: "rule.alphaunicode"},
	"alphanumunicode": {text: "rule.alphanumunicode"},
	"number":          {text: "rule.digits"}, // the tag means 0 to 9 only
	"numeric":         {text: "rule.number"},
	"boolean":         {text: "rule.type.boolean"},
	"hexadecimal":     {text: "rule.hexadecimal"},
	"ascii":           {text: "rule.ascii"},
	"printascii":      {text: "rule.printascii"},
	"multibyte":       {text: "rule.multibyte"},
	"lowercase":       {text: "rule.lowercase"},
	"uppercase":       {text: "rule.uppercase"},
	"contains":        {text: "rule.contains", param: paramText},
	"containsrune":    {text: "rule.contains", param: paramCharacter},
	"containsany":     {text: "rule.containsany", param: paramText},
	"excludes":        {text: "rule.excludes", param: paramText},
	"excludesrune":    {text: "rule.excludes", param: paramCharacter},
	"excludesall":     {text: "rule.excludesall", param: paramText},
	"startswith":      {text: "rule.startswith", param: paramText},
	"endswith":        {text: "rule.endswith", param: paramText},
	"startsnotwith":   {text: "rule.startsnotwith", param: paramText},
	"endsnotwith":     {text: "rule.endsnotwith", param: paramText},

	"iscolor":  {text: "rule.color"},
	"hexcolor": {text: "rule.color.format", format: "#RRGGBB"},
	"rgb":      {text: "rule.color.format", format: "RGB"},
	"rgba":     {text: "rule.color.format", format: "RGBA"},
	"hsl":      {text: "rule.color.format", format: "HSL"},
	"hsla":     {text: "rule.color.format", format: "HSLA"},
	"cmyk":     {text: "rule.color.format", format: "CMYK"},

	"e164":        {text: "rule.e164"},
	"email":       {text: "rule.email"},
	"url":         {text: "rule.url"},
	"http_url":    {text: "rule.http_url"},
	"https_url":   {text: "rule.https_url"},
	"uri":         {text: "rule.uri"},
	"origin":      {text: "rule.origin"},
	"urn_rfc2141": {text: "rule.format", format: "URN"},
	"urn_rfc8141": {text: "rule.format", format: "URN"},
	"datauri":     {text: "rule.format", format: "data URI"},

	"file":       {text: "rule.file"},
	"dir":        {text: "rule.dir"},
	"filepath":   {text: "rule.path"},
	"dirpath":    {text: "rule.path"},
	"image":      {text: "rule.image"},
	"mimetype":   {text: "rule.mimetype", param: paramMediaType},
	"unix_addr":  {text: "rule.unix_addr"},
	"uds_exists": {text: "rule.unix_addr"},

	"base32":       {text: "rule.encoded", format: "Base32"},
	"base64":       {text: "rule.encoded", format: "Base64"},
	"base64url":    {text: "rule.encoded", format: "Base64url"},
	"base64rawurl": {text: "rule.encoded", format: "Base64url"},
	"url_encoded":  {text: "rule.encoded", format: "URL"},
	"html_encoded": {text: "rule.encoded", format: "HTML"},
	"html":         {text: "rule.format", format: "HTML"},
	"json":         {text: "rule.json"},
	"jwt":          {text: "rule.format", format: "JWT"},
	"md4":          {text: "rule.hash", format: "MD4"},
	"md5":          {text: "rule.hash", format: "MD5"},
	"sha256":       {text: "rule.hash", format: "SHA-256"},
	"sha384":       {text: "rule.hash", format: "SHA-384"},
	"sha512":       {text: "rule.hash", format: "SHA-512"},
	"ripemd128":    {text: "rule.hash", format: "RIPEMD-128"},
	"ripemd160":    {text: "rule.hash", format: "RIPEMD-160"},
	"tiger128":     {text: "rule.hash", format: "Tiger/128"},
	"tiger160":     {text: "rule.hash", format: "Tiger/160"},
	"tiger192":     {text: "rule.hash", format: "Tiger/192"},

	"uuid":                      {text: "rule.uuid"},
	"uuid3":                     {text: "rule.uuid"},
	"uuid4":                     {text: "rule.uuid"},
	"uuid5":                     {text: "rule.uuid"},
	"uuid7":                     {text: "rule.uuid"},
	"uuid_rfc4122":              {text: "rule.uuid"},
	"uuid3_rfc4122":             {text: "rule.uuid"},
	"uuid4_rfc4122":             {text: "rule.uuid"},
	"uuid5_rfc4122":             {text: "rule.uuid"},
	"ulid":                      {text: "rule.format", format: "ULID"},
	"isbn":                      {text: "rule.isbn"},
	"isbn10":                    {text: "rule.format", format: "ISBN-10"},
	"isbn13":                    {text: "rule.format", format: "ISBN-13"},
	"issn":                      {text: "rule.format", format: "ISSN"},
	"ssn":                       {text: "rule.format", format: "SSN"},
	"ein":                       {text: "rule.format", format: "EIN"},
	"cve":                       {text: "rule.format", format: "CVE"},
	"spicedb":                   {text: "rule.format", format: "SpiceDB"},
	"mongodb":                   {text: "rule.format", format: "MongoDB ObjectID"},
	"mongodb_connection_string": {text: "rule.format", format: "MongoDB URI"},
	"eth_addr":                  {text: "rule.address", format: "Ethereum"},
	"eth_addr_checksum":         {text: "rule.address", format: "Ethereum"},
	"btc_addr":                  {text: "rule.address", format: "Bitcoin"},
	"btc_addr_bech32":           {text: "rule.address", format: "Bitcoin"},
	"credit_card":               {text: "rule.credit_card"},
	"luhn_checksum":             {text: "rule.luhn_checksum"},
	"semver":                    {text: "rule.semver"},
	"cron":                      {text: "rule.cron"},
	"latitude":                  {text: "rule.latitude"},
	"longitude":                 {text: "rule.longitude"},
	"datetime":                  {text: "rule.datetime", param: paramLayout},
	"duration":                  {text: "rule.duration"},
	"timezone":                  {text: "rule.timezone"},

	"ip":                {text: "rule.ip"},
	"ip_addr":           {text: "rule.ip"},
	"ipv4":              {text: "rule.ipv4"},
	"ip4_addr":          {text: "rule.ipv4"},
	"ipv6":              {text: "rule.ipv6"},
	"ip6_addr":          {text: "rule.ipv6"},
	"cidr":              {text: "rule.cidr", format: "IP"},
	"cidrv4":            {text: "rule.cidr", format: "IPv4"},
	"cidrv6":            {text: "rule.cidr", format: "IPv6"},
	"tcp_addr":          {text: "rule.ip_port", format: "IP"},
	"tcp4_addr":         {text: "rule.ip_port", format: "IPv4"},
	"tcp6_addr":         {text: "rule.ip_port", format: "IPv6"},
	"udp_addr":          {text: "rule.ip_port", format: "IP"},
	"udp4_addr":         {text: "rule.ip_port", format: "IPv4"},
	"udp6_addr":         {text: "rule.ip_port", format: "IPv6"},
	"mac":               {text: "rule.mac"},
	"hostname":          {text: "rule.hostname"},
	"hostname_rfc1123":  {text: "rule.hostname"},
	"hostname_label":    {text: "rule.hostname_label"},
	"dns_rfc1035_label": {text: "rule.hostname_label"},
	"fqdn":              {text: "rule.fqdn"},
	"port":              {text: "rule.port"},
	"hostname_port":     {text: "rule.hostname_port"},

	"country_code":                  {text: "rule.country_code"},
	"iso3166_1_alpha2":              {text: "rule.iso3166_1_alpha2"},
	"iso3166_1_alpha3":              {text: "rule.iso3166_1_alpha3"},
	"iso3166_1_alpha_numeric":       {text: "rule.country_code"},
	"eu_country_code":               {text: "rule.eu_country_code"},
	"iso3166_1_alpha2_eu":           {text: "rule.eu_country_code"},
	"iso3166_1_alpha3_eu":           {text: "rule.eu_country_code"},
	"iso3166_1_alpha_numeric_eu":    {text: "rule.eu_country_code"},
	"iso3166_2":                     {text: "rule.iso3166_2"},
	"iso4217":                       {text: "rule.iso4217"},
	"iso4217_numeric":               {text: "rule.iso4217"},
	"bcp47_language_tag":            {text: "rule.language_tag"},
	"bcp47_strict_language_tag":     {text: "rule.language_tag"},
	"postcode_iso3166_alpha2":       {text: "rule.postcode"},
	"postcode_iso3166_alpha2_field": {text: "rule.postcode"},
	"bic":                           {text: "rule.bic"},
	"bic_iso_9362_2014":             {text: "rule.bic"},
}

// ruleOf returns the text of a validator's field error, and its arguments. A tag that is not built into the
// validator has the text "rule."+tag, which an application can bring; so has a choice of tags
// ("rgb|hsl"), for which no text of one tag is right. An alias of a built-in tag has the text of that
// tag. A parameter that is not what its tag needs, because the application replaced the check perhaps,
// leads to the text that says no more than "not valid".
func ruleOf(e validatorError, c *fieldCollector) (text string, attrs []Attr) {
	tag := e.Tag()
	r, ok := rules[tag]
	if !ok {
		r, ok = rules[e.ActualTag()]
	}
	if ok {
		return r.read(e, c)
	}
	return rulePrefix + tag, nil
}

func (r *rule) read(e validatorError, c *fieldCollector) (text string, attrs []Attr) {
	parameter := e.Param()
	switch r.param {
	case paramUnused:
		if r.format != "" {
			return r.text, oneArg("Format", r.format)
		}
		return r.text, nil
	case paramSize, paramSame, paramDifferent:
		return r.measure(e, parameter)
	case paramOthers:
		return r.readOthers(e, c, parameter)
	case paramValues:
		return r.readValues(e, parameter)
	}
	if parameter == "" {
		if r.param == paramUnique {
			return r.text, nil
		}
		return ruleInvalid, nil
	}
	switch r.param {
	case paramOther:
		if kind, t := checkedType(e); r.alt != "" && isMoment(kind, t) {
			return r.named(r.alt, e, c, parameter)
		}
		return r.named(r.text, e, c, parameter)
	case paramUnique:
		if kind, _ := checkedType(e); !isList(kind) {
			return r.named(r.alt, e, c, parameter)
		}
		return r.text, nil
	case paramText:
		return r.text, oneArg("Text", parameter)
	case paramCharacter:
		_, n := utf8.DecodeRuneInString(parameter)
		return r.text, oneArg("Text", parameter[:n])
	case paramMediaType:
		return r.text, oneArg("Format", parameter)
	}
	return r.text, oneArg("Example", lastSecond.Format(parameter)) // layout
}

// oneArg leaves room for the text, which goes along with the arguments.
func oneArg(name string, value any) []Attr { return append(make([]Attr, 0, 2), Arg(name, value)) }

// lastSecond shows layouts of dates: no two of its numbers can be mistaken for each other.
var lastSecond = time.Date(2025, time.December, 31, 23, 59, 58, 0, time.UTC)

var (
	timeType     = reflect.TypeFor[time.Time]()
	durationType = reflect.TypeFor[time.Duration]()
)

// checkedType returns the type that the tag checks, without pointers, which are nil then.
func checkedType(e validatorError) (reflect.Kind, reflect.Type) {
	kind, t := e.Kind(), e.Type()
	for kind == reflect.Pointer && t != nil {
		t = t.Elem()
		kind = t.Kind()
	}
	return kind, t
}

func isMoment(kind reflect.Kind, t reflect.Type) bool {
	return kind == reflect.Struct && t != nil && t.ConvertibleTo(timeType)
}

func isList(kind reflect.Kind) bool {
	return kind == reflect.Slice || kind == reflect.Map || kind == reflect.Array
}

// measure reads a limit. What it is depends on the type of the field, for the validator too.
func (r *rule) measure(e validatorError, parameter string) (text string, attrs []Attr) {
	kind, t := checkedType(e)
	switch {
	case kind == reflect.Interface || kind == reflect.Invalid || kind == reflect.Pointer: // nil
		return ruleRequired, nil
	case kind == reflect.String && r.param == paramSame:
		return r.sized.characters, oneArg("Limit", parameter)
	case kind == reflect.String && r.param == paramDifferent:
		if parameter == "" {
			return ruleRequired, nil
		}
		return r.sized.characters, nil // the parameter is the refused value
	case kind == reflect.String:
		return countLimit(r.sized.characters, parameter)
	case isList(kind):
		return countLimit(r.sized.items, parameter)
	case isMoment(kind, t):
		return r.sized.moment, nil // compared with the present; the parameter does not matter
	}
	if limit := limitOf(kind, t, parameter); limit != nil {
		return r.sized.number, oneArg("Limit", limit)
	}
	return ruleInvalid, nil
}

func countLimit(text, parameter string) (string, []Attr) {
	n, err := strconv.ParseInt(parameter, 0, strconv.IntSize)
	if err != nil {
		return ruleInvalid, nil
	}
	return text, append(make([]Attr, 0, 2), Count(int(n)))
}

// limitOf reads a parameter as the validator does for a field of that kind; nil when it cannot be read.
func limitOf(kind reflect.Kind, t reflect.Type, parameter string) any {
	switch kind {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if t == durationType {
			return durationLimit(parameter)
		}
		if n, err := strconv.ParseInt(parameter, 0, 64); err == nil {
			if int64(int(n)) == n {
				return int(n)
			}
			return n
		}
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if n, err := strconv.ParseUint(parameter, 0, 64); err == nil {
			return n
		}
	case reflect.Float32, reflect.Float64:
		if n, err := strconv.ParseFloat(parameter, 64); err == nil && !math.IsInf(n, 0) && !math.IsNaN(n) {
			return n
		}
	case reflect.Bool:
		if b, err := strconv.ParseBool(parameter); err == nil {
			return b
		}
	}
	return nil
}

// durationLimit returns the parameter as it is written; a bare number means nanoseconds.
func durationLimit(parameter string) any {
	if _, err := time.ParseDuration(parameter); err == nil {
		return parameter
	}
	if n, err := strconv.ParseInt(parameter, 0, 64); err == nil {
		return time.Duration(n).String()
	}
	return nil
}

// named returns the text with the name of the other field, which the parameter has as Go calls it.
func (r *rule) named(text string, e validatorError, c *fieldCollector, parameter string) (string, []Attr) {
	at, ok := c.other(e, parameter)
	if !ok {
		return ruleInvalid, nil
	}
	return text, oneArg("Other", &otherFields{at: []Location{at}})
}

func (r *rule) readOthers(e validatorError, c *fieldCollector, parameter string) (text string, attrs []Attr) {
	names := splitList(parameter)
	others := &otherFields{several: true}
	for _, name := range names {
		at, ok := c.other(e, name)
		if !ok {
			return r.bare, nil
		}
		others.at = append(others.at, at)
	}
	switch len(names) {
	case 0:
		return ruleInvalid, nil
	case 1:
		return r.text, oneArg("Others", others)
	}
	return r.alt, oneArg("Others", others)
}

func (r *rule) readValues(e validatorError, parameter string) (text string, attrs []Attr) {
	allowed := splitList(parameter)
	if len(allowed) == 0 {
		return ruleInvalid, nil
	}
	if kind, _ := checkedType(e); kind != reflect.String {
		if numbers := integers(allowed); numbers != nil {
			return r.text, oneArg("Values", numbers)
		}
	}
	return r.text, oneArg("Values", allowed)
}

// integers returns the values as numbers, or nil if one is not a number.
func integers(values []string) []int64 {
	numbers := make([]int64, len(values))
	for i, value := range values {
		n, err := strconv.ParseInt(value, 10, 64)
		if err != nil {
			return nil
		}
		numbers[i] = n
	}
	return numbers
}

// splitList splits a parameter as the validator does: at spaces, unless they stand between quotes.
func splitList(parameter string) []string {
	const spaces = "\t\n\f\r "
	var values []string
	for {
		parameter = strings.TrimLeft(parameter, spaces)
		if parameter == "" {
			return values
		}
		end := 0
		if parameter[0] == '\'' {
			end = strings.IndexByte(parameter[1:], '\'') + len("''")
		}
		if end < len("''") {
			end = strings.IndexAny(parameter, spaces)
		}
		if end < 0 {
			end = len(parameter)
		}
		if values == nil {
			values = make([]string, 0, 1+strings.Count(parameter, " "))
		}
		values = append(values, strings.ReplaceAll(parameter[:end], "'", ""))
		parameter = parameter[end:]
	}
}
