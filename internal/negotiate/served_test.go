package negotiate

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// served are tags of browsers and operating systems, their old forms among them, by the shipped language that their
// readers are served; "-" for none.
var served = []struct{ language, tags string }{
	{"ar", "ar ar-SA ar-EG ar-AE ar-MA ar-001 ar-XB arb ar-arb ar-u-nu-latn"},
	{"bg", "bg bg-BG"},
	{"cs", "cs cs-CZ cze"},
	{"da", "da da-DK da-GL"},
	{"de", "de de-DE de-AT de-CH de-LI de-LU de-BE de-IT de-1996 de-DE-1996 de-DE-u-co-phonebk de-x-formal deu ger"},
	{"el", "el el-GR el-CY"},
	{"en", "en en-US en-GB en-AU en-CA en-IE en-IN en-NZ en-ZA en-SG en-HK en-PH en-001 en-150 en-UK en-US-posix en-GB-oed " +
		"en-us-u-hc-h12 en-XA en-Latn-US en-US-x-twain EN-us eng"},
	{"es", "es es-ES es-419 es-MX es-AR es-CL es-CO es-PE es-VE es-US es-PR es-DO es-XL spa"},
	{"fa", "fa fa-IR fa-AF pes"},
	{"fi", "fi fi-FI"},
	{"fr", "fr fr-FR fr-CA fr-CH fr-BE fr-LU fr-MA fr-SN fra fre"},
	{"he", "he iw iw-IL he-IL he-Hebr"},
	{"hi", "hi hi-IN"},
	{"hu", "hu hu-HU"},
	{"id", "id in in-ID id-ID in-Latn-ID"},
	{"it", "it it-IT it-CH"},
	{"ja", "ja ja-JP ja-JP-u-ca-japanese ja-Jpan-JP ja-JP-JP jpn"},
	{"ko", "ko ko-KR ko-KP ko-Kore-KR"},
	{"nb", "nb no nn nb-NO no-NO nn-NO no-NO-NY no-bok no-nyn nb-SJ"},
	{"nl", "nl nl-NL nl-BE nl-SR dut"},
	{"pl", "pl pl-PL"},
	{"pt", "pt pt-BR pt_BR por"},
	{"pt-PT", "pt-PT pt-AO pt-MZ pt-CV pt-MO pt-TL pt-CH"},
	{"ro", "ro ro-RO ro-MD mo mo-MD"},
	{"ru", "ru ru-RU ru-UA ru-KZ ru-SU rus"},
	{"sk", "sk sk-SK"},
	{"sv", "sv sv-SE sv-FI sv_SE"},
	{"th", "th th-TH th-TH-TH th-TH-u-ca-buddhist"},
	{"tr", "tr tr-TR tr-CY"},
	{"uk", "uk uk-UA"},
	{"vi", "vi vi-VN vi-Latn-VN"},
	{"zh-Hans", "zh zh-CN zh-SG zh-Hans zh-Hans-CN zh-Hans-HK zh-Hans-SG zh-Hans-TW zh-cmn zh-cmn-Hans-CN cmn zho chi zh-guoyu " +
		"zh-CHS zh-Hans-CHS yue-CN yue-Hans"},
	{"zh-Hant", "zh-TW zh-HK zh-MO zh-MY zh-US zh-AU zh-Hant zh-Hant-TW zh-Hant-HK zh-Hant-CN zh-cmn-Hant cmn-Hant-TW zh-TW-u-nu-latn " +
		"zh-CHT zh_TW zh_Hant_HK ZH-hant-tw yue yue-HK yue-Hant-HK zh-yue zh-yue-HK"},
	{"-", "ji yi yi-001 tl fil tl-PH fil-PH sh sr sr-RS sr-Latn sr-Latn-RS sr-Cyrl sr-ME sr-SP-Latn hr bs mk be jw jv " +
		"ms ms-MY uz-UZ-Cyrl af af-ZA et lv lt sl is ta bn ur ur-PK ckb ku lb ca ca-ES ca-valencia gl eu gsw gsw-CH vls prs " +
		"zh-min-nan zh-hakka zh-wuu zh-Latn-pinyin hi-Latn ja-Latn ru-Latn el-Latn de-Cyrl en-Shaw en-Dsrt " +
		"und mul root zxx x-klingon i-klingon art-lojban i-default C POSIX tlh qaa xx zz-ZZ"},
}

func TestServed(t *testing.T) {
	languages, names := build(t, shippedTags)
	seen := map[string]bool{}
	for _, row := range served {
		for tag := range strings.FieldsSeq(row.tags) {
			p := languages.Prefer(tag)
			first, _, _ := strings.Cut(flat(&p, names), " ")
			assert.Equal(t, strings.Trim(row.language, "-"), first, tag)
			assert.False(t, seen[tag], "%s stands twice", tag)
			seen[tag] = true
		}
	}
	assert.GreaterOrEqual(t, len(seen), 200)
	assert.Len(t, served, len(names)+1, "a row for each language")
}
