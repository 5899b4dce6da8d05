package plaintext_test

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/ledger/plaintext"
)

func TestEscapeText(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name      string
		in        string
		hledger   string
		beancount string
	}{
		{"empty", "", "", ""},
		{"plain", "order-17/paid (2 of 3): a@b", "order-17/paid (2 of 3): a@b", "order-17/paid (2 of 3): a@b"},
		{"percent", "5% %41", "5%25 %2541", "5%25 %2541"},
		{"what ends a tag", "a, b; c", "a%2C b%3B c", "a, b; c"},
		{"what ends a string", `"a\b"`, `"a\b"`, `%22a%5Cb%22`},
		{"line breaks", "a\r\nb", "a%0D%0Ab", "a%0D%0Ab"},
		{"spaces at the ends", "  a  b  ", "%20 a  b %20", "%20 a  b %20"},
		{"one space", " ", "%20", "%20"},
		{"other spaces", "a\u00a0b\u2003", "a%C2%A0b%E2%80%83", "a%C2%A0b%E2%80%83"},
		{"other scripts", "মিষ্টি 日本", "মিষ্টি 日本", "মিষ্টি 日本"},
		{"turned around", "\u202egnp", "%E2%80%AEgnp", "%E2%80%AEgnp"},
		{"not UTF-8", "a\xff\xc3", "a%FF%C3", "a%FF%C3"},
		{"replacement character", "\ufffd", "\ufffd", "\ufffd"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for f, want := range map[plaintext.Format]string{plaintext.HLedger: test.hledger, plaintext.Beancount: test.beancount} {
				if got := checkText(t, f, test.in); got != want {
					t.Errorf("%s: %q, want %q", f, got, want)
				}
			}
		})
	}
}

func TestUnescapeTextRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"%", "a%", "%4", "%4g", "%zz", "%2c", "%%41"} {
		if got, err := plaintext.UnescapeText(in); !errors.Is(err, plaintext.ErrBadName) {
			t.Errorf("%q: %q, %v, want ErrBadName", in, got, err)
		}
	}
}

func TestEscapeName(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"order_id": "order_id", "order-id": "order--id", "-2D": "--2D", "a.b": "a-2Eb", "A b": "A-20b", "é": "-C3-A9", "a:b,c\n": "a-3Ab-2Cc-0A",
	} {
		if got := checkName(t, in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestUnescapeNameRefuses(t *testing.T) {
	t.Parallel()
	for _, in := range []string{"-", "a-", "-2", "-2d", "-41", "a.b", "a b", "é", "---"} {
		if got, err := plaintext.UnescapeName(in); !errors.Is(err, plaintext.ErrBadName) {
			t.Errorf("%q: %q, %v, want ErrBadName", in, got, err)
		}
	}
}

// checkText proves that no text leaves its place in a file and that it comes
// back.
func checkText(t rapid.TB, f plaintext.Format, text string) string {
	t.Helper()
	reserved := ",;"
	if f == plaintext.Beancount {
		reserved = `"\`
	}
	escaped := plaintext.EscapeText(f, text)
	switch {
	case strings.ContainsAny(escaped, reserved):
		t.Fatalf("%s: %q holds one of %q", f, escaped, reserved)
	case !utf8.ValidString(escaped):
		t.Fatalf("%s: %q is not UTF-8", f, escaped)
	case strings.TrimSpace(escaped) != escaped:
		t.Fatalf("%s: a program that trims spaces would change %q", f, escaped)
	case strings.IndexFunc(escaped, func(r rune) bool { return unicode.IsControl(r) || r != ' ' && unicode.IsSpace(r) }) >= 0:
		t.Fatalf("%s: %q holds what does not show", f, escaped)
	}
	if back, err := plaintext.UnescapeText(escaped); err != nil || back != text {
		t.Fatalf("%s: %q came back from %q as %q, %v", f, text, escaped, back, err)
	}
	return escaped
}

// beancountKey is the rule of beancount's lexer for the key of a metadata pair.
var beancountKey = regexp.MustCompile(`^[a-z][a-zA-Z0-9\-_]+$`)

func checkName(t rapid.TB, name string) string {
	t.Helper()
	escaped := plaintext.EscapeName(name)
	if !beancountKey.MatchString("meta-" + escaped) {
		t.Fatalf("beancount would not read %q for %q", escaped, name)
	}
	if back, err := plaintext.UnescapeName(escaped); err != nil || back != name {
		t.Fatalf("%q came back from %q as %q, %v", name, escaped, back, err)
	}
	return escaped
}

// texts draws free text, most of it malicious.
func texts() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom(hostileTexts()),
		rapid.StringOf(rapid.SampledFrom([]rune("%,;\"\\ \n\r\t-:(|41 aé\u202e\u2028\u00a0\x00"))),
		rapid.String(),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
	)
}

func TestTextComesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := texts().Draw(t, "text")
		for _, f := range formats() {
			checkText(t, f, text)
		}
		checkName(t, text)
	})
}

func FuzzText(f *testing.F) {
	for _, text := range hostileTexts() {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, format := range formats() {
			checkText(t, format, text)
		}
		checkName(t, text)
		if name, err := plaintext.UnescapeName(text); err == nil && plaintext.EscapeName(name) != text {
			t.Errorf("name %q was read as %q", text, name)
		}
		_, _ = plaintext.UnescapeText(text) // must not panic
	})
}
