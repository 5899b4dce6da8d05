// Package proof lets somebody who has no access to the books know what is in
// them. The journal is a Merkle log; a checkpoint says how long it is and what
// its root is, and is signed with a key that is not in the data file. Two kinds
// of proof refer to checkpoints: that an item is in the journal, and that the
// journal of a checkpoint begins with all of an older one's.
//
//	signer, verifier, err := proof.NewKey(rand.Reader, "example.com/books")
//	...
//	err = books.Read(ctx, func(r ledger.Reader) error {
//		checkpoint, err := proof.Take(ctx, r, signer.Name())
//		signed, err := proof.Sign(checkpoint, signer)
//		file, err := proof.ProveInclusion(ctx, r, seq, signed)
//		...
//	})
//	...
//	fact, err := proof.CheckInclusion(file, verifiers) // elsewhere, by somebody else
//
// # Promises
//
//   - Checking needs the file and a verifier key: no store, no clock, no network.
//   - A proof of one item has that item's bytes and, of everything else, SHA-256
//     hashes.
//   - Any change of a proof is refused, but for white space between the tokens of
//     its JSON. Signatures that unknown keys have put under a checkpoint are
//     passed over.
//   - The same journal gives the same checkpoint, and the same key the same bytes.
//   - A kept checkpoint shows that a tail was cut or history rewritten: no journal
//     continues it but its own. Ledger.Verify takes its TreeHead.
//   - Old proofs stay valid: a form that is known is read for ever.
//
// Forms: a checkpoint is a C2SP checkpoint (https://c2sp.org/tlog-checkpoint) in
// a signed note, as the Go checksum database has them; hashes are those of RFC
// 6962. docs/FORMAT.md draws both kinds of files.
//
// # Limits
//
// Whoever has the signer key can sign anything. A proof shows what the journal
// says, not that it is true, and an item's absence cannot be proved. A hash hides
// a neighbour's content only from somebody who cannot guess all of it, key and
// microsecond included, and try. How many items a block has is covered by no
// hash, so a proof does not say it.
package proof
