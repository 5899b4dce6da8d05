package proof

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/settlex/settlex/ledger"
)

// Checkpoint is what a lane of the journal was at the end of one of its blocks.
// Nothing before that end can change without changing the root.
type Checkpoint struct {
	Origin string      // whose journal it is: the name of the key that signs it
	Lane   uint16      //
	Blocks uint64      // number of blocks: leaves of the lane's Merkle log
	Root   ledger.Hash // of the log
	Seq    uint64      // of the last item; 0: the journal is empty
	At     time.Time   // booking instant of the last item, UTC, whole microseconds; zero: the journal is empty
}

// maxBlocks bounds what package tlog is asked to compute with.
const maxBlocks = 1 << 60

// Take says what a lane of a snapshot's journal is. The same journal gives the
// same checkpoint, whenever it is asked.
func Take(ctx context.Context, r ledger.Reader, lane uint16, origin string) (Checkpoint, error) {
	head, err := headOf(ctx, r, lane)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("take a checkpoint: %w", err)
	}
	root, err := ledger.Root(ctx, r, lane, head.Blocks)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("take a checkpoint over %d blocks: %w", head.Blocks, err)
	}
	return Checkpoint{Origin: origin, Lane: head.Lane, Blocks: head.Blocks, Root: root, Seq: head.Seq, At: head.At.UTC()}, nil
}

// headOf gives the end of a lane.
func headOf(ctx context.Context, r ledger.Reader, lane uint16) (ledger.Head, error) {
	heads, err := r.Heads(ctx)
	if err != nil {
		return ledger.Head{}, err
	}
	if at := slices.IndexFunc(heads, func(h ledger.Head) bool { return h.Lane == lane }); at >= 0 {
		return heads[at], nil
	}
	return ledger.Head{}, fmt.Errorf("lane %d: %w: the journal has %d lanes", lane, ledger.ErrNotFound, len(heads))
}

// TreeHead is what Ledger.Verify holds the journal against.
func (c Checkpoint) TreeHead() ledger.TreeHead {
	return ledger.TreeHead{Lane: c.Lane, Blocks: c.Blocks, Root: c.Root}
}

// Text is the checkpoint in the form that is signed, a checkpoint of C2SP
// (https://c2sp.org/tlog-checkpoint) with three extension lines.
func (c Checkpoint) Text() string {
	return fmt.Sprintf("%s\n%d\n%s\nlane %d\nseq %d\nat %s\n", c.Origin, c.Blocks, c.Root, c.Lane, c.Seq, c.At.Format(time.RFC3339Nano))
}

// ParseCheckpoint reads the form that Text gives, and nothing else: every
// checkpoint has one text. The error wraps ErrProof. Whether anybody signed it
// is Open's question.
func ParseCheckpoint(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 7 {
		return Checkpoint{}, refuse("checkpoint has %d lines, not 6", len(lines)-1)
	}
	c := Checkpoint{Origin: lines[0]}
	blocks, blocksErr := strconv.ParseUint(lines[1], 10, 64)
	root, rootErr := base64.StdEncoding.DecodeString(lines[2])
	lane, laneErr := strconv.ParseUint(strings.TrimPrefix(lines[3], "lane "), 10, 16)
	seq, seqErr := strconv.ParseUint(strings.TrimPrefix(lines[4], "seq "), 10, 64)
	at, atErr := time.Parse(time.RFC3339Nano, strings.TrimPrefix(lines[5], "at "))
	if err := errors.Join(blocksErr, rootErr, laneErr, seqErr, atErr); err != nil {
		return Checkpoint{}, refuse("checkpoint cannot be read: %w", err)
	}
	c.Blocks, c.Lane, c.Seq, c.At = blocks, uint16(lane), seq, at.UTC()
	copy(c.Root[:], root)
	if len(root) != len(c.Root) || c.Text() != text {
		return Checkpoint{}, refuse("checkpoint is not in canonical form: %q", text)
	}
	if err := c.check(); err != nil {
		return Checkpoint{}, err
	}
	return c, nil
}

// check looks for what no journal can be.
func (c Checkpoint) check() error {
	empty, _ := tlog.TreeHash(0, nil) // reads no hash, so it cannot fail
	switch {
	case c.Origin == "":
		return refuse("checkpoint has no origin")
	case c.Blocks > maxBlocks || c.Seq > maxBlocks:
		return refuse("checkpoint over %d blocks, %d items", c.Blocks, c.Seq)
	case c.Seq < c.Blocks || (c.Seq == 0) != (c.Blocks == 0):
		return refuse("checkpoint over %d blocks holds %d items", c.Blocks, c.Seq)
	case (c.Blocks == 0) != c.At.IsZero() || (c.Blocks == 0) != (c.Root == empty):
		return refuse("checkpoint over %d blocks of %s has root %s", c.Blocks, c.At.Format(time.RFC3339Nano), c.Root)
	case !c.At.Equal(c.At.Truncate(time.Microsecond)):
		return refuse("checkpoint of %s, which is no whole microsecond", c.At.Format(time.RFC3339Nano))
	}
	return nil
}

// continued tells why the journal of a snapshot does not continue a checkpoint.
func (c Checkpoint) continued(ctx context.Context, r ledger.Reader) error {
	head, err := headOf(ctx, r, c.Lane)
	if errors.Is(err, ledger.ErrNotFound) {
		return fmt.Errorf("%w: it is of lane %d, which this journal does not have", ErrDiverged, c.Lane)
	}
	if err != nil {
		return err
	}
	if head.Blocks < c.Blocks {
		return fmt.Errorf("%w: it covers %d blocks, there are %d: the end is missing", ErrDiverged, c.Blocks, head.Blocks)
	}
	root, err := ledger.Root(ctx, r, c.Lane, c.Blocks)
	if err != nil {
		return err
	}
	if root != c.Root {
		return fmt.Errorf("%w: its root over %d blocks is %s, here it is %s: history was rewritten", ErrDiverged, c.Blocks, c.Root, root)
	}
	return nil
}
