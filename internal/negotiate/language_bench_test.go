package negotiate

import "testing"

var shippedTags = "ar bg cs da de el en es fa fi fr he hi hu id it ja ko nb nl pl pt pt-PT ro ru sk sv th tr uk vi zh-Hans zh-Hant"

// BenchmarkPrefer reads headers with all shipped languages loaded.
func BenchmarkPrefer(b *testing.B) {
	languages, _ := build(b, shippedTags)
	for _, header := range []string{
		"de", "de-DE", "de-DE,de;q=0.9,en-US;q=0.8,en;q=0.7", "zh-TW,zh;q=0.9,en-US;q=0.8,en;q=0.7", "es-419,es;q=0.9,pt-BR;q=0.8",
	} {
		b.Run(header, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				languages.Prefer(header)
			}
		})
	}
}
