package history

import (
	"fmt"
	"math/big"
	"strings"
)

// maxTerms bounds the tokens of one expression.
const maxTerms = 200

// expression reads a number, or a calculation with + - * / and parentheses. It
// is exact: what has no end as a decimal is refused.
func (l *tokenLine) expression() (n number, err error) {
	at := l.peek().place
	if n, ok := l.plain(); ok {
		return n, nil
	}
	begin := l.at
	r, err := l.sum()
	if err != nil {
		return n, err
	}
	n, ok := numberOf(r)
	if !ok {
		return n, &tokenError{at, fmt.Sprintf("%s has no end as a decimal number, or too many digits", l.between(begin))}
	}
	return n, nil
}

// plain reads the usual case: one number, perhaps with a sign.
func (l *tokenLine) plain() (n number, ok bool) {
	at := l.at
	negative := l.mark("-")
	if t := l.peek(); t.kind == numberToken {
		l.at++
		if next := l.peek(); next.kind != markToken || strings.IndexByte("+-*/", next.text[0]) < 0 {
			if n, err := plainNumber(t); err == nil {
				n.negative = negative
				return n, true
			}
		}
	}
	l.at = at
	return n, false
}

func plainNumber(t token) (n number, err error) {
	whole, fraction, _ := strings.Cut(strings.ReplaceAll(t.text, ",", ""), ".")
	if len(whole)+len(fraction) > maxDigits {
		return n, &tokenError{t.place, fmt.Sprintf("%s has %d digits, at most %d are allowed", shown(t.text), len(whole)+len(fraction), maxDigits)}
	}
	return number{whole: whole, fraction: fraction}, nil
}

// between shows what was read since a token.
func (l *tokenLine) between(begin int) string {
	var b strings.Builder
	for _, t := range l.tokens[begin:l.at] {
		b.WriteString(t.text)
	}
	return shown(b.String())
}

func (l *tokenLine) sum() (*big.Rat, error) {
	total, err := l.product()
	for err == nil {
		minus := l.mark("-")
		if !minus && !l.mark("+") {
			return total, nil
		}
		var next *big.Rat
		if next, err = l.product(); err == nil {
			if minus {
				next.Neg(next)
			}
			total.Add(total, next)
		}
	}
	return nil, err
}

func (l *tokenLine) product() (*big.Rat, error) {
	total, err := l.factor()
	for err == nil {
		by := l.peek()
		divide := l.mark("/")
		if !divide && !l.mark("*") {
			return total, nil
		}
		var next *big.Rat
		if next, err = l.factor(); err != nil {
			break
		}
		if divide && next.Sign() == 0 {
			return nil, &tokenError{by.place, "division by zero"}
		}
		if divide {
			next.Inv(next)
		}
		total.Mul(total, next)
	}
	return nil, err
}

func (l *tokenLine) factor() (*big.Rat, error) {
	t := l.peek()
	if l.terms++; l.terms > maxTerms {
		return nil, &tokenError{t.place, fmt.Sprintf("a calculation of more than %d terms", maxTerms)}
	}
	switch {
	case l.mark("-"):
		r, err := l.factor()
		if err != nil {
			return nil, err
		}
		return r.Neg(r), nil
	case l.mark("+"):
		return l.factor()
	case l.mark("("):
		r, err := l.sum()
		if err == nil && !l.mark(")") {
			err = &tokenError{l.peek().place, fmt.Sprintf("%v where ) is needed", l.peek())}
		}
		return r, err
	case t.kind == numberToken:
		l.at++
		n, err := plainNumber(t)
		if err != nil {
			return nil, err
		}
		return n.rat(), nil
	}
	return nil, &tokenError{t.place, fmt.Sprintf("%v where a number is needed", t)}
}

// tokenLine goes along the tokens of a line.
type tokenLine struct {
	tokens []token
	at     int
	terms  int
}

func (l *tokenLine) peek() token { return l.tokens[l.at] }

// take passes over a token of a kind.
func (l *tokenLine) take(kind tokenKind) (token, bool) {
	t := l.peek()
	if t.kind != kind || kind == endToken {
		return t, false
	}
	l.at++
	return t, true
}

// need is take, with an error when something else comes.
func (l *tokenLine) need(kind tokenKind, what string) (token, error) {
	t, ok := l.take(kind)
	if !ok {
		return t, &tokenError{t.place, fmt.Sprintf("%v where %s is needed", t, what)}
	}
	return t, nil
}

func (l *tokenLine) mark(text string) bool {
	if t := l.peek(); t.kind != markToken || t.text != text {
		return false
	}
	l.at++
	return true
}

// end wants nothing more on the line.
func (l *tokenLine) end() error {
	if t := l.peek(); t.kind != endToken {
		return &tokenError{t.place, fmt.Sprintf("%v behind the end", t)}
	}
	return nil
}

// tokenError is a fault at a token.
type tokenError struct {
	place
	text string
}

// Error is what is wrong.
func (e *tokenError) Error() string { return e.text }
