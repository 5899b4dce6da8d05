package iso20022

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// Initiation is the namespace of what leaves, Status of what comes back.
const (
	Initiation = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
	Status     = "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"
)

// maxDigits is how many digits an amount or a sum may have.
const maxDigits = 18

// The elements of pain.001.001.09 that we write, in the schema's order.
type (
	document struct {
		XMLName    xml.Name   `xml:"urn:iso:std:iso:20022:tech:xsd:pain.001.001.09 Document"`
		Initiation initiation `xml:"CstmrCdtTrfInitn"`
	}
	initiation struct {
		Header groupHeader        `xml:"GrpHdr"`
		Blocks []paymentInstructs `xml:"PmtInf"`
	}
	groupHeader struct {
		Message string `xml:"MsgId"`
		Created string `xml:"CreDtTm"`
		Count   string `xml:"NbOfTxs"`
		Sum     string `xml:"CtrlSum"`
		Sender  name   `xml:"InitgPty"`
	}
	paymentInstructs struct {
		ID        string     `xml:"PmtInfId"`
		Method    string     `xml:"PmtMtd"`
		Count     string     `xml:"NbOfTxs"`
		Sum       string     `xml:"CtrlSum"`
		Execute   string     `xml:"ReqdExctnDt>Dt"`
		Debtor    name       `xml:"Dbtr"`
		Account   account    `xml:"DbtrAcct"`
		Agent     agent      `xml:"DbtrAgt"`
		Transfers []transfer `xml:"CdtTrfTxInf"`
	}
	transfer struct {
		Instruction string  `xml:"PmtId>InstrId"`
		EndToEnd    string  `xml:"PmtId>EndToEndId"`
		Amount      amount  `xml:"Amt>InstdAmt"`
		Agent       *agent  `xml:"CdtrAgt,omitempty"`
		Creditor    name    `xml:"Cdtr"`
		Account     account `xml:"CdtrAcct"`
		Remittance  string  `xml:"RmtInf>Ustrd"`
	}
	name struct {
		Name string `xml:"Nm"`
	}
	amount struct {
		Currency string `xml:"Ccy,attr"`
		Text     string `xml:",chardata"`
	}
	account struct {
		IBAN  string `xml:"Id>IBAN,omitempty"`
		Other *other `xml:"Id>Othr,omitempty"`
	}
	agent struct {
		BIC    string  `xml:"FinInstnId>BICFI,omitempty"`
		Member *member `xml:"FinInstnId>ClrSysMmbId,omitempty"`
	}
	member struct {
		ID string `xml:"MmbId"`
	}
	other struct {
		ID string `xml:"Id"`
	}
)

// Render writes the file of a prepared submission. The same records give the same
// bytes. Errors: *payment.NotCarriedError, and of a header that is no header.
func Render(s *payment.Submission, instructions []payment.Instruction) ([]byte, error) {
	if err := checkID(s.Message, 35-len("-0000")); err != nil { // a block's id adds its number
		return nil, fmt.Errorf("message id %w", err)
	}
	if Clean(s.Sender, 140) != s.Sender || s.Sender == "" {
		return nil, fmt.Errorf("sender %q is missing or not clean", s.Sender)
	}
	for i := range instructions {
		if err := check(&instructions[i]); err != nil {
			return nil, notCarried(&instructions[i], err)
		}
	}
	total, err := controlSum(instructions)
	if err != nil {
		return nil, err
	}
	d := document{Initiation: initiation{Header: groupHeader{
		Message: s.Message, Created: s.At.UTC().Format("2006-01-02T15:04:05Z"), Count: strconv.Itoa(len(instructions)),
		Sum: total, Sender: name{s.Sender},
	}}}
	for n, list := range blocks(instructions) {
		block, err := render(BlockID(s.Message, n+1), list)
		if err != nil {
			return nil, err
		}
		d.Initiation.Blocks = append(d.Initiation.Blocks, *block)
	}
	if len(instructions) == 0 || len(d.Initiation.Blocks) > 9999 {
		return nil, fmt.Errorf("%d instructions in %d payment information blocks: want 1 to 9999 of both", len(instructions), len(d.Initiation.Blocks))
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	encoder := xml.NewEncoder(&out)
	encoder.Indent("", "  ")
	if err := encoder.Encode(d); err != nil {
		return nil, fmt.Errorf("write %s: %w", s.Message, err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// BlockID is the id of a payment information block of a message, numbered from 1.
func BlockID(message string, no int) string { return fmt.Sprintf("%s-%d", message, no) }

// blocks parts instructions by debtor account, execution date and currency.
func blocks(instructions []payment.Instruction) [][]payment.Instruction {
	type key struct{ account, due, currency string }
	of := func(i *payment.Instruction) key { return key{i.Debtor.Account, i.Due.String(), i.Currency.String()} }
	parts := make(map[key][]payment.Instruction)
	var keys []key
	for i := range instructions {
		k := of(&instructions[i])
		if parts[k] == nil {
			keys = append(keys, k)
		}
		parts[k] = append(parts[k], instructions[i])
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.due, b.due), cmp.Compare(a.currency, b.currency))
	})
	out := make([][]payment.Instruction, len(keys))
	for n, k := range keys {
		out[n] = parts[k]
	}
	return out
}

func render(id string, list []payment.Instruction) (*paymentInstructs, error) {
	first := &list[0]
	sum, err := controlSum(list)
	if err != nil {
		return nil, err
	}
	bank, err := bankOf(first.Debtor.Agent)
	if err == nil && bank == nil {
		err = errors.New("is missing")
	}
	if err != nil {
		return nil, notCarried(first, fmt.Errorf("agent of debtor %s %w", first.Bank, err))
	}
	block := &paymentInstructs{
		ID: id, Method: "TRF", Count: strconv.Itoa(len(list)), Sum: sum, Execute: first.Due.String(),
		Debtor: name{first.Debtor.Name}, Account: accountOf(first.Debtor.Account), Agent: *bank,
	}
	for i := range list {
		one, err := renderTransfer(&list[i])
		if err != nil {
			return nil, err
		}
		block.Transfers = append(block.Transfers, *one)
	}
	return block, nil
}

func renderTransfer(i *payment.Instruction) (*transfer, error) {
	bank, err := bankOf(i.Creditor.Agent)
	if err != nil {
		return nil, notCarried(i, fmt.Errorf("agent of creditor %s %w", i.Beneficiary, err))
	}
	text := i.Source
	if i.OrderID != "" {
		text += " " + i.OrderID
	}
	return &transfer{
		Instruction: i.ID, EndToEnd: i.ID, Amount: amount{i.Currency.String(), i.Currency.Format(i.Amount)},
		Agent: bank, Creditor: name{i.Creditor.Name}, Account: accountOf(i.Creditor.Account), Remittance: Clean(text, 140),
	}, nil
}

// check looks at what the schema bounds.
func check(i *payment.Instruction) error {
	if err := checkID(i.ID, 35); err != nil {
		return fmt.Errorf("id %w", err)
	}
	if i.Amount.Sign() <= 0 || i.Currency.IsZero() {
		return fmt.Errorf("amount %s %s is not above 0", i.Currency, i.Currency.Format(i.Amount))
	}
	if digits := len(i.Amount.String()); digits > maxDigits {
		return fmt.Errorf("amount %s has %d digits, at most %d are allowed", i.Currency.Format(i.Amount), digits, maxDigits)
	}
	if i.Due.IsZero() {
		return errors.New("execution date is missing")
	}
	for _, p := range []struct {
		who   string
		party payment.Party
	}{{"debtor " + i.Bank, i.Debtor}, {"creditor " + i.Beneficiary, i.Creditor}} {
		if p.party.Name != Clean(p.party.Name, 140) {
			return fmt.Errorf("name %q of %s is not clean", p.party.Name, p.who)
		}
		if err := checkParty(p.party); err != nil {
			return fmt.Errorf("%s: %w", p.who, err)
		}
	}
	return nil
}

// CheckParty tells why somebody can neither pay nor be paid by a file: a name of which
// Clean leaves nothing, an account or a bank's identifier of other characters or too
// long, an account that is written as an IBAN and is none. A party may do without a bank;
// one that pays may not.
func CheckParty(p payment.Party) error {
	if err := checkParty(p); err != nil {
		return err
	}
	if err := checkIBAN(p.Account); err != nil {
		return fmt.Errorf("account %w", err)
	}
	return nil
}

// checkParty is what every file that was ever prepared obeys.
func checkParty(p payment.Party) error {
	if Clean(p.Name, 140) == "" {
		return fmt.Errorf("name %q has nothing that banks take", p.Name)
	}
	if err := checkID(p.Account, 34); err != nil {
		return fmt.Errorf("account %w", err)
	}
	if _, err := bankOf(p.Agent); err != nil {
		return fmt.Errorf("agent %w", err)
	}
	return nil
}

func notCarried(i *payment.Instruction, err error) error {
	return &payment.NotCarriedError{ID: i.ID, Err: err}
}

func accountOf(id string) account {
	if isIBAN(id) {
		return account{IBAN: id}
	}
	return account{Other: &other{id}}
}

// bankOf writes a bank by its BIC, or by its number in the country's clearing.
func bankOf(id string) (*agent, error) {
	switch {
	case id == "":
		return nil, nil //nolint:nilnil // no bank is written, and none need be
	case isBIC(id):
		return &agent{BIC: id}, nil
	}
	if err := checkID(id, 35); err != nil {
		return nil, err
	}
	return &agent{Member: &member{id}}, nil
}

// controlSum adds up amounts exactly, whatever their currencies. The last instruction
// that makes it too long cannot be carried with the others.
func controlSum(list []payment.Instruction) (string, error) {
	digits := 0
	for i := range list {
		digits = max(digits, list[i].Currency.Exponent())
	}
	sum := new(big.Int)
	for i := range list {
		minor, _ := new(big.Int).SetString(list[i].Amount.String(), 10) // it always is a number
		scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits-list[i].Currency.Exponent())), nil)
		if sum.Add(sum, minor.Mul(minor, scale)); len(sum.String()) > maxDigits {
			return "", notCarried(&list[i], fmt.Errorf("with it the sum of the file has more than %d digits", maxDigits))
		}
	}
	return point(sum.String(), digits), nil
}

// point writes whole minor units with so many digits behind the point.
func point(minor string, digits int) string {
	if digits == 0 {
		return minor
	}
	if missing := digits + 1 - len(minor); missing > 0 {
		minor = strings.Repeat("0", missing) + minor
	}
	return minor[:len(minor)-digits] + "." + minor[len(minor)-digits:]
}

// sameNumber tells whether two decimal numbers are equal however they are written.
func sameNumber(a, b string) bool {
	x, okX := shortest(a)
	y, okY := shortest(b)
	return okX && okY && x == y
}

// shortest writes a decimal number without needless zeros.
func shortest(number string) (string, bool) {
	whole, fraction, _ := strings.Cut(number, ".")
	if whole+fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return "", false
	}
	return strings.TrimLeft(whole, "0") + "." + strings.TrimRight(fraction, "0"), true
}

// formatted is an amount as a file writes it.
func formatted(c money.Currency, a money.Amount) string { return c.String() + " " + c.Format(a) }
