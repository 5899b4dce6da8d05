package tidy

// Room is the row of one package.
type Room struct {
	// Path is the import path below the module; "." is the module's root.
	Path string
	// Floor says how high the room stands.
	Floor int
	// Reach is the highest floor whose rooms it may import; always below Floor, so no import goes sideways or up. The one
	// exception needs no row: a package may import the package it stands in (payment/feed imports payment).
	Reach int
	// Clock says who may ask the time of the machine (time.Now and its kin).
	Clock Licence
	// Chance says who may import math/rand or crypto/rand.
	Chance Licence
	// ForTests marks a room that only tests and other such rooms import; its own code counts as test code.
	ForTests bool
}

// Licence says how far a room may use something that makes a program hard to repeat.
type Licence uint8

const (
	// Never is the zero value.
	Never Licence = iota
	// InDefaults allows it in a method of a Config or of Options, or a function that takes one: where defaults are set.
	InDefaults
	// Anywhere sets no bound.
	Anywhere
)

// Library is a third-party module, or a part of one, and the one room that may import it. Tests of any room may import it too.
type Library struct {
	Path string
	// Room is the Path of a Room; empty when only tests may import the library.
	// A library that lives in several has a row for each.
	Room string
}

// nothing is the Reach of a room that stands on the ground.
const nothing = -1

// House is the floor plan the checks hold a tree against.
type House struct {
	Rooms     []Room
	Libraries []Library
	// NetworkFloor is the lowest floor that may import one of Network.
	NetworkFloor int
	// Network lists standard packages, each with all below it, that the domain does not know.
	Network []string
	// Embedder is what a program links that embeds the ledger on the embedded store.
	Embedder Embedder
}

// Embedder bounds what some packages link, everything counted that they import directly or not.
type Embedder struct {
	// Packages are room paths.
	Packages []string
	// Libraries are the only third-party modules they may link.
	Libraries []string
	// Barred are standard packages they may not link.
	Barred []string
}

// Plan returns the floor plan of this project.
func Plan() House {
	return House{
		Rooms: []Room{
			{Path: "cmd/settlex", Floor: 6, Reach: 5, Clock: Anywhere, Chance: Anywhere},

			// A store reaches the domain and not the root: whoever builds a program brings the two together.
			{Path: "store/bolt", Floor: 5, Reach: 3, Clock: InDefaults},
			{Path: "store/postgres", Floor: 5, Reach: 3, Clock: InDefaults, Chance: InDefaults},
			// It moves books between any two stores; the program hands it both.
			{Path: "store/move", Floor: 5, Reach: 3},
			// A bench measures on the machine's own clock, and draws its workload from a seeded source. The program hands it a store.
			{Path: "internal/bench", Floor: 5, Reach: 1, Clock: Anywhere, Chance: Anywhere},
			// The bundled sample is drawn from a seeded source, so it is the same on every machine.
			{Path: "internal/sample", Floor: 5, Reach: 4, Chance: Anywhere},

			{Path: ".", Floor: 4, Reach: 3, Clock: InDefaults, Chance: InDefaults},
			{Path: "config", Floor: 4, Reach: 3},

			{Path: "settlement", Floor: 3, Reach: 2},
			// Reports and the runner know no state machine: the one is handed rows, the other jobs.
			{Path: "reconcile/report", Floor: 3, Reach: 0},
			{Path: "runner", Floor: 3, Reach: 0, Clock: InDefaults},

			{Path: "payment", Floor: 2, Reach: 1},
			{Path: "payment/feed", Floor: 2, Reach: 1},
			// Rails: one that answers as it is told, and one that writes and reads files of banks.
			{Path: "payment/sandbox", Floor: 2, Reach: 1},
			{Path: "payment/iso20022", Floor: 2, Reach: 1},

			{Path: "ledger", Floor: 1, Reach: 0, Clock: InDefaults, Chance: InDefaults},
			{Path: "ledger/plaintext", Floor: 1, Reach: 0},
			{Path: "ledger/plaintext/history", Floor: 1, Reach: 0},
			{Path: "ledger/proof", Floor: 1, Reach: 0, Chance: InDefaults},
			{Path: "ledger/scratch", Floor: 1, Reach: 0},
			{Path: "fees", Floor: 1, Reach: 0},
			{Path: "reserve", Floor: 1, Reach: 0},
			{Path: "merchant", Floor: 1, Reach: 0},

			{Path: "money", Floor: 0, Reach: nothing},
			{Path: "calendar", Floor: 0, Reach: nothing},
			{Path: "event", Floor: 0, Reach: nothing},

			// Configurations to begin with; no code but what joins them.
			{Path: "examples", Floor: 0, Reach: nothing},

			// A network that is slow on purpose waits by a timer.
			{Path: "internal/wire", Floor: 0, Reach: nothing, Clock: InDefaults},

			{Path: "store/bolt/bolttest", Floor: 5, Reach: 3, ForTests: true},
			{Path: "store/postgres/pgtest", Floor: 5, Reach: 0, ForTests: true},
			{Path: "store/postgres/postgrestest", Floor: 6, Reach: 5, ForTests: true},
			{Path: "store/storetest", Floor: 5, Reach: 3, ForTests: true},
			{Path: "store/anystore", Floor: 7, Reach: 6, ForTests: true},
			{Path: "internal/torture", Floor: 6, Reach: 5, ForTests: true, Clock: Anywhere, Chance: Anywhere},
			{Path: "internal/scenario", Floor: 8, Reach: 7, ForTests: true},
			{Path: "internal/declared", Floor: 0, Reach: nothing, ForTests: true},
			{Path: "internal/testneed", Floor: 0, Reach: nothing, ForTests: true},
			{Path: "internal/tidy", Floor: 0, Reach: nothing, ForTests: true},
		},
		Libraries: []Library{
			{"github.com/cockroachdb/apd/v3", "money"},
			{"go.etcd.io/bbolt", "store/bolt"},
			{"go.etcd.io/bbolt", "ledger/scratch"}, // for files that nobody else sees
			{"github.com/jackc/pgx/v5", "store/postgres"},
			{"golang.org/x/mod", "ledger"},
			{"github.com/robfig/cron/v3", "runner"},
			{"github.com/parquet-go/parquet-go", "reconcile/report"},
			{"github.com/segmentio/encoding", "ledger"},
			{"github.com/goccy/go-yaml", "config"},
			{"github.com/spf13/cobra", "cmd/settlex"},
			{"github.com/spf13/pflag", "cmd/settlex"},
			{"github.com/schollz/progressbar/v3", "cmd/settlex"},
			{"golang.org/x/term", "cmd/settlex"},

			{"github.com/anishathalye/porcupine", ""},
			{"github.com/google/go-cmp", ""},
			{"github.com/rogpeppe/go-internal", ""},
			{"github.com/santhosh-tekuri/jsonschema/v6", ""},
			{"pgregory.net/rapid", ""},
		},
		NetworkFloor: 4,
		Network:      []string{"net/http", "database/sql"},
		Embedder: Embedder{
			Packages:  []string{"ledger", "ledger/proof", "store/bolt"},
			Libraries: []string{"github.com/cockroachdb/apd/v3", "github.com/segmentio/asm", "github.com/segmentio/encoding", "go.etcd.io/bbolt", "golang.org/x/mod", "golang.org/x/sys"},
			// apd brings database/sql/driver, a page of interfaces; the package above it would be a client.
			Barred: []string{"net/http", "database/sql"},
		},
	}
}

// room finds the row of a path.
func (h House) room(path string) (Room, bool) {
	for _, r := range h.Rooms {
		if r.Path == path {
			return r, true
		}
	}
	return Room{}, false
}

// library finds the rooms of the library that an import path falls under; ok: it has a row.
func (h House) library(path string) (rooms []string, ok bool) {
	for _, l := range h.Libraries {
		if within(path, l.Path) {
			ok = true
			if l.Room != "" {
				rooms = append(rooms, l.Room)
			}
		}
	}
	return rooms, ok
}
