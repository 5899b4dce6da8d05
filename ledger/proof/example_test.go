package proof_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/proof"
	"github.com/settlex/settlex/store/bolt"
)

// must keeps the examples short. A program handles its errors.
func must[V any](value V, err error) V {
	if err != nil {
		panic(err)
	}
	return value
}

// shop opens books with two sales.
func shop() (books *ledger.Ledger, closeBooks func()) {
	dir := must(os.MkdirTemp("", "settlex"))
	store := must(bolt.Open(filepath.Join(dir, "ledger.db"), bolt.Options{}))
	chart := must(ledger.NewChart(ledger.Pattern{Path: "cash", Type: ledger.Asset}, ledger.Pattern{Path: "sales", Type: ledger.Income}))
	books = must(ledger.New(store, ledger.Config{Chart: chart, Clock: noon}))
	sell(books, "order-1")
	sell(books, "order-2")
	return books, func() { _, _ = store.Close(), os.RemoveAll(dir) }
}

func sell(books *ledger.Ledger, order string) {
	amount := must(inr().Parse("400.00"))
	must(books.Post(context.Background(), ledger.Entry{
		Key: order, Kind: "sale", Postings: []ledger.Posting{ledger.Dr("cash", amount, inr()), ledger.Cr("sales", amount, inr())},
	}))
}

// keys makes a pair of keys. A program takes randomness from crypto/rand; here
// it is the same every time.
func keys() (signer, verifier string) {
	signer, verifier, err := proof.NewKey(bytes.NewReader(make([]byte, 32)), "books.example/main")
	if err != nil {
		panic(err)
	}
	return signer, verifier
}

// Prove to somebody that an entry is in the books, and nothing else about them.
func Example() {
	books, closeBooks := shop()
	defer closeBooks()
	private, public := keys()
	ctx := context.Background()

	// Whoever keeps the books signs a checkpoint and proves the entry.
	signer := must(proof.ParseSigner(private))
	entry, _, err := books.Entry(ctx, "order-2")
	if err != nil {
		panic(err)
	}
	var file []byte
	err = books.Read(ctx, func(r ledger.Reader) error {
		checkpoint := must(proof.Take(ctx, r, 0, signer.Name()))
		file, err = proof.ProveInclusion(ctx, r, entry.Seq, must(proof.Sign(checkpoint, signer)))
		return err
	})
	if err != nil {
		panic(err)
	}

	// Whoever has the verifier key reads the file, without the books.
	fact := must(proof.CheckInclusion(file, must(proof.ParseVerifiers(public))))
	sale := fact.Item.Postings[1]
	fmt.Println(fact.Checkpoint.Origin, "booked", fact.Item.Key, sale.Currency.Format(sale.Amount), "in block", fact.Block, "of", fact.Checkpoint.Blocks)
	fmt.Println("order-1 is shown:", bytes.Contains(file, []byte("order-1")))
	// Output:
	// books.example/main booked order-2 400.00 in block 2 of 2
	// order-1 is shown: false
}

// A checkpoint is a few lines of text.
func ExampleCheckpoint_Text() {
	books, closeBooks := shop()
	defer closeBooks()
	err := books.Read(context.Background(), func(r ledger.Reader) error {
		checkpoint, err := proof.Take(context.Background(), r, 0, "books.example/main")
		checkpoint.Root = ledger.Hash{} // depends on how the journal is written
		fmt.Print(checkpoint.Text())
		return err
	})
	if err != nil {
		panic(err)
	}
	// Output:
	// books.example/main
	// 2
	// AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=
	// lane 0
	// seq 2
	// at 2026-03-02T12:00:00.000001Z
}

// A kept checkpoint, held against the books of later.
func ExampleCheckpoint_TreeHead() {
	books, closeBooks := shop()
	defer closeBooks()
	ctx := context.Background()
	var kept proof.Checkpoint
	err := books.Read(ctx, func(r ledger.Reader) (err error) {
		kept, err = proof.Take(ctx, r, 0, "books.example/main")
		return err
	})
	if err != nil {
		panic(err)
	}
	sell(books, "order-3")
	v := must(books.Verify(ctx, kept.TreeHead()))
	fmt.Println("the journal continues what was kept:", v.Err() == nil)

	kept.Blocks += 7 // as if the end of the journal had been cut off
	v = must(books.Verify(ctx, kept.TreeHead()))
	fmt.Println(v.Err())
	// Output:
	// the journal continues what was kept: true
	// stored data is corrupt: journal: want at least the 9 blocks of a checkpoint, have 3 blocks: its end is missing
}

// Show that books were only ever added to, between two checkpoints.
func ExampleCheckConsistency() {
	books, closeBooks := shop()
	defer closeBooks()
	private, public := keys()
	signer := must(proof.ParseSigner(private))
	ctx := context.Background()
	var signed [2][]byte
	var file []byte
	for i := range signed {
		err := books.Read(ctx, func(r ledger.Reader) (err error) {
			if signed[i], err = proof.Sign(must(proof.Take(ctx, r, 0, signer.Name())), signer); err != nil || i == 0 {
				return err
			}
			file, err = proof.ProveConsistency(ctx, r, signed[0], signed[1])
			return err
		})
		if err != nil {
			panic(err)
		}
		sell(books, fmt.Sprint("later-", i))
	}
	fact := must(proof.CheckConsistency(file, must(proof.ParseVerifiers(public))))
	fmt.Printf("%d blocks, then %d\n", fact.Older.Blocks, fact.Newer.Blocks)
	// Output: 2 blocks, then 3
}

// Read any file that proves something.
func ExampleCheck() {
	books, closeBooks := shop()
	defer closeBooks()
	private, public := keys()
	signer := must(proof.ParseSigner(private))
	var file []byte
	err := books.Read(context.Background(), func(r ledger.Reader) (err error) {
		file, err = proof.Sign(must(proof.Take(context.Background(), r, 0, signer.Name())), signer)
		return err
	})
	if err != nil {
		panic(err)
	}
	switch fact := must(proof.Check(file, must(proof.ParseVerifiers(public)))).(type) {
	case *proof.Checkpoint:
		fmt.Println("a checkpoint over", fact.Blocks, "blocks, signed by", fact.Origin)
	case *proof.Inclusion:
		fmt.Println("a proof that", fact.Item.Key, "was booked")
	case *proof.Consistency:
		fmt.Println("a proof that nothing was rewritten")
	}
	// Output: a checkpoint over 2 blocks, signed by books.example/main
}
