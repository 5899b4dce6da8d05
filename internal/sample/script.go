package sample

import (
	"time"

	"github.com/settlex/settlex/payment"
)

// A script is a deposit that is told, not drawn, and what becomes of it.
// Moments are "day hour:minute:second" by the region's clock; amounts are
// minor units.
type script struct {
	merchant               string
	at                     string
	amount                 int64
	method, brand, funding string
	failed, reason         string
	refunds                []scriptedRefund
	dispute                *scriptedDispute
}

type scriptedRefund struct {
	at              string
	amount          int64
	reason          string
	failed, failure string
}

type scriptedDispute struct {
	at       string
	amount   int64
	reason   string
	decision payment.Kind
	decided  string
}

func (m *month) moment(s string) time.Time {
	t, err := time.ParseInLocation("2 15:04:05", s, m.zone)
	must(err)
	return m.at(t.Day(), t.Hour()*3600+t.Minute()*60+t.Second())
}

func indianScripts() []script {
	return []script{
		// Three equal parts of one deposit, and three that sum to a round one.
		{merchant: "m_in_booknest", at: "6 12:10:44", amount: 999_00, method: "UPI", refunds: []scriptedRefund{
			{at: "9 10:31:05", amount: 333_00, reason: "out_of_stock"},
			{at: "11 16:02:51", amount: 333_00, reason: "out_of_stock"},
			{at: "13 11:47:29", amount: 333_00, reason: "item_returned"},
		}},
		{merchant: "m_in_sareeshop", at: "7 17:22:08", amount: 1000_00, method: "CARD", brand: "visa", funding: "debit", refunds: []scriptedRefund{
			{at: "10 13:15:40", amount: 333_33, reason: "item_returned"},
			{at: "12 12:40:12", amount: 333_33, reason: "item_returned"},
			{at: "16 18:05:33", amount: 333_34, reason: "item_returned"},
		}},
		// A refund the rail could not pay, tried again.
		{merchant: "m_in_sareeshop", at: "16 15:48:10", amount: 6999_00, method: "UPI", refunds: []scriptedRefund{
			{at: "18 11:20:17", amount: 2800_00, reason: "item_returned", failed: "19 10:02:40", failure: "payer_account_closed"},
			{at: "19 12:31:02", amount: 2800_00, reason: "item_returned"},
		}},
		// Refunded in part, then disputed for all the rest.
		{merchant: "m_in_booknest", at: "8 20:14:55", amount: 3250_00, method: "CARD", brand: "mastercard", funding: "credit",
			refunds: []scriptedRefund{{at: "10 11:11:11", amount: 1250_00, reason: "out_of_stock"}},
			dispute: &scriptedDispute{at: "17 14:25:36", amount: 2000_00, reason: "product_not_received", decision: payment.DisputeWon, decided: "26 16:40:00"}},
		// A late failure within minutes.
		{merchant: "m_in_kirana", at: "5 11:34:52", amount: 1842_50, method: "UPI", failed: "5 11:47:20", reason: "deemed_success_reversed"},
		// A tour is called off: m_in_yatra falls below zero on the 11th.
		{merchant: "m_in_yatra", at: "3 19:12:30", amount: 92000_00, method: "CARD", brand: "visa", funding: "credit",
			dispute: &scriptedDispute{at: "11 10:21:15", amount: 92000_00, reason: "product_not_received", decision: payment.DisputeLost, decided: "25 15:10:00"}},
		{merchant: "m_in_yatra", at: "5 13:40:02", amount: 48500_00, method: "CARD", brand: "mastercard", funding: "credit",
			refunds: []scriptedRefund{{at: "11 11:05:48", amount: 48500_00, reason: "order_cancelled"}}},
		{merchant: "m_in_yatra", at: "6 10:55:27", amount: 31000_00, method: "BANK_TRANSFER",
			refunds: []scriptedRefund{{at: "11 11:08:31", amount: 12000_00, reason: "order_cancelled"}}},
	}
}

func pakistaniScripts() []script {
	return []script{
		{merchant: "m_pk_chappal", at: "7 21:18:36", amount: 7500_00, method: "WALLET", refunds: []scriptedRefund{
			{at: "9 15:20:00", amount: 2500_00, reason: "item_returned"},
			{at: "14 20:41:19", amount: 2500_00, reason: "item_returned"},
		}},
		// A late failure days after capture, when it has long been settled.
		{merchant: "m_pk_cricketgear", at: "5 14:26:11", amount: 18500_00, method: "BANK_TRANSFER", failed: "10 11:15:30", reason: "transfer_recalled"},
		// A faulty series of telephones: m_pk_mobilemart falls below zero on the 11th.
		{merchant: "m_pk_mobilemart", at: "2 16:05:40", amount: 359999_00, method: "CARD", brand: "visa", funding: "credit",
			dispute: &scriptedDispute{at: "11 10:45:10", amount: 359999_00, reason: "not_as_described", decision: payment.DisputeLost, decided: "27 12:30:00"}},
		{merchant: "m_pk_mobilemart", at: "3 22:47:09", amount: 154999_00, method: "CARD", brand: "mastercard", funding: "credit",
			refunds: []scriptedRefund{{at: "11 11:20:26", amount: 154999_00, reason: "item_returned"}}},
		{merchant: "m_pk_mobilemart", at: "4 12:33:58", amount: 129999_00, method: "BANK_TRANSFER",
			refunds: []scriptedRefund{{at: "11 11:24:03", amount: 64999_00, reason: "item_returned"}}},
	}
}

func bangladeshiScripts() []script {
	return []script{
		{merchant: "m_bd_boighor", at: "3 21:40:15", amount: 2400_00, method: "WALLET", refunds: []scriptedRefund{
			{at: "5 11:02:10", amount: 800_00, reason: "out_of_stock"},
			{at: "8 12:30:45", amount: 400_00, reason: "out_of_stock"},
			{at: "12 21:15:20", amount: 400_00, reason: "item_returned"},
		}},
		// A refund the rail could not pay, tried again.
		{merchant: "m_bd_boighor", at: "10 22:05:31", amount: 3600_00, method: "WALLET", refunds: []scriptedRefund{
			{at: "12 13:44:02", amount: 1500_00, reason: "item_returned", failed: "13 10:20:38", failure: "wallet_closed"},
			{at: "14 14:10:56", amount: 1500_00, reason: "item_returned"},
		}},
		{merchant: "m_bd_mishti", at: "9 17:31:24", amount: 1450_00, method: "WALLET", failed: "9 17:52:07", reason: "wallet_reversal"},
		// A trade fair is called off: m_bd_jamdani falls below zero on the 10th
		// and stays there past its second weekly batch, until a wholesale order.
		{merchant: "m_bd_jamdani", at: "1 12:16:20", amount: 480000_00, method: "BANK_TRANSFER",
			refunds: []scriptedRefund{{at: "10 11:40:37", amount: 480000_00, reason: "order_cancelled"}}},
		{merchant: "m_bd_jamdani", at: "1 15:52:04", amount: 310000_00, method: "BANK_TRANSFER",
			refunds: []scriptedRefund{{at: "10 11:46:52", amount: 310000_00, reason: "order_cancelled"}}},
		{merchant: "m_bd_jamdani", at: "2 13:09:45", amount: 185000_00, method: "CARD", brand: "visa", funding: "credit",
			dispute: &scriptedDispute{at: "10 12:30:18", amount: 185000_00, reason: "not_as_described", decision: payment.DisputeLost, decided: "30 12:20:00"}},
		{merchant: "m_bd_jamdani", at: "24 11:25:13", amount: 860000_00, method: "BANK_TRANSFER"},
	}
}
