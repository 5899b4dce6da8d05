package iso20022

import (
	"strings"
	"unicode"

	"github.com/settlex/settlex/payment"
)

// outcomes are the statuses we know. PART has no outcome of its own.
var outcomes = map[string]payment.Outcome{
	"RCVD": payment.OutcomePending, "ACTC": payment.OutcomePending, "ACCP": payment.OutcomePending, "ACSP": payment.OutcomePending,
	"ACWC": payment.OutcomePending, "PDNG": payment.OutcomePending, "ACSC": payment.OutcomeCompleted, "ACCC": payment.OutcomeCompleted,
	"RJCT": payment.OutcomeFailed, canceled: payment.OutcomeFailed, partly: "",
}

// canceled is of a transaction only. partly says that each of the parts has a status of its
// own. unexplained is the code for a refusal whose reason the bank does not give.
const (
	canceled    = "CANC"
	partly      = "PART"
	unexplained = "MS03"
)

// isDuplicate tells whether a code says that the bank has seen a message, a block or a
// payment before: AM05, DU01 and so on, DUPL, and what banks have made of those.
func isDuplicate(code string) bool {
	code = letters(code)
	return strings.HasPrefix(code, "AM05") || strings.HasPrefix(code, "DU") || strings.Contains(code, duplicate)
}

// duplicate is how words for one begin in most languages of banks. maxDetail is how many
// characters of what a bank adds are kept.
const (
	duplicate = "DUPL"
	maxDetail = 255
)

// letters are those of a text and its digits, plain and in capitals.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, Clean(text, len(text)))
}

// reason is why a bank says that something has its status.
type reason struct{ code, detail string }

// standing is what a level says of everything below it.
type standing struct {
	status string // empty: nothing
	is     payment.Outcome
	reason reason
	// copied, if it has a code, says that the bank has seen the level, or what holds it,
	// before. A copy was refused then; nothing is said of the first one, which may have
	// been paid.
	copied reason
	place  *element
}

// outcome is what a standing means for a payment, and why. Of a copy nobody knows.
func (s *standing) outcome() (payment.Outcome, reason) {
	if s.copied.code != "" && final(s.is) {
		return payment.OutcomeUnknown, s.copied
	}
	return s.is, s.reason
}

// final tells whether an outcome is the last word of a report.
func final(o payment.Outcome) bool {
	return o == payment.OutcomeCompleted || o == payment.OutcomeFailed
}

// stand reads the status of a level. What it leaves out comes from above; a level that
// has completed or failed has nothing below it that has not.
func stand(e *element, name string, above standing) (standing, error) {
	why, copied, err := reasons(e)
	if err != nil {
		return above, err
	}
	if copied.code == "" {
		copied = above.copied
	}
	above.copied = copied
	status, err := e.optional(name)
	if err != nil {
		return above, err
	}
	if above.is == payment.OutcomeFailed && why.code == "" {
		why = above.reason
	}
	if status == nil {
		if above.is == payment.OutcomeFailed {
			above.reason = why
		}
		return above, nil
	}
	is, known := outcomes[status.text]
	switch {
	case !known:
		return above, status.faultf("status %.40q is not known", status.text)
	case status.text == canceled && name != "TxSts":
		return above, status.faultf("status %s is only of a transaction", status.text)
	case final(above.is) && is != above.is:
		return above, status.faultf("is %s, but what holds it is %s on line %d", status.text, above.status, above.place.line)
	}
	s := standing{status: status.text, is: is, copied: copied, place: status}
	if is == payment.OutcomeFailed {
		if s.reason = why; why.code == "" {
			s.reason.code = unexplained
		}
	}
	return s, nil
}

// reasons gives the first reason that a level names, and the first that says that it is a
// copy, by its code or in words, each with all that is added to it.
func reasons(e *element) (first, copied reason, err error) {
	for _, info := range e.all("StsRsnInf") {
		words := added(info)
		one := reason{unexplained, Clean(words, maxDetail)}
		given, err := info.optional("Rsn")
		if err != nil {
			return first, copied, err
		}
		said := strings.Contains(letters(words), duplicate)
		for _, name := range []string{"Cd", "Prtry"} {
			code, err := given.optional(name)
			if err != nil {
				return first, copied, err
			}
			if code == nil || Clean(code.text, maxID) == "" {
				continue
			}
			one.code = Clean(code.text, maxID)
			if first.code == "" {
				first = one
			}
			said = said || isDuplicate(code.text)
		}
		if said && copied.code == "" {
			copied = one
		}
	}
	return first, copied, nil
}

// added is what the bank adds to a reason.
func added(info *element) string {
	var texts []string
	for _, text := range info.all("AddtlInf") {
		texts = append(texts, text.text)
	}
	return strings.Join(texts, " ")
}
