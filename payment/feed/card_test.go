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
		{"a letter before", "A4111111111111111", true},
		{"a letter behind", "4111111111111111A", true},
		{"between words", "PAN:card4111111111111111exp", true},
		{"mixed separators", "4111-1111 1111-1111", true},
		{"two separators", "4111--1111-1111-1111", true},
		{"hyphens between spaces", "4111 - 1111 - 1111 - 1111", true},
		{"slashes", "4111/1111/1111/1111", true},
		{"commas", "4111,1111,1111,1111", true},
		{"underscores", "4111_1111_1111_1111", true},
		{"colons", "4111:1111:1111:1111", true},
		{"spaces that do not break", "4111\u00a01111\u00a01111\u00a01111", true},
		{"signs that are not seen", "4111\u200b1111\u200b1111\u200b1111", true},
		{"one by one", "4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1", true},
		{"two by two", "41 11 11 11 11 11 11 11", true},
		{"in eights", "41111111 11111111", true},
		{"in six and ten", "411111 1111111111", true},
		{"American Express in fours", "3782-8224-6310-005", true},
		{"of full width", "\uff14\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11\uff11", true},
		{"in Arabic digits", "\u0664\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661 \u0661\u0661\u0661\u0661", true},
		{"before the code on the back", "5555 5555 5555 4444 737", true},
		{"on a magnetic stripe", "%B4111111111111111^ANN LEE^2812", true},
		{"two of them", "4242424242424241 4111111111111111", true},

		{"empty", "", false},
		{"check digit wrong", "4111111111111112", false},
		{"12 digits", "411111111117", false},
		{"20 digits", "41111111111111111107", false},
		{"a time stamp in milliseconds", "1700000000004", false},
		{"a date and a number", "20260201000128", false},
		{"digest", "7033745709b7cf1bac7d2533663592de", false},
		{"UUID", "00000000-0000-4000-8000-000000000000", false},
		{"odd groups", "41111-111-1111-1111", false},
		{"a UUID of digits only", "41111111-1111-1111-1111-110000000000", false},
		{"a digest around a card number", "4111111111111111a7033745709b7cfd", false},
		{"IBAN", "DE89370400440532013000", false},
		{"IBAN with a card number in it", "GB96ABCD4111111111111111", false},
		{"IBAN in fours", "GB96 ABCD 4111 1111 1111 1111", false},
		{"what is like an IBAN", "GB97ABCD4111111111111111", true},
		{"an instant", "2026-03-02T10:00:00.123456789Z", false},
		{"a date and a sequence", "4026-0302-10-000013", false},
		{"a length no Visa has", "41111111111114", false},
		{"an account number", "50100123456789", false},
		{"telephones", "415-555-2671, 650-559", false},
		{"amounts", "4,111,111,111,111.111", false},
		{"telephone", "+91 98765 43210", false},
		{"bank reference", "HDFCR52026020112345672", false},
		{"UPI reference", "603212345678", false},
		{"all zeros", "0000000000000000", false},
		{"cut off", "4111 1111 1111", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			for _, column := range []string{"parent_id", "merchant_id", "order_id", "reason_code", "rail_reference", "bank_reference", "method", "rail", "brand", "funding"} {
				card, text := readCard(t, column, test.text)
				if card != test.card {
					t.Errorf("%s %q: card number %t, want %t", column, test.text, card, test.card)
				}
				if card && strings.Contains(text, test.text) {
					t.Errorf("the error repeats the number: %s", text)
				}
			}
		})
	}
}

// readCard says whether a value of a column is refused as a card number, and how.
func readCard(t *testing.T, column, value string) (card bool, text string) {
	t.Helper()
	file := "kind,id,occurred_at," + column + "\ndeposit,a,2026-02-01T00:00:00Z,\"" + value + "\"\n"
	for _, err := range feed.Read(t.Context(), "c.csv", strings.NewReader(file), feed.Mapping{}) {
		if err != nil {
			return errors.Is(err, feed.ErrCardNumber), err.Error()
		}
	}
	return false, ""
}
