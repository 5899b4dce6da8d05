package bench

import (
	"errors"
	"fmt"
	"slices"
)

// The modes: batches are entries that a client posts together, all or none;
// single is one entry per call.
const (
	Batch  = "batch"
	Single = "single"
)

// The kinds of keys.
const (
	RandomKeys  = "random"  // as a UUID
	OrderedKeys = "ordered" // each one behind those before
)

// Settings say what is measured. Defaults gives those that are documented.
type Settings struct {
	Mode       string  `json:"mode"`       // Batch or Single
	Batch      int     `json:"batch"`      // entries of a call; 0: 8,190, and never more than there are; in Single it is 1
	Clients    int     `json:"clients"`    // who call at the same time; 0: 1 in Batch, 64 in Single
	Accounts   int     `json:"accounts"`   // that entries are spread over
	Hot        float64 `json:"hot"`        // share of the entries that have the one hot account as a leg
	Entries    int     `json:"entries"`    // that are measured
	Postings   int     `json:"postings"`   // of each entry
	More       float64 `json:"more"`       // share of the entries that have one posting more
	Keys       string  `json:"keys"`       // RandomKeys or OrderedKeys
	KeyBytes   int     `json:"key_bytes"`  // length of a key
	Limits     float64 `json:"limits"`     // share of the accounts that may not fall below zero
	Metadata   float64 `json:"metadata"`   // share of the entries that have metadata
	Backdated  float64 `json:"backdated"`  // share of the entries whose value date lies up to 30 days back
	References float64 `json:"references"` // share of the entries that have a reference
	Seed       uint64  `json:"seed"`       // of the workload
	KeyMemory  int64   `json:"key_memory_bytes"`

	Bounds    bool `json:"-"` // measure the disk and the bare store too
	Reads     bool `json:"-"` // measure reads, with the writers at work
	Reopen    bool `json:"-"` // measure closing and opening
	DropCache bool `json:"-"` // ... once more with the file out of the system's cache
	Verify    bool `json:"-"` // verify the books at the end
}

// Defaults gives the settings that are documented.
func Defaults() Settings {
	return Settings{
		Mode: Batch, Accounts: 10_000, Entries: 2_000_000, Postings: 2, Keys: RandomKeys, KeyBytes: 36,
		Limits: 0.5, Metadata: 0.1, Backdated: 0.05, Seed: 1, KeyMemory: 256 << 20, Bounds: true,
	}
}

const (
	defaultBatch   = 8190
	defaultClients = 64
	maxEntries     = 1_000_000_000
	maxAccounts    = 100_000_000
	maxClients     = 10_000
	maxPostings    = 1000
	minKeyBytes    = 16 // random keys of fewer would meet
	maxKeyBytes    = 255
)

// Complete fills in what depends on the mode, and reports every fault.
func (s Settings) Complete() (Settings, error) {
	faults := s.check()
	switch s.Mode {
	case Single:
		if s.Batch > 1 {
			faults = append(faults, fmt.Errorf("batch is %d: in mode %s a call has one entry", s.Batch, Single))
		}
		s.Batch = 1
		if s.Clients == 0 {
			s.Clients = min(defaultClients, max(1, s.Entries))
		}
	case Batch:
		if s.Batch == 0 {
			s.Batch = min(defaultBatch, max(1, s.Entries))
		}
		if s.Clients == 0 {
			s.Clients = 1
		}
	default:
		faults = append(faults, fmt.Errorf("mode is %q: %s or %s", s.Mode, Batch, Single))
	}
	if s.Entries > 0 && s.Batch > s.Entries {
		faults = append(faults, fmt.Errorf("batch is %d, and there are %d entries", s.Batch, s.Entries))
	}
	if s.Entries > 0 && s.Clients > s.Entries {
		faults = append(faults, fmt.Errorf("clients is %d, and there are %d entries", s.Clients, s.Entries))
	}
	return s, errors.Join(faults...)
}

// mostPostings is how many an entry has at most.
func (s *Settings) mostPostings() int {
	if s.More > 0 {
		return s.Postings + 1
	}
	return s.Postings
}

// check lists the faults of each setting by itself.
func (s Settings) check() (faults []error) {
	for _, number := range []struct {
		name            string
		is, least, most int
	}{
		{"batch", s.Batch, 0, maxEntries}, // 0: the mode's own
		{"clients", s.Clients, 0, maxClients},
		{"accounts", s.Accounts, 2, maxAccounts},
		{"entries", s.Entries, 1, maxEntries},
		{"postings", s.Postings, 2, maxPostings},
		{"key bytes", s.KeyBytes, minKeyBytes, maxKeyBytes},
	} {
		if number.is < number.least || number.is > number.most {
			faults = append(faults, fmt.Errorf("%s is %d: between %d and %d", number.name, number.is, number.least, number.most))
		}
	}
	for _, share := range []struct {
		name string
		is   float64
	}{
		{"hot", s.Hot}, {"more", s.More}, {"limits", s.Limits}, {"metadata", s.Metadata}, {"backdated", s.Backdated}, {"references", s.References},
	} {
		if !(share.is >= 0 && share.is <= 1) { // not a number is neither
			faults = append(faults, fmt.Errorf("%s is %v: a share between 0 and 1", share.name, share.is))
		}
	}
	if !slices.Contains([]string{RandomKeys, OrderedKeys}, s.Keys) {
		faults = append(faults, fmt.Errorf("keys are %q: %s or %s", s.Keys, RandomKeys, OrderedKeys))
	}
	if s.KeyMemory <= 0 {
		faults = append(faults, fmt.Errorf("key memory is %d bytes: at least 1", s.KeyMemory))
	}
	if s.Reads && s.Entries < rareEntries {
		faults = append(faults, fmt.Errorf("entries is %d: reads need %d of them for the account with few postings", s.Entries, rareEntries))
	}
	if s.DropCache && !s.Reopen {
		faults = append(faults, errors.New("dropping the cache is a part of reopening, which is not asked for"))
	}
	return faults
}
