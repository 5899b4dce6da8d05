package payment

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
)

// Configured is one version of an object of the configuration, as it stood in the
// file when it was first used. It says what was, and decides nothing: what holds
// is the configuration of now. Versions are kept for ever.
type Configured struct {
	Kind    ConfiguredKind `json:"kind"`
	ID      string         `json:"id"`
	Version string         `json:"version"`
	Seen    time.Time      `json:"seen"`              // when a program first ran by it, UTC
	Content string         `json:"content,omitempty"` // JSON, to the letter; none: of schedules, which have records of their own
}

// ConfiguredKind is a kind of object of the configuration.
type ConfiguredKind string

// The kinds.
const (
	ConfiguredRegion   ConfiguredKind = "region"
	ConfiguredCalendar ConfiguredKind = "calendar"
	ConfiguredSchedule ConfiguredKind = "schedule"
	ConfiguredFees     ConfiguredKind = "fee_schedule"
	ConfiguredPlan     ConfiguredKind = "reserve_plan"
	// ConfiguredRules is all that has no id: whom reserve plans are for, withholding,
	// rules of payouts, late deposits, refunds, rails and adjustments, and the
	// accounts of the host's own.
	ConfiguredRules ConfiguredKind = "rules"
)

// Ref makes Configured a ledger.Record.
func (c *Configured) Ref() ledger.Ref { return ConfiguredRef(c.Kind, c.ID, c.Version) }

// ConfiguredRef names the record of a version of an object: fee_schedule/in-upi@1f2e....
func ConfiguredRef(kind ConfiguredKind, id, version string) ledger.Ref {
	return ledger.Ref{Kind: ConfiguredRecord, ID: string(kind) + "/" + id + "@" + version}
}

// platform is the id of the rules, of which there is one object.
const platform = "platform"

// unnamed is the content of ConfiguredRules.
type unnamed struct {
	Plans           []merchant.PlanScope            `json:"plans,omitempty"`
	Withholding     []WithholdingRule               `json:"withholding,omitempty"`
	Payouts         []PayoutRule                    `json:"payouts,omitempty"`
	LateSuccess     []LateRule                      `json:"late_success,omitempty"`
	CreateMerchants bool                            `json:"create_merchants,omitempty"`
	Rails           map[string]RailTerms            `json:"rails,omitempty"`
	DrawReserve     []merchant.Scope                `json:"draw_reserve,omitempty"`
	PayTwice        []merchant.Scope                `json:"beside_disputes,omitempty"`
	ApproveAbove    map[money.Currency]money.Amount `json:"approve_above,omitempty"`
	Accounts        []ledger.Pattern                `json:"accounts,omitempty"`
}

// Objects lists the versions of all objects of the rules, in the order of the
// configuration, for their records. Seen is not set.
func (r *Rules) Objects() ([]*Configured, error) {
	var all []*Configured
	known := make(map[ledger.Ref]bool)
	var fault error
	add := func(kind ConfiguredKind, id, version string, content any) {
		text, err := json.Marshal(content)
		if err != nil && fault == nil {
			fault = fmt.Errorf("%s %s: %w", kind, id, err)
		}
		if version == "" {
			sum := sha256.Sum256(text)
			version = hex.EncodeToString(sum[:])[:versionLen]
		}
		c := &Configured{Kind: kind, ID: id, Version: version, Content: string(text)}
		if kind == ConfiguredSchedule {
			c.Content = ""
		}
		if !known[c.Ref()] {
			known[c.Ref()] = true
			all = append(all, c)
		}
	}
	for i := range r.Book.Regions {
		add(ConfiguredRegion, r.Book.Regions[i].ID, "", &r.Book.Regions[i])
	}
	for i := range r.Book.Schedules {
		s := &r.Book.Schedules[i]
		for _, c := range s.Timing.Calendars {
			add(ConfiguredCalendar, c.ID, c.Version, c)
		}
		add(ConfiguredSchedule, s.ID, s.Version, nil)
	}
	for i := range r.Fees {
		add(ConfiguredFees, r.Fees[i].ID, r.Fees[i].Version, &r.Fees[i])
	}
	for i := range r.Plans {
		add(ConfiguredPlan, r.Plans[i].ID, r.Plans[i].Version, &r.Plans[i])
	}
	add(ConfiguredRules, platform, "", &unnamed{
		Plans: r.Book.Plans, Withholding: r.Withholding, Payouts: r.Payouts, LateSuccess: r.LateSuccess, CreateMerchants: r.CreateMerchants,
		Rails: r.Rails, DrawReserve: r.DrawReserve, PayTwice: r.PayTwice, ApproveAbove: r.ApproveAbove, Accounts: r.Accounts,
	})
	return all, fault
}

// versionLen is how many hexadecimal digits of a hash name a version.
const versionLen = 12
