// Package sample holds the bundled sample: March 2026 of fifteen merchants in
// India, Pakistan and Bangladesh, about five thousand events in the order in
// which they happened.
//
// [PaymentsCSV] is the file, embedded. [Events] is the generator that wrote
// it: the same events on every machine, whatever the time. A test keeps the
// two equal; after a change of the generator
//
//	go test ./internal/sample -run TestPaymentsFile -update
//
// writes the file anew.
//
// The month has Holi (4 March), the last weeks of Ramadan (to 19 March in
// Pakistan, 20 March in Bangladesh) and Eid, so its closures differ by region
// and people pay at other hours before and after. What a reader finds in it:
//
//   - deposits by UPI, card, wallet and bank transfer, on weekends and
//     holidays too;
//   - full and partial refunds, three equal partial refunds of one deposit
//     (m_in_booknest, 999.00), three that differ by one paisa
//     (m_in_sareeshop, 1000.00), and two that the rail could not pay and that
//     were tried again;
//   - disputes won, lost and still open at the end of the month;
//   - deposits that failed after their capture: two on the same day, one five
//     days later;
//   - a merchant in each region whose refunds and dispute exceed what it
//     takes, so that its settlement is carried forward and recovers:
//     m_in_yatra on 11 March, m_pk_mobilemart on 11 March, m_bd_jamdani on
//     10 March for at least two weekly batches;
//   - a merchant in each region that is settled by hand and pays others from
//     its available balance: m_in_freelance, m_pk_gigwork, m_bd_riders;
//   - what each rail paid for the deposits it had captured, on the days its
//     banks were open; the reference names the capture days, both inclusive
//     (upi-inr-20260307-20260308). Cards keep their cost and its tax. A rail
//     never pays for a deposit that fails, even if it fails later, and what
//     was captured last is still owed at the end of the month.
//
// Merchants, amounts and references are invented. The sample says nothing
// about fees, reserves or schedules: those are configuration.
package sample
