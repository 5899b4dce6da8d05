package move

import (
	"context"
	"fmt"

	"github.com/settlex/settlex/ledger"
)

// What one transaction carries at most, unless a single block is more.
const (
	maxItems  = 8192
	maxBlocks = 512
)

// journal copies the blocks behind a head.
func (m *mover) journal(ctx context.Context, source ledger.Reader, begin ledger.Head) error {
	m.options.Progress(Journal, begin.Seq, m.source.Seq)
	if begin.Seq == m.source.Seq {
		return nil
	}
	var blocks []*ledger.Block
	items := 0
	for block, err := range source.Blocks(ctx, 0, begin.Seq+1) {
		if err != nil {
			return fmt.Errorf("source: %w", err)
		}
		if n := len(block.Items); len(blocks) > 0 && (items+n > maxItems || len(blocks) == maxBlocks) {
			if err := m.adopt(ctx, blocks); err != nil {
				return err
			}
			blocks, items = blocks[:0], 0
		}
		blocks, items = append(blocks, block), items+len(block.Items)
	}
	return m.adopt(ctx, blocks)
}

// adopt saves some blocks in one transaction.
func (m *mover) adopt(ctx context.Context, blocks []*ledger.Block) error {
	if len(blocks) == 0 {
		return nil
	}
	err := m.to.Write(ctx, func(tx ledger.Tx) error {
		for _, block := range blocks {
			if err := ledger.Adopt(ctx, tx, block); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("target: %w", err)
	}
	m.options.Progress(Journal, blocks[len(blocks)-1].Last(), m.source.Seq)
	return nil
}
