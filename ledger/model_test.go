package ledger_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// notebook is how a bookkeeper with pencil and paper would do it: every entry
// that was accepted on a page of its own, and whatever has to be known is added
// up from the first page on, each time.
type notebook struct{ pages []page }

type page struct {
	key     string
	content string // everything a retry must repeat, but the date
	day     string
	kind    string
	rows    []row
}

type row struct {
	account string // path and currency
	plus    int64  // minor units on the account's normal side; minus on the other
}

// The notebook knows the chart in its own words.
func debitNormal(path string) bool { return path == bank || strings.HasPrefix(path, "drawers/") }

func lowest(path string) (floor int64, limited bool) {
	switch {
	case strings.HasPrefix(path, "drawers/"):
		return -5000, true
	case strings.HasSuffix(path, "/available"):
		return 0, true
	}
	return 0, false
}

func mayGoLower(path, kind string) bool {
	return strings.HasSuffix(path, "/available") && kind == "refund"
}

func known(path string) bool { return path != "nowhere" }

func write(e ledger.Entry) page {
	p := page{key: e.Key, kind: e.Kind, day: e.ValueDate.String()}
	names := slices.Clone(e.Metadata)
	slices.SortFunc(names, func(a, b ledger.Attribute) int { return strings.Compare(a.Name, b.Name) })
	p.content = fmt.Sprint(e.Kind, "|", e.Reference, "|", e.PartOf, "|", names, "|", e.Postings)
	for _, leg := range e.Postings {
		minor, _ := leg.Amount.Int64()
		if (leg.Side == ledger.Debit) != debitNormal(leg.Account) {
			minor = -minor
		}
		p.rows = append(p.rows, row{leg.Account + " " + leg.Currency.String(), minor})
	}
	return p
}

func (n *notebook) standing(account string) (sum int64) {
	for _, p := range n.pages {
		for _, r := range p.rows {
			if r.account == account {
				sum += r.plus
			}
		}
	}
	return sum
}

func (n *notebook) find(key string) (seq int, p page) {
	for i, p := range n.pages {
		if p.key == key {
			return i + 1, p
		}
	}
	return 0, page{}
}

// The verdicts on an entry.
const (
	fine, below, repeated            = "booked", "booked below a floor", "replayed"
	broken, stranger, clashing, poor = "invalid", "unknown account", "conflict", "insufficient funds"
)

// judge says what must become of an entry.
func (n *notebook) judge(e ledger.Entry) string {
	if !soundByItself(e) {
		return broken
	}
	now := write(e)
	if seq, was := n.find(e.Key); seq > 0 {
		if was.content != now.content || now.day != "" && was.day != now.day {
			return clashing
		}
		return repeated
	}
	for _, leg := range e.Postings {
		if !known(leg.Account) {
			return stranger
		}
	}
	verdict := fine
	for _, leg := range e.Postings {
		account := leg.Account + " " + leg.Currency.String()
		before := n.standing(account)
		after := (&notebook{append(slices.Clone(n.pages), now)}).standing(account)
		floor, limited := lowest(leg.Account)
		if !limited || after >= before || after >= floor {
			continue
		}
		if !mayGoLower(leg.Account, e.Kind) {
			return poor
		}
		verdict = below
	}
	return verdict
}

// soundByItself: at least two legs of positive amounts, no account on both
// sides, and what is debited is credited.
func soundByItself(e ledger.Entry) bool {
	sums, sides := map[string]int64{}, map[string]ledger.Side{}
	for _, leg := range e.Postings {
		minor, _ := leg.Amount.Int64()
		if minor <= 0 {
			return false
		}
		account := leg.Account + " " + leg.Currency.String()
		if side, met := sides[account]; met && side != leg.Side {
			return false
		}
		sides[account] = leg.Side
		if leg.Side == ledger.Credit {
			minor = -minor
		}
		sums[leg.Currency.String()] += minor
	}
	for _, sum := range sums {
		if sum != 0 {
			return false
		}
	}
	return len(e.Postings) >= 2
}

// settle gives the verdicts on a batch up to the first that spoils it, and the
// notebook as it is afterwards.
func (n *notebook) settle(batch []ledger.Entry) (verdicts []string, after *notebook) {
	after = &notebook{slices.Clone(n.pages)}
	for _, e := range batch {
		v := after.judge(e)
		verdicts = append(verdicts, v)
		switch v {
		case fine, below:
			p := write(e)
			if p.day == "" {
				p.day = "2026-03-02"
			}
			after.pages = append(after.pages, p)
		case repeated:
		default:
			return verdicts, n
		}
	}
	return verdicts, after
}

// subject is what is held against the notebook.
type subject interface {
	post(t *rapid.T, entries ...ledger.Entry) ([]ledger.Result, error)
	account(t *rapid.T, path string, currency money.Currency) (ledger.Account, bool)
	head(t *rapid.T) ledger.Head
	bytes(t *rapid.T) string // changes with anything that is kept
	reopen(t *rapid.T)
	finish(t *rapid.T)
}

// machine drives a subject and a notebook side by side.
type machine struct {
	subject
	notebook *notebook
	tried    []ledger.Entry
}

func paths() []string {
	return []string{bank, sales, available, other, pending, drawer, "drawers/d2"}
}

func drawEntry(t *rapid.T) ledger.Entry {
	e := ledger.Entry{
		Key:  rapid.StringMatching(`[a-z][a-z]`).Draw(t, "key"),
		Kind: rapid.SampledFrom([]string{"sale", "payout", "refund"}).Draw(t, "kind"),
	}
	if rapid.IntRange(0, 4).Draw(t, "dated") == 0 {
		e.ValueDate = calendar.MustDate(rapid.SampledFrom([]string{"2026-02-28", "2026-03-02"}).Draw(t, "day"))
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "pairs") {
		e.Metadata = append(e.Metadata, ledger.Attribute{Name: fmt.Sprint(9 - i), Value: "v"})
	}
	mixed := rapid.Permutation(paths()).Draw(t, "debits and credits")
	for range rapid.IntRange(1, 3).Draw(t, "pairs of legs") {
		amount := money.Minor(rapid.Int64Range(1, 4000).Draw(t, "minor"))
		currency := rapid.SampledFrom([]money.Currency{inr(), inr(), pkr()}).Draw(t, "currency")
		e.Postings = append(e.Postings,
			ledger.Dr(rapid.SampledFrom(mixed[:3]).Draw(t, "debit"), amount, currency),
			ledger.Cr(rapid.SampledFrom(mixed[3:]).Draw(t, "credit"), amount, currency))
	}
	leg := &e.Postings[rapid.IntRange(0, len(e.Postings)-1).Draw(t, "leg")]
	switch rapid.IntRange(0, 99).Draw(t, "fault") { // mostly none
	case 20:
		leg.Amount = money.Minor(rapid.Int64Range(-1, 1).Draw(t, "amount"))
	case 21, 22:
		leg.Account = "nowhere"
	case 23:
		leg.Currency = pkr()
	case 24:
		leg.Account = mixed[0] // perhaps on both sides
	case 25:
		e.Postings = e.Postings[:1]
	}
	return e
}

func (m *machine) post(t *rapid.T, batch ...ledger.Entry) {
	verdicts, after := m.notebook.settle(batch)
	before, still := "", len(after.pages) == len(m.notebook.pages)
	if still {
		before = m.bytes(t)
	}
	results, err := m.subject.post(t, batch...)
	last := verdicts[len(verdicts)-1]
	wantVerdict(t, last, err)
	if err == nil {
		for i, e := range batch {
			m.compare(t, verdicts[i], after, e, results[i])
		}
	}
	if still && m.bytes(t) != before {
		t.Errorf("%q changed what is kept", verdicts)
	}
	m.notebook = after
	m.tried = append(m.tried, batch...)
}

func (m *machine) compare(t *rapid.T, verdict string, after *notebook, e ledger.Entry, got ledger.Result) {
	seq, p := after.find(e.Key)
	if got.Seq != uint64(seq) || got.ValueDate.String() != p.day || got.Replayed != (verdict == repeated) {
		t.Errorf("entry %s: seq %d on %s, replayed %t; the notebook has it as number %d on %s, %s",
			e.Key, got.Seq, got.ValueDate, got.Replayed, seq, p.day, verdict)
	}
	if verdict != repeated && got.Breached != (verdict == below) {
		t.Errorf("entry %s: breached is %t, the notebook says %s", e.Key, got.Breached, verdict)
	}
}

func wantVerdict(t *rapid.T, verdict string, err error) {
	sentinel := map[string]error{broken: ledger.ErrInvalid, stranger: ledger.ErrUnknownAccount, clashing: ledger.ErrKeyConflict, poor: ledger.ErrInsufficientFunds}[verdict]
	if !errors.Is(err, sentinel) {
		t.Fatalf("error is %v, the notebook says %s", err, verdict)
	}
	if verdict == broken && errors.Is(err, ledger.ErrUnknownAccount) {
		t.Fatalf("error is %v, the notebook says the entry itself is at fault", err)
	}
}

// check holds every balance against the notebook.
func (m *machine) check(t *rapid.T) {
	sums := map[money.Currency]money.Amount{}
	for _, path := range paths() {
		for _, currency := range []money.Currency{inr(), pkr()} {
			account, _ := m.account(t, path, currency)
			name := path + " " + currency.String()
			if got, err := account.Posted(); got != money.Minor(m.notebook.standing(name)) || err != nil {
				t.Errorf("%s stands at %s, %v; the notebook says %d", name, got, err, m.notebook.standing(name))
			}
			net, err := account.Net(ledger.Debit)
			if err == nil {
				sums[currency], err = sums[currency].Add(net)
			}
			if err != nil {
				t.Error(err)
			}
		}
	}
	for currency, sum := range sums {
		if !sum.IsZero() {
			t.Errorf("%s was made out of nothing: %s", currency, sum)
		}
	}
	if head := m.head(t); head.Seq != uint64(len(m.notebook.pages)) {
		t.Errorf("head is at %d, the notebook has %d pages", head.Seq, len(m.notebook.pages))
	}
}

func (m *machine) run(t *rapid.T) {
	t.Repeat(map[string]func(*rapid.T){
		"post": func(t *rapid.T) { m.post(t, drawEntry(t)) },
		"post a batch": func(t *rapid.T) {
			m.post(t, rapid.SliceOfN(rapid.Custom(drawEntry), 2, 6).Draw(t, "batch")...)
		},
		"try again": func(t *rapid.T) {
			if len(m.tried) == 0 {
				t.Skip("nothing yet")
			}
			m.post(t, rapid.SampledFrom(m.tried).Draw(t, "entry"))
		},
		"try again, changed": func(t *rapid.T) {
			if len(m.tried) == 0 {
				t.Skip("nothing yet")
			}
			e := rapid.SampledFrom(m.tried).Draw(t, "entry")
			e.Reference += "x"
			m.post(t, e)
		},
		"reopen": func(t *rapid.T) { m.reopen(t) },
		"":       m.check,
	})
	m.finish(t)
}

// pure is Apply and nothing else: what is saved is kept as it is.
type pure struct {
	t    testing.TB
	last *snapshot
}

func (p *pure) post(_ *rapid.T, entries ...ledger.Entry) ([]ledger.Result, error) {
	results := make([]ledger.Result, len(entries))
	errs, changes := applyTo(p.t, p.last, &work{apply: func(s *ledger.State) (err error) {
		for i, e := range entries {
			if results[i], err = s.Book(e); err != nil {
				return err
			}
		}
		return nil
	}})
	if !changes.Empty() {
		p.last = p.last.clone()
		if err := p.last.Save(p.t.Context(), changes); err != nil {
			return nil, err
		}
	}
	return results, errs[0]
}

func (p *pure) account(_ *rapid.T, path string, currency money.Currency) (ledger.Account, bool) {
	a, ok := p.last.accounts[ledger.AccountID{Path: path, Currency: currency}]
	return withType(a, path), ok
}

func (p *pure) head(*rapid.T) ledger.Head { return p.last.head }
func (p *pure) bytes(*rapid.T) string     { return fmt.Sprintf("%p", p.last) }
func (p *pure) reopen(t *rapid.T)         { t.Skip("there is nothing to open") }
func (p *pure) finish(t *rapid.T) {
	store := newMemory()
	store.now = p.last
	books, err := ledger.New(store, stopped(p.t))
	if err != nil {
		t.Fatal(err)
	}
	verified(t, books)
}

// withType gives an account that does not exist yet its normal side.
func withType(a ledger.Account, path string) ledger.Account {
	if a.Type = ledger.Liability; debitNormal(path) {
		a.Type = ledger.Asset
	}
	return a
}

func verified(t *rapid.T, books *ledger.Ledger) {
	v, err := books.Verify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Findings {
		t.Errorf("verify: %s", f)
	}
}

// onFile is a ledger on a bolt file.
type onFile struct {
	config ledger.Config
	path   string
	store  *bolt.Store
	books  *ledger.Ledger
}

func (f *onFile) post(t *rapid.T, entries ...ledger.Entry) ([]ledger.Result, error) {
	return f.books.Post(t.Context(), entries...)
}

func (f *onFile) account(t *rapid.T, path string, currency money.Currency) (ledger.Account, bool) {
	a, ok, err := f.books.Account(t.Context(), path, currency)
	if err != nil {
		t.Fatal(err)
	}
	return withType(a, path), ok
}

func (f *onFile) head(t *rapid.T) (head ledger.Head) {
	err := f.books.Read(t.Context(), func(r ledger.Reader) (err error) {
		head, err = r.Head(t.Context())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// bytes reads as much of the file as these small books can fill; behind that it
// is empty space.
func (f *onFile) bytes(t *rapid.T) string {
	const enough = 1 << 20
	file, err := os.Open(f.path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	data := make([]byte, enough)
	if _, err := io.ReadFull(file, data); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Fatal(err)
	}
	return string(data)
}

func (f *onFile) reopen(t *rapid.T) {
	f.close(t)
	var err error
	if f.store, err = bolt.Open(f.path, bolt.Options{}); err != nil {
		t.Fatal(err)
	}
	if f.books, err = ledger.New(f.store, f.config); err != nil {
		t.Fatal(err)
	}
}

func (f *onFile) close(t *rapid.T) {
	if f.store == nil {
		return
	}
	if err := f.store.Close(); err != nil {
		t.Fatal(err)
	}
	f.store = nil
}

func (f *onFile) finish(t *rapid.T) { verified(t, f.books) }

func TestModelPure(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{subject: &pure{t: t, last: newMemory().now}, notebook: &notebook{}}
		m.run(rt)
	})
}

func TestModelBolt(t *testing.T) {
	t.Parallel()
	dir, n := t.TempDir(), 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		f := &onFile{config: stopped(t), path: filepath.Join(dir, fmt.Sprint(n))}
		rt.Cleanup(func() { f.close(rt) })
		f.reopen(rt)
		m := &machine{subject: f, notebook: &notebook{}}
		m.run(rt)
	})
}
