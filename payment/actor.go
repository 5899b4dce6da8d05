package payment

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// checkActor refuses the name of who decides something that could be taken for another
// one: with white space around it, with what is not seen, or with letters that can be
// written in a plainer way; and what no text may be.
func checkActor(s string) error {
	if err := checkText(s); err != nil {
		return err
	}
	if strings.TrimSpace(s) != s {
		return fmt.Errorf("%q has white space around it", s)
	}
	for _, r := range s {
		switch {
		case !unicode.IsPrint(r):
			return fmt.Errorf("%+q has U+%04X, which nobody sees", s, r)
		case '\u0300' <= r && r <= '\u036f':
			return fmt.Errorf("%+q has the accent U+%04X apart from its letter", s, r)
		case '\uff01' <= r && r <= '\uff5e':
			return fmt.Errorf("%q has %q of full width; plain letters say the same", s, r)
		}
	}
	return nil
}

// CheckActor refuses the name of who asks for something that is missing, or could be taken
// for another one. Error: *FieldError.
func CheckActor(s string) error {
	if s == "" {
		return &FieldError{FieldActor, errors.New("is missing: who asks?")}
	}
	if err := checkActor(s); err != nil {
		return &FieldError{FieldActor, err}
	}
	return nil
}

// SameActor tells whether two names that checkActor has passed are one person's: however
// they are capitalized and spaced.
func SameActor(a, b string) bool { return strings.EqualFold(plainName(a), plainName(b)) }

// plainName is a name with single spaces in it and none around it.
func plainName(s string) string { return strings.Join(strings.Fields(s), " ") }

// CheckDecision tells why somebody cannot have decided something: it must be said who,
// and for what reason. Error: *FieldError.
func CheckDecision(by, reason string) error {
	e := Event{Actor: by, ReasonCode: reason}
	for _, f := range []Field{FieldActor, FieldReasonCode} {
		if err := e.present(f); err != nil {
			return &FieldError{f, errors.New("is missing: say who decides, and why")}
		}
	}
	return e.checkForm()
}
