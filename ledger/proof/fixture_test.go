package proof_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/proof"
	"github.com/settlex/settlex/money"
)

var update = flag.Bool("update", false, "write the files of testdata anew")

const origin = "books.example/main"

func inr() money.Currency { return money.MustCurrency("INR") }

// noon is when the tests' journals begin.
func noon() time.Time { return time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC) }

// failer is what testing.T, testing.F and rapid.T have in common.
type failer interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

// pair is a key of each kind, the same for the same name and number every time.
type pair struct {
	signer   note.Signer
	verifier string
}

func key(t failer, name string, number byte) pair {
	t.Helper()
	private, public, err := proof.NewKey(bytes.NewReader(bytes.Repeat([]byte{number}, 32)), name)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := proof.ParseSigner(private + "\n")
	if err != nil {
		t.Fatal(err)
	}
	return pair{signer, public}
}

// known gives what an auditor knows.
func known(t failer, pairs ...pair) note.Verifiers {
	t.Helper()
	var keys []string
	for _, p := range pairs {
		keys = append(keys, p.verifier)
	}
	verifiers, err := proof.ParseVerifiers(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return verifiers
}

// journal is a lane in memory, as far as proofs read one.
type journal struct {
	ledger.Reader
	blocks []*ledger.Block
	hashes []tlog.Hash
}

// grown makes a journal with blocks of these sizes. The salt makes its content
// another one's.
func grown(t failer, salt string, sizes ...int) *journal {
	t.Helper()
	j := &journal{}
	seq := uint64(0)
	for _, size := range sizes {
		block := &ledger.Block{}
		for range size {
			seq++
			block.Items = append(block.Items, item(salt, seq))
		}
		j.add(t, block)
	}
	return j
}

func (j *journal) add(t failer, block *ledger.Block) {
	t.Helper()
	hashes, err := ledger.LogHashes(context.Background(), j, 0, uint64(len(j.blocks)), block.Leaf())
	if err != nil {
		t.Fatal(err)
	}
	j.blocks, j.hashes = append(j.blocks, block), append(j.hashes, hashes...)
}

// item is an entry that every figure of shows its place.
func item(salt string, seq uint64) *ledger.Booked {
	amount := money.Minor(100_000 + int64(seq))
	return &ledger.Booked{
		Act: ledger.Posted, Seq: seq, At: noon().Add(time.Duration(seq) * time.Second),
		Entry: ledger.Entry{
			Key: fmt.Sprintf("%skey-%d.", salt, seq), Kind: "sale", Reference: fmt.Sprintf("ref-%d.", seq), ValueDate: calendar.MustDate("2026-03-02"),
			Metadata: []ledger.Attribute{{Name: "payer", Value: fmt.Sprintf("payer-%d.", seq)}},
			Postings: []ledger.Posting{ledger.Dr("bank", amount, inr()), ledger.Cr(fmt.Sprintf("merchants/m%d/available", seq), amount, inr())},
		},
	}
}

// Head implements ledger.Reader.
func (j *journal) Heads(context.Context) ([]ledger.Head, error) {
	head := ledger.Head{Blocks: uint64(len(j.blocks))}
	if len(j.blocks) > 0 {
		last := j.blocks[len(j.blocks)-1]
		head.Seq, head.At = last.Last(), last.Items[len(last.Items)-1].At
	}
	return []ledger.Head{head}, nil
}

// Blocks implements ledger.Reader.
func (j *journal) Blocks(_ context.Context, _ uint16, seq uint64) iter.Seq2[*ledger.Block, error] {
	return func(yield func(*ledger.Block, error) bool) {
		for _, block := range j.blocks {
			if block.Last() >= seq && !yield(block, nil) {
				return
			}
		}
	}
}

// Hashes implements ledger.Reader.
func (j *journal) Hashes(_ context.Context, _ uint16, indexes []int64) ([]ledger.Hash, error) {
	out := make([]ledger.Hash, len(indexes))
	for i, at := range indexes {
		if at >= int64(len(j.hashes)) {
			return nil, fmt.Errorf("%w: hash %d is not there", ledger.ErrCorrupt, at)
		}
		out[i] = j.hashes[at]
	}
	return out, nil
}

// upTo is the journal as it was after its first blocks.
func (j *journal) upTo(blocks int) *journal {
	return &journal{blocks: j.blocks[:blocks], hashes: j.hashes[:ledger.LogSize(uint64(blocks))]}
}

// signed is the checkpoint of a journal.
func signed(t failer, r ledger.Reader, by pair) []byte {
	t.Helper()
	c, err := proof.Take(context.Background(), r, 0, by.signer.Name())
	if err != nil {
		t.Fatal(err)
	}
	text, err := proof.Sign(c, by.signer)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// wantFile compares with a file of testdata.
func wantFile(t *testing.T, name string, got []byte) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
