package config

import (
	"encoding"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// raw gives the text of a single value.
func (n node) raw() (text string, ok bool) {
	if !n.present() {
		return "", false
	}
	text, ok = scalarText(n.value)
	if !ok {
		n.faultf("is %s, want a single value", form(n.value))
	}
	return text, ok
}

// text reads a text that is not empty and has neither control characters nor
// blanks around it. Quoted or not is the same.
func (n node) text() string {
	return scan(n, word)
}

// words reads a text of others, which may be empty and have blanks around it.
func (n node) words() string {
	return scan(n, func(s string) (string, error) { return s, checkRunes(s) })
}

func checkRunes(s string) error {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl) {
		return fmt.Errorf("%q has a control character", s)
	}
	return nil
}

// id reads the id of something that becomes part of an account path.
func (n node) id() string {
	return n.required().maybeID()
}

// maybeID reads an id that may be absent.
func (n node) maybeID() string {
	return scan(n, func(s string) (string, error) { return s, merchant.CheckID(s) })
}

// scan reads a single value by a function that parses its text.
func scan[T any](n node, parse func(string) (T, error)) T {
	var none T
	text, ok := n.raw()
	if !ok {
		return none
	}
	value, err := parse(text)
	if err != nil {
		n.fault(err)
		return none
	}
	return value
}

// unmarshal reads a single value of a type that knows its own text.
func unmarshal[T any, P interface {
	*T
	encoding.TextUnmarshaler
}](n node) T {
	return scan(n, func(s string) (value T, err error) {
		if s == "" {
			return value, errors.New("is empty")
		}
		err = P(&value).UnmarshalText([]byte(s))
		return value, err
	})
}

// boolean reads true or false; absent is false.
func (n node) boolean() bool {
	return scan(n, func(s string) (bool, error) {
		if s != "true" && s != "false" {
			return false, fmt.Errorf("%q is neither true nor false", s)
		}
		return s == "true", nil
	})
}

// integer reads a whole number, in the one way of writing it on which all
// dialects of YAML agree: 010 is eight in one and ten in another.
func (n node) integer() int {
	return scan(n, func(s string) (int, error) {
		i, err := strconv.Atoi(s)
		if err != nil || strconv.Itoa(i) != s {
			return 0, fmt.Errorf("%q is not a whole number, such as 7", s)
		}
		return i, nil
	})
}

// duration reads a length of time such as 15m.
func (n node) duration() time.Duration {
	return scan(n, func(s string) (time.Duration, error) {
		d, err := time.ParseDuration(s)
		if err != nil {
			return 0, fmt.Errorf("%q is not a length of time, such as 15m or 1h30m", s)
		}
		return d, nil
	})
}

// zone reads the name of a time zone. That of the machine is none.
func (n node) zone() *time.Location {
	return scan(n, func(s string) (*time.Location, error) {
		if s == "" || s == "Local" {
			return nil, fmt.Errorf("%q is no time zone: name one, such as Asia/Kolkata", s)
		}
		return calendar.LoadZone(s)
	})
}

// amountIn reads an amount of major units of a currency. The currency may
// stand behind it, and must then be that one.
func (n node) amountIn(currency money.Currency) *money.Amount {
	if !n.present() {
		return nil
	}
	return scan(n, func(s string) (*money.Amount, error) {
		number, code, named := strings.Cut(s, " ")
		if named && code != currency.String() {
			return nil, fmt.Errorf("%q is not an amount of %s", s, currency)
		}
		amount, err := currency.Parse(number)
		return &amount, err
	})
}

// price reads an amount of major units with its currency behind it, as in
// 500.00 INR.
func (n node) price() (*money.Amount, money.Currency) {
	var currency money.Currency
	if !n.present() {
		return nil, currency
	}
	amount := scan(n, func(s string) (*money.Amount, error) {
		number, code, named := strings.Cut(s, " ")
		if !named {
			return nil, fmt.Errorf("%q has no currency: write it as in 500.00 INR", s)
		}
		var err error
		if currency, err = money.ParseCurrency(code); err != nil {
			return nil, err
		}
		amount, err := currency.Parse(number)
		return &amount, err
	})
	return amount, currency
}

var anyAmount = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?( [A-Z]{3})?$`)

// someAmount looks at an amount of a currency that is wrong itself. Nobody knows how many
// decimals it may have, so it stands for no amount, and what is not known is no fault of it.
func (n node) someAmount() {
	scan(n, func(s string) (struct{}, error) {
		if !anyAmount.MatchString(s) {
			return struct{}{}, fmt.Errorf("%w: %q is not a decimal number, such as 400.00", money.ErrBadAmount, s)
		}
		return struct{}{}, nil
	})
	n.r.doubt(n.key)
}
