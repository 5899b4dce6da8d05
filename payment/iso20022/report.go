package iso20022

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// A Report is a payment status report as it was read. Nothing in it was held against
// what left: that is for Reports to do.
type Report struct {
	File     string
	ID       string    // of the report, by the bank
	Created  time.Time // UTC
	Original string    // message id of the file it is about

	original *element // OrgnlMsgId
	group    *element // OrgnlGrpInfAndSts
	blocks   []*element
}

// Read reads a payment status report. Instants without an offset are taken to be of
// that zone; nil is UTC. Errors: *Error.
func Read(file string, data []byte, zone *time.Location) (*Report, error) {
	root, err := parse(file, data)
	if err != nil {
		return nil, err
	}
	if root.name != "Document" || root.space != Status {
		return nil, root.faultf("is %s of %.80q, want Document of %q", root.name, root.space, Status)
	}
	body, err := root.need("CstmrPmtStsRpt")
	if err != nil {
		return nil, err
	}
	header, err := body.need("GrpHdr")
	if err != nil {
		return nil, err
	}
	id, err := required(header, "MsgId")
	if err != nil {
		return nil, err
	}
	r := &Report{File: file, ID: id.text}
	if r.Created, err = instant(header, "CreDtTm", zone); err != nil {
		return nil, err
	}
	if r.group, err = body.need("OrgnlGrpInfAndSts"); err != nil {
		return nil, err
	}
	if r.original, err = required(r.group, "OrgnlMsgId"); err != nil {
		return nil, err
	}
	name, err := required(r.group, "OrgnlMsgNmId")
	if err == nil && !strings.HasPrefix(name.text, "pain.001") {
		err = name.faultf("%q is not a credit transfer initiation, pain.001", name.text)
	}
	r.Original, r.blocks = r.original.text, body.all("OrgnlPmtInfAndSts")
	return r, err
}

// maxID is how many characters an id has at most.
const maxID = 35

// required is a child that is an id, and must be there.
func required(e *element, name string) (*element, error) {
	kid, err := e.need(name)
	if err == nil && (kid.text == "" || utf8.RuneCountInString(kid.text) > maxID) {
		err = kid.faultf("%.60q is not a text of 1 to %d characters", kid.text, maxID)
	}
	return kid, err
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

// String names the report for people.
func (r *Report) String() string { return fmt.Sprintf("report %s on message %s", r.ID, r.Original) }
