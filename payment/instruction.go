package payment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
)

// The kinds of record of what was handed to rails.
const (
	InstructionRecord   = "rail_instruction"
	SubmissionRecord    = "rail_submission"      // something of it has no final outcome yet
	SubmissionEndRecord = "rail_submission_done" // nothing more is expected
	AnswerRecord        = "rail_answer"
	AnswerRefusedRecord = "rail_answer_refused"
	DepartureRecord     = "rail_departure"
	DispatchRecord      = "rail_dispatch"
)

// Party is who pays or is paid, as a bank wants to know it.
type Party struct {
	Name    string `json:"name"`
	Account string `json:"account"`         // an IBAN, or a number of the bank's own
	Agent   string `json:"agent,omitempty"` // BIC of the account's bank, or its number in the country's clearing
}

// Instruction tells a rail to pay once.
type Instruction struct {
	ID          string         `json:"id"`     // end-to-end id: unique for ever, at most 35 of [A-Za-z0-9.-]
	Object      string         `json:"object"` // what is paid: PayoutRecord, BatchObject, RefundRecord
	Source      string         `json:"source"` // its id
	Merchant    string         `json:"merchant"`
	Method      string         `json:"method,omitempty"`
	Bank        string         `json:"bank"`        // account of ours that pays: bank/{Bank}
	Beneficiary string         `json:"beneficiary"` // reference by which the rail knows who is paid
	OrderID     string         `json:"order_id,omitempty"`
	Currency    money.Currency `json:"currency"`
	Amount      money.Amount   `json:"amount"`          // minor units, above 0
	Due         calendar.Date  `json:"due,omitzero"`    // not to be paid before; zero: at once
	Sent        time.Time      `json:"sent"`            // when it was booked as sent, UTC
	Debtor      Party          `json:"debtor,omitzero"` // Prepare fills in what it needs
	Creditor    Party          `json:"creditor,omitzero"`
	Submission  string         `json:"submission"` // record id
	No          int            `json:"no"`         // in the submission, from 1
	Final       bool           `json:"final,omitempty"`
}

// Ref makes Instruction a ledger.Record.
func (i *Instruction) Ref() ledger.Ref { return InstructionRef(i.ID) }

// Rail is the name of the rail it was handed to; empty: none yet.
func (i *Instruction) Rail() string {
	rail, _, _ := strings.Cut(i.Submission, "/")
	return rail
}

// InstructionRef names the record of an instruction.
func InstructionRef(id string) ledger.Ref { return ledger.Ref{Kind: InstructionRecord, ID: id} }

// EndToEndID derives the id of an instruction from what it pays and the how manieth
// time, from 1, that is tried. It is the id of the payout itself, or SET- and the rest
// of a batch's id, where those are short and plain enough; else a hash. Two different
// ones never get the same.
func EndToEndID(object, id string, attempt int) string {
	plain := id
	if rest, ok := strings.CutPrefix(id, "set_"); ok && object == BatchObject {
		plain = "SET-" + rest
	} else if object != PayoutRecord || strings.HasPrefix(id, "SET-") || strings.HasPrefix(id, "E2E-") {
		plain = ""
	}
	if attempt == 1 && plain != "" && len(plain) <= 35 && !strings.Contains(plain, "_") {
		return plain
	}
	sum := sha256.Sum256([]byte(object + "\x00" + id + "\x00" + strconv.Itoa(attempt)))
	return "E2E-" + hex.EncodeToString(sum[:14])
}

// Total is an amount of one currency.
type Total struct {
	Currency money.Currency `json:"currency"`
	Amount   money.Amount   `json:"amount"`
}

// Submission is what is handed to a rail at once, as the books remember it.
type Submission struct {
	Rail         string    `json:"rail"`
	Message      string    `json:"message"` // unique for ever, at most 35 characters; in order of time
	At           time.Time `json:"at"`      // when it was booked, UTC
	Count        int       `json:"count"`
	Totals       []Total   `json:"totals"` // by currency
	Sender       string    `json:"sender,omitempty"`
	Digest       string    `json:"digest,omitempty"` // SHA-256 of the bytes that leave, in hexadecimal
	Instructions []string  `json:"instructions"`     // ids, in order
	Delivered    bool      `json:"delivered,omitempty"`
	Open         int       `json:"open"` // instructions without a final outcome
}

// MessageTime is the layout of the instant, in UTC, with which a message id begins: ids are
// in order of time.
const MessageTime = "20060102T150405Z"

// NewSubmission assigns instructions to a submission and numbers them. no tells apart
// the submissions of one rail. Errors: of sums beyond what an amount can be.
func NewSubmission(rail string, no uint64, at time.Time, instructions []Instruction) (*Submission, error) {
	s := &Submission{
		Rail: rail, Message: fmt.Sprintf("%s-%09d", at.UTC().Format(MessageTime), no), At: at.UTC(),
		Count: len(instructions), Open: len(instructions),
	}
	for i := range instructions {
		one := &instructions[i]
		one.Submission, one.No, one.Sent = s.Ref().ID, i+1, s.At
		s.Instructions = append(s.Instructions, one.ID)
		if err := s.add(one); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Submission) add(i *Instruction) (err error) {
	for n := range s.Totals {
		if t := &s.Totals[n]; t.Currency == i.Currency {
			t.Amount, err = t.Amount.Add(i.Amount)
			return err
		}
	}
	s.Totals = append(s.Totals, Total{i.Currency, i.Amount})
	return nil
}

// Ref makes Submission a ledger.Record.
func (s *Submission) Ref() ledger.Ref {
	ref := SubmissionRef(s.Rail, s.Message)
	if s.Open == 0 && s.Delivered {
		ref.Kind = SubmissionEndRecord
	}
	return ref
}

// SubmissionRef names the record of a submission of which something is open.
func SubmissionRef(rail, message string) ledger.Ref {
	return ledger.Ref{Kind: SubmissionRecord, ID: rail + "/" + message}
}

// Answered remembers that an answer was taken, or why it was refused.
type Answered struct {
	Rail    string    `json:"rail"`
	Answer  string    `json:"answer"` // id
	Name    string    `json:"name"`
	Message string    `json:"message"`           // of the submission it was about
	At      time.Time `json:"at"`                // when it was taken or refused, UTC
	Events  int       `json:"events"`            // that were booked for it
	Refused string    `json:"refused,omitempty"` // why; empty: it was taken
}

// Ref makes Answered a ledger.Record.
func (a *Answered) Ref() ledger.Ref {
	if a.Refused != "" {
		return AnswerRefusedRef(a.Rail, a.Answer)
	}
	return AnsweredRef(a.Rail, a.Answer)
}

// AnsweredRef names the record of an answer that was taken.
func AnsweredRef(rail, answer string) ledger.Ref {
	return ledger.Ref{Kind: AnswerRecord, ID: rail + "/" + answer}
}

// AnswerRefusedRef names the record of an answer that was refused.
func AnswerRefusedRef(rail, answer string) ledger.Ref {
	return ledger.Ref{Kind: AnswerRefusedRecord, ID: rail + "/" + answer}
}

// Departure is something that may have to leave by a rail: it waits here until it has
// left, or until it is certain that it need not.
type Departure struct {
	Object string `json:"object"`
	Source string `json:"source"`
}

// Ref makes Departure a ledger.Record: departures order by object and id.
func (d *Departure) Ref() ledger.Ref {
	return ledger.Ref{Kind: DepartureRecord, ID: d.Object + "/" + d.Source}
}

// Dispatch is how far the journal was searched for what has to leave.
type Dispatch struct {
	Routes string        `json:"routes"` // what says which way things leave; another one: search again
	Cursor ledger.Cursor `json:"cursor"`
	Made   uint64        `json:"made"` // submissions so far
}

// Ref makes Dispatch a ledger.Record. There is one.
func (d *Dispatch) Ref() ledger.Ref { return DispatchRef() }

// DispatchRef names the one Dispatch.
func DispatchRef() ledger.Ref { return ledger.Ref{Kind: DispatchRecord, ID: "all"} }

// Leaves tells whether a payout that stands so is to be handed to its rail: once it is
// approved, or requested where nothing asks for an approval.
func Leaves(s Status) bool {
	ready := Requested
	for _, m := range payoutTable.moves {
		if m.To == Approved {
			ready = Approved
		}
	}
	return s == ready
}

// MayLeave tells whether a payout that stands so has not left and may still do so.
func MayLeave(s Status) bool { return s == Requested || s == Queued || s == Approved }
