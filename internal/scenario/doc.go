// Package scenario plays notebooks: text files in testdata/scenarios that say
// what happens to some merchants in the words a bookkeeper would use, and have
// below each step what it put into the books.
//
// A line that begins with a blank is output. It is written by the interpreter,
// never read by it: playing a notebook writes it anew, a test compares, and
// -update puts the new one in the old one's place, to be read as prose before
// it is committed. A line that begins with # is for people. Commas at the ends
// of words are for people, too.
//
// # Terms
//
// First the terms of the platform, all of which a step below may rest on:
//
//	times are those of Asia/Kolkata
//	region IN trades in INR, keeps its money in bank escrow_in, books input tax as gst
//	region BD trades in BDT, keeps its money in bank escrow_bd
//	region PK trades in PKR, keeps its money in bank escrow_pk
//	region IN settles at 18:00, T+1, calendar IN
//	region BD settles weekly on thursday at 18:00, T+0, calendar BD, minimum 500.00 BDT
//	region PK settles at 18:00, T+1, calendar PK, paid in INR at mid less 1%
//	merchant m_2 settles by hand at 18:00, T+1, calendar IN
//	fee of 2% on deposits in INR, tax 18% as gst, returned with refunds
//	fee of 2% on deposits in INR by CARD, tax 18% as gst
//	fee of 2% up to 1000.00 INR a month, 1% above on deposits
//	fee of 15.00 INR on disputes, tax 18% as gst, returned when won
//	fee of 5.00 INR on payouts, tax 18% as gst
//	reserve of 10% for 90 days in region IN
//	merchant m_1 trades
//	merchant m_3 trades in region IN
//
// # Steps
//
// Then what happens, by the clock of the notebook:
//
//	2026-03-02 10:00 deposit d1 of 1000.00 INR by UPI for m_1
//	2026-03-02 11:00 deposit d1 failed, because reversed
//	2026-03-05 10:00 refund r1 of 250.00 INR from d1, because damaged
//	2026-03-06 10:00 refund r1 confirmed
//	2026-03-06 10:00 dispute c1 of 750.00 INR about d1, because fraud
//	2026-03-20 10:00 dispute c1 won
//	2026-03-20 10:00 dispute c1 won with 300.00 INR
//	2026-03-05 10:00 payout p1 of 500.00 INR by IMPS for m_2
//	2026-03-05 11:00 payout p1 sent
//	2026-03-03 09:00 rail upi pays s1 of 1000.00 INR, keeping 5.00 and tax of 0.90
//	2026-03-03 09:00 batch of m_1 on 2026-03-02 sent via neft
//	2026-03-03 12:00 batch of m_1 on 2026-03-02 unknown
//	2026-03-03 13:00 batch of m_1 on 2026-03-02 refused, because bank_closed
//	2026-03-03 15:00 batch of m_1 on 2026-03-02 paid
//	2026-03-04 15:00 batch of m_1 on 2026-03-02 returned, because closed_account
//	2026-03-03 13:30 batch of m_1 on 2026-03-02 canceled, because closed_account
//	2026-03-02 12:00 quote q1 of 1 PKR is 0.30123 INR
//	again
//	settle through 2026-03-02
//	2026-03-02 18:00 settle
//
// "again" reports the event before it a second time, which must be recognised. A
// step that ends in ", which is refused" must be refused, and leaves everything
// as it was. The second form of settle closes the windows whose cut-off the clock
// has passed at that time. Where a day has several windows, the name of one
// follows the date: "on 2026-03-02 noon". Names come from the cut-offs, "at
// 12:00 noon, 20:00 night".
//
// # Questions
//
//	expect merchants/m_1/available INR -161.80
//	expect batch of m_1 on 2026-03-02 pays 876.40
//	expect batch of m_1 on 2026-03-05 carries -244.10
//	expect batch of m_1 on 2026-03-02 is returned
//	expect no batch of m_1 on 2026-03-04
//	expect deposit d1 partially_refunded
//	show balances
//	show trial balance
//
// What is expected stays as it was written, also when -update is given.
//
// # At the end
//
// Every event of a notebook is reported once more, which must change nothing (each
// settle was run twice already, to the same end); then the books are verified
// from top to bottom.
package scenario
