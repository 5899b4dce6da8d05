package iso20022_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/iso20022"
)

// at is when everything in these tests leaves: 02:30 on the third in India.
func at() time.Time { return time.Date(2026, time.March, 2, 21, 0, 0, 0, time.UTC) }

func currency(code string) money.Currency { return money.MustCurrency(code) }

// config is of a bank that keeps two accounts of ours.
func config(t testing.TB) iso20022.Config {
	t.Helper()
	dir := t.TempDir()
	return iso20022.Config{
		Name: "bank", Outbox: filepath.Join(dir, "out"), Inbox: filepath.Join(dir, "in"), Sender: "Exämple & Co_Pay",
		Debtors: map[string]payment.Party{
			"escrow": {Name: "Example Pay, escrow", Account: "000111222333", Agent: "HDFC0000001"},
			"global": {Name: "Example Pay", Account: "DE89370400440532013000", Agent: "COBADEFFXXX"},
		},
		Creditors: map[string]payment.Party{
			"m_1": {Name: "Müller & Söhne", Account: "50100012345678", Agent: "ICIC0000002"},
			"m_2": {Name: "Second <Shop> \"42\"", Account: "GB29NWBK60161331926819"},
			"m_3": {Name: "東京 Shop", Account: "7", Agent: "BOTKJPJT"},
		},
		Zone: time.FixedZone("IST", 5*3600+1800),
	}
}

// instructions are of two accounts, three currencies and two dates.
func instructions() []payment.Instruction {
	pay := func(id, who, code string, minor int64) payment.Instruction {
		return payment.Instruction{
			ID: id, Object: payment.PayoutRecord, Source: id, Merchant: who, Bank: "escrow", Beneficiary: who, Currency: currency(code), Amount: money.Minor(minor),
		}
	}
	list := []payment.Instruction{
		pay("p1", "m_1", "INR", 12345), pay("p2", "m_2", "INR", 5), pay("p3", "m_3", "JPY", 900), pay("p4", "m_1", "KWD", 1234),
		pay("p5", "m_2", "INR", 100000), pay("SET-0123456789abcdef0123", "m_1", "INR", 87640),
	}
	list[0].OrderID = "invoice_7 & more"
	list[2].Bank = "global"
	list[5].Object, list[5].Source, list[5].Due = payment.BatchObject, "set_0123456789abcdef0123", calendar.MustDate("2026-03-05")
	return list
}

// prepared is a submission of all instructions that a rail has prepared.
func prepared(t testing.TB, r *iso20022.Rail) (*payment.Submission, []payment.Instruction) {
	t.Helper()
	list := instructions()
	s, err := payment.NewSubmission(r.Name(), 7, at(), list)
	if err == nil {
		err = r.Prepare(s, list)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, list
}

// rail makes a rail.
func rail(t testing.TB, config iso20022.Config) *iso20022.Rail {
	t.Helper()
	r, err := iso20022.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// books are what a rail was handed: one submission.
type books struct {
	s    *payment.Submission
	list []payment.Instruction
}

func (b *books) Submission(_ context.Context, message string) (*payment.Submission, error) {
	if b.s == nil || b.s.Message != message {
		return nil, fmt.Errorf("message %q is %w", message, payment.ErrUnknown)
	}
	return b.s, nil
}

func (b *books) Instructions(context.Context, *payment.Submission) ([]payment.Instruction, error) {
	return b.list, nil
}

func (b *books) Open(context.Context) iter.Seq2[*payment.Submission, error] {
	return func(yield func(*payment.Submission, error) bool) { yield(nil, errors.New("nobody asks")) }
}

func readFile(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
