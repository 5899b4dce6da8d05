package history

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/calendar"
)

// openAccount reads ACCOUNT [CURRENCY,...] ["BOOKING"].
func (b *beancount) openAccount(at place, date calendar.Date, l *tokenLine) error {
	account, err := l.need(accountToken, "an account")
	if err != nil {
		return err
	}
	d := declaration{place: account.place, account: account.text, opened: date}
	for {
		c, ok := l.take(currencyToken)
		if !ok {
			break
		}
		d.currencies = append(d.currencies, c.text)
		if !l.mark(",") {
			break
		}
	}
	l.take(stringToken) // how lots are matched; there are none
	d.place = at
	d.place.column = account.column
	b.declaration(d)
	return l.end()
}

// balance reads ACCOUNT NUMBER [~ TOLERANCE] CURRENCY.
func (b *beancount) balance(at place, date calendar.Date, l *tokenLine) error {
	account, err := l.need(accountToken, "an account")
	if err != nil {
		return err
	}
	as := &assertion{account: account.text, inclusive: true, date: date, no: -1}
	as.place = at
	if as.number, err = l.expression(); err != nil {
		return err
	}
	if l.mark("~") {
		if as.tolerance, err = l.expression(); err != nil {
			return err
		}
	}
	currency, err := l.need(currencyToken, "a currency")
	as.commodity = currency.text
	if err = errors.Join(err, l.end()); err == nil {
		b.assertion(as)
	}
	return err
}

// undated reads a directive without a date.
func (b *beancount) undated(what token, l *tokenLine) error {
	switch what.text {
	case "option":
		b.refuse(b.option(l), false)
	case "plugin":
		b.refuse(b.plugin(l), false)
	case "include":
		return b.includeFile(l)
	case "pushtag", "poptag":
		b.refuse(b.pushTag(what.text == "pushtag", l), false)
	case "pushmeta", "popmeta":
		b.refuse(b.pushPair(what.text == "pushmeta", l), false)
	default:
		b.refuse(&tokenError{what.place, fmt.Sprintf("%v is not understood", what)}, false)
	}
	return nil
}

func (b *beancount) includeFile(l *tokenLine) error {
	name, wrong := l.need(stringToken, "a string")
	if wrong == nil {
		wrong = l.end()
	}
	if wrong != nil {
		b.refuse(wrong, false)
		return nil
	}
	return b.include(name.text, name.place, func(name string) language { return newBeancount(b.reading, name) })
}

// options are those that change nothing of what is booked.
func options() []string {
	return []string{
		"title", "operating_currency", "documents", "render_commas", "long_string_maxlines", "insert_pythonpath", "plugin_processing_mode",
		"account_previous_balances", "account_previous_earnings", "account_previous_conversions", "account_current_earnings",
		"account_current_conversions", "account_unrealized_gains", "account_rounding", "conversion_currency", "booking_method",
		"inferred_tolerance_default", "inferred_tolerance_multiplier", "tolerance_multiplier", "infer_tolerance_from_cost", "allow_deprecated_none_for_tags_and_links",
	}
}

func (b *beancount) option(l *tokenLine) error {
	name, err := l.need(stringToken, "a string")
	if err != nil {
		return err
	}
	value, err := l.need(stringToken, "a string")
	if err != nil {
		return err
	}
	switch {
	case strings.HasPrefix(name.text, "name_"):
		if b.roots == nil {
			b.roots = make(map[string]string)
		}
		b.roots[name.text] = value.text
	case !slices.Contains(options(), name.text):
		return &tokenError{name.place, fmt.Sprintf("option %q is not understood", shown(name.text))}
	}
	return l.end()
}

// plugins are those that check and add nothing that is booked.
func plugins() []string {
	return []string{
		"beancount.plugins.check_average_cost", "beancount.plugins.check_commodity", "beancount.plugins.coherent_cost",
		"beancount.plugins.implicit_prices", "beancount.plugins.leafonly", "beancount.plugins.noduplicates", "beancount.plugins.nounused",
		"beancount.plugins.onecommodity", "beancount.plugins.pedantic", "beancount.plugins.sellgains", "beancount.plugins.unique_prices",
		"beancount.plugins.commodity_attr",
	}
}

func (b *beancount) plugin(l *tokenLine) error {
	name, err := l.need(stringToken, "a string")
	if err != nil {
		return err
	}
	l.take(stringToken)
	switch {
	case name.text == "beancount.plugins.auto_accounts" || name.text == "beancount.plugins.auto":
		b.auto = true
	case !slices.Contains(plugins(), name.text):
		return &tokenError{name.place, fmt.Sprintf("plugin %q may change what is booked", shown(name.text))}
	}
	return l.end()
}

func (b *beancount) pushTag(push bool, l *tokenLine) error {
	t, err := l.need(tagToken, "a tag")
	if err != nil {
		return err
	}
	if push {
		b.tags = append(b.tags, t.text)
		return l.end()
	}
	i := slices.Index(b.tags, t.text)
	if i < 0 {
		return &tokenError{t.place, fmt.Sprintf("poptag #%s without its pushtag", t.text)}
	}
	b.tags = slices.Delete(b.tags, i, i+1)
	return l.end()
}

func (b *beancount) pushPair(push bool, l *tokenLine) error {
	key, err := l.need(keyToken, "a key")
	if err != nil {
		return err
	}
	if push {
		value, err := b.value(l)
		if err != nil {
			return err
		}
		b.pushed = append(b.pushed, fact{place: key.place, name: key.text, value: value, tag: true})
		return l.end()
	}
	i := slices.IndexFunc(b.pushed, func(f fact) bool { return f.name == key.text })
	if i < 0 {
		return &tokenError{key.place, fmt.Sprintf("popmeta %s without its pushmeta", key.text)}
	}
	b.pushed = slices.Delete(b.pushed, i, i+1)
	return l.end()
}
