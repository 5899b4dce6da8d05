package settlex_test

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// message is the id of the first submission in these tests.
const message = "20260306T123100Z-000000001"

// reported is a report on payments of the first block of the message: of each the id and
// the status, with a reason behind it if need be, as RJCT/AC04.
func reported(words ...string) string {
	text := "PART.<OrgnlPmtInfAndSts><OrgnlPmtInfId>" + message + "-1</OrgnlPmtInfId>"
	for i := 0; i < len(words); i += 2 {
		status, reason, given := strings.Cut(words[i+1], "/")
		text += "<TxInfAndSts><OrgnlEndToEndId>" + words[i] + "</OrgnlEndToEndId><TxSts>" + status + "</TxSts>"
		if given {
			text += "<StsRsnInf><Rsn><Cd>" + reason + "</Cd></Rsn></StsRsnInf>"
		}
		text += "</TxInfAndSts>"
	}
	return text + "</OrgnlPmtInfAndSts>"
}

// atBank is a bank that has two payouts of m9 and the batch of m1.
func atBank(t *testing.T) (*house, *bank) {
	t.Helper()
	dir := t.TempDir()
	h := onRails(t, banked(t, bankConfig(dir)))
	h.owe(paidOut("o1", "100.00"), paidOut("o2", "50.00"))
	if _, err := h.Send(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	*h.clock = ist(sixth).Add(time.Hour)
	return h, &bank{t: t, dir: dir, files: make(map[string]string)}
}

// What contradicts an answer that was taken is a fact as well: a refusal after payment
// says that the money came back, a payment after refusal that it left after all.
func TestCollectContradictions(t *testing.T) {
	t.Parallel()
	h, b := atBank(t)
	for _, step := range []struct {
		name, status string
		want         settlex.Collected
		statuses     []string
	}{
		{"0.xml", reported("o1", "RJCT/AM05", "o2", "PDNG"), settlex.Collected{Answers: 1, Events: 1}, []string{"o1 unknown AM05", "o2 sent", "m1 submitted"}},
		{"1.xml", reported("o1", "ACSC", "o2", "RJCT"), settlex.Collected{Answers: 1, Events: 2}, []string{"o1 completed", "o2 failed MS03", "m1 submitted"}},
		{ // it was paid after all
			"2.xml", reported("o1", "ACSC", "o2", "ACSC"), settlex.Collected{Answers: 1, Events: 1},
			[]string{"o1 completed", "o2 completed", "m1 submitted"},
		},
		{"3.xml", reported("o1", "PDNG", "o2", "PDNG"), settlex.Collected{Answers: 1}, []string{"o1 completed", "o2 completed", "m1 submitted"}},
		{"4.xml", reported("o1", "RJCT"), settlex.Collected{Answers: 1, Events: 1}, []string{"o1 returned MS03", "o2 completed", "m1 submitted"}},
		{"5.xml", reported("o1", "ACSC"), settlex.Collected{Answers: 1}, []string{"o1 returned MS03", "o2 completed", "m1 submitted"}},
	} {
		b.report(step.name, message, step.status)
		done, err := h.Collect(t.Context(), nil)
		if diff := cmp.Diff(step.want, done); diff != "" {
			t.Errorf("%s (-want +got)\n%s", step.name, diff)
		}
		if err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.statuses, h.statuses("o1", "o2")); diff != "" {
			t.Errorf("%s (-want +got)\n%s", step.name, diff)
		}
	}
	want := []string{"taken/0.xml", "taken/1.xml", "taken/2.xml", "taken/3.xml", "taken/4.xml", "taken/5.xml"}
	if diff := cmp.Diff(want, inbox(t, b.dir)); diff != "" {
		t.Errorf("inbox (-want +got)\n%s", diff)
	}
}

// What is about a payment that never left books nothing and is set aside; once put
// back, it is set aside again, and nothing is told of it any more.
func TestCollectRefusedOnce(t *testing.T) {
	t.Parallel()
	h, b := atBank(t)
	b.report("1.xml", message, reported("o9", "ACSC"))
	if done, err := h.Collect(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "o9") || done != (settlex.Collected{Refused: 1}) {
		t.Errorf("first: %+v, %v", done, err)
	}
	aside, err := filepath.Glob(filepath.Join(b.dir, "in", "refused", "*.xml"))
	if err == nil {
		err = os.Rename(aside[0], filepath.Join(b.dir, "in", "1.xml"))
	}
	if err != nil {
		t.Fatal(err)
	}
	if done, err := h.Collect(t.Context(), nil); err != nil || done != (settlex.Collected{Repeated: 1}) {
		t.Errorf("put back: %+v, %v", done, err)
	}
	want := []string{"refused/1.xml", "refused/1.xml.txt"}
	if diff := cmp.Diff(want, inbox(t, b.dir)); diff != "" {
		t.Errorf("inbox (-want +got)\n%s", diff)
	}
}

// What will be taken later stays where it is: a report from a clock that is ahead of
// ours.
func TestCollectEarly(t *testing.T) {
	t.Parallel()
	h, b := atBank(t)
	*h.clock = ist(sixth).Add(-10 * time.Minute)
	b.report("1.xml", message, "ACSC")
	done, err := h.Collect(t.Context(), nil)
	const want = "2026-03-06T12:31:30Z is in the future; it is 2026-03-06T12:21:00Z"
	if err == nil || !strings.HasPrefix(err.Error(), "rail bank: answer 1.xml: ") || !strings.HasSuffix(err.Error(), want) || done != (settlex.Collected{}) {
		t.Errorf("%+v, error %v\nwant %s", done, err, want)
	}
	if diff := cmp.Diff([]string{"1.xml"}, inbox(t, b.dir)); diff != "" {
		t.Errorf("inbox (-want +got)\n%s", diff)
	}
	*h.clock = ist(sixth).Add(time.Hour)
	if done, err := h.Collect(t.Context(), nil); err != nil || done.Events != 3 {
		t.Errorf("%+v, %v", done, err)
	}
}

// Whoever answers has what was handed over: it is not handed over again, although the
// note of it was lost.
func TestCollectProvesDelivery(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := onRails(t, banked(t, bankConfig(dir)))
	first.owe(paidOut("o1", "100.00"))
	p := &plug{pull: 4} // look, assign, write, note
	route := banked(t, bankConfig(dir))
	route.Rail = &pluggedRail{route.Rail, p}
	h := withRails(t, &pluggedStore{first.store.Store, p}, route)
	if _, err := h.Send(t.Context(), nil); !errors.Is(err, errPulled) || !strings.Contains(err.Error(), "note that") {
		t.Fatal(err)
	}
	b := &bank{t: t, dir: dir, files: make(map[string]string)}
	b.work("PDNG")
	if done, err := h.Collect(t.Context(), nil); err != nil || done.Answers != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	if done, err := h.Send(t.Context(), nil); err != nil || done != (settlex.Dispatched{}) {
		t.Errorf("sent again: %+v, %v", done, err)
	}
}

// teller is a rail that tells what a test wants it to.
type teller struct {
	payment.Rail
	answers []payment.Answer
	refused []string
}

func (r *teller) Answers(_ context.Context, _ time.Time, _ payment.Handed) iter.Seq2[*payment.Answer, error] {
	return func(yield func(*payment.Answer, error) bool) {
		for i := range r.answers {
			if !yield(&r.answers[i], nil) {
				return
			}
		}
	}
}

func (r *teller) Refused(_ context.Context, a *payment.Answer, why error) error {
	r.refused = append(r.refused, a.Name+": "+why.Error())
	return nil
}

// A batch of which nobody knows what became of it is asked about until somebody does.
func TestCollectUnknownBatch(t *testing.T) {
	t.Parallel()
	rail := &teller{Rail: sandboxed(t).Rail}
	h := onRails(t, settlex.Route{Rail: rail, For: []merchant.Scope{{}}})
	h.owe(paidOut("o1", "100.00"))
	var list []string
	if _, err := h.Send(t.Context(), func(s *payment.Submission) { list = s.Instructions }); err != nil || len(list) != 2 {
		t.Fatalf("%s, %v", list, err)
	}
	*h.clock = ist(sixth).Add(time.Hour)
	tell := func(id string, minutes int, outcomes ...payment.Outcome) {
		a := payment.Answer{ID: id, Name: id, Message: message}
		for i, outcome := range outcomes {
			a.Reports = append(a.Reports, payment.Report{Instruction: list[i], Outcome: outcome, At: ist(sixth).Add(time.Duration(minutes) * time.Minute)})
		}
		rail.answers = append(rail.answers, a)
	}
	tell("1", 1, payment.OutcomeUnknown, payment.OutcomeUnknown)
	if done, err := h.Collect(t.Context(), nil); err != nil || done.Events != 2 {
		t.Errorf("%+v, %v", done, err)
	}
	if diff := cmp.Diff([]string{"o1 unknown", "m1 unknown"}, h.statuses("o1")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	tell("2", 2, payment.OutcomeCompleted, payment.OutcomeCompleted)
	tell("3", 3, payment.OutcomeUnknown, payment.OutcomeUnknown) // told late
	if done, err := h.Collect(t.Context(), nil); err != nil || done.Events != 2 || done.Answers != 2 || done.Repeated != 1 {
		t.Errorf("%+v, %v", done, err)
	}
	if diff := cmp.Diff([]string{"o1 completed", "m1 paid"}, h.statuses("o1")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A batch that somebody sent by another rail after ours had refused it is not paid by
// what ours says later.
func TestCollectBatchOfAnotherRail(t *testing.T) {
	t.Parallel()
	h, b := atBank(t)
	b.report("1.xml", message, "RJCT")
	if _, err := h.Collect(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	h.take(payment.Event{Kind: payment.BatchSent, ID: h.batches()[0].ID, OccurredAt: ist(sixth).Add(30 * time.Minute), Rail: "by-hand"})
	b.report("2.xml", message, reported("SET-"+h.batches()[0].ID[4:], "ACSC"))
	_, err := h.Collect(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "was sent by by-hand, not bank") {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff([]string{"refused/2.xml", "refused/2.xml.txt", "taken/1.xml"}, inbox(t, b.dir)); diff != "" {
		t.Errorf("inbox (-want +got)\n%s", diff)
	}
}

// A batch that ours refused, and that somebody paid through the same bank afterwards,
// stays paid when ours repeats its refusal, and is not paid by what ours says of the
// sending that is over.
func TestCollectRefusedAndPaidAgain(t *testing.T) {
	t.Parallel()
	h, b := atBank(t)
	at := ist(sixth)
	b.report("1.xml", message, "RJCT")
	if _, err := h.Collect(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	batch := h.batches()[0].ID
	h.take(payment.Event{Kind: payment.BatchSent, ID: batch, OccurredAt: at.Add(30 * time.Minute), Rail: "bank", RailRef: "portal-1"})
	paid := reported("SET-"+batch[4:], "ACSC")
	b.report("2.xml", message, paid)
	const contradicts = "kind: was reported before with other content: batch set_"
	if _, err := h.Collect(t.Context(), nil); err == nil || !strings.Contains(err.Error(), contradicts) {
		t.Errorf("error %v\nwant  %s", err, contradicts)
	}
	b.report("3.xml", message, "RJCT.\n")
	if done, err := h.Collect(t.Context(), nil); err != nil || done != (settlex.Collected{Answers: 1}) {
		t.Errorf("refused again on its way: %+v, %v", done, err)
	}
	h.take(payment.Event{Kind: payment.BatchPaid, ID: batch, OccurredAt: at.Add(40 * time.Minute)})
	b.report("4.xml", message, "RJCT.\n\n")
	if done, err := h.Collect(t.Context(), nil); err != nil || done != (settlex.Collected{Answers: 1}) {
		t.Errorf("refused again after it was paid: %+v, %v", done, err)
	}
	// the refusal comes by a file of events, too
	refused := payment.Event{Kind: payment.BatchRefused, ID: batch, OccurredAt: at.Add(5 * time.Minute), ReasonCode: "AC04"}
	if done := h.take(refused); done.Repeated != 1 {
		t.Errorf("%+v", done)
	}
	if diff := cmp.Diff([]string{"o1 failed MS03", "o2 failed MS03", "m1 paid"}, h.statuses("o1", "o2")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := h.available("m1"); got != "0.00" {
		t.Errorf("available to m1: %s", got)
	}
}

// available is what is available to a merchant, in rupees.
func (h *house) available(merchant string) string {
	h.t.Helper()
	all, err := h.Balances(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	for _, b := range all {
		if b.Merchant == merchant && b.Currency == inr() {
			return inr().Format(b.Available)
		}
	}
	return "none"
}

// What a rail has told and somebody reports, too, at another instant and with other
// references, is booked once, whoever comes first.
func TestCollectAndIngest(t *testing.T) {
	t.Parallel()
	at := ist(sixth)
	reports := func(batch string) []payment.Event {
		return []payment.Event{
			{Kind: payment.PayoutSent, ID: "o1", OccurredAt: at.Add(2 * time.Second), RailRef: "portal"},
			{Kind: payment.PayoutCompleted, ID: "o1", OccurredAt: at.Add(40 * time.Second), BankRef: "UTR1", Currency: inr(), Amount: minor("100.00")},
			{Kind: payment.PayoutFailed, ID: "o2", OccurredAt: at.Add(41 * time.Second), ReasonCode: "invalid_account"},
			{Kind: payment.BatchSent, ID: batch, OccurredAt: at.Add(2 * time.Second), Rail: "sandbox"},
			{Kind: payment.BatchPaid, ID: batch, OccurredAt: at.Add(42 * time.Second), BankRef: "UTR2", Currency: inr(), Amount: minor("876.40")},
		}
	}
	want := []string{"o1 completed", "o2 failed", "m1 paid"}
	status := func(h *house) (all []string) {
		for _, line := range h.statuses("o1", "o2") {
			words := strings.Fields(line)
			all = append(all, words[0]+" "+words[1])
		}
		return all
	}
	for _, first := range []string{"the rail", "the file"} {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			h := onRails(t, sandboxed(t))
			h.owe(paidOut("o1", "100.00"), paidOut("o2", "90.12"))
			if _, err := h.Send(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
			*h.clock = at.Add(time.Hour)
			batch := h.batches()[0].ID
			if first == "the file" {
				if done := h.take(reports(batch)...); done.Booked != 3 || done.Repeated != 2 {
					t.Errorf("%+v", done)
				}
			}
			done, err := h.Collect(t.Context(), nil)
			if events := map[string]int{"the rail": 3}[first]; err != nil || done.Answers != 3 || done.Events != events {
				t.Errorf("%+v, %v; want %d events", done, err, events)
			}
			if done := h.take(reports(batch)...); done.Booked != 0 || done.Repeated != 5 {
				t.Errorf("told again: %+v", done)
			}
			if diff := cmp.Diff(want, status(h)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			for _, e := range []payment.Event{ // none of these is a repetition
				{Kind: payment.PayoutCompleted, ID: "o1", OccurredAt: at.Add(time.Minute), Currency: inr(), Amount: minor("100.01")},
				{Kind: payment.PayoutFailed, ID: "o1", OccurredAt: at.Add(time.Minute), ReasonCode: "AC04"},
				{Kind: payment.BatchPaid, ID: batch, OccurredAt: at.Add(time.Minute), Currency: inr(), Amount: minor("876.41")},
				{Kind: payment.BatchSent, ID: batch, OccurredAt: at.Add(time.Minute), Rail: "imps"},
				{Kind: payment.BatchRefused, ID: batch, OccurredAt: at.Add(time.Minute), ReasonCode: "AC04"},
			} {
				if done, err := h.Ingest(t.Context(), rows(t, e), settlex.IngestOptions{}); err == nil {
					t.Errorf("%s of %s is taken: %+v", e.Kind, e.ID, done)
				}
			}
		})
	}
}

// An answer may come before whoever handed the submission over has noted that: nothing is
// wrong with the books then.
func TestCollectBeforeTheNote(t *testing.T) {
	t.Parallel()
	inner := sandboxed(t).Rail
	rail := &quick{teller: &teller{Rail: inner}}
	h := onRails(t, settlex.Route{Rail: rail, For: []merchant.Scope{{}}})
	h.owe(paidOut("o1", "100.00"))
	rail.then = func(s *payment.Submission) {
		*h.clock = ist(sixth).Add(time.Hour)
		a := payment.Answer{ID: "1", Name: "1", Message: s.Message}
		for _, id := range s.Instructions {
			a.Reports = append(a.Reports, payment.Report{Instruction: id, Outcome: payment.OutcomeCompleted, At: ist(sixth).Add(time.Minute), Final: true})
		}
		rail.answers = append(rail.answers, a)
		if done, err := h.Collect(t.Context(), nil); err != nil || done.Events != 2 {
			t.Errorf("%+v, %v", done, err)
		}
	}
	want := settlex.Dispatched{Submissions: 1, Payouts: 1, Batches: 1, Delivered: 1}
	if done, err := h.Send(t.Context(), nil); err != nil || done != want {
		t.Errorf("%+v, %v", done, err)
	}
	if diff := cmp.Diff([]string{"o1 completed", "m1 paid"}, h.statuses("o1")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if done, err := h.Send(t.Context(), nil); err != nil || done != (settlex.Dispatched{}) {
		t.Errorf("sent again: %+v, %v", done, err)
	}
}

// quick is a rail that answers while it is handed something.
type quick struct {
	*teller
	then func(*payment.Submission)
}

func (q *quick) Submit(ctx context.Context, s *payment.Submission, list []payment.Instruction) error {
	err := q.teller.Submit(ctx, s, list)
	q.then(s)
	return err
}

// A rail that keeps nothing tells a contradiction again and again: it is told of once, and
// taken as soon as the books allow it.
func TestCollectContradictionOnce(t *testing.T) {
	t.Parallel()
	rail := &teller{Rail: sandboxed(t).Rail}
	h := onRails(t, settlex.Route{Rail: rail, For: []merchant.Scope{{}}})
	h.owe(paidOut("o1", "100.00"), paidOut("o2", "50.00"))
	var list []string
	if _, err := h.Send(t.Context(), func(s *payment.Submission) { list = s.Instructions }); err != nil {
		t.Fatal(err)
	}
	at := ist(sixth)
	*h.clock = at.Add(time.Hour)
	h.take(payment.Event{Kind: payment.PayoutFailed, ID: "o1", OccurredAt: at.Add(time.Second), ReasonCode: "AC04"})
	tell := func(id string, instruction int, outcome payment.Outcome) {
		rail.answers = append(rail.answers, payment.Answer{ID: id, Name: id, Message: message, Reports: []payment.Report{
			{Instruction: list[instruction], Outcome: outcome, At: at.Add(time.Minute), Final: true},
		}})
	}
	tell("a", 1, payment.OutcomeReturned) // neither has completed
	tell("b", 2, payment.OutcomeReturned)
	for i, want := range []struct {
		done settlex.Collected
		err  bool
	}{
		{settlex.Collected{Refused: 2}, true},
		{settlex.Collected{Repeated: 2}, false},
		{settlex.Collected{Repeated: 2}, false},
	} {
		if done, err := h.Collect(t.Context(), nil); done != want.done || (err != nil) != want.err {
			t.Errorf("time %d: %+v, %v; want %+v", i+1, done, err, want.done)
		}
	}
	h.take(payment.Event{Kind: payment.PayoutCompleted, ID: "o2", OccurredAt: at.Add(time.Second)})
	for _, want := range []settlex.Collected{{Answers: 1, Events: 1, Repeated: 1}, {Repeated: 2}} {
		if done, err := h.Collect(t.Context(), nil); err != nil || done != want {
			t.Errorf("%+v, %v; want %+v", done, err, want)
		}
	}
	if diff := cmp.Diff([]string{"o1 failed AC04", "o2 returned", "m1 submitted"}, h.statuses("o1", "o2")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
