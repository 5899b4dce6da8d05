package payment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// A Rule is what must hold of each account of one class of the chart, or of the
// books as a whole.
type Rule struct {
	ID      string // names it in reports
	Account string // the class, a path as in the chart; empty: the books as a whole
	Holds   string // what must hold, in words
	Alarm   bool   // the world outside can break it: it is no fault of the books
	Counts  bool   // its figures are numbers, not amounts
	Aged    bool   // it asks how old the balance is
	Records bool   // it holds accounts against records, which are kept as of now
	Each    bool   // it is about what stands on an account one by one: disputes, reserves, entries
	Whole   bool   // it is about all accounts of its class in one currency together
	judge   func(*Standing, *Limits) (want money.Amount, holds bool, note string)
}

// Limits are how old things may get before they are an alarm, in days.
type Limits struct {
	Receivable int            // what rails owe us, of disputes that were won too; 0 means 7
	Rails      map[string]int // of single rails, by name
	Suspense   int            // bank lines that nobody explains; 0 means 1
}

// Standing is how one account, or what else a rule looks at, stands.
type Standing struct {
	ledger.AccountID
	Subject string        // what it is about, where that is no account as a whole: "deposit d1"
	Have    money.Amount  // minor units; of accounts: posted, on the normal side
	Want    *money.Amount // what the records add up to; nil: they do not tell
	Since   calendar.Date // when the oldest part of Have came, first in first out; zero: not looked at
	On      calendar.Date // the day it is looked at
}

// Finding is what a rule says of one standing.
type Finding struct {
	Standing
	Rule       *Rule
	Wanted     money.Amount
	Difference money.Amount // Have - Wanted
	Holds      bool
	Note       string // what the figures do not say
}

// The rules, in the order of the chart. Income and taxes have only that events have
// booked them: what they stand at follows from the rest, since debits equal credits.
var rules = []Rule{
	{ID: "balance", Holds: "debits equal credits", judge: equals},
	{ID: "left", Holds: "refunds that have not failed and disputes that are open or lost are no more than was captured", judge: atMost},
	{ID: "once", Holds: "each movement is in at most one batch", Counts: true, judge: equals},
	{ID: "booked", Holds: "events have booked all postings of an account", Alarm: true, Counts: true, Records: true, Each: true, judge: equals},
	{ID: "bank", Account: banks, Holds: "not below zero", Alarm: true, judge: atLeastZero},
	{ID: "cash", Account: banks, Holds: "together what came in, less what went out", Records: true, Whole: true, judge: equals},
	{ID: "own money", Account: operating, Holds: "fees that were moved there", Alarm: true, Records: true, judge: equals},
	{ID: "receivable", Account: "rails/{rail}/receivable", Holds: "not below zero", Alarm: true, judge: atLeastZero},
	{ID: "receivable age", Account: "rails/{rail}/receivable", Holds: "no older than the rail takes to pay", Alarm: true, Aged: true, judge: inTime},
	{
		ID: "captured", Account: "rails/{rail}/receivable", Records: true, judge: equals,
		Holds: "deposits that were captured and have not failed, less what the rail paid and netted",
	},
	{ID: "clearing", Account: "disputes/{rail}/clearing", Holds: "zero for each dispute once it is final and confirmed", Alarm: true, Each: true, judge: squared},
	{
		ID: "disputed", Account: "disputes/{rail}/clearing", Records: true, judge: equals,
		Holds: "what schemes took, less what they gave back and what was withdrawn for it and not won",
	},
	{ID: "input tax", Account: inputTaxs, Holds: "together the tax on what rails charged", Records: true, Whole: true, judge: equals},
	{ID: "invoiced", Account: "merchants/{merchant}/receivable", Holds: "not below zero", judge: atLeastZero},
	{
		ID: "owed", Account: "merchants/{merchant}/receivable", Records: true, judge: equals,
		Holds: "what is left of debts that stand there, and invoiced fees that are neither paid nor given back",
	},
	{ID: "suspense debit", Account: "suspense/{bank}/debit", Holds: "explained in time", Alarm: true, Aged: true, judge: explained},
	{ID: "lines out", Account: "suspense/{bank}/debit", Holds: "bank lines that went out and are not explained", Records: true, judge: equals},
	{ID: "suspense credit", Account: "suspense/{bank}/credit", Holds: "explained in time", Alarm: true, Aged: true, judge: explained},
	{ID: "lines in", Account: "suspense/{bank}/credit", Holds: "bank lines that came in and are not explained, and what is kept for its owner", Records: true, judge: equals},
	{ID: "pending", Account: "merchants/{merchant}/pending", Holds: "what movements in no batch hold there, less what has matured", Records: true, judge: equals},
	{ID: "available", Account: "merchants/{merchant}/available", Holds: "the carry, what movements in no batch hold there, and what has matured", Records: true, judge: equals},
	{ID: "reserve", Account: "merchants/{merchant}/reserve/{kind}", Holds: "not below zero", judge: atLeastZero},
	{ID: "rolling reserve", Account: "merchants/{merchant}/reserve/rolling", Holds: "what was held, less what was released and drawn", Records: true, judge: equals},
	{ID: "fixed reserve", Account: "merchants/{merchant}/reserve/fixed", Holds: "what was built, less what was given back", Records: true, judge: equals},
	{ID: "minimum reserve", Account: "merchants/{merchant}/reserve/minimum", Holds: "what was built, less what was given back", Records: true, judge: equals},
	{ID: "cap", Account: "merchants/{merchant}/reserve/{kind}", Holds: "fixed and minimum: no more than the cap of the version that built last", Each: true, judge: atMost},
	{
		ID: "lowered cap", Account: "merchants/{merchant}/reserve/{kind}", Alarm: true, Each: true, judge: atMost,
		Holds: "fixed and minimum: no more than the cap of the version in force; the next batch or a decision gives the rest back",
	},
	{
		ID: "payouts", Account: "merchants/{merchant}/payouts", Records: true, judge: equals,
		Holds: "amount, fee and tax of payouts requested or approved, fee and tax of those sent",
	},
	{ID: "settlement", Account: "settlements/{batch}", Holds: "the batch's net until it is sent, then zero", Records: true, judge: equals},
	{ID: "in flight", Account: "rails/{rail}/payouts", Holds: "batches and payouts that were sent and are not confirmed", Records: true, judge: equals},
	{ID: "refunds", Account: "rails/{rail}/refunds", Holds: "refunds that are not confirmed", Records: true, judge: equals},
	{ID: "returns", Account: "rails/{rail}/returns", Holds: "zero at the end of the day", Alarm: true, Aged: true, judge: sameDay},
	{ID: "returned", Account: "rails/{rail}/returns", Holds: "zero: what came back is credited with it", Records: true, judge: equals},
	{ID: "payable", Account: "rails/{rail}/payable", Holds: "not below zero", Alarm: true, judge: atLeastZero},
	{ID: "accrued", Account: "rails/{rail}/payable", Holds: "what rails will charge, less what they have invoiced", Records: true, judge: equals},
	{ID: "withheld", Account: "withholding/{code}", Holds: "what was withheld of deposits, less what stands given back", Records: true, judge: equals},
	{ID: "exposure", Account: "fx/{currency}", Holds: "what was sold of the currency, less what was bought", Records: true, judge: equals},
	{ID: "opening", Account: "opening/{currency}", Holds: "opening balances", Records: true, judge: equals},
	{ID: "expense", Account: "expense/{purpose}", Holds: "what rails and banks charged, adjustments and write-offs", Records: true, judge: equals},
}

// ChartRules are all rules, in the order of the chart: first those of the books as a
// whole. One that the world outside can break is an alarm, the others are broken only
// by a fault of the books.
func ChartRules() []Rule { return slices.Clone(rules) }

// Judge says what the rule says of a standing.
func (r *Rule) Judge(s Standing, limits *Limits) (Finding, error) {
	want, holds, note := r.judge(&s, limits)
	difference, err := s.Have.Sub(want)
	if err != nil {
		return Finding{}, fmt.Errorf("rule %s of %s: %w", r.ID, s.AccountID, err)
	}
	return Finding{Standing: s, Rule: r, Wanted: want, Difference: difference, Holds: holds, Note: note}, nil
}

// Covers tells whether the rule is about the account of a path.
func (r *Rule) Covers(path string) bool {
	if r.Account == "" {
		return false
	}
	pattern, segments := strings.Split(r.Account, "/"), strings.Split(path, "/")
	if len(pattern) != len(segments) {
		return false
	}
	for i, p := range pattern {
		if p != segments[i] && !strings.HasPrefix(p, "{") {
			return false
		}
	}
	return true
}

func equals(s *Standing, _ *Limits) (want money.Amount, holds bool, note string) {
	if s.Want == nil {
		return s.Have, true, "the records do not tell"
	}
	return *s.Want, s.Have == *s.Want, ""
}

func atMost(s *Standing, _ *Limits) (want money.Amount, holds bool, note string) {
	if s.Want == nil {
		return s.Have, false, "nothing was captured"
	}
	return *s.Want, s.Have.Cmp(*s.Want) <= 0, ""
}

func atLeastZero(s *Standing, _ *Limits) (want money.Amount, holds bool, note string) {
	if s.Have.Sign() < 0 {
		return money.Amount{}, false, ""
	}
	return s.Have, true, ""
}

// squared wants nothing left of a dispute, but what its scheme is in time to give back.
func squared(s *Standing, limits *Limits) (want money.Amount, holds bool, note string) {
	if s.Since.IsZero() {
		return money.Amount{}, s.Have.IsZero(), ""
	}
	return s.aged(limits.receivable(s.Path))
}

// receivable is how many days the rail of an account has to pay.
func (l *Limits) receivable(path string) int {
	_, rest, _ := strings.Cut(path, "/")
	rail, _, _ := strings.Cut(rest, "/")
	if own, ok := l.Rails[rail]; ok {
		return own
	}
	if l.Receivable == 0 {
		return 7
	}
	return l.Receivable
}

func inTime(s *Standing, limits *Limits) (want money.Amount, holds bool, note string) {
	if s.Have.Sign() < 0 { // the rule above says so
		return s.Have, true, ""
	}
	return s.aged(limits.receivable(s.Path))
}

func explained(s *Standing, limits *Limits) (want money.Amount, holds bool, note string) {
	days := limits.Suspense
	if days == 0 {
		days = 1
	}
	return s.aged(days)
}

func sameDay(s *Standing, _ *Limits) (want money.Amount, holds bool, note string) { return s.aged(0) }

// aged wants nothing there that is older than some days.
func (s *Standing) aged(days int) (want money.Amount, holds bool, note string) {
	if s.Have.IsZero() || s.Since.IsZero() {
		return s.Have, true, ""
	}
	age := s.On.DaysSince(s.Since)
	note = fmt.Sprintf("the oldest of it is of %s, %d days old; %d are allowed", s.Since, age, days)
	if age > days {
		return money.Amount{}, false, note
	}
	return s.Have, true, note
}
