package iso20022

import (
	"fmt"
	"strings"
)

// ibanLengths are the characters of an IBAN by country, as ISO 13616's registry has them.
var ibanLengths = map[string]int{
	"AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BI": 27, "BR": 29, "BY": 28, "CH": 21, "CR": 22, "CY": 28,
	"CZ": 24, "DE": 22, "DJ": 27, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18, "FK": 18, "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23,
	"GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22, "IL": 23, "IQ": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LC": 32,
	"LI": 21, "LT": 20, "LU": 20, "LV": 21, "LY": 25, "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MN": 20, "MR": 27, "MT": 31, "MU": 30, "NI": 28, "NL": 18,
	"NO": 15, "OM": 23, "PK": 24, "PL": 28, "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "RU": 33, "SA": 24, "SC": 31, "SD": 18, "SE": 24, "SI": 19,
	"SK": 24, "SM": 27, "SO": 23, "ST": 25, "SV": 28, "TL": 23, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20, "YE": 30,
}

// compact is an IBAN as files have it, of one that people wrote; any other account is left
// as it is.
func compact(account string) string {
	if tight := tighten(account); isIBAN(tight) {
		return tight
	}
	return account
}

// tighten writes an account without blanks and in capitals.
func tighten(account string) string {
	return strings.ToUpper(strings.ReplaceAll(account, " ", ""))
}

// checkIBAN tells why an account that is written as an IBAN is none: money for it would go
// to a bank's own number that nobody has, or somebody else has.
func checkIBAN(account string) error {
	tight := tighten(account)
	if len(tight) < 15 || len(tight) > 34 || !matches(tight[:4], "AA00") || !matches(tight[4:], strings.Repeat("N", len(tight)-4)) {
		return nil
	}
	switch want := ibanLengths[tight[:2]]; {
	case want == 0:
		return nil
	case len(tight) != want:
		return fmt.Errorf("%q is no IBAN: it has %d characters, those of %s have %d", account, len(tight), tight[:2], want)
	case !isIBAN(tight):
		return fmt.Errorf("%q is no IBAN: its check digits are wrong", account)
	}
	return nil
}

// isIBAN tells whether an account is an IBAN whose check digits are right.
func isIBAN(account string) bool {
	if len(account) < 15 || len(account) > 34 || !matches(account[:4], "AA00") {
		return false
	}
	rest := 0
	for _, r := range account[4:] + account[:4] {
		switch {
		case r >= '0' && r <= '9':
			rest = (rest*10 + int(r-'0')) % 97
		case r >= 'A' && r <= 'Z':
			rest = (rest*100 + int(r-'A') + 10) % 97
		default:
			return false
		}
	}
	return rest == 1
}
