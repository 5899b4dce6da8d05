package bench_test

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/bench"
)

func TestComplete(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name           string
		change         func(*bench.Settings)
		batch, clients int
	}{
		{"as documented", func(*bench.Settings) {}, 8190, 1},
		{"fewer entries than a batch", func(s *bench.Settings) { s.Entries = 500 }, 500, 1},
		{"single", func(s *bench.Settings) { s.Mode = bench.Single }, 1, 64},
		{"single, fewer entries than clients", func(s *bench.Settings) { s.Mode, s.Entries = bench.Single, 5 }, 1, 5},
		{"as asked", func(s *bench.Settings) { s.Batch, s.Clients = 100, 3 }, 100, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := bench.Defaults()
			test.change(&s)
			got := complete(t, s)
			if got.Batch != test.batch || got.Clients != test.clients {
				t.Errorf("batch %d, %d clients, want %d and %d", got.Batch, got.Clients, test.batch, test.clients)
			}
			if again := complete(t, got); again != got {
				t.Errorf("completed again (-want +got):\n%s", cmp.Diff(got, again))
			}
		})
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(*bench.Settings)
		want   string
	}{
		{"mode", func(s *bench.Settings) { s.Mode = "both" }, `mode is "both": batch or single`},
		{"keys", func(s *bench.Settings) { s.Keys = "none" }, `keys are "none": random or ordered`},
		{"batch above entries", func(s *bench.Settings) { s.Batch, s.Entries = 101, 100 }, "batch is 101, and there are 100 entries"},
		{"batch in single", func(s *bench.Settings) { s.Mode, s.Batch = bench.Single, 2 }, "batch is 2: in mode single a call has one entry"},
		{"negative batch", func(s *bench.Settings) { s.Batch = -1 }, "batch is -1: between 0 and 1000000000"},
		{"clients above entries", func(s *bench.Settings) { s.Batch, s.Clients, s.Entries = 1, 11, 10 }, "clients is 11, and there are 10 entries"},
		{"no entries", func(s *bench.Settings) { s.Entries = 0 }, "entries is 0: between 1 and 1000000000"},
		{"one account", func(s *bench.Settings) { s.Accounts = 1 }, "accounts is 1: between 2 and 100000000"},
		{"one posting", func(s *bench.Settings) { s.Postings = 1 }, "postings is 1: between 2 and 1000"},
		{"short keys", func(s *bench.Settings) { s.KeyBytes = 15 }, "key bytes is 15: between 16 and 255"},
		{"negative hot", func(s *bench.Settings) { s.Hot = -0.1 }, "hot is -0.1: a share between 0 and 1"},
		{"limits above one", func(s *bench.Settings) { s.Limits = 1.5 }, "limits is 1.5: a share between 0 and 1"},
		{"backdated is no number", func(s *bench.Settings) { s.Backdated = math.NaN() }, "backdated is NaN: a share between 0 and 1"},
		{"key memory", func(s *bench.Settings) { s.KeyMemory = 0 }, "key memory is 0 bytes: at least 1"},
		{"reads of few", func(s *bench.Settings) { s.Reads, s.Entries = true, 49 }, "entries is 49: reads need 50 of them for the account with few postings"},
		{"cold without reopening", func(s *bench.Settings) { s.DropCache = true }, "dropping the cache is a part of reopening, which is not asked for"},
		{"all at once", func(s *bench.Settings) { s.Postings, s.Hot = 1, 2 }, "postings is 1: between 2 and 1000\nhot is 2: a share between 0 and 1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := bench.Defaults()
			test.change(&s)
			_, err := s.Complete()
			if err == nil {
				t.Fatal("accepted")
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
