package config_test

import (
	"testing"

	"github.com/settlex/settlex/config"
	"github.com/settlex/settlex/internal/sample"
)

// BenchmarkParse reads the configuration of the bundled month, from bytes to
// checked rules.
func BenchmarkParse(b *testing.B) {
	data := sample.ConfigYAML()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := config.Parse("settlex.yaml", data); err != nil {
			b.Fatal(err)
		}
	}
}
