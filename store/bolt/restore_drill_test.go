package bolt_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/proof"
	"github.com/settlex/settlex/store/bolt"
	"github.com/settlex/settlex/store/bolt/bolttest"
)

// signed takes a checkpoint of the books, signs it with a key that is kept
// elsewhere, and gives what the key's owner reads from it later.
func signed(t *testing.T, books *ledger.Ledger) ledger.TreeHead {
	t.Helper()
	secret, public, err := proof.NewKey(rand.Reader, "books.example.com/drill")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := proof.ParseSigner(secret)
	if err != nil {
		t.Fatal(err)
	}
	var checkpoint proof.Checkpoint
	err = books.Read(t.Context(), func(r ledger.Reader) (err error) {
		checkpoint, err = proof.Take(t.Context(), r, 0, signer.Name())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text, err := proof.Sign(checkpoint, signer)
	if err != nil {
		t.Fatal(err)
	}
	known, err := proof.ParseVerifiers(public)
	if err != nil {
		t.Fatal(err)
	}
	read, err := proof.Open(text, known)
	if err != nil {
		t.Fatal(err)
	}
	return read.TreeHead()
}

// verifyAgainst wants sound books that continue what was signed.
func verifyAgainst(t *testing.T, books *ledger.Ledger, kept ...ledger.TreeHead) {
	t.Helper()
	v, err := books.Verify(t.Context(), kept...)
	if err != nil || v.Err() != nil {
		t.Fatal(err, v.Err())
	}
}

// The restore drill: the original is lost, the backup takes its place, and
// business goes on. What was booked before the backup is known by its key, what
// came after is booked anew, and holds and entries from before can be captured and
// taken back, once.
func TestRestoreDrill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "ledger.db"), filepath.Join(t.TempDir(), "monday.db")
	clock := newWatch()
	settings := config(t)
	settings.Clock = clock.now

	// Monday: entries, a hold that is captured in part, one that expires, a key that
	// is burnt, a checkpoint and a backup.
	store := bolttest.OpenFile(t, path)
	books, err := ledger.New(store, settings)
	if err != nil {
		t.Fatal(err)
	}
	before := []ledger.Request{sale("order-1", 50_000), sale("order-2", 20_000), hold("payout-1", 30_000, time.Time{}), hold("payout-2", 100, noon().Add(time.Hour)),
		payout("fee-1", 1_000), ledger.Capture{Key: "payout-1/part", Hold: "payout-1", Kind: "capture", Postings: payout("", 10_000).Postings}}
	for _, e := range many(500, "order-m") {
		before = append(before, e)
	}
	booked := drill(t, books, before, false)
	var refused *ledger.Failure
	if _, err := books.Post(t.Context(), payout("too-much", 1_000_000)); !errors.As(err, &refused) || refused.Frozen {
		t.Fatalf("too much: %v", err)
	}
	kept := signed(t, books)
	info := mustBackUp(t, store, backup)
	verifyAgainst(t, books, kept)

	// Tuesday: business goes on, until the file is gone.
	after := []ledger.Request{sale("order-3", 70_000), ledger.Capture{Key: "payout-1/rest", Hold: "payout-1", Kind: "capture", All: true},
		ledger.Reversal{Key: "order-2/back", Of: "order-2", Kind: "reversal", ValueDate: march(2), All: true}}
	for _, e := range many(500, "order-t") {
		after = append(after, e)
	}
	drill(t, books, after, false)
	later := signed(t, books)
	closeStore(t, store)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}

	// The backup takes its place.
	restored, err := bolt.Restore(t.Context(), backup, path)
	if err != nil {
		t.Fatal(err)
	}
	wantDiff(t, "head", info.Head, restored.Head)
	wantDiff(t, "head is of the last item before the backup", uint64(len(before)+1), restored.Head.Seq)
	store = bolttest.OpenFile(t, path)
	books = bolttest.On(t, store, settings)
	verifyAgainst(t, books, kept)
	if v, err := books.Verify(t.Context(), later); err != nil || v.Err() == nil {
		t.Errorf("a checkpoint from after the backup is not missed: %+v, %v", v, err)
	}

	// Every key from before is known, with the answer of then.
	wantDiff(t, "replayed items", booked, drill(t, books, before, true))
	var again *ledger.Failure
	if _, err := books.Post(t.Context(), payout("too-much", 1_000_000)); !errors.As(err, &again) || !again.Frozen || !errors.Is(again, refused.Reason) {
		t.Errorf("too much again: %v", err)
	}
	if _, err := books.Post(t.Context(), sale("order-1", 50_001)); !errors.Is(err, ledger.ErrKeyConflict) {
		t.Errorf("a key from before with other content: %v", err)
	}
	wantDiff(t, "head after replays", info.Head, storedHead(t, store))

	// What came after is booked anew: the hold from before is captured, the entry from
	// before is taken back. None of it a second time.
	clock.advance(2 * time.Hour)
	drill(t, books, after, false)
	drill(t, books, after, true)
	if _, err := books.Capture(t.Context(), ledger.Capture{Key: "payout-1/twice", Hold: "payout-1", Kind: "capture", All: true}); !errors.Is(err, ledger.ErrHoldCaptured) {
		t.Errorf("a second capture: %v", err)
	}
	if _, err := books.Reverse(t.Context(), ledger.Reversal{Key: "order-2/twice", Of: "order-2", Kind: "reversal", ValueDate: march(2), All: true}); err == nil {
		t.Error("order-2 was taken back twice")
	}
	if n, err := books.Expire(t.Context(), 10); n != 1 || err != nil {
		t.Errorf("%d holds expired, %v; want the one from before", n, err)
	}
	wantPosted(t, books, available, "900.00") // 500 + 200 - 10 - 100 + 5 before the backup; 700 - 200 - 200 + 5 after it
	verifyAgainst(t, books, kept)

	// And there is a backup of it.
	mustBackUp(t, store, filepath.Join(dir, "tuesday.db"))
}

// drill executes requests and wants all of them booked now, or all of them
// replayed. It gives their sequences.
func drill(t *testing.T, books *ledger.Ledger, requests []ledger.Request, replayed bool) (seqs []uint64) {
	t.Helper()
	outcomes, err := books.Execute(t.Context(), ledger.Independent, requests...)
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range outcomes {
		if o.Err != nil || o.Replayed != replayed {
			t.Fatalf("request %d, %s: replayed %t, %v; want replayed %t", i, o.Key, o.Replayed, o.Err, replayed)
		}
		seqs = append(seqs, o.Seq)
	}
	return seqs
}
