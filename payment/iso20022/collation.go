package iso20022

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/settlex/settlex/payment"
)

// Reports says what the report means for the instructions of the submission it is
// about. Everything it repeats of them must agree, and it with itself. Errors: *Error.
func (r *Report) Reports(s *payment.Submission, instructions []payment.Instruction) ([]payment.Report, error) {
	if s.Message != r.Original {
		return nil, r.group.faultf("is about message %q, not %q", r.Original, s.Message)
	}
	if err := counted(r.group, instructions); err != nil {
		return nil, err
	}
	top, err := stand(r.group, "GrpSts", standing{})
	if err != nil {
		return nil, err
	}
	c := &collation{report: r, blocks: blocks(instructions), heard: make(map[string]*element), said: make(map[string]*verdict)}
	for _, e := range r.blocks {
		list, err := c.find(e)
		if err != nil {
			return nil, err
		}
		if err := c.block(e, list, top); err != nil {
			return nil, err
		}
	}
	for n, list := range c.blocks {
		if c.heard[BlockID(s.Message, n+1)] == nil {
			c.rest(list, top)
		}
	}
	if err := c.tallied(r.group, instructions); err != nil {
		return nil, err
	}
	return c.reports(instructions), nil
}

// counted holds the number and the sum that a level repeats against what left.
func counted(e *element, list []payment.Instruction) error {
	n, err := e.optional("OrgnlNbOfTxs")
	if err != nil {
		return err
	}
	if n != nil {
		if have, err := strconv.Atoi(n.text); err != nil || have != len(list) {
			return n.faultf("%.20q is not the %d that left", n.text, len(list))
		}
	}
	return summed(e, "OrgnlCtrlSum", list, "left")
}

// summed holds a sum, where there is one, against that of some payments.
func summed(e *element, name string, list []payment.Instruction, did string) error {
	sum, err := e.optional(name)
	if err != nil || sum == nil {
		return err
	}
	want, err := controlSum(list)
	if err != nil {
		return sum.fault(err)
	}
	if !sameNumber(sum.text, want) {
		return sum.faultf("%.40q is not the %s that %s", sum.text, want, did)
	}
	return nil
}

// verdict is what is said of one instruction.
type verdict struct {
	standing
	reference string
}

// collation gathers what a report says.
type collation struct {
	report *Report
	blocks [][]payment.Instruction
	heard  map[string]*element // blocks' ids, by themselves
	said   map[string]*verdict // by instruction
}

// find finds the block that a level is about.
func (c *collation) find(e *element) ([]payment.Instruction, error) {
	id, err := required(e, "OrgnlPmtInfId")
	if err != nil {
		return nil, err
	}
	if before := c.heard[id.text]; before != nil {
		return nil, id.faultf("%s is there twice, first on line %d", id.text, before.line)
	}
	c.heard[id.text] = id
	for n, list := range c.blocks {
		if id.text == BlockID(c.report.Original, n+1) {
			return list, counted(e, list)
		}
	}
	return nil, id.faultf("%q is none of the %d blocks of message %s", id.text, len(c.blocks), c.report.Original)
}

// block takes what is said of a block and its transactions.
func (c *collation) block(e *element, list []payment.Instruction, top standing) error {
	own, err := stand(e, "PmtInfSts", top)
	if err != nil {
		return err
	}
	for _, tx := range e.all("TxInfAndSts") {
		if err := c.transaction(tx, list, own); err != nil {
			return err
		}
	}
	c.rest(list, own)
	return c.tallied(e, list)
}

// rest gives a level's status to what has none of its own.
func (c *collation) rest(list []payment.Instruction, s standing) {
	for i := range list {
		if c.said[list[i].ID] == nil && s.is != "" {
			c.said[list[i].ID] = &verdict{standing: s}
		}
	}
}

func (c *collation) transaction(e *element, list []payment.Instruction, above standing) error {
	instruction, place, err := find(e, list)
	if err != nil {
		return err
	}
	if before := c.said[instruction.ID]; before != nil {
		return place.faultf("%s is there twice, first on line %d", instruction.ID, before.place.line)
	}
	own, err := stand(e, "TxSts", above)
	if err != nil {
		return err
	}
	switch {
	case own.place == nil:
		return e.faultf("has no status, nor has what holds it")
	case own.status == partly && own.place.in != e:
		return e.faultf("has no TxSts, but what holds it is %s", partly)
	case own.status == partly:
		return own.place.faultf("%s has no place here: a transaction has no parts", partly)
	}
	if err := agrees(e, instruction); err != nil {
		return err
	}
	reference, err := e.optional("AcctSvcrRef")
	if err != nil {
		return err
	}
	v := &verdict{standing: own}
	if v.place = place; reference != nil {
		v.reference = Clean(reference.text, maxID)
	}
	c.said[instruction.ID] = v
	return nil
}

// find finds the instruction of a transaction by either of its ids.
func find(e *element, list []payment.Instruction) (found *payment.Instruction, place *element, err error) {
	for _, name := range []string{"OrgnlInstrId", "OrgnlEndToEndId"} {
		id, err := e.optional(name)
		if err != nil {
			return nil, nil, err
		}
		if id == nil {
			continue
		}
		at := slices.IndexFunc(list, func(i payment.Instruction) bool { return i.ID == id.text })
		switch {
		case at < 0:
			return nil, nil, id.faultf("%.40q is none of the %d of its block", id.text, len(list))
		case found != nil && found != &list[at]:
			return nil, nil, id.faultf("%s is not the %s of line %d", list[at].ID, found.ID, place.line)
		}
		found, place = &list[at], id
	}
	if found == nil {
		return nil, nil, e.faultf("has neither OrgnlInstrId nor OrgnlEndToEndId")
	}
	return found, place, nil
}

// agrees holds what a report repeats of a payment against the instruction: amount,
// accounts and date. Names and banks are written in many ways, and are not looked at.
func agrees(e *element, i *payment.Instruction) error {
	said, err := e.optional("OrgnlTxRef")
	if err != nil || said == nil {
		return err
	}
	amount, err := said.optional("Amt")
	if err == nil && amount != nil {
		amount, err = amount.need("InstdAmt")
	}
	if err != nil {
		return err
	}
	if amount != nil && (amount.currency != i.Currency.String() || !sameNumber(amount.text, i.Currency.Format(i.Amount))) {
		return amount.faultf("%.3s %.40q is not the %s of instruction %s", amount.currency, amount.text, formatted(i.Currency, i.Amount), i.ID)
	}
	if err := repeats(said, i.ID, i.Debtor.Account, sameAccount, []string{"DbtrAcct", "Id", "IBAN"}, []string{"DbtrAcct", "Id", "Othr", "Id"}); err != nil {
		return err
	}
	if err := repeats(said, i.ID, i.Creditor.Account, sameAccount, []string{"CdtrAcct", "Id", "IBAN"}, []string{"CdtrAcct", "Id", "Othr", "Id"}); err != nil {
		return err
	}
	return repeats(said, i.ID, i.Due.String(), strings.HasPrefix, []string{"ReqdExctnDt", "Dt"}, []string{"ReqdExctnDt", "DtTm"})
}

// repeats holds the texts below an element, where they are there, against the one that
// left.
func repeats(e *element, instruction, left string, same func(said, left string) bool, paths ...[]string) error {
	for _, path := range paths {
		said, err := e.optional(path...)
		if err != nil {
			return err
		}
		if said != nil && !same(said.text, left) {
			return said.faultf("%.40q is not the %s of instruction %s", said.text, left, instruction)
		}
	}
	return nil
}

// sameAccount tells whether two numbers are of one account, however they are spaced.
func sameAccount(a, b string) bool {
	return strings.EqualFold(strings.ReplaceAll(a, " ", ""), strings.ReplaceAll(b, " ", ""))
}

// tallied holds the numbers and sums that a level gives by status against what the report
// says of its payments. Those of which it says nothing may have any status.
func (c *collation) tallied(e *element, list []payment.Instruction) error {
	said := make(map[string][]payment.Instruction)
	silent := len(list)
	for i := range list {
		if v := c.said[list[i].ID]; v != nil {
			said[v.status] = append(said[v.status], list[i])
			silent--
		}
	}
	told := make(map[string]*element)
	for _, line := range e.all("NbOfTxsPerSts") {
		status, n, err := tally(line)
		if err != nil {
			return err
		}
		if before := told[status.text]; before != nil {
			return status.faultf("%s is there twice, first on line %d", status.text, before.line)
		}
		told[status.text] = status
		have := said[status.text]
		if silent -= n - len(have); n < len(have) || silent < 0 {
			return line.faultf("%d are %s, but the report says so of %d of %d", n, status.text, len(have), len(list))
		}
		if n == len(have) {
			if err := summed(line, "DtldCtrlSum", have, "are "+status.text); err != nil {
				return err
			}
		}
	}
	for _, status := range slices.Sorted(maps.Keys(said)) {
		if len(told) > 0 && told[status] == nil {
			return e.faultf("gives numbers by status and none of %s, but the report says so of %d of %d", status, len(said[status]), len(list))
		}
	}
	return nil
}

// tally reads how many transactions have a status.
func tally(line *element) (status *element, n int, err error) {
	if status, err = line.need("DtldSts"); err != nil {
		return nil, 0, err
	}
	if outcomes[status.text] == "" {
		return nil, 0, status.faultf("status %.40q is not known", status.text)
	}
	number, err := line.need("DtldNbOfTxs")
	if err != nil {
		return nil, 0, err
	}
	if n, err = strconv.Atoi(number.text); err != nil || n < 0 {
		return nil, 0, number.faultf("%.20q is no number", number.text)
	}
	return status, n, nil
}

// reports lists what is said, in the order of the instructions. No report is from
// before its payment left.
func (c *collation) reports(instructions []payment.Instruction) []payment.Report {
	var out []payment.Report
	for i := range instructions {
		one := &instructions[i]
		v := c.said[one.ID]
		if v == nil {
			continue
		}
		at := c.report.Created
		if at.Before(one.Sent) {
			at = one.Sent
		}
		outcome, why := v.outcome()
		out = append(out, payment.Report{
			Instruction: one.ID, Outcome: outcome, At: at, ReasonCode: why.code, Detail: why.detail, RailRef: v.reference, Final: final(outcome),
		})
	}
	return out
}
