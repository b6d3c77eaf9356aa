package validator_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
	"github.com/go-playground/validator/v10"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	fault "github.com/polyfault/polyfault/core"
	"github.com/polyfault/polyfault/locales"
)

// A refused value that no answer may hold, wherever a check allows it to be the value that fails. It
// is wrong for nearly every notation. The needles are what every variant of it has.
const (
	canary       = "Cañary §7"
	canaryNumber = 7654321
)

var canaryNeedles = []string{"ary §7", "nary", "7654321"}

// ruleRow is a tag and a value that it refuses. "v" is the name of the field in the English text.
type ruleRow struct {
	tag    string // with its parameter
	value  any
	text   string // English
	params string // JSON, "" for none
	more   []any  // values of the fields Other and Third
}

var past = time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC)

type moment time.Time // as applications define them

var ruleRows = []ruleRow{
	{"required", "", "v is required.", "", nil},
	{"required", 0, "v is required.", "", nil},
	{"required", []string(nil), "v is required.", "", nil},
	{"required", (*int)(nil), "v is required.", "", nil},
	{"required_if=Other " + canaryQuoted, "", "v is required in this case.", "", []any{canary}},
	{"required_unless=Other " + canaryQuoted, "", "v is required in this case.", "", []any{"x"}},
	{"skip_unless=Other " + canaryQuoted, "", "v is required in this case.", "", []any{canary}},
	{"required_with=Other", "", "v is required when Other is given.", `{"Others":["Other"]}`, []any{canary}},
	{"required_with=Other Third", "", "When at least one of these fields is given (Other, Third), v is required.",
		`{"Others":["Other","Third"]}`, []any{canary, ""}},
	{"required_with_all=Other", "", "v is required when Other is given.", `{"Others":["Other"]}`, []any{canary}},
	{"required_with_all=Other Third", "", "When all of these fields are given (Other, Third), v is required.",
		`{"Others":["Other","Third"]}`, []any{canary, "x"}},
	{"required_without=Other", "", "v is required when Other is missing.", `{"Others":["Other"]}`, []any{""}},
	{"required_without=Other Third", "", "When at least one of these fields is missing (Other, Third), v is required.",
		`{"Others":["Other","Third"]}`, []any{canary, ""}},
	{"required_without_all=Other", "", "v is required when Other is missing.", `{"Others":["Other"]}`, []any{""}},
	{"required_without_all=Other Third", "", "When all of these fields are missing (Other, Third), v is required.",
		`{"Others":["Other","Third"]}`, []any{"", ""}},
	{"isdefault", canary, "v must be left empty.", "", nil},
	{"excluded_if=Other " + canaryQuoted, canary, "v must be left empty in this case.", "", []any{canary}},
	{"excluded_unless=Other " + canaryQuoted, canary, "v must be left empty in this case.", "", []any{"x"}},
	{"excluded_with=Other", canary, "v must be left empty when Other is given.", `{"Others":["Other"]}`, []any{canary}},
	{"excluded_with=Other Third", canary, "v must be left empty in this case.", `{"Others":["Other","Third"]}`, []any{canary, ""}},
	{"excluded_with_all=Other", canary, "v must be left empty when Other is given.", `{"Others":["Other"]}`, []any{canary}},
	{"excluded_with_all=Other Third", canary, "v must be left empty in this case.", `{"Others":["Other","Third"]}`, []any{canary, "x"}},
	{"excluded_without=Other", canary, "v must be left empty when Other is missing.", `{"Others":["Other"]}`, []any{""}},
	{"excluded_without=Other Third", canary, "v must be left empty in this case.", `{"Others":["Other","Third"]}`, []any{canary, ""}},
	{"excluded_without_all=Other", canary, "v must be left empty when Other is missing.", `{"Others":["Other"]}`, []any{""}},
	{"excluded_without_all=Other Third", canary, "v must be left empty in this case.", `{"Others":["Other","Third"]}`, []any{"", ""}},
	{"dive", (*[]int)(nil), "v is required.", "", nil},
	{"structonly", (*struct{ A int })(nil), "v is required.", "", nil},
	{"nostructlevel", (*struct{ A int })(nil), "v is required.", "", nil},

	{"min=3", -canaryNumber, "v must be at least 3.", `{"Limit":3}`, nil},
	{"min=0x10", int8(1), "v must be at least 16.", `{"Limit":16}`, nil},
	{"min=18446744073709551615", uint64(canaryNumber), "v must be at least 18446744073709551615.", `{"Limit":18446744073709551615}`, nil},
	{"min=-9223372036854775807,max=-9223372036854775808", int64(0), "v must be at most -9223372036854775808.",
		`{"Limit":-9223372036854775808}`, nil},
	{"min=0.25", float32(-canaryNumber), "v must be at least 0.25.", `{"Limit":0.25}`, nil},
	{"min=0.1", float32(0), "v must be at least 0.1.", `{"Limit":0.1}`, nil},
	{"min=3", (*int)(nil), "v must be at least 3.", `{"Limit":3}`, nil},
	{"min=1h30m", time.Minute, "v must be at least 1h30m.", `{"Limit":"1h30m"}`, nil},
	{"min=60000000000", time.Second, "v must be at least 1m0s.", `{"Limit":"1m0s"}`, nil},
	{"min=30", canary, "v must be at least 30 characters long.", `{"Count":30}`, nil},
	{"min=1", "", "v must be at least 1 character long.", `{"Count":1}`, nil},
	{"min=2", []string{canary}, "v must contain at least 2 items.", `{"Count":2}`, nil},
	{"min=1", map[string]int{}, "v must contain at least 1 item.", `{"Count":1}`, nil},
	{"min=2", [1]string{canary}, "v must contain at least 2 items.", `{"Count":2}`, nil},
	{"min=2", (*[]string)(nil), "v must contain at least 2 items.", `{"Count":2}`, nil},
	{"min=2", (*string)(nil), "v must be at least 2 characters long.", `{"Count":2}`, nil},
	{"min", past, "v must be in the future.", "", nil},
	{"gte=3", -canaryNumber, "v must be at least 3.", `{"Limit":3}`, nil},
	{"gte=30", canary, "v must be at least 30 characters long.", `{"Count":30}`, nil},
	{"gte=2", []string{canary}, "v must contain at least 2 items.", `{"Count":2}`, nil},
	{"gte", past, "v must be in the future.", "", nil},
	{"gte=5s", time.Second, "v must be at least 5s.", `{"Limit":"5s"}`, nil},
	{"max=3", canaryNumber, "v must be at most 3.", `{"Limit":3}`, nil},
	{"max=3", canary, "v must be at most 3 characters long.", `{"Count":3}`, nil},
	{"max=1", []string{canary, canary}, "v must contain at most 1 item.", `{"Count":1}`, nil},
	{"max", time.Now().Add(time.Hour), "v must be in the past.", "", nil},
	{"max=5s", time.Minute, "v must be at most 5s.", `{"Limit":"5s"}`, nil},
	{"lte=3", uint8(200), "v must be at most 3.", `{"Limit":3}`, nil},
	{"lte=3", canary, "v must be at most 3 characters long.", `{"Count":3}`, nil},
	{"lte=0", []string{canary}, "v must contain at most 0 items.", `{"Count":0}`, nil},
	{"lte", time.Now().Add(time.Hour), "v must be in the past.", "", nil},
	{"gt=0", -canaryNumber, "v must be greater than 0.", `{"Limit":0}`, nil},
	{"gt=30", canary, "v must be longer than 30 characters.", `{"Count":30}`, nil},
	{"gt=1", []string{canary}, "v must contain more than 1 item.", `{"Count":1}`, nil},
	{"gt", past, "v must be in the future.", "", nil},
	{"gt", (*time.Time)(nil), "v must be in the future.", "", nil},
	{"gt", moment(past), "v must be in the future.", "", nil},
	{"gt=2s", time.Second, "v must be greater than 2s.", `{"Limit":"2s"}`, nil},
	{"lt=1.5", canaryNumber * 1.0, "v must be less than 1.5.", `{"Limit":1.5}`, nil},
	{"lt=3", canary, "v must be shorter than 3 characters.", `{"Count":3}`, nil},
	{"lt=2", []string{canary, canary}, "v must contain fewer than 2 items.", `{"Count":2}`, nil},
	{"lt", time.Now().Add(time.Hour), "v must be in the past.", "", nil},
	{"lt=2s", time.Minute, "v must be less than 2s.", `{"Limit":"2s"}`, nil},
	{"len=3", canary, "v must be exactly 3 characters long.", `{"Count":3}`, nil},
	{"len=3", []string{canary}, "v must contain exactly 3 items.", `{"Count":3}`, nil},
	{"len=3", canaryNumber, "v must be equal to 3.", `{"Limit":3}`, nil},
	{"len=3s", time.Minute, "v must be equal to 3s.", `{"Limit":"3s"}`, nil},
	{"eq=3", canaryNumber, "v must be equal to 3.", `{"Limit":3}`, nil},
	{"eq=3", canary, "v must be equal to 3.", `{"Limit":"3"}`, nil},
	{"eq=3", []string{canary}, "v must contain exactly 3 items.", `{"Count":3}`, nil},
	{"eq=true", false, "v must be equal to true.", `{"Limit":true}`, nil},
	{"eq=3s", time.Minute, "v must be equal to 3s.", `{"Limit":"3s"}`, nil},
	{"eq_ignore_case=yes", canary, "v must be equal to yes.", `{"Limit":"yes"}`, nil},
	{"ne=0", 0, "v must not be equal to 0.", `{"Limit":0}`, nil},
	{"ne=false", false, "v must not be equal to false.", `{"Limit":false}`, nil},
	{"ne=0s", time.Duration(0), "v must not be equal to 0s.", `{"Limit":"0s"}`, nil},
	{"ne=" + canary, canary, "v has a value that is not allowed.", "", nil},
	{"ne=", "", "v is required.", "", nil},
	{"ne=1", []string{canary}, "v must not contain exactly 1 item.", `{"Count":1}`, nil},
	{"ne_ignore_case=" + strings.ToUpper(canary), canary, "v has a value that is not allowed.", "", nil},
	{"oneof=red green", canary, "v must be one of these values: red, green.", `{"Values":["red","green"]}`, nil},
	{"oneof=red 'light green' it's", canary, "v must be one of these values: red, light green, its.",
		`{"Values":["red","light green","its"]}`, nil},
	{"oneof=1 2", canary, "v must be one of these values: 1, 2.", `{"Values":["1","2"]}`, nil},
	{"oneof=1 -2 30", canaryNumber, "v must be one of these values: 1, -2, 30.", `{"Values":[1,-2,30]}`, nil},
	{"oneof=1 2", uint16(7), "v must be one of these values: 1, 2.", `{"Values":[1,2]}`, nil},
	{"oneof=1 x", canaryNumber, "v must be one of these values: 1, x.", `{"Values":["1","x"]}`, nil},
	{"oneofci=red green", canary, "v must be one of these values: red, green.", `{"Values":["red","green"]}`, nil},
	{"noneof=x " + canaryQuoted, canary, "v has a value that is not allowed.", "", nil},
	{"noneofci=x " + canaryQuoted, canary, "v has a value that is not allowed.", "", nil},
	{"unique", []string{canary, canary}, "v must not contain duplicates.", "", nil},
	{"unique", map[string]string{"a": canary, "b": canary}, "v must not contain duplicates.", "", nil},
	{"unique=ID", []struct{ ID string }{{canary}, {canary}}, "v must not contain duplicates.", "", nil},
	{"unique=Other", canary, "The value of v must be different from that of Other.", `{"Other":"Other"}`, []any{canary}},

	{"eqfield=Other", canary, "The value of v must be the same as that of Other.", `{"Other":"Other"}`, []any{canary + canary}},
	{"eqcsfield=Other", canary, "The value of v must be the same as that of Other.", `{"Other":"Other"}`, []any{canary + canary}},
	{"eqfield=Other", past, "The value of v must be the same as that of Other.", `{"Other":"Other"}`, []any{past.Add(1)}},
	{"nefield=Other", canary, "The value of v must be different from that of Other.", `{"Other":"Other"}`, []any{canary}},
	{"necsfield=Other", canary, "The value of v must be different from that of Other.", `{"Other":"Other"}`, []any{canary}},
	{"gtfield=Other", canaryNumber, "The value of v must be greater than that of Other.", `{"Other":"Other"}`, []any{canaryNumber}},
	{"gtcsfield=Other", canaryNumber, "The value of v must be greater than that of Other.", `{"Other":"Other"}`, []any{canaryNumber}},
	{"gtefield=Other", canaryNumber, "The value of v must be greater than or equal to that of Other.", `{"Other":"Other"}`, []any{canaryNumber + 1}},
	{"gtecsfield=Other", canaryNumber, "The value of v must be greater than or equal to that of Other.", `{"Other":"Other"}`, []any{canaryNumber + 1}},
	{"ltfield=Other", canaryNumber, "The value of v must be less than that of Other.", `{"Other":"Other"}`, []any{canaryNumber}},
	{"ltcsfield=Other", canaryNumber, "The value of v must be less than that of Other.", `{"Other":"Other"}`, []any{canaryNumber}},
	{"ltefield=Other", canaryNumber, "The value of v must be less than or equal to that of Other.",
		`{"Other":"Other"}`, []any{canaryNumber - 1}},
	{"ltecsfield=Other", canaryNumber, "The value of v must be less than or equal to that of Other.",
		`{"Other":"Other"}`, []any{canaryNumber - 1}},
	{"gtfield=Other", past, "The date or time of v must be later than that of Other.", `{"Other":"Other"}`, []any{past}},
	{"gtcsfield=Other", past, "The date or time of v must be later than that of Other.", `{"Other":"Other"}`, []any{past}},
	{"gtefield=Other", past, "The date or time of v must not be earlier than that of Other.", `{"Other":"Other"}`, []any{past.Add(1)}},
	{"gtecsfield=Other", past, "The date or time of v must not be earlier than that of Other.", `{"Other":"Other"}`, []any{past.Add(1)}},
	{"ltfield=Other", past, "The date or time of v must be earlier than that of Other.", `{"Other":"Other"}`, []any{past}},
	{"ltcsfield=Other", past, "The date or time of v must be earlier than that of Other.", `{"Other":"Other"}`, []any{past}},
	{"ltefield=Other", past, "The date or time of v must not be later than that of Other.", `{"Other":"Other"}`, []any{past.Add(-1)}},
	{"ltecsfield=Other", past, "The date or time of v must not be later than that of Other.", `{"Other":"Other"}`, []any{past.Add(-1)}},
	{"fieldcontains=Other", canary, "v must contain the value of Other.", `{"Other":"Other"}`, []any{"x"}},
	{"fieldexcludes=Other", canary, "v must not contain the value of Other.", `{"Other":"Other"}`, []any{"Cañ"}},

	{"alpha", canary, "v may contain only the letters A–Z and a–z.", "", nil},
	{"alphaspace", canary, "v may contain only spaces and the letters A–Z and a–z.", "", nil},
	{"alphanum", canary, "v may contain only digits and the letters A–Z and a–z.", "", nil},
	{"alphanumspace", canary, "v may contain only digits, spaces and the letters A–Z and a–z.", "", nil},
	{"alphaunicode", canary, "v may contain only letters.", "", nil},
	{"alphanumunicode", canary, "v may contain only letters and digits.", "", nil},
	{"number", canary, "v may contain only digits.", "", nil},
	{"numeric", canary, "v must be a number.", "", nil},
	{"boolean", canary, "v must be true or false.", "", nil},
	{"hexadecimal", canary, "v must be a hexadecimal number.", "", nil},
	{"ascii", canary, "v may contain only ASCII characters.", "", nil},
	{"printascii", canary, "v may contain only printable ASCII characters.", "", nil},
	{"multibyte", "Canary 7", "v must contain at least one character that is not ASCII.", "", nil},
	{"lowercase", canary, "v must be in lower case.", "", nil},
	{"uppercase", canary, "v must be in upper case.", "", nil},
	{"contains=ab", canary, "v must contain “ab”.", `{"Text":"ab"}`, nil},
	{"contains=0x2C", canary, "v must contain “,”.", `{"Text":","}`, nil},
	{"containsany=!?", canary, "v must contain at least one of the characters “!?”.", `{"Text":"!?"}`, nil},
	{"containsrune=öx", canary, "v must contain “ö”.", `{"Text":"ö"}`, nil},
	{"excludes=Ca", canary, "v must not contain “Ca”.", `{"Text":"Ca"}`, nil},
	{"excludesall=ñ!", canary, "v must not contain any of the characters “ñ!”.", `{"Text":"ñ!"}`, nil},
	{"excludesrune=ñx", canary, "v must not contain “ñ”.", `{"Text":"ñ"}`, nil},
	{"startswith=x-", canary, "v must start with “x-”.", `{"Text":"x-"}`, nil},
	{"endswith=-x", canary, "v must end with “-x”.", `{"Text":"-x"}`, nil},
	{"startsnotwith=Ca", canary, "v must not start with “Ca”.", `{"Text":"Ca"}`, nil},
	{"endsnotwith=7", canary, "v must not end with “7”.", `{"Text":"7"}`, nil},

	{"iscolor", canary, "v must be a valid color.", "", nil},
	{"hexcolor", canary, "v must be a color in #RRGGBB notation.", `{"Format":"#RRGGBB"}`, nil},
	{"rgb", canary, "v must be a color in RGB notation.", `{"Format":"RGB"}`, nil},
	{"rgba", canary, "v must be a color in RGBA notation.", `{"Format":"RGBA"}`, nil},
	{"hsl", canary, "v must be a color in HSL notation.", `{"Format":"HSL"}`, nil},
	{"hsla", canary, "v must be a color in HSLA notation.", `{"Format":"HSLA"}`, nil},
	{"cmyk", canary, "v must be a color in CMYK notation.", `{"Format":"CMYK"}`, nil},
	{"rgb|hsl", canary, "v is not valid.", "", nil},
	{"eq=" + canary + "x|eq=y", "x", "v is not valid.", "", nil},

	{"e164", canary, "v must be a valid phone number with country code.", "", nil},
	{"email", canary, "v must be a valid email address.", "", nil},
	{"email", (*string)(nil), "v must be a valid email address.", "", nil},
	{"url", canary, "v must be a valid URL.", "", nil},
	{"http_url", canary, "v must be a valid web address (HTTP or HTTPS).", "", nil},
	{"https_url", canary, "v must be a secure web address (HTTPS).", "", nil},
	{"uri", canary, "v must be a valid URI.", "", nil},
	{"origin", canary, "v must be a web origin without a path (HTTP or HTTPS).", "", nil},
	{"urn_rfc2141", canary, "v must be in URN format.", `{"Format":"URN"}`, nil},
	{"urn_rfc8141", canary, "v must be in URN format.", `{"Format":"URN"}`, nil},
	{"datauri", canary, "v must be in data URI format.", `{"Format":"data URI"}`, nil},
	{"file", canary, "v must be the path of an existing file.", "", nil},
	{"dir", canary, "v must be the path of an existing folder.", "", nil},
	{"filepath", canary + "/", "v must be a valid path.", "", nil},
	{"dirpath", canary, "v must be a valid path.", "", nil},
	{"image", canary, "v must be an image file.", "", nil},
	{"mimetype=image/*", canary, "v must be a file of type image/*.", `{"Format":"image/*"}`, nil},
	{"uds_exists", canary, "v must be the address of a Unix domain socket.", "", nil},
	{"base32", canary, "v must be Base32-encoded.", `{"Format":"Base32"}`, nil},
	{"base64", canary, "v must be Base64-encoded.", `{"Format":"Base64"}`, nil},
	{"base64url", canary, "v must be Base64url-encoded.", `{"Format":"Base64url"}`, nil},
	{"base64rawurl", canary, "v must be Base64url-encoded.", `{"Format":"Base64url"}`, nil},
	{"url_encoded", canary + "%", "v must be URL-encoded.", `{"Format":"URL"}`, nil},
	{"html_encoded", canary, "v must be HTML-encoded.", `{"Format":"HTML"}`, nil},
	{"html", canary, "v must be in HTML format.", `{"Format":"HTML"}`, nil},
	{"json", canary, "v must contain valid JSON.", "", nil},
	{"json", []byte(canary), "v must contain valid JSON.", "", nil},
	{"jwt", canary, "v must be in JWT format.", `{"Format":"JWT"}`, nil},
	{"md4", canary, "v must be a valid MD4 hash.", `{"Format":"MD4"}`, nil},
	{"md5", canary, "v must be a valid MD5 hash.", `{"Format":"MD5"}`, nil},
	{"sha256", canary, "v must be a valid SHA-256 hash.", `{"Format":"SHA-256"}`, nil},
	{"sha384", canary, "v must be a valid SHA-384 hash.", `{"Format":"SHA-384"}`, nil},
	{"sha512", canary, "v must be a valid SHA-512 hash.", `{"Format":"SHA-512"}`, nil},
	{"ripemd128", canary, "v must be a valid RIPEMD-128 hash.", `{"Format":"RIPEMD-128"}`, nil},
	{"ripemd160", canary, "v must be a valid RIPEMD-160 hash.", `{"Format":"RIPEMD-160"}`, nil},
	{"tiger128", canary, "v must be a valid Tiger/128 hash.", `{"Format":"Tiger/128"}`, nil},
	{"tiger160", canary, "v must be a valid Tiger/160 hash.", `{"Format":"Tiger/160"}`, nil},
	{"tiger192", canary, "v must be a valid Tiger/192 hash.", `{"Format":"Tiger/192"}`, nil},
	{"uuid", canary, "v must be a valid UUID.", "", nil},
	{"uuid3", canary, "v must be a valid UUID.", "", nil},
	{"uuid4", canary, "v must be a valid UUID.", "", nil},
	{"uuid5", canary, "v must be a valid UUID.", "", nil},
	{"uuid7", canary, "v must be a valid UUID.", "", nil},
	{"uuid_rfc4122", canary, "v must be a valid UUID.", "", nil},
	{"uuid3_rfc4122", canary, "v must be a valid UUID.", "", nil},
	{"uuid4_rfc4122", canary, "v must be a valid UUID.", "", nil},
	{"uuid5_rfc4122", canary, "v must be a valid UUID.", "", nil},
	{"ulid", canary, "v must be in ULID format.", `{"Format":"ULID"}`, nil},
	{"isbn", canary, "v must be a valid ISBN.", "", nil},
	{"isbn10", canary, "v must be in ISBN-10 format.", `{"Format":"ISBN-10"}`, nil},
	{"isbn13", canary, "v must be in ISBN-13 format.", `{"Format":"ISBN-13"}`, nil},
	{"issn", canary, "v must be in ISSN format.", `{"Format":"ISSN"}`, nil},
	{"ssn", canary, "v must be in SSN format.", `{"Format":"SSN"}`, nil},
	{"ein", canary, "v must be in EIN format.", `{"Format":"EIN"}`, nil},
	{"cve", canary, "v must be in CVE format.", `{"Format":"CVE"}`, nil},
	{"spicedb=id", canary, "v must be in SpiceDB format.", `{"Format":"SpiceDB"}`, nil},
	{"mongodb", canary, "v must be in MongoDB ObjectID format.", `{"Format":"MongoDB ObjectID"}`, nil},
	{"mongodb_connection_string", canary, "v must be in MongoDB URI format.", `{"Format":"MongoDB URI"}`, nil},
	{"eth_addr", canary, "v must be a valid Ethereum address.", `{"Format":"Ethereum"}`, nil},
	{"eth_addr_checksum", canary, "v must be a valid Ethereum address.", `{"Format":"Ethereum"}`, nil},
	{"btc_addr", canary, "v must be a valid Bitcoin address.", `{"Format":"Bitcoin"}`, nil},
	{"btc_addr_bech32", canary, "v must be a valid Bitcoin address.", `{"Format":"Bitcoin"}`, nil},
	{"credit_card", canary, "v must be a valid credit card number.", "", nil},
	{"luhn_checksum", canaryNumber, "v must have a correct check digit.", "", nil},
	{"semver", canary, "v must be a version number such as 1.2.3.", "", nil},
	{"cron", canary, "v must be a valid cron expression.", "", nil},
	{"latitude", canaryNumber, "v must be a valid latitude.", "", nil},
	{"longitude", canaryNumber, "v must be a valid longitude.", "", nil},
	{"datetime=2006-01-02", canary, "v must be a date or time in this form: 2025-12-31.", `{"Example":"2025-12-31"}`, nil},
	{"datetime=3:04PM", canary, "v must be a date or time in this form: 11:59PM.", `{"Example":"11:59PM"}`, nil},
	{"datetime=2006-01-02T15:04:05Z07:00", canary, "v must be a date or time in this form: 2025-12-31T23:59:58Z.",
		`{"Example":"2025-12-31T23:59:58Z"}`, nil},
	{"duration", canary, "v must be a duration such as 1h30m.", "", nil},
	{"timezone", canary, "v must be a time zone such as Europe/Berlin.", "", nil},

	{"ip", canary, "v must be a valid IP address.", "", nil},
	{"ip_addr", canary, "v must be a valid IP address.", "", nil},
	{"ipv4", canary, "v must be a valid IPv4 address.", "", nil},
	{"ip4_addr", canary, "v must be a valid IPv4 address.", "", nil},
	{"ipv6", canary, "v must be a valid IPv6 address.", "", nil},
	{"ip6_addr", canary, "v must be a valid IPv6 address.", "", nil},
	{"cidr", canary, "v must be a valid IP network in CIDR notation.", `{"Format":"IP"}`, nil},
	{"cidrv4", canary, "v must be a valid IPv4 network in CIDR notation.", `{"Format":"IPv4"}`, nil},
	{"cidrv6", canary, "v must be a valid IPv6 network in CIDR notation.", `{"Format":"IPv6"}`, nil},
	{"tcp_addr", canary, "v must be an IP address with a port.", `{"Format":"IP"}`, nil},
	{"tcp4_addr", canary, "v must be an IPv4 address with a port.", `{"Format":"IPv4"}`, nil},
	{"tcp6_addr", canary, "v must be an IPv6 address with a port.", `{"Format":"IPv6"}`, nil},
	{"udp_addr", canary, "v must be an IP address with a port.", `{"Format":"IP"}`, nil},
	{"udp4_addr", canary, "v must be an IPv4 address with a port.", `{"Format":"IPv4"}`, nil},
	{"udp6_addr", canary, "v must be an IPv6 address with a port.", `{"Format":"IPv6"}`, nil},
	{"mac", canary, "v must be a valid MAC address.", "", nil},
	{"hostname", canary, "v must be a valid host name.", "", nil},
	{"hostname_rfc1123", canary, "v must be a valid host name.", "", nil},
	{"hostname_label", canary, "v must be a valid DNS label.", "", nil},
	{"dns_rfc1035_label", canary, "v must be a valid DNS label.", "", nil},
	{"fqdn", canary, "v must be a fully qualified domain name.", "", nil},
	{"port", canaryNumber, "v must be a port number from 1 to 65535.", "", nil},
	{"hostname_port", canary, "v must be a host name with a port.", "", nil},

	{"country_code", canary, "v must be a valid country code.", "", nil},
	{"iso3166_1_alpha2", canary, "v must be a valid two-letter country code.", "", nil},
	{"iso3166_1_alpha3", canary, "v must be a valid three-letter country code.", "", nil},
	{"iso3166_1_alpha_numeric", canary, "v must be a valid country code.", "", nil},
	{"eu_country_code", canary, "v must be the country code of a member state of the European Union.", "", nil},
	{"iso3166_1_alpha2_eu", canary, "v must be the country code of a member state of the European Union.", "", nil},
	{"iso3166_1_alpha3_eu", canary, "v must be the country code of a member state of the European Union.", "", nil},
	{"iso3166_1_alpha_numeric_eu", canary, "v must be the country code of a member state of the European Union.", "", nil},
	{"iso3166_2", canary, "v must be a valid region code (ISO 3166-2).", "", nil},
	{"iso4217", canary, "v must be a valid currency code.", "", nil},
	{"iso4217_numeric", canaryNumber, "v must be a valid currency code.", "", nil},
	{"bcp47_language_tag", canary, "v must be a valid language code (BCP 47).", "", nil},
	{"bcp47_strict_language_tag", canary, "v must be a valid language code (BCP 47).", "", nil},
	{"postcode_iso3166_alpha2=US", canary, "v must be a valid postal code.", "", nil},
	{"postcode_iso3166_alpha2_field=Other", canary, "v must be a valid postal code.", "", []any{"US"}},
	{"bic", canary, "v must be a valid BIC (SWIFT code).", "", nil},
	{"bic_iso_9362_2014", canary, "v must be a valid BIC (SWIFT code).", "", nil},
}

const canaryQuoted = "'" + canary + "'"

// The tags of the validator that have no row above, and why.
var ruleExceptions = map[string]string{
	"validateFn": "calls a method of the value, and says nothing of what that found",
	"unix_addr":  "never fails; TestRulesOfOtherErrors makes its error by hand",
}

func (row ruleRow) name() string {
	tags := strings.Split(row.tag, ",")
	last := tags[len(tags)-1]
	if strings.Contains(last, "|") {
		return last
	}
	name, _, _ := strings.Cut(last, "=")
	return name
}

// fail is what the validator says of the row's value.
func (row ruleRow) fail(t *testing.T, v *validator.Validate) error {
	t.Helper()
	fields := []reflect.StructField{{
		Name: "V", Type: reflect.TypeOf(row.value),
		Tag: reflect.StructTag(`json:"v" validate:` + strconv.Quote(row.tag)),
	}}
	for i, other := range row.more {
		fields = append(fields, reflect.StructField{Name: []string{"Other", "Third"}[i], Type: reflect.TypeOf(other)})
	}
	input := reflect.New(reflect.StructOf(fields)).Elem()
	for i, value := range append([]any{row.value}, row.more...) {
		input.Field(i).Set(reflect.ValueOf(value))
	}
	err := v.Struct(input.Interface())
	list, ok := err.(validator.ValidationErrors)
	require.True(t, ok, "%s: %v", row.tag, err)
	require.Len(t, list, 1)
	require.Equal(t, row.name(), list[0].Tag())
	return fault.BindingTo(input.Type(), err)
}

func newValidator() *validator.Validate {
	v := validator.New()
	v.RegisterTagNameFunc(fault.FieldName)
	return v
}

// fieldMember is the entry of the field v in a Multilingual body.
type fieldMember struct {
	Code           string
	DE, EN, FR, PT string
	Params         json.RawMessage
}

func (m fieldMember) texts() map[string]string {
	return map[string]string{"de": m.DE, "en": m.EN, "fr": m.FR, "pt": m.PT}
}

func fieldMemberOf(t *testing.T, resp *fault.Response, name string) fieldMember {
	t.Helper()
	var body struct{ Details map[string]fieldMember }
	require.NoError(t, json.Unmarshal(resp.Body, &body), "%s", resp.Body)
	require.Contains(t, body.Details, name, "%s", resp.Body)
	return body.Details[name]
}

func assertParams(t *testing.T, want string, got json.RawMessage) {
	t.Helper()
	if want == "" {
		assert.Empty(t, string(got))
		return
	}
	assert.JSONEq(t, want, string(got))
}

func assertNoCanary(t *testing.T, resp *fault.Response) {
	t.Helper()
	for _, needle := range canaryNeedles {
		assert.NotContains(t, string(resp.Body), needle)
		assert.NotContains(t, fmt.Sprint(resp.Header()), needle)
	}
}

// Each tag has its text, in all languages, with the arguments that the text needs; and nothing that was
// refused, or that a condition asks for, comes back.
func TestRules(t *testing.T) {
	v := newValidator()
	r := responder(t)
	texts := shippedRules(t)
	invalid := map[string]string{}
	for language, entries := range texts {
		invalid[language] = strings.ReplaceAll(entries["rule.invalid"]["other"], "{{.Field}}", "v")
	}
	for i, row := range ruleRows {
		t.Run(fmt.Sprintf("%d-%s", i, row.name()), func(t *testing.T) {
			err := row.fail(t, v)
			resp := r.Respond(with(), err)
			assert.Equal(t, 400, resp.Status)
			field := fieldMemberOf(t, resp, "v")
			if strings.ContainsAny(row.name(), "|") {
				assert.Equal(t, "invalid", field.Code, "a list of rules is no stable name, and has parameters")
			} else {
				assert.Equal(t, row.name(), field.Code)
			}
			assert.Equal(t, row.text, field.EN)
			assertParams(t, row.params, field.Params)
			for language, text := range field.texts() {
				assert.Equal(t, row.text == "v is not valid.", text == invalid[language], "%s: %s", language, text)
				assert.Regexp(t, map[string]string{"de": "Felds? „v“", "en": "v ", "fr": "champ «\u00a0v\u00a0»",
					"pt": "campo “v”"}[language], text)
				for _, gap := range []string{"  ", " .", ": .", "“”", "„“", "«\u00a0\u00a0»", "{{"} {
					assert.NotContains(t, text, gap)
				}
			}
			{
				assertNoCanary(t, resp)
				problem := r.Respond(with("Accept", problemJSON), err)
				assertNoCanary(t, problem)
				assert.Contains(t, string(problem.Body), `"pointer":"#/v"`)
			}
		})
	}
}

// Whatever the validator has learned is in the table above or among the exceptions.
func TestRulesAreComplete(t *testing.T) {
	inside := reflect.ValueOf(validator.New()).Elem()
	var tags []string
	for _, part := range []string{"validations", "aliases"} {
		for _, tag := range inside.FieldByName(part).MapKeys() {
			tags = append(tags, tag.String())
		}
	}
	assert.Greater(t, len(tags), 170)
	covered := map[string]bool{}
	for _, row := range ruleRows {
		if row.text != "v is not valid." {
			covered[row.name()] = true
		}
	}
	for _, tag := range tags {
		assert.NotEqual(t, covered[tag], ruleExceptions[tag] != "", "tag %s: in the table, or an exception", tag)
	}
	for tag := range ruleExceptions {
		assert.Contains(t, tags, tag, "an exception that is none any more")
	}
	assert.GreaterOrEqual(t, len(covered), 60)
}

// shippedRules are the texts "rule.…" by language, id and plural form.
func shippedRules(t *testing.T) map[string]map[string]map[string]string {
	t.Helper()
	texts := map[string]map[string]map[string]string{}
	for _, language := range []string{"de", "en", "fr", "pt"} {
		content, err := locales.FS.ReadFile("active." + language + ".toml")
		require.NoError(t, err)
		var tables map[string]map[string]any
		require.NoError(t, toml.Unmarshal(content, &tables))
		texts[language] = map[string]map[string]string{}
		for id, table := range tables {
			if !strings.HasPrefix(id, "rule.") {
				continue
			}
			texts[language][id] = map[string]string{}
			for form, text := range table {
				texts[language][id][form] = text.(string)
			}
		}
	}
	return texts
}

var placeholders = regexp.MustCompile(`\{\{\.(\w+)\}\}`)

func placeholdersOf(text string) []string {
	var names []string
	for _, found := range placeholders.FindAllStringSubmatch(text, -1) {
		names = append(names, found[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Texts that are not for tags but for JSON, for binders and for code written by hand.
var rulesWithoutTag = []string{
	"rule.unknown_field", "rule.readonly", "rule.duplicate", "rule.not_found", "rule.integer",
	"rule.type.string", "rule.type.number", "rule.type.array", "rule.type.object", "rule.type.value",
}

// The placeholders of a text are the same in all languages, are set for every tag that has the text, and
// every text is used.
func TestRulePlaceholders(t *testing.T) {
	texts := shippedRules(t)
	ids := slices.Sorted(maps.Keys(texts["en"]))
	assert.InDelta(t, 115, len(ids), 25, "the number of texts that others translate")
	for language, entries := range texts {
		assert.ElementsMatch(t, ids, slices.Collect(maps.Keys(entries)), language)
		for id, forms := range entries {
			want := placeholdersOf(texts["en"][id]["other"])
			assert.Contains(t, want, "Field", id)
			for form, text := range forms {
				if form == "description" {
					for _, name := range want {
						assert.Contains(t, text, "{{."+name+"}}", "%s: the description tells translators of it", id)
					}
					continue
				}
				assert.Equal(t, want, placeholdersOf(text), "%s %s %s", language, id, form)
				assert.Equal(t, 1, strings.Count(text, "{{.Field}}"), "%s %s %s", language, id, form)
			}
			assert.Equal(t, slices.Contains(want, "Count"), forms["one"] != "", "%s %s: plural forms go with a count", language, id)
			assert.Equal(t, language == "en", forms["description"] != "", "%s %s", language, id)
		}
	}

	// An application whose texts are their own ids, with the values of the arguments.
	var own strings.Builder
	for _, id := range ids {
		fmt.Fprintf(&own, "%q = %q\n", id, id)
	}
	r := responder(t, fault.WithLocales(files("active.en.toml", own.String())))
	v := newValidator()
	used := map[string]bool{"rule.invalid": true}
	for _, row := range ruleRows {
		field := fieldMemberOf(t, r.Respond(with(), row.fail(t, v)), "v")
		set := map[string]any{"Field": nil}
		if field.Params != nil {
			require.NoError(t, json.Unmarshal(field.Params, &set))
		}
		require.Contains(t, ids, field.EN, row.tag)
		used[field.EN] = true
		for _, name := range placeholdersOf(texts["en"][field.EN]["other"]) {
			assert.Contains(t, set, name, "%s leaves a placeholder of %s empty", row.tag, field.EN)
		}
	}
	for _, id := range ids {
		assert.NotEqual(t, used[id], slices.Contains(rulesWithoutTag, id), "%s: used by a tag, or listed", id)
	}
	for _, id := range rulesWithoutTag {
		assert.Contains(t, ids, id)
		if name, ok := strings.CutPrefix(id, "rule."); ok && !strings.HasPrefix(name, "type.") {
			assert.Equal(t, []string{"Field"}, placeholdersOf(texts["en"][id]["other"]), "code written by hand needs no arguments")
		}
	}
}

func TestRulePlurals(t *testing.T) {
	v := newValidator()
	r := responder(t)
	for _, c := range []struct {
		tag   string
		value any
		texts map[string]string
	}{
		{"min=1", "", map[string]string{
			"de": "Das Feld „v“ muss mindestens 1 Zeichen lang sein.", "en": "v must be at least 1 character long.",
			"fr": "Le champ «\u00a0v\u00a0» doit contenir au moins 1 caractère.", "pt": "O campo “v” deve ter no mínimo 1 caractere."}},
		{"min=2", "", map[string]string{
			"de": "Das Feld „v“ muss mindestens 2 Zeichen lang sein.", "en": "v must be at least 2 characters long.",
			"fr": "Le champ «\u00a0v\u00a0» doit contenir au moins 2 caractères.", "pt": "O campo “v” deve ter no mínimo 2 caracteres."}},
		{"min=1", []int{}, map[string]string{
			"de": "Das Feld „v“ muss mindestens 1 Eintrag enthalten.", "en": "v must contain at least 1 item.",
			"fr": "Le champ «\u00a0v\u00a0» doit contenir au moins 1 élément.", "pt": "O campo “v” deve conter no mínimo 1 item."}},
		{"max=0", []int{1}, map[string]string{
			"de": "Das Feld „v“ darf höchstens 0 Einträge enthalten.", "en": "v must contain at most 0 items.",
			"fr": "Le champ «\u00a0v\u00a0» doit contenir au plus 0 élément.", "pt": "O campo “v” deve conter no máximo 0 item."}},
		{"min=1000000", []int{}, map[string]string{
			"de": "Das Feld „v“ muss mindestens 1000000 Einträge enthalten.", "en": "v must contain at least 1000000 items.",
			"fr": "Le champ «\u00a0v\u00a0» doit contenir au moins 1000000 d’éléments.",
			"pt": "O campo “v” deve conter no mínimo 1000000 de itens."}},
	} {
		field := fieldMemberOf(t, r.Respond(with(), ruleRow{tag: c.tag, value: c.value}.fail(t, v)), "v")
		assert.Equal(t, c.texts, field.texts(), c.tag)
	}
}

// handmade is a field error as another version of the validator, or another library, may have it.
type handmade struct {
	validator.FieldError
	tag, actual, param string
	kind               reflect.Kind
	typ                reflect.Type
}

func (e handmade) Tag() string             { return e.tag }
func (e handmade) ActualTag() string       { return e.actual }
func (e handmade) Namespace() string       { return "T.v" }
func (e handmade) StructNamespace() string { return "T.V" }
func (e handmade) Field() string           { return "v" }
func (e handmade) Param() string           { return e.param }
func (e handmade) Kind() reflect.Kind      { return e.kind }
func (e handmade) Type() reflect.Type      { return e.typ }
func (e handmade) Error() string           { return canary }

func handmadeOf(tag, param string, value any) handmade {
	typ := reflect.TypeOf(value)
	e := handmade{tag: tag, actual: tag, param: param, typ: typ}
	if typ != nil {
		e.kind = typ.Kind()
	}
	return e
}

// A tag whose check was replaced has other parameters, or other types, than the one built in: the text
// then says no more than it knows.
func TestRulesOfOtherErrors(t *testing.T) {
	r := responder(t)
	read := func(t *testing.T, e handmade) fieldMember {
		t.Helper()
		resp := r.Respond(with(), listOfErrors{e})
		assertNoCanary(t, resp)
		return fieldMemberOf(t, resp, "v")
	}
	var nilInterface *any
	for _, tag := range []string{"min", "max", "gte", "lte", "gt", "lt", "len", "eq", "ne"} {
		for _, c := range []struct {
			param string
			value any
		}{
			{"nary", 1}, {"", 1}, {"1.5", 1}, {"9223372036854775808", int64(1)}, {"-1", uint(1)}, {"nary", 1.5},
			{"NaN", 1.5}, {"Inf", 1.5}, {"1e999", 1.5}, {"nary", time.Second}, {"nary", true},
			{"nary", []int{}}, {"99999999999999999999", []int{}}, {"1.5", [0]int{}}, {"", map[int]int{}},
			{"1", make(chan int)}, {"1", struct{}{}}, {"1", complex(1, 1)},
		} {
			field := read(t, handmadeOf(tag, c.param, c.value))
			assert.Equal(t, "v is not valid.", field.EN, "%s=%s of %T", tag, c.param, c.value)
			assert.Empty(t, field.Params)
		}
		for _, value := range []any{nil, nilInterface} {
			assert.Equal(t, "v is required.", read(t, handmadeOf(tag, "1", value)).EN, "%s of %T", tag, value)
		}
		assert.Equal(t, "v is required.", read(t, handmade{tag: tag, kind: reflect.Pointer}).EN, "a pointer to who knows what")
	}
	for _, tag := range []string{"len", "eq", "ne"} {
		assert.Equal(t, "v is not valid.", read(t, handmadeOf(tag, "1", time.Time{})).EN, "the validator has none for times")
	}
	for _, tag := range []string{"min", "max", "gt", "lt", "len"} {
		for _, param := range []string{"nary", "", "1.5", "99999999999999999999"} {
			field := read(t, handmadeOf(tag, param, ""))
			assert.Equal(t, "v is not valid.", field.EN, "%s=%s", tag, param)
			assert.Empty(t, field.Params)
		}
	}
	for _, c := range []struct {
		e    handmade
		want string
	}{
		{handmadeOf("unix_addr", "", ""), "v must be the address of a Unix domain socket."},
		{handmadeOf("validateFn", "nary", ""), "v is not valid."},
		{handmadeOf("oneof", "", ""), "v is not valid."}, {handmadeOf("oneof", " \t ", 5), "v is not valid."},
		{handmadeOf("required_with", "", ""), "v is not valid."}, {handmadeOf("eqfield", "", ""), "v is not valid."},
		{handmadeOf("gtfield", "", past), "v is not valid."}, {handmadeOf("contains", "", ""), "v is not valid."},
		{handmadeOf("containsrune", "", ""), "v is not valid."}, {handmadeOf("datetime", "", ""), "v is not valid."},
		{handmadeOf("mimetype", "", ""), "v is not valid."}, {handmadeOf("unique", "", ""), "v must not contain duplicates."},
		{handmadeOf("containsrune", "\xff", ""), "v must contain “\ufffd”."},
		{handmade{tag: "min", kind: reflect.Int, param: "3"}, "v must be at least 3."}, // no type
		{handmade{tag: "gt", kind: reflect.Struct}, "v is not valid."},
		{handmade{tag: "gtfield", kind: reflect.Struct, param: "Other"}, "v is not valid."}, // what clients call it is not known
		{handmade{tag: "required_with", kind: reflect.Int, param: "Other"}, "v is required in this case."},
		{handmade{tag: "excluded_without", kind: reflect.Int, param: "Other Third"}, "v must be left empty in this case."},
		{handmadeOf("min", "2147483648", int64(1)), "v must be at least 2147483648."},
		{handmadeOf("min", "2", new(**int)), "v must be at least 2."},
		{handmadeOf("", "", ""), "v is not valid."},
		{handmadeOf("a|b", "", ""), "v is not valid."},
		{handmade{tag: "mine", actual: "a|b"}, "v is not valid."},
		{handmade{tag: "mine", actual: "email"}, "v must be a valid email address."},
		{handmade{tag: "email", actual: "min", param: "3"}, "v must be a valid email address."},
	} {
		assert.Equal(t, c.want, read(t, c.e).EN, "%+v", c.e)
	}
}

// A list in a parameter is read as the validator reads it.
func TestRuleLists(t *testing.T) {
	r := responder(t)
	want := regexp.MustCompile(`'[^']*'|\S+`) // of validator
	pieces := []string{"a", "bc", "'", " ", "  ", "\t", "''", "'d e'", "\u00a0", "ä", "\n"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		var param strings.Builder
		for range random.IntN(8) {
			param.WriteString(pieces[random.IntN(len(pieces))])
		}
		values := want.FindAllString(param.String(), -1)
		for i := range values {
			values[i] = strings.ReplaceAll(values[i], "'", "")
		}
		field := fieldMemberOf(t, r.Respond(with(), listOfErrors{handmadeOf("oneof", param.String(), "")}), "v")
		if values == nil {
			assert.Equal(t, "v is not valid.", field.EN)
			continue
		}
		var params struct{ Values []string }
		require.NoError(t, json.Unmarshal(field.Params, &params))
		assert.Equal(t, values, params.Values, "%q", param.String())
	}
}
