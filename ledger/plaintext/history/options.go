package history

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/plaintext"
	"github.com/settlex/settlex/money"
)

// Options say how a journal is read. The zero value reads what names its
// currencies by their ISO 4217 codes and its accounts by the usual roots.
type Options struct {
	// Format is the language; empty: what FormatOf makes of the file's name.
	Format plaintext.Format
	// Commodities are the currencies behind names that are no ISO 4217 code,
	// such as "₹". They come before everything else.
	Commodities map[string]money.Currency
	// Types are the types of accounts, by name as the journal has it, each with
	// all accounts below it. They come before what the journal says.
	Types map[string]ledger.Type
	// Chart says which accounts may exist; nil: those of the journal, as
	// Journal.Chart derives them.
	Chart *ledger.Chart
	// Kind is the kind of entries that come from a journal of somebody else's;
	// empty: "imported".
	Kind string
	// Open opens the journal and what it includes, by path; nil means os.Open.
	Open func(name string) (io.ReadCloser, error)
}

// FormatOf tells a journal's language from its name's extension: .journal, .j,
// .hledger and .ledger, or .beancount and .bean. The error is
// plaintext.ErrUnknownFormat for another one.
func FormatOf(name string) (plaintext.Format, error) {
	switch strings.ToLower(filepath.Ext(name)) {
	case ".journal", ".j", ".hledger", ".ledger":
		return plaintext.HLedger, nil
	case ".beancount", ".bean":
		return plaintext.Beancount, nil
	}
	return "", fmt.Errorf("%w: the name of %s does not tell it", plaintext.ErrUnknownFormat, name)
}

// withDefaults fills in what was left out.
func (o Options) withDefaults(name string) (Options, error) {
	var err error
	switch o.Format {
	case plaintext.HLedger, plaintext.Beancount:
	case "":
		o.Format, err = FormatOf(name)
	default:
		err = fmt.Errorf("%w %q", plaintext.ErrUnknownFormat, string(o.Format))
	}
	if o.Kind == "" {
		o.Kind = "imported"
	}
	if o.Open == nil {
		o.Open = func(name string) (io.ReadCloser, error) { return os.Open(name) }
	}
	return o, err
}
