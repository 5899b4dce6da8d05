package payment_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/proof"
	"github.com/settlex/settlex/payment"
)

// payer is somebody with everything that can be known.
func payer() payment.CustomerData {
	return payment.CustomerData{Name: "Asha Rao", Phone: "+91 98765 43210", Email: "asha@example.org", Address: "1 MG Road", Account: "asha@upi"}
}

// known is the customer of a deposit.
func (d *desk) known(deposit string) payment.Customer {
	d.Helper()
	c, ok, err := d.Customer(d.Context(), deposit)
	if err != nil || !ok {
		d.Fatalf("customer of %s: %t, %v", deposit, ok, err)
	}
	return c
}

// trees are the hashes over the journal, lane by lane.
func (d *desk) trees() (trees []ledger.TreeHead) {
	d.Helper()
	err := d.Books().Read(d.Context(), func(r ledger.Reader) error {
		heads, err := r.Heads(d.Context())
		if err != nil {
			return err
		}
		trees = nil
		for _, h := range heads {
			c, err := proof.Take(d.Context(), r, h.Lane, "books")
			if err != nil {
				return err
			}
			trees = append(trees, c.TreeHead())
		}
		return nil
	})
	if err != nil {
		d.Fatal(err)
	}
	return trees
}

// Customer data comes with its deposit and lies beside the journal: erasing it
// leaves when, who and why, and touches no entry, no event and no hash.
func TestEraseCustomer(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	data := payer()
	h := &payment.Handle{Rules: d.rules, Event: captured().Normalize(), Customer: &data}
	if err := d.Books().Do(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(data, d.known("d1").CustomerData); diff != "" {
		t.Errorf("customer (-want +got):\n%s", diff)
	}
	trees, head, entries := d.trees(), d.everything().Head, d.entries(0)
	if err := d.EraseCustomer(t.Context(), "d1", "privacy desk", "asked for it"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(trees, d.trees()); diff != "" {
		t.Errorf("hashes (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(head, d.everything().Head); diff != "" || entries != d.entries(0) {
		t.Errorf("the journal changed (-before +after):\n%s", diff)
	}
	left := d.known("d1")
	if left.CustomerData != (payment.CustomerData{}) || left.Erased == nil || left.Erased.Actor != "privacy desk" || left.Erased.Reason != "asked for it" || left.Erased.At.IsZero() {
		t.Errorf("what is left: %+v", left)
	}

	// It does not come back, and erasing it again says nothing new.
	if err := d.SetCustomer(t.Context(), "d1", data); !errors.Is(err, payment.ErrErased) {
		t.Errorf("error %v, want %v", err, payment.ErrErased)
	}
	if err := d.EraseCustomer(t.Context(), "d1", "somebody else", "again"); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(left, d.known("d1")); diff != "" {
		t.Errorf("erased again (-before +after):\n%s", diff)
	}
}

// No record, no entry and no event of the payment has anything of its customer.
func TestCustomerStaysBesideTheJournal(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	data := payer()
	err := d.Books().Write(t.Context(), func(tx ledger.Tx) error {
		spy := &spyTx{Tx: tx}
		h := &payment.Handle{Rules: d.rules, Event: captured().Normalize(), Customer: &data}
		errs, err := d.Books().DoTx(t.Context(), spy, h)
		if err = errors.Join(append(errs, err)...); err != nil {
			return err
		}
		for _, e := range spy.news {
			if bytes.Contains(e.Data, []byte("Asha")) {
				t.Errorf("event %s says %s", e.Type, e.Data)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range d.everything().Records {
		if strings.Contains(text, "Asha") {
			t.Errorf("record %s", text)
		}
	}
	text, err := json.Marshal(d.known("d1"))
	if err != nil || !bytes.Contains(text, []byte("Asha")) {
		t.Errorf("stored is %s, %v", text, err)
	}
}

// What is known of a payer may be set later and changed.
func TestSetCustomer(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(captured())
	if _, ok, err := d.Customer(t.Context(), "d1"); ok || err != nil {
		t.Errorf("known before: %t, %v", ok, err)
	}
	for _, name := range []string{"Asha", "Asha Rao", "Asha Rao"} {
		data := payer()
		data.Name = name
		if err := d.SetCustomer(t.Context(), "d1", data); err != nil {
			t.Fatal(err)
		}
		if got := d.known("d1").Name; got != name {
			t.Errorf("name %q, want %q", got, name)
		}
	}
}

// What cannot be known of a payer is refused.
func TestCustomerRefusals(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	d.book(captured())
	card := payment.CustomerData{Account: "4111 1111 1111 1111"}
	for _, test := range []struct {
		err  error
		want string
	}{
		{d.SetCustomer(t.Context(), "d1", card), "set the customer: customer's account: looks like a card number: 16 digits, the last four 1111"},
		{d.SetCustomer(t.Context(), "d2", payer()), `set the customer: id: deposit "d2" is not known`},
		{d.EraseCustomer(t.Context(), "d2", "a", "b"), `erase the customer: id: deposit "d2" is not known`},
		{d.EraseCustomer(t.Context(), "d1", "", "b"), "erase the customer: actor: is missing; to erase a customer needs it"},
		{d.EraseCustomer(t.Context(), "d1", "a", ""), "erase the customer: reason_code: is missing; to erase a customer needs it"},
	} {
		if fmt.Sprint(test.err) != test.want {
			t.Errorf("error (-want +got):\n%s", cmp.Diff(test.want, fmt.Sprint(test.err)))
		}
	}
	h := &payment.Handle{Rules: d.rules, Event: refund("r1", "d1", "1.00", "2026-03-02 12:00").Normalize(), Customer: &card}
	if err := d.Books().Do(t.Context(), h); fmt.Sprint(err) != "kind: a refund has no customer, only a deposit" {
		t.Errorf("error %v", err)
	}
	h = &payment.Handle{Rules: d.rules, Event: deposit("d3", "1.00", "2026-03-02 12:00").Normalize(), Customer: &card}
	if err := d.Books().Do(t.Context(), h); !errors.Is(err, payment.ErrCardNumber) {
		t.Errorf("error %v", err)
	}
	if _, ok, err := d.Books().Entry(t.Context(), "deposit/d3/captured"); ok || err != nil {
		t.Errorf("the deposit was booked: %t, %v", ok, err)
	}
	if err := d.EraseCustomer(t.Context(), "d1", "a", "before anything was known"); err != nil {
		t.Error(err)
	}
	if c := d.known("d1"); c.Erased == nil {
		t.Error("it is not erased")
	}
}

// A capture that brings what was erased meanwhile is booked all the same, without it.
func TestErasedBeforeTheCapture(t *testing.T) {
	t.Parallel()
	d := open(t, terms())
	data := payer()
	d.book(begun("d1", "1000.00", "2026-03-02 09:00"))
	if err := d.EraseCustomer(t.Context(), "d1", "privacy desk", "asked for it"); err != nil {
		t.Fatal(err)
	}
	if err := d.Books().Do(t.Context(), &payment.Handle{Rules: d.rules, Event: captured().Normalize(), Customer: &data}); err != nil {
		t.Fatal(err)
	}
	d.stands(m, "pending 876.40")
	if c := d.known("d1"); c.Erased == nil || c.CustomerData != (payment.CustomerData{}) {
		t.Errorf("customer %+v", c)
	}
}
