package bench

import (
	"math"
	"math/rand/v2"
	"strconv"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// Maker makes entries, the same ones in every run of the same settings. It is
// not safe for concurrent use.
type Maker struct {
	workload *Workload
	settings *Settings
	source   *rand.Rand
	next     int // number of the next entry, of all clients'
	end      int // number that is not made any more
	currency money.Currency
	onHot    int // postings made on the hot account
	onFirst  int // ... on the one of rank 0

	text     text
	postings []ledger.Posting
	metadata []ledger.Attribute
}

func (w *Workload) maker(stream uint64, first, end int) *Maker {
	return &Maker{
		workload: w, settings: &w.settings, source: rand.New(rand.NewPCG(w.settings.Seed, stream)),
		next: first, end: end, currency: Currency(),
	}
}

// Left is how many entries there are to make.
func (m *Maker) Left() int {
	if m.next >= m.end {
		return 0
	}
	return 1 + (m.end-1-m.next)/m.settings.Clients
}

// Make makes the next entries, n of them or what is left. All their texts stand
// in one buffer, and all their postings in one slice, so that making them leaves
// little to collect. Nothing is used again: a ledger may keep what it was given.
func (m *Maker) Make(n int) []ledger.Entry {
	n = min(n, m.Left())
	m.text = text{}
	most := m.settings.mostPostings()
	m.text.Grow(n * (m.settings.KeyBytes + 27*most + 4))
	m.postings = make([]ledger.Posting, 0, n*most)
	m.metadata = make([]ledger.Attribute, 0, int(float64(2*n)*m.settings.Metadata)+16)
	entries := make([]ledger.Entry, n)
	for i := range entries {
		m.entry(&entries[i])
		m.next += m.settings.Clients
	}
	return entries
}

// happens draws whether something of a share happens.
func (m *Maker) happens(share float64) bool {
	return share > 0 && (share >= 1 || m.source.Float64() < share)
}

func (m *Maker) entry(e *ledger.Entry) {
	e.Key = m.key()
	kinds := [...]string{"sale", "refund", "fee", "payout"}
	e.Kind = kinds[m.source.IntN(len(kinds))]
	if m.happens(m.settings.Backdated) {
		e.ValueDate = m.workload.today.AddDays(-1 - m.source.IntN(30))
	}
	if m.happens(m.settings.References) {
		e.Reference = m.number("order-")
	}
	if m.happens(m.settings.Metadata) {
		e.Metadata = m.attributes()
	}
	e.Postings = m.legs()
}

// legs makes the postings: one account on one side, the others on the other.
func (m *Maker) legs() []ledger.Posting {
	start, others := len(m.postings), m.settings.Postings-1
	if m.happens(m.settings.More) {
		others++
	}
	one, many := ledger.Debit, ledger.Credit
	if m.source.Uint64()&1 == 0 {
		one, many = many, one
	}
	first, path := m.first()
	m.postings = append(m.postings, ledger.Posting{Account: path, Side: one, Currency: m.currency})
	total := int64(0)
	for range others {
		rank := m.draw()
		if rank == first { // an account stands on one side of an entry
			rank = (rank + 1) % m.settings.Accounts
		}
		amount := 1 + m.source.Int64N(amountMax)
		total += amount
		m.postings = append(m.postings, ledger.Posting{Account: m.path(rank), Side: many, Amount: money.Minor(amount), Currency: m.currency})
	}
	m.postings[start].Amount = money.Minor(total)
	return m.postings[start:len(m.postings):len(m.postings)]
}

// first draws the account that stands alone on its side: the rare one when it is
// its turn, the hot one for its share, or one of the others.
func (m *Maker) first() (rank int, path string) {
	switch {
	case m.isRare():
		return -1, m.workload.RarePath()
	case m.happens(m.settings.Hot):
		m.onHot++
		return -1, hotPath
	}
	rank = m.draw()
	return rank, m.path(rank)
}

// isRare tells whether the entry is one of the few that are spread evenly over
// the measured ones.
func (m *Maker) isRare() bool {
	all := m.settings.Entries
	turn := func(n int) int { return (rareEntries*n + all/2) / all }
	return m.settings.Reads && m.next < all && turn(m.next+1) > turn(m.next)
}

// draw draws the rank of an account by Zipf's law with an exponent of one: an
// account twice as far down is drawn half as often.
func (m *Maker) draw() int {
	rank := int(math.Exp(m.source.Float64()*m.workload.log)) - 1
	return min(rank, m.settings.Accounts-1)
}

func (m *Maker) path(rank int) string {
	if rank == 0 {
		m.onFirst++
	}
	var buf [64]byte
	return m.text.keep(m.workload.appendPath(buf[:0], rank))
}

// key makes a key that no other entry has: random hexadecimal digits, with the
// dashes of a UUID if they are as many, or the entry's number.
func (m *Maker) key() string {
	var buf [maxKeyBytes]byte
	key := buf[:m.settings.KeyBytes]
	if m.settings.Keys == OrderedKeys {
		for i, n := len(key)-1, m.next; i >= 0; i, n = i-1, n/10 {
			key[i] = byte('0' + n%10)
		}
		return m.text.keep(key)
	}
	var digits uint64
	for i := range key {
		if i%16 == 0 {
			digits = m.source.Uint64()
		}
		key[i] = "0123456789abcdef"[digits&15]
		digits >>= 4
	}
	if len(key) == 36 {
		key[8], key[13], key[18], key[23] = '-', '-', '-', '-'
	}
	return m.text.keep(key)
}

func (m *Maker) attributes() []ledger.Attribute {
	channels := [...]string{"app", "card", "store", "web"}
	start := len(m.metadata)
	m.metadata = append(m.metadata,
		ledger.Attribute{Name: "channel", Value: channels[m.source.IntN(len(channels))]},
		ledger.Attribute{Name: "order", Value: m.number("")})
	return m.metadata[start:len(m.metadata):len(m.metadata)]
}

// number makes a number of nine digits behind a prefix.
func (m *Maker) number(prefix string) string {
	var buf [32]byte
	return m.text.keep(strconv.AppendInt(append(buf[:0], prefix...), 100_000_000+m.source.Int64N(900_000_000), 10))
}

// text is one buffer for many strings.
type text struct{ strings.Builder }

// keep adds a string to the buffer. Those kept before stay where they are.
func (t *text) keep(b []byte) string {
	start := t.Len()
	t.Write(b)
	return t.String()[start:]
}
