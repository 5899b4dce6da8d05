package iso20022

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/settlex/settlex/payment"
)

// A Report is a payment status report as it was read. Nothing in it was held against
// what left: that is for Reports to do.
type Report struct {
	File     string
	ID       string    // of the report, by the bank
	Created  time.Time // UTC
	Original string    // message id of the file it is about

	group  *element // OrgnlGrpInfAndSts
	blocks []*element
}

// outcomes are the statuses we know. PART has no outcome of its own.
var outcomes = map[string]payment.Outcome{
	"RCVD": payment.OutcomePending, "ACTC": payment.OutcomePending, "ACCP": payment.OutcomePending, "ACSP": payment.OutcomePending,
	"ACWC": payment.OutcomePending, "PDNG": payment.OutcomePending, "ACSC": payment.OutcomeCompleted, "ACCC": payment.OutcomeCompleted,
	"RJCT": payment.OutcomeFailed, "CANC": payment.OutcomeFailed, partly: "",
}

// partly says that each of the parts has a status of its own. unsaid is the code for a
// refusal whose reason the bank does not give.
const (
	partly = "PART"
	unsaid = "MS03"
)

// duplicates are the codes of refusals that say that the bank has seen a message, a block or
// a payment before: the copy is refused, and nothing is said of the first one, which may
// have been paid.
var duplicates = []string{"AM05", "DU01", "DU02", "DU03", "DU04", "DU05"}

// Read reads a payment status report. Instants without an offset are taken to be of
// that zone; nil is UTC. Errors: *Error.
func Read(file string, data []byte, zone *time.Location) (*Report, error) {
	root, err := parse(file, data)
	if err != nil {
		return nil, err
	}
	if root.name != "Document" || root.space != Status {
		return nil, root.faultf("is %s of %q, want Document of %q", root.name, root.space, Status)
	}
	body, err := root.need("CstmrPmtStsRpt")
	if err != nil {
		return nil, err
	}
	header, err := body.need("GrpHdr")
	if err != nil {
		return nil, err
	}
	r := &Report{File: file}
	if r.ID, err = required(header, "MsgId"); err != nil {
		return nil, err
	}
	if r.Created, err = instant(header, "CreDtTm", zone); err != nil {
		return nil, err
	}
	if r.group, err = body.need("OrgnlGrpInfAndSts"); err != nil {
		return nil, err
	}
	if r.Original, err = required(r.group, "OrgnlMsgId"); err != nil {
		return nil, err
	}
	name, err := required(r.group, "OrgnlMsgNmId")
	if err == nil && !strings.HasPrefix(name, "pain.001") {
		err = r.group.at("OrgnlMsgNmId").faultf("%q is not a credit transfer initiation, pain.001", name)
	}
	r.blocks = body.all("OrgnlPmtInfAndSts")
	return r, err
}

// maxID is how many characters an id has at most.
const maxID = 35

// required is the text of a child, which must be there.
func required(e *element, name string) (string, error) {
	kid, err := e.need(name)
	if err != nil {
		return "", err
	}
	if kid.text == "" || len([]rune(kid.text)) > maxID {
		return "", kid.faultf("%.60q is not a text of 1 to %d characters", kid.text, maxID)
	}
	return kid.text, nil
}

func instant(e *element, name string, zone *time.Location) (time.Time, error) {
	kid, err := e.need(name)
	if err != nil {
		return time.Time{}, err
	}
	if zone == nil {
		zone = time.UTC
	}
	at, err := time.Parse(time.RFC3339Nano, kid.text)
	if err != nil {
		at, err = time.ParseInLocation("2006-01-02T15:04:05.999999999", kid.text, zone)
	}
	if err != nil || at.Year() < 1970 || at.Year() > 9999 {
		return time.Time{}, kid.faultf("%.40q is not an instant such as 2026-03-02T10:00:00+05:30", kid.text)
	}
	return at.UTC().Truncate(time.Microsecond), nil
}

// standing is what a level says of everything below it.
type standing struct {
	status  string // empty: nothing
	outcome payment.Outcome
	reason  string
	detail  string
	place   *element
}

// stand reads the status of a level. What it leaves out comes from above; a level that
// was refused has nothing below that was not.
func stand(e *element, name string, above standing) (standing, error) {
	status := e.at(name)
	if status == nil {
		if reason, detail := reasonOf(e); reason != "" && above.outcome == payment.OutcomeFailed {
			above.reason, above.detail = reason, detail
		}
		return above, nil
	}
	outcome, known := outcomes[status.text]
	if !known {
		return above, status.faultf("status %.40q is not known", status.text)
	}
	if status.text == "CANC" && name != "TxSts" {
		return above, status.faultf("status %s is only of a transaction", status.text)
	}
	if above.outcome == payment.OutcomeFailed && outcome != payment.OutcomeFailed {
		return above, status.faultf("is %s, but what holds it is %s on line %d", status.text, above.status, above.place.line)
	}
	s := standing{status: status.text, outcome: outcome, place: status}
	if outcome == payment.OutcomeFailed {
		s.reason, s.detail = unsaid, ""
		if above.outcome == payment.OutcomeFailed {
			s.reason, s.detail = above.reason, above.detail
		}
		if reason, detail := reasonOf(e); reason != "" {
			s.reason, s.detail = reason, detail
		}
	}
	return s, nil
}

// reasonOf gives the first reason that a level names, and all that is added to it.
func reasonOf(e *element) (reason, detail string) {
	for _, info := range e.all("StsRsnInf") {
		code := info.at("Rsn", "Cd").word()
		if code == "" {
			code = info.at("Rsn", "Prtry").word()
		}
		if code == "" {
			continue
		}
		var added []string
		for _, text := range info.all("AddtlInf") {
			added = append(added, text.text)
		}
		return Clean(code, 35), Clean(strings.Join(added, " "), 255)
	}
	return "", ""
}

// Reports says what the report means for the instructions of the submission it is
// about. Everything it repeats of them must agree. Errors: *Error.
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
	c := &collation{report: r, said: make(map[string]*verdict)}
	parts := blocks(instructions)
	heard := make(map[int]bool)
	for _, e := range r.blocks {
		no, list, err := blockOf(s, e, parts)
		if err != nil {
			return nil, err
		}
		if heard[no] {
			return nil, e.at("OrgnlPmtInfId").faultf("%s is there twice", BlockID(s.Message, no))
		}
		heard[no] = true
		if err := c.block(e, list, top); err != nil {
			return nil, err
		}
	}
	for no, list := range parts {
		if !heard[no+1] {
			c.rest(list, top)
		}
	}
	return c.reports(instructions), nil
}

// blockOf finds the block that a level is about.
func blockOf(s *payment.Submission, e *element, parts [][]payment.Instruction) (int, []payment.Instruction, error) {
	id, err := required(e, "OrgnlPmtInfId")
	if err != nil {
		return 0, nil, err
	}
	for n, list := range parts {
		if id == BlockID(s.Message, n+1) {
			return n + 1, list, counted(e, list)
		}
	}
	return 0, nil, e.at("OrgnlPmtInfId").faultf("%q is none of the %d blocks of message %s", id, len(parts), s.Message)
}

// counted holds the number and the sum that a level repeats against what left.
func counted(e *element, list []payment.Instruction) error {
	if n := e.at("OrgnlNbOfTxs"); n != nil {
		if have, err := strconv.Atoi(n.text); err != nil || have != len(list) {
			return n.faultf("%.20q is not the %d that left", n.text, len(list))
		}
	}
	if sum := e.at("OrgnlCtrlSum"); sum != nil {
		want, err := controlSum(list)
		if err != nil {
			return sum.fault(err)
		}
		if !sameNumber(sum.text, want) {
			return sum.faultf("%.40q is not the %s that left", sum.text, want)
		}
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
	said   map[string]*verdict // by instruction
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
	return nil
}

// rest gives a level's status to what has none of its own.
func (c *collation) rest(list []payment.Instruction, s standing) {
	for i := range list {
		if c.said[list[i].ID] == nil && s.outcome != "" {
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
	case own.status == partly && own.place != e.at("TxSts"):
		return e.faultf("has no TxSts, but what holds it is %s", partly)
	case own.status == partly:
		return own.place.faultf("%s has no place here: a transaction has no parts", partly)
	}
	if err := agrees(e.at("OrgnlTxRef"), instruction); err != nil {
		return err
	}
	v := &verdict{standing: own, reference: Clean(e.at("AcctSvcrRef").word(), 35)}
	v.place = place
	c.said[instruction.ID] = v
	return nil
}

// find finds the instruction of a transaction by either of its ids.
func find(e *element, list []payment.Instruction) (*payment.Instruction, *element, error) {
	var found *payment.Instruction
	var place *element
	for _, name := range []string{"OrgnlInstrId", "OrgnlEndToEndId"} {
		id := e.at(name)
		if id == nil {
			continue
		}
		var one *payment.Instruction
		for i := range list {
			if list[i].ID == id.text {
				one = &list[i]
			}
		}
		switch {
		case one == nil:
			return nil, nil, id.faultf("%.40q is none of the %d of its block", id.text, len(list))
		case found != nil && found != one:
			return nil, nil, id.faultf("%s is not the %s of line %d", one.ID, found.ID, place.line)
		}
		found, place = one, id
	}
	if found == nil {
		return nil, nil, e.faultf("has neither OrgnlInstrId nor OrgnlEndToEndId")
	}
	return found, place, nil
}

// agrees holds the amount that a report repeats against the instruction's.
func agrees(reference *element, i *payment.Instruction) error {
	amount := reference.at("Amt", "InstdAmt")
	if amount == nil {
		return nil
	}
	if amount.currency != i.Currency.String() || !sameNumber(amount.text, i.Currency.Format(i.Amount)) {
		return amount.faultf("%.3s %.40q is not the %s of instruction %s", amount.currency, amount.text, formatted(i.Currency, i.Amount), i.ID)
	}
	return nil
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
		outcome := v.outcome
		if outcome == payment.OutcomeFailed && slices.Contains(duplicates, v.reason) {
			outcome = payment.OutcomeUnknown
		}
		out = append(out, payment.Report{
			Instruction: one.ID, Outcome: outcome, At: at, ReasonCode: v.reason, Detail: v.detail, RailRef: v.reference,
			Final: outcome == payment.OutcomeCompleted || outcome == payment.OutcomeFailed,
		})
	}
	return out
}

// String names the report for people.
func (r *Report) String() string { return fmt.Sprintf("report %s on message %s", r.ID, r.Original) }
