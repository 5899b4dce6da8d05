package proof_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"

	"github.com/settlex/settlex/ledger/proof"
)

func TestCheckpointText(t *testing.T) {
	t.Parallel()
	c, err := proof.Take(t.Context(), grown(t, "", 2, 1, 3), 0, origin)
	if err != nil {
		t.Fatal(err)
	}
	want := "books.example/main\n3\n" + c.Root.String() + "\nlane 0\nseq 6\nat 2026-03-02T12:00:06Z\n"
	if diff := cmp.Diff(want, c.Text()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
	for _, c := range []proof.Checkpoint{c, takeEmpty(t)} {
		back, err := proof.ParseCheckpoint(c.Text())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c, back); diff != "" {
			t.Errorf("read again (-want +got):\n%s", diff)
		}
	}
}

func takeEmpty(t *testing.T) proof.Checkpoint {
	t.Helper()
	c, err := proof.Take(t.Context(), &journal{}, 0, origin)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A checkpoint has one text, and says nothing that no journal can be.
func TestCheckpointForm(t *testing.T) {
	t.Parallel()
	const (
		root = "t9Eh1W0Zl4mUvQhiWnrcEQ7P3yOAhAmuFBQnj5TvW/o="
		none = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
		at   = "\nat 2026-03-02T12:00:06Z\n"
	)
	rows := []struct{ name, text, want string }{
		{"nothing", "", "checkpoint has 0 lines, not 6"},
		{"no end", "o\n3\n" + root + "\nlane 0\nseq 6\nat 2026-03-02T12:00:06Z", "checkpoint has 5 lines, not 6"},
		{"another extension", "o\n3\n" + root + "\nlane 0\nseq 6" + at + "more\n", "checkpoint has 7 lines, not 6"},
		{"no origin", "\n3\n" + root + "\nlane 0\nseq 6" + at, "checkpoint has no origin"},
		{"zero before the size", "o\n03\n" + root + "\nlane 0\nseq 6" + at, "checkpoint is not in canonical form"},
		{"size below zero", "o\n-3\n" + root + "\nlane 0\nseq 6" + at, "checkpoint cannot be read"},
		{"short root", "o\n3\nAAAA\nlane 0\nseq 6" + at, "checkpoint is not in canonical form"},
		{"loose root", "o\n3\n" + root[:42] + "p=\nlane 0\nseq 6" + at, "checkpoint is not in canonical form"},
		{"lane unnamed", "o\n3\n" + root + "\n0\nseq 6" + at, "checkpoint is not in canonical form"},
		{"lane too high", "o\n3\n" + root + "\nlane 65536\nseq 6" + at, "checkpoint cannot be read"},
		{"zone", "o\n3\n" + root + "\nlane 0\nseq 6\nat 2026-03-02T17:30:06+05:30\n", "checkpoint is not in canonical form"},
		{"zeros behind the second", "o\n3\n" + root + "\nlane 0\nseq 6\nat 2026-03-02T12:00:06.100Z\n", "checkpoint is not in canonical form"},
		{"nanoseconds", "o\n3\n" + root + "\nlane 0\nseq 6\nat 2026-03-02T12:00:06.000000001Z\n", "which is no whole microsecond"},
		{"fewer items than blocks", "o\n3\n" + root + "\nlane 0\nseq 2" + at, "checkpoint over 3 blocks holds 2 items"},
		{"items in no block", "o\n0\n" + none + "\nlane 0\nseq 2" + at, "checkpoint over 0 blocks holds 2 items"},
		{"empty, with an instant", "o\n0\n" + none + "\nlane 0\nseq 0" + at, "checkpoint over 0 blocks of"},
		{"empty, with a root", "o\n0\n" + root + "\nlane 0\nseq 0\nat 0001-01-01T00:00:00Z\n", "checkpoint over 0 blocks of"},
		{"a root of nothing", "o\n1\n" + none + "\nlane 0\nseq 1" + at, "checkpoint over 1 blocks of"},
		{"beyond counting", "o\n9223372036854775807\n" + root + "\nlane 0\nseq 9223372036854775807" + at, "checkpoint over 9223372036854775807 blocks"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			_, err := proof.ParseCheckpoint(row.text)
			wantRefusal(t, err, row.want)
		})
	}
}

// wantRefusal wants an ErrProof that says why; or no error.
func wantRefusal(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case want == "":
		if err != nil {
			t.Errorf("got %v, want no error", err)
		}
	case !errors.Is(err, proof.ErrProof):
		t.Errorf("got %v, want an ErrProof", err)
	case !strings.Contains(err.Error(), want):
		t.Errorf("got %q, want it to say %q", err, want)
	}
}

func TestOpen(t *testing.T) {
	t.Parallel()
	ours, theirs, newer, witness := key(t, origin, 1), key(t, "books.example/other", 1), key(t, origin, 2), key(t, "witness.example", 3)
	c, err := proof.Take(t.Context(), grown(t, "", 2, 1), 0, origin)
	if err != nil {
		t.Fatal(err)
	}
	sign := func(text string, by ...pair) string {
		var signers []note.Signer
		for _, p := range by {
			signers = append(signers, p.signer)
		}
		out, err := note.Sign(&note.Note{Text: text}, signers...)
		if err != nil {
			t.Fatal(err)
		}
		return string(out)
	}
	good := sign(c.Text(), ours)
	last := strings.LastIndexByte(strings.TrimRight(good, "\n"), '\n') + 1
	rows := []struct {
		name, signed string
		known        []pair
		want         string
		unsigned     bool
	}{
		{"ours", good, []pair{ours}, "", false},
		{"with a witness that is not known", sign(c.Text(), ours, witness), []pair{ours}, "", false},
		{"with a witness that is", sign(c.Text(), witness, ours), []pair{ours, witness}, "", false},
		{"by a later key", sign(c.Text(), newer), []pair{ours, newer}, "", false},
		{"by a key of the same name", sign(c.Text(), newer), []pair{ours}, "not signed by a given key, but by " + origin + "+", true},
		{"by a witness alone", sign(c.Text(), witness), []pair{ours, witness}, `the checkpoint is of "books.example/main", the signature of "witness.example"`, true},
		{"of another origin", sign(strings.Replace(c.Text(), "main", "other", 1), ours), []pair{ours, theirs}, `the checkpoint is of "books.example/other"`, true},
		{"no key known", good, nil, "not signed by a given key", true},
		{"changed", strings.Replace(good, "seq 3", "seq 4", 1), []pair{ours}, "invalid signature for key " + origin, true},
		{"signature twice", good + good[last:], []pair{ours}, "a signature of the checkpoint is repeated", false},
		{"loose signature", good[:len(good)-3] + string(good[len(good)-3]+1) + "=\n", []pair{ours}, "not in canonical form", false},
		{"not signed", c.Text(), []pair{ours}, "no signed checkpoint: malformed note", false},
		{"signed, and no checkpoint", sign("hello\n", ours), []pair{ours}, "checkpoint has 1 lines, not 6", false},
		{"nothing", "", []pair{ours}, "no signed checkpoint: malformed note", false},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			got, err := proof.Open([]byte(row.signed), known(t, row.known...))
			wantRefusal(t, err, row.want)
			if diff := cmp.Diff(c, got); diff != "" && row.want == "" {
				t.Errorf("checkpoint (-want +got):\n%s", diff)
			}
			if errors.Is(err, proof.ErrUnsigned) != row.unsigned {
				t.Errorf("%v is an ErrUnsigned: %t", err, !row.unsigned)
			}
		})
	}
}

func TestSignRefuses(t *testing.T) {
	t.Parallel()
	ours := key(t, origin, 1)
	_, err := proof.Sign(proof.Checkpoint{Origin: "other"}, ours.signer)
	if want := `sign a checkpoint of "other": the key is of "books.example/main"`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := proof.Sign(proof.Checkpoint{Origin: origin, Blocks: 3}, ours.signer); !errors.Is(err, proof.ErrProof) {
		t.Errorf("a checkpoint of 3 blocks without items: got %v", err)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "with space", "with+plus", "line\nfeed"} {
		if _, _, err := proof.NewKey(strings.NewReader(strings.Repeat("x", 32)), name); err == nil {
			t.Errorf("a key of the name %q was made", name)
		}
	}
	if _, _, err := proof.NewKey(strings.NewReader("short"), origin); err == nil {
		t.Error("a key was made of five bytes")
	}
	const secret = "PRIVATE+KEY+books.example/main+00000000+c2VjcmV0"
	if _, err := proof.ParseSigner(secret); err == nil || strings.Contains(err.Error(), "c2VjcmV0") {
		t.Errorf("got %v, want an error that does not show the key", err)
	}
	if _, err := proof.ParseVerifiers("nonsense"); err == nil {
		t.Error("nonsense was read as a key")
	}
	ours := key(t, origin, 1)
	if _, err := proof.Open(signed(t, grown(t, "", 1), ours), known(t, ours, ours)); err != nil {
		t.Errorf("a key that is given twice: %v", err)
	}
}
