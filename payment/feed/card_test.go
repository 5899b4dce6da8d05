package feed_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/settlex/settlex/payment/feed"
)

func TestCardNumbers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, text string
		card       bool
	}{
		{"Visa", "4111111111111111", true},
		{"Visa of 13 digits", "4222222222222", true},
		{"Visa of 19 digits", "4000000000000000006", true},
		{"Mastercard", "5555555555554444", true},
		{"Mastercard, 2 series", "2223003122003222", true},
		{"American Express", "378282246310005", true},
		{"Diners Club", "30569309025904", true},
		{"JCB", "3530111333300000", true},
		{"RuPay", "6521111111111110", true},
		{"RuPay, 81", "8100000000000002", true},
		{"Troy", "9792000000000003", true},
		{"in a sentence", "paid with 4111111111111111 today", true},
		{"in brackets", "(4111111111111111)", true},
		{"behind an underscore", "card_4111111111111111", true},
		{"in fours", "4111 1111 1111 1111", true},
		{"in fours with hyphens", "4111-1111-1111-1111", true},
		{"in fours with dots", "4111.1111.1111.1111", true},
		{"in fours and a rest", "4000 0000 0000 0000 006", true},
		{"in fours behind a year", "2026-4111-1111-1111-1111", true},
		{"in fours before a year", "4111-1111-1111-1111-2026", true},
		{"as American Express prints it", "3782 822463 10005", true},
		{"as Diners Club prints it", "3056 930902 5904", true},
		{"two of them", "4242424242424241 4111111111111111", true},

		{"empty", "", false},
		{"check digit wrong", "4111111111111112", false},
		{"12 digits", "411111111117", false},
		{"20 digits", "41111111111111111107", false},
		{"a time stamp in milliseconds", "1700000000004", false},
		{"a date and a number", "20260201000128", false},
		{"a letter before", "A4111111111111111", false},
		{"a letter behind", "4111111111111111A", false},
		{"digest", "7033745709b7cf1bac7d2533663592de", false},
		{"UUID", "00000000-0000-4000-8000-000000000000", false},
		{"odd groups", "41111-111-1111-1111", false},
		{"mixed separators", "4111-1111 1111-1111", false},
		{"two separators", "4111--1111-1111-1111", false},
		{"telephone", "+91 98765 43210", false},
		{"bank reference", "HDFCR52026020112345672", false},
		{"UPI reference", "603212345678", false},
		{"all zeros", "0000000000000000", false},
		{"cut off", "4111 1111 1111", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, column := range []string{"order_id", "reason_code", "rail_reference", "bank_reference", "method", "rail", "brand", "funding"} {
				card, text := readCard(t, column, test.text)
				if card != test.card {
					t.Errorf("%s %q: card number %t, want %t", column, test.text, card, test.card)
				}
				if card && strings.Contains(text, test.text) {
					t.Errorf("the error repeats the number: %s", text)
				}
			}
			for _, column := range []string{"parent_id", "merchant_id"} {
				if card, text := readCard(t, column, test.text); card {
					t.Errorf("%s: %s", column, text)
				}
			}
		})
	}
}

// readCard says whether a value of a column is refused as a card number, and how.
func readCard(t *testing.T, column, value string) (card bool, text string) {
	t.Helper()
	file := "kind,id,occurred_at," + column + "\ndeposit,a,2026-02-01T00:00:00Z," + value + "\n"
	for _, err := range feed.Read(t.Context(), "c.csv", strings.NewReader(file), feed.Mapping{}) {
		if err != nil {
			return errors.Is(err, feed.ErrCardNumber), err.Error()
		}
	}
	return false, ""
}
