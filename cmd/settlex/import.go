package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/ledger/plaintext/history"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// importing is what the command line says about an import.
type importing struct {
	from        string
	commodities []string // NAME=CURRENCY
	types       []string // ACCOUNT=TYPE
	dryRun      bool
}

func (p *program) importCommand() *cobra.Command {
	var flags importing
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Book a journal of hledger or beancount into a new ledger",
		Long: `Import reads a journal of hledger or beancount, an export of settlex among them, and books it into a ledger of its own, a new data
file: history for a program that embeds the ledger. Everything is checked before anything is written; what is not understood keeps the journal
out and is named with its file, line and column. The same command goes on where it was stopped, and changes nothing when all is there.

The data file of settlex init is another thing and is refused: of payments a journal has the entries alone.`,
		Example: `  settlex import --data history.db books.journal
  settlex import --data history.db --commodity '₹=INR' --type 'Suspense=asset' main.beancount
  settlex import --dry-run books.journal`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misused(cmd, fmt.Errorf("import takes one file, here are %d", len(args)))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			options, err := flags.options()
			if err == nil && p.data == "" && !flags.dryRun {
				err = errors.New("--data is missing: the ledger to import into, a file or database of its own")
			}
			if err != nil {
				return misused(cmd, err)
			}
			return p.importJournal(cmd.Context(), args[0], options, flags.dryRun)
		},
	}
	cmd.Flags().StringVar(&flags.from, "from", "", "`LANGUAGE`: hledger or beancount; without it the file's extension tells")
	cmd.Flags().StringArrayVar(&flags.commodities, "commodity", nil, "`NAME=CUR`: a commodity and the currency it stands for; may be repeated")
	cmd.Flags().StringArrayVar(&flags.types, "type", nil, "`ACCOUNT=TYPE`: what an account and those below it are; may be repeated")
	cmd.Flags().BoolVar(&flags.dryRun, "dry-run", false, "check the journal and write nothing")
	return cmd
}

func (f *importing) options() (o history.Options, err error) {
	switch o.Format = plaintext.Format(f.from); o.Format {
	case "", plaintext.HLedger, plaintext.Beancount:
	default:
		return o, fmt.Errorf("--from %q is neither hledger nor beancount", f.from)
	}
	o.Commodities = make(map[string]money.Currency)
	for _, pair := range f.commodities {
		name, code, _ := strings.Cut(pair, "=")
		currency, err := money.ParseCurrency(code)
		if err != nil || name == "" {
			return o, fmt.Errorf("--commodity %q is not NAME=CURRENCY: %w", pair, cmp.Or(err, errors.New("no name")))
		}
		o.Commodities[name] = currency
	}
	o.Types = make(map[string]ledger.Type)
	for _, pair := range f.types {
		at := strings.LastIndexByte(pair, '=')
		if at < 1 {
			return o, fmt.Errorf("--type %q is not ACCOUNT=TYPE", pair)
		}
		kind := ledger.Asset
		for kind <= ledger.Expense && kind.String() != pair[at+1:] {
			kind++
		}
		if kind > ledger.Expense {
			return o, fmt.Errorf("--type %q: a type is asset, liability, equity, income or expense", pair)
		}
		o.Types[pair[:at]] = kind
	}
	return o, nil
}

// importJournal checks a journal, books it and proves the books.
func (p *program) importJournal(ctx context.Context, name string, options history.Options, dryRun bool) error {
	journal, err := history.Open(ctx, name, options)
	if errors.Is(err, plaintext.ErrUnknownFormat) {
		err = fmt.Errorf("%w; --from says it", err)
	}
	if err != nil {
		return p.tellFaults(name, err)
	}
	p.tellJournal(name, &journal.Summary)
	if dryRun {
		p.tellTotals(journal.Summary.Totals)
		p.sayf("nothing was written\n")
		return nil
	}
	store, err := p.openBooks(ctx, p.data, true)
	if err != nil {
		return err
	}
	books, err := ledger.New(store, ledger.Config{Chart: journal.Chart(), Clock: p.clock})
	if err == nil {
		err = p.bookJournal(ctx, books, journal)
	}
	return errors.Join(p.tellFaults(name, err), store.Close())
}

func (p *program) bookJournal(ctx context.Context, books *ledger.Ledger, journal *history.Journal) error {
	if err := p.noEngine(ctx, books); err != nil {
		return err
	}
	shown := p.begin("import")
	booked, err := journal.Book(ctx, books, func(done, total uint64) { shown.at(int(done), int(total)) })
	shown.end()
	if errors.Is(err, history.ErrNotFresh) {
		return fmt.Errorf("%s: %w; import into a new file or schema", place(p.data), err)
	}
	if err != nil {
		return err
	}
	trial, err := books.TrialBalance(ctx)
	if err != nil {
		return err
	}
	p.sayf("%s: %s new, %s booked before\n", place(p.data), count(int(booked.New), "entry", "entries"), number(int(booked.Replayed)))
	p.tellTotals(trial.Totals)
	v, err := books.Verify(ctx)
	if err != nil {
		return err
	}
	for _, f := range v.Findings {
		p.printf("%s\n", f)
	}
	looked := fmt.Sprintf("%s, %s", count(int(v.Entries), "item", "items"), count(int(v.Accounts), "account", "accounts"))
	if len(v.Findings) > 0 {
		return fmt.Errorf("verify: %s (%s)", count(len(v.Findings), "finding", "findings"), looked)
	}
	p.sayf("verify found nothing (%s)\n", looked)
	return nil
}

// noEngine refuses the data file of an engine.
func (p *program) noEngine(ctx context.Context, books *ledger.Ledger) error {
	return books.Read(ctx, func(r ledger.Reader) error {
		for _, kind := range []string{payment.ScheduleRecord, payment.MerchantRecord} {
			for _, err := range r.Records(ctx, kind, "", "") {
				return cmp.Or(err, fmt.Errorf("%s holds the books of settlex init; import into a file or schema of its own", place(p.data)))
			}
		}
		return nil
	})
}

// tellFaults prints what keeps a journal out.
func (p *program) tellFaults(name string, err error) error {
	faults, ok := errors.AsType[*history.FaultsError](err)
	if !ok {
		return err
	}
	all := len(faults.Faults) + faults.More
	for i, fault := range faults.Faults {
		if i == faultsShown {
			_, _ = fmt.Fprintf(p.err, "... and %s more\n", number(all-i))
			break
		}
		_, _ = fmt.Fprintln(p.err, fault)
	}
	return fmt.Errorf("%s: nothing was booked: %s", name, count(all, "fault", "faults"))
}

// tellJournal says what is in a journal.
func (p *program) tellJournal(name string, s *history.Summary) {
	p.sayf("%s: %s, %s with %s, %s, %s asserted\n", name, count(int(s.Transactions), "transaction", "transactions"),
		count(int(s.Entries), "entry", "entries"), count(int(s.Postings), "posting", "postings"), count(int(s.Accounts), "account", "accounts"),
		count(int(s.Assertions), "balance", "balances"))
	if s.Entries > 0 {
		p.sayf("value dates %s to %s\n", s.First, s.Last)
	}
	for _, c := range s.Passed {
		p.sayf("not booked: %s (%s)\n", c.What, number(c.Times))
	}
}

// tellTotals prints the sums of a trial balance.
func (p *program) tellTotals(totals map[money.Currency]ledger.TrialTotal) {
	t := table{left: 1}
	var currencies []money.Currency
	for c := range totals {
		currencies = append(currencies, c)
	}
	slices.SortFunc(currencies, money.Currency.Compare)
	t.add("trial balance", "debits", "credits")
	for _, c := range currencies {
		t.add(c.String(), figure(c, totals[c].Debit), figure(c, totals[c].Credit))
	}
	p.sayf("%s", &t)
}
