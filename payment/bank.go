package payment

import (
	"fmt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// bankLineTable is what may happen to a line of a bank statement that nothing
// explains.
var bankLineTable = table{
	resource: BankLineRecord,
	moves: []Move{
		{On: BankCredit, To: Unexplained},
		{On: BankDebit, To: Unexplained},
		{On: BankExplained, From: Unexplained, To: Explained},
		{On: BankCharged, From: Unexplained, To: Explained},
		{On: BankKept, To: Kept},
		{On: BankOwnerPaid, From: Kept, To: Explained},
	},
	follow: []Kind{BankKept},
	requires: map[Kind][]Field{
		BankCredit: {FieldCurrency, FieldAmount},
		BankDebit:  {FieldCurrency, FieldAmount},
	},
}

// feeTransferTable is what may happen to income on its way to our own account.
var feeTransferTable = table{
	resource: FeeTransferRecord,
	moves:    []Move{{On: FeesMoved, To: Booked}},
	requires: map[Kind][]Field{FeesMoved: {FieldCurrency, FieldAmount}},
}

// openingTable is what may happen to an opening balance.
var openingTable = table{
	resource: OpeningRecord,
	moves:    []Move{{On: Opened, To: Booked}},
	requires: map[Kind][]Field{Opened: {FieldCurrency, FieldAmount}},
}

// BankLine is a line of a bank statement that nothing explained when it came, or
// money without a place of its own: what a merchant is owed who has been closed. What a
// statement says of a merchant is kept as it is said, also where nobody knows that one.
type BankLine struct {
	Facts
	Life
	Bank  string `json:"bank"`            // name of the bank account
	Debit bool   `json:"debit,omitempty"` // money went out
}

// Ref makes BankLine a ledger.Record.
func (b *BankLine) Ref() ledger.Ref { return ledger.Ref{Kind: BankLineRecord, ID: b.ID} }

// FeeTransfer is income of the platform that left the safeguarded account.
type FeeTransfer struct {
	Facts
	Life
}

// Ref makes FeeTransfer a ledger.Record.
func (f *FeeTransfer) Ref() ledger.Ref { return ledger.Ref{Kind: FeeTransferRecord, ID: f.ID} }

// Opening is money that was there before the books began.
type Opening struct {
	Facts
	Life
}

// Ref makes Opening a ledger.Record.
func (o *Opening) Ref() ledger.Ref { return ledger.Ref{Kind: OpeningRecord, ID: o.ID} }

// bankLines are the recipes of lines that nothing explains.
func (p *plan) bankLines() map[Kind]func() error {
	return map[Kind]func() error{
		BankCredit: p.bankLine, BankDebit: p.bankLine, BankExplained: p.explainLine, BankCharged: p.chargeLine, BankOwnerPaid: p.payOwner,
	}
}

// bankLine is the recipe of a line that nothing explains: the bank has moved, and
// why waits in suspense.
func (p *plan) bankLine() error {
	if fresh, err := opens[*BankLine](p, BankLineRecord); err != nil || !fresh {
		return err
	}
	if err := checkReported(p.event.ID, keptPrefix, "line", "money that is kept for merchants who have been closed"); err != nil {
		return err
	}
	line := &BankLine{Facts: facts(p.event), Life: born(p.event, Unexplained), Bank: p.bank, Debit: p.event.Kind == BankDebit}
	p.pass(EntryBankLine, "unexplained", bankPath(line.Bank), line.suspense(), line.Amount, line.Debit)
	p.records = append(p.records, line)
	return nil
}

// suspense is the account where the line waits.
func (b *BankLine) suspense() string {
	if b.Debit {
		return suspensePath(b.Bank, ledger.Debit)
	}
	return suspensePath(b.Bank, ledger.Credit)
}

// pass books an amount from one account into another, or back.
func (p *plan) pass(kind, step, to, from string, amount money.Amount, back bool) {
	if back {
		to, from = from, to
	}
	p.post(kind, step, -1, p.dr(to, amount), p.cr(from, amount))
}

// explainLine is the recipe of a line that another event explains, which books
// the bank itself: what waits in suspense is undone.
func (p *plan) explainLine() error {
	line, err := p.lineGoesOn()
	if err != nil || p.repeated {
		return err
	}
	p.pass(EntryBankExplained, "explained", line.suspense(), bankPath(line.Bank), line.Amount, line.Debit)
	return nil
}

// chargeLine is the recipe of money that the bank keeps for its own work.
func (p *plan) chargeLine() error {
	line, err := p.lineGoesOn()
	if err != nil || p.repeated {
		return err
	}
	if !line.Debit {
		return &FieldError{FieldKind, fmt.Errorf("%s %w: bank line %s came in", p.event.Kind, ErrTransition, line.ID)}
	}
	p.post(EntryBankCharged, "charged", -1, p.dr(bankCharges, line.Amount), p.cr(line.suspense(), line.Amount))
	return nil
}

// payOwner is the recipe of money that leaves the bank for who owns it.
func (p *plan) payOwner() error {
	line, err := p.lineGoesOn()
	if err != nil || p.repeated {
		return err
	}
	p.pass(EntryOwnerPaid, "paid", line.suspense(), bankPath(line.Bank), line.Amount, false)
	return nil
}

// KeptLineID is the id of the bank line under which is kept what a dispute gives back
// to a merchant who has been closed: "won-" and the dispute's, or where that is too long
// for an id, "won-" and 32 hexadecimal digits of its SHA-256.
func KeptLineID(dispute string) string { return madeID(keptPrefix, dispute) }

// keepFor adds the record of money in suspense whose owner is known.
func (p *plan) keepFor(id string, of *Facts, amount money.Amount) error {
	line := &BankLine{Facts: *of, Bank: p.bank}
	line.ID, line.Parent, line.OccurredAt, line.Amount = id, of.ID, p.event.OccurredAt, amount
	if take[BankLine](p.state, BankLineRecord, id) != nil {
		return &FieldError{FieldID, fmt.Errorf("%w: bank line %s is known already", ErrConflict, id)}
	}
	kept := *p.event
	kept.Kind, kept.Amount = BankKept, amount
	line.Life = born(&kept, Kept)
	p.records = append(p.records, line)
	return nil
}

func (p *plan) lineGoesOn() (*BankLine, error) {
	before, err := existing[*BankLine](p, BankLineRecord)
	if err != nil || p.repeated {
		return before, err
	}
	changed := *before
	changed.Life, err = before.next(p.event)
	p.records = append(p.records, &changed)
	return &changed, err
}

// ownMoney are the recipes of money that is no merchant's.
func (p *plan) ownMoney() map[Kind]func() error {
	return map[Kind]func() error{FeesMoved: p.moveFees, Opened: p.open}
}

// moveFees is the recipe of income that leaves the safeguarded account for the
// platform's own.
func (p *plan) moveFees() error {
	if fresh, err := opens[*FeeTransfer](p, FeeTransferRecord); err != nil || !fresh {
		return err
	}
	p.post(EntryFeesMoved, "moved", -1, p.dr(operating, p.event.Amount), p.cr(bankPath(p.bank), p.event.Amount))
	p.records = append(p.records, &FeeTransfer{Facts: facts(p.event), Life: born(p.event, Booked)})
	return nil
}

// open is the recipe of money that was there before the books.
func (p *plan) open() error {
	if fresh, err := opens[*Opening](p, OpeningRecord); err != nil || !fresh {
		return err
	}
	p.post(EntryOpening, "booked", -1, p.dr(bankPath(p.bank), p.event.Amount), p.cr(openingPath(p.event.Currency), p.event.Amount))
	p.records = append(p.records, &Opening{Facts: facts(p.event), Life: born(p.event, Booked)})
	return nil
}
