package proof_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/settlex/settlex/ledger/proof"
)

// Every field of a proof of an item, changed.
func TestInclusionTampered(t *testing.T) {
	t.Parallel()
	ours := key(t, origin, 1)
	j := grown(t, "", 2, 3, 1)
	data := string(proved(t, j, 4))
	other := grown(t, "", 2, 4)
	canonical := base64.StdEncoding.EncodeToString(item("", 4).AppendCanonical(nil))
	neighbour := base64.StdEncoding.EncodeToString(item("", 5).AppendCanonical(nil))
	older, err := json.Marshal(string(signed(t, j.upTo(2), ours)))
	if err != nil {
		t.Fatal(err)
	}
	newer, err := json.Marshal(string(signed(t, j, ours)))
	if err != nil {
		t.Fatal(err)
	}
	rows := []struct{ name, old, new, want string }{
		{"version", `"settlex_proof": 1`, `"settlex_proof": 2`, "version 2, this program knows 1"},
		{"kind", `"kind": "item"`, `"kind": "consistency"`, "unknown field"},
		{"lane", `"lane": 0`, `"lane": 1`, "what it shows is not what the item's bytes say"},
		{"seq", `"seq": 4`, `"seq": 5`, "what it shows is not"},
		{"instant", "12:00:04Z", "12:00:05Z", "what it shows is not"},
		{"act", `"posted"`, `"held"`, "what it shows is not"},
		{"key", "key-4.", "key-5.", "what it shows is not"},
		{"kind of entry", `"kind": "sale"`, `"kind": "gift"`, "what it shows is not"},
		{"reference", "ref-4.", "ref-5.", "what it shows is not"},
		{"value date", "2026-03-02\"", "2026-03-03\"", "what it shows is not"},
		{"name in metadata", `"payer"`, `"payee"`, "what it shows is not"},
		{"value in metadata", "payer-4.", "payer-5.", "what it shows is not"},
		{"side", `"debit"`, `"credit"`, "what it shows is not"},
		{"account", "merchants/m4/", "merchants/m5/", "what it shows is not"},
		{"amount", "1000.04", "9000.04", "what it shows is not"},
		{"currency", `"INR"`, `"PKR"`, "what it shows is not"},
		{"something shown is left out", "\"reference\": \"ref-4.\",\n", "", "what it shows is not"},
		{"something else is shown", `"kind": "sale"`, `"of": "x", "kind": "sale"`, "what it shows is not"},
		{"bytes of the item", canonical, neighbour, "what it shows is not"},
		{"bytes cut", canonical, canonical[:len(canonical)-4], "the item cannot be read"},
		{"side of a step", `"left"`, `"right"`, "do not lead to the checkpoint's root"},
		{"step left out", "\"in_block\": [", "\"in_block\": [], \"x\": [", "unknown field"},
		{"step with both sides", `"left": `, `"left": "t9Eh1W0Zl4mUvQhiWnrcEQ7P3yOAhAmuFBQnj5TvW/o=", "right": `, "a step has not one side"},
		{"block", `"block": 2`, `"block": 1`, "do not lead to the checkpoint's root"},
		{"block zero", `"block": 2`, `"block": 0`, "block 0 of the 3 blocks"},
		{"block behind the end", `"block": 2`, `"block": 4`, "block 4 of the 3 blocks"},
		{"seq of the checkpoint", `nlane 0\nseq 6`, `nlane 0\nseq 7`, "not signed by a given key"},
		{"older checkpoint", string(newer), string(older), "do not lead to the checkpoint's root"},
		{"checkpoint of another journal", string(newer), quoted(t, signed(t, other, ours)), "do not lead to the checkpoint's root"},
		{"checkpoint by another key", string(newer), quoted(t, signed(t, j, key(t, origin, 2))), "not signed by a given key"},
		{"name of a field", `"block"`, `"Block"`, "not in canonical form"},
		{"order of fields", "\"settlex_proof\": 1,\n  \"kind\": \"item\"", "\"kind\": \"item\",\n  \"settlex_proof\": 1", "not in canonical form"},
		{"field twice", `"block": 2`, `"block": 2, "block": 2`, "not in canonical form"},
		{"path null", `"in_log": [`, `"in_log": null, "y": [`, "unknown field"},
		{"behind the end", "\n}\n", "\n}\n{}", "it cannot be read"},
		{"cut", "\n}\n", "", "it cannot be read"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(data, row.old) {
				t.Fatalf("the proof has no %q:\n%s", row.old, data)
			}
			changed := strings.Replace(data, row.old, row.new, 1)
			_, err := proof.Check([]byte(changed), known(t, ours))
			wantRefusal(t, err, row.want)
			if err == nil {
				t.Error("it was accepted")
			}
		})
	}
}

func quoted(t *testing.T, text []byte) string {
	t.Helper()
	out, err := json.Marshal(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// An absent path proves nothing, however it is written.
func TestPathMissing(t *testing.T) {
	t.Parallel()
	ours := key(t, origin, 1)
	alone := grown(t, "", 1)
	for _, field := range []string{"in_block", "in_log"} {
		data := strings.Replace(string(proved(t, alone, 1)), `"`+field+`": []`, `"`+field+`": null`, 1)
		_, err := proof.Check([]byte(data), known(t, ours))
		wantRefusal(t, err, "a path is missing")
	}
	same := signed(t, alone, ours)
	data, err := proof.ProveConsistency(t.Context(), alone, same, same)
	if err != nil {
		t.Fatal(err)
	}
	_, err = proof.Check(bytes.Replace(data, []byte("[]"), []byte("null"), 1), known(t, ours))
	wantRefusal(t, err, "the path is missing")
}

// Every byte of each kind of file, changed in several ways: nothing but white
// space in JSON may differ.
func TestEveryByteTampered(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("one goroutine, and long under the race detector")
	}
	ours := key(t, origin, 1)
	verifiers := known(t, ours)
	j := grown(t, "", 2, 3, 1)
	consistency, err := proof.ProveConsistency(t.Context(), j, signed(t, j.upTo(2), ours), signed(t, j, ours))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"checkpoint": signed(t, j, ours), "item": proved(t, j, 4), "consistency": consistency}
	for name, data := range files {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := proof.Check(data, verifiers); err != nil {
				t.Fatal(err)
			}
			for at := range data {
				for _, to := range []byte{data[at] ^ 1, data[at] ^ 0x20, ' ', '\n', '0', 'A', '=', '"'} {
					changed := bytes.Clone(data)
					changed[at] = to
					if sameTokens(data, changed) {
						continue
					}
					if _, err := proof.Check(changed, verifiers); !errors.Is(err, proof.ErrProof) {
						t.Errorf("byte %d, %q, made %q: got %v, want an ErrProof", at, data[at], to, err)
					}
				}
				if _, err := proof.Check(data[:at], verifiers); at < len(data)-1 && !errors.Is(err, proof.ErrProof) {
					t.Errorf("cut to %d bytes: got %v, want an ErrProof", at, err)
				}
			}
		})
	}
}

// sameTokens tells that two texts are the same JSON but for white space, or the
// same text.
func sameTokens(a, b []byte) bool {
	var x, y bytes.Buffer
	if json.Compact(&x, a) != nil || json.Compact(&y, b) != nil {
		return bytes.Equal(a, b)
	}
	return bytes.Equal(x.Bytes(), y.Bytes())
}
