package report_test

import (
	"encoding/hex"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/reconcile/report"
)

func TestFileName(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, merchant, batch, want string }{
		{"plain", "acme", "b1", "settlex_itemised_acme_INR_2026-01-05_b1_v1.csv"},
		{"underscores", "m_1", "b_7f_3a", "settlex_itemised_m__1_INR_2026-01-05_b__7f__3a_v1.csv"},
		{"underscores at the ends", "_m_", "__", "settlex_itemised_~5Fm~5F_INR_2026-01-05_~5F~5F_v1.csv"},
		{"all merchants, no batch", "", "", "settlex_itemised_all_INR_2026-01-05_all_v1.csv"},
		{"a merchant called all", "all", "allied", "settlex_itemised_~61ll_INR_2026-01-05_allied_v1.csv"},
		{"path", "../../etc/passwd", `..\x`, "settlex_itemised_..~2F..~2Fetc~2Fpasswd_INR_2026-01-05_..~5Cx_v1.csv"},
		{"NUL, space, percent, tilde", "a\x00b c", "%~", "settlex_itemised_a~00b~20c_INR_2026-01-05_~25~7E_v1.csv"},
		{"not ASCII", "é", "১", "settlex_itemised_~C3~A9_INR_2026-01-05_~E0~A7~A7_v1.csv"},
		{
			"long", strings.Repeat("m", 60), strings.Repeat("m", 61), "settlex_itemised_" + strings.Repeat("m", 60) +
				"_INR_2026-01-05_" + strings.Repeat("m", 40) + "~~423fe91e48cc2987_v1.csv",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			about := report.About{
				Merchant: row.merchant, Batch: row.batch, Currency: inr, BusinessDate: calendar.MustDate("2026-01-05"),
			}
			if got := about.FileName("itemised", 1, report.CSV); got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}

// Property: a name is one plain path element of bearable length, and merchant and batch can be read back from it, so no
// two files share a name.
func TestFileNameProperty(t *testing.T) {
	t.Parallel()
	ids := rapid.OneOf(
		rapid.StringOfN(rapid.SampledFrom([]rune("a_/.~\\")), 0, 12, -1),
		rapid.StringN(0, 10, 20),
		rapid.SampledFrom([]string{"", "all", "ALL", "..", ".", "_INR_2026-01-05_", strings.Repeat("_", 70)}),
	)
	rapid.Check(t, func(rt *rapid.T) {
		about := report.About{
			Merchant: ids.Draw(rt, "merchant"), Batch: ids.Draw(rt, "batch"), Currency: inr,
			BusinessDate: calendar.MustDate("2026-01-05"),
		}
		name := about.FileName("itemised", 1, report.CSV)
		if filepath.Base(name) != name || !filepath.IsLocal(name) || len(name) > 200 {
			rt.Fatalf("%q is not a plain, short file name", name)
		}
		parts := splitName(name)
		if len(parts) != 7 {
			rt.Fatalf("%q has %d parts, want 7", name, len(parts))
		}
		for _, id := range []struct{ want, got string }{{about.Merchant, parts[2]}, {about.Batch, parts[5]}} {
			got, err := unescape(id.got)
			if err != nil && len(id.want) <= 20 || err == nil && got != id.want {
				rt.Errorf("%q reads back as %q, %v, want %q", id.got, got, err, id.want)
			}
		}
	})
}

// splitName splits at single underscores.
func splitName(name string) []string {
	const pair = "\x00"
	parts := strings.Split(strings.ReplaceAll(name, "__", pair), "_")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], pair, "__")
	}
	return parts
}

// unescape is the inverse of what FileName does to an id that is not too long.
func unescape(part string) (string, error) {
	if part == "all" {
		return "", nil
	}
	if strings.Contains(part, "~~") {
		return "", errors.New("only a digest is left")
	}
	pieces := strings.Split(strings.ReplaceAll(part, "__", "_"), "~")
	id := pieces[0]
	for _, piece := range pieces[1:] {
		b, err := hex.DecodeString(piece[:2])
		if err != nil {
			return "", err
		}
		id += string(b) + piece[2:]
	}
	return id, nil
}
