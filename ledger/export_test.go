package ledger

import "context"

// BatchCommand is the command that Execute makes of requests.
func BatchCommand(mode Mode, requests ...Request) Command {
	return &batch{mode: mode, requests: requests}
}

// LoadState brings what commands need, as the ledger does before it applies
// them.
func LoadState(ctx context.Context, r Reader, s *State, commands []Command) error {
	return load(ctx, r, s, commands)
}
