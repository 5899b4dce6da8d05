package settlex_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/iso20022"
	"github.com/settlex/settlex/payment/sandbox"
	"github.com/settlex/settlex/settlement"
	"github.com/settlex/settlex/store/anystore"
)

// sixth is when things leave in these tests.
const sixth = "2026-03-06 18:01"

// onRails is an engine with rails, on a store of its own whose books must be sound when
// the test ends.
func onRails(t *testing.T, routes ...settlex.Route) *house {
	t.Helper()
	h := withRails(t, anystore.Open(t), routes...)
	t.Cleanup(func() {
		v, err := h.Verify(context.Background())
		if err = errors.Join(err, v.Err()); err != nil {
			t.Errorf("verify: %v", err)
		}
	})
	return h
}

// withRails is an engine with rails on a store, at the time things leave.
func withRails(t *testing.T, store ledger.Store, routes ...settlex.Route) *house {
	t.Helper()
	clock := ist(sixth)
	counted := &counting{Store: store}
	engine, err := settlex.New(t.Context(), settlex.Config{Store: counted, Rules: threeRegions(), Rails: routes, Clock: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	return &house{Engine: engine, t: t, store: counted, clock: &clock}
}

// money out: m1's batch of 876.40, and payouts of m9, who is settled by hand.
func (h *house) owe(payouts ...payment.Event) {
	h.t.Helper()
	h.take(append([]payment.Event{
		deposit("a1", "m1", "2026-03-02 10:00", "1000.00"), deposit("h1", "m9", "2026-03-02 16:00", "700.00"),
	}, payouts...)...)
	h.settle(ist("2026-03-06 18:00"))
}

// payout is of m9.
func paidOut(id, amount string) payment.Event {
	return payment.Event{
		Kind: payment.PayoutRequested, ID: id, Merchant: "m9", OccurredAt: ist("2026-03-06 10:00"), Currency: inr(), Amount: minor(amount), Method: "IMPS",
	}
}

// sandboxed is the route of everything to a sandbox.
func sandboxed(t *testing.T) settlex.Route {
	t.Helper()
	rail, err := sandbox.New(sandbox.Config{})
	if err != nil {
		t.Fatal(err)
	}
	return settlex.Route{Rail: rail, For: []merchant.Scope{{}}}
}

// statuses are those of payouts, and of the batches by merchant.
func (h *house) statuses(payouts ...string) (lines []string) {
	h.t.Helper()
	for _, id := range payouts {
		err := h.Books().Read(h.t.Context(), func(r ledger.Reader) error {
			for p, err := range ledger.RecordsOf[*payment.Payout](h.t.Context(), r, payment.PayoutRecord, id) {
				if err != nil {
					return err
				}
				last := p.Steps[len(p.Steps)-1]
				lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %s", p.ID, p.Status, last.Reason)))
				break
			}
			return nil
		})
		if err != nil {
			h.t.Fatal(err)
		}
	}
	for _, b := range h.batches() {
		lines = append(lines, b.Merchant+" "+string(b.Status))
	}
	return lines
}

// What is approved leaves once, and the sandbox's answers are booked once, when they
// are due.
func TestSendAndCollect(t *testing.T) {
	t.Parallel()
	h := onRails(t, sandboxed(t))
	h.owe(paidOut("o1", "100.00"), paidOut("o2", "90.12"), paidOut("o3", "90.17"))
	var told []string
	done, err := h.Send(t.Context(), func(s *payment.Submission) { told = append(told, fmt.Sprint(s.Message, " ", s.Count, " ", s.Totals)) })
	if diff := cmp.Diff(settlex.Dispatched{Submissions: 1, Payouts: 3, Batches: 1, Delivered: 1}, done); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if diff := cmp.Diff([]string{"20260306T123100Z-000000001 4 [{INR 115669}]"}, told); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, step := range []struct {
		after time.Duration
		done  settlex.Collected
		want  []string
	}{
		{0, settlex.Collected{}, []string{"o1 sent", "o2 sent", "o3 sent", "m1 submitted"}},
		{time.Minute, settlex.Collected{Answers: 4, Events: 4}, []string{"o1 completed", "o2 failed AC04", "o3 completed", "m1 paid"}},
		{time.Hour, settlex.Collected{Repeated: 1}, []string{"o1 completed", "o2 failed AC04", "o3 completed", "m1 paid"}},
		{48 * time.Hour, settlex.Collected{Answers: 1, Events: 1, Repeated: 1}, []string{"o1 completed", "o2 failed AC04", "o3 returned AC04", "m1 paid"}},
		{49 * time.Hour, settlex.Collected{}, []string{"o1 completed", "o2 failed AC04", "o3 returned AC04", "m1 paid"}},
	} {
		*h.clock = ist(sixth).Add(step.after)
		done, err := h.Collect(t.Context(), nil)
		if diff := cmp.Diff(step.done, done); err != nil || diff != "" {
			t.Errorf("after %s: %v (-want +got)\n%s", step.after, err, diff)
		}
		if diff := cmp.Diff(step.want, h.statuses("o1", "o2", "o3")); diff != "" {
			t.Errorf("after %s (-want +got)\n%s", step.after, diff)
		}
	}
	for range 2 { // the first run looks at what it has booked itself
		h.store.writes = 0
		if done, err := h.Send(t.Context(), nil); err != nil || done != (settlex.Dispatched{}) {
			t.Errorf("sent again: %+v, %v", done, err)
		}
	}
	if h.store.writes != 0 {
		t.Errorf("%d transactions for nothing", h.store.writes)
	}
}

// What no rail is for is left to others; the narrowest scope says which way the rest
// goes, and other routes find what was left before.
func TestRoutes(t *testing.T) {
	t.Parallel()
	named := func(name string, scopes ...merchant.Scope) settlex.Route {
		rail, err := sandbox.New(sandbox.Config{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		return settlex.Route{Rail: rail, For: scopes}
	}
	h := onRails(t, named("cards", merchant.Scope{Region: "IN", Method: "CARD"}), named("wide", merchant.Scope{Region: "PK"}))
	h.owe(paidOut("o1", "100.00"))
	if done, err := h.Send(t.Context(), nil); err != nil || done != (settlex.Dispatched{}) {
		t.Errorf("sent %+v, %v", done, err)
	}
	again := withRails(t, h.store.Store, named("wide", merchant.Scope{}), named("imps", merchant.Scope{Region: "IN", Method: "IMPS"}))
	var told []string
	if _, err := again.Send(t.Context(), func(s *payment.Submission) { told = append(told, fmt.Sprint(s.Rail, " ", s.Instructions[0][:2])) }); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"wide SE", "imps o1"}, told); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Routes that contradict each other are refused.
func TestBadRoutes(t *testing.T) {
	t.Parallel()
	one := sandboxed(t)
	other, err := sandbox.New(sandbox.Config{Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		routes []settlex.Route
		want   string
	}{
		{[]settlex.Route{{For: one.For}}, "settlex: route 0 has no rail"},
		{[]settlex.Route{one, one}, "settlex: rail sandbox is there twice"},
		{[]settlex.Route{{Rail: other}}, "settlex: rail other is for nothing"},
		{[]settlex.Route{one, {Rail: other, For: one.For}}, "settlex: rails sandbox and other are both for platform"},
	} {
		_, err := settlex.New(t.Context(), settlex.Config{Store: anystore.Open(t), Rules: threeRegions(), Rails: test.routes})
		if err == nil || err.Error() != test.want {
			t.Errorf("error %v, want %s", err, test.want)
		}
	}
}

// bankConfig is of a bank that takes files and can pay m1 and m9.
func bankConfig(dir string) iso20022.Config {
	return iso20022.Config{
		Name: "bank", Outbox: filepath.Join(dir, "out"), Inbox: filepath.Join(dir, "in"), Sender: "Example Pay",
		Debtors: map[string]payment.Party{"in-escrow": {Name: "Example Pay", Account: "1", Agent: "HDFC0000001"}},
		Creditors: map[string]payment.Party{
			"m1": {Name: "First", Account: "11", Agent: "ICIC0000002"}, "m9": {Name: "Ninth", Account: "99", Agent: "ICIC0000002"},
		},
	}
}

func banked(t *testing.T, config iso20022.Config) settlex.Route {
	t.Helper()
	rail, err := iso20022.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return settlex.Route{Rail: rail, For: []merchant.Scope{{Region: "IN"}}}
}

// bank is the other side: it carries files off, wants no message twice, and reports.
type bank struct {
	t     *testing.T
	dir   string
	files map[string]string // by message
}

// work takes what is in the outbox and puts a report on each new message in the inbox.
func (b *bank) work(status string) {
	b.t.Helper()
	names, err := filepath.Glob(filepath.Join(b.at("out"), "*.xml"))
	if err != nil {
		b.t.Fatal(err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err = errors.Join(err, os.Remove(name)); err != nil {
			b.t.Fatal(err)
		}
		message := strings.TrimSuffix(filepath.Base(name), ".xml")
		if _, seen := b.files[message]; seen {
			b.t.Errorf("message %s came twice", message)
		}
		b.files[message] = string(content)
		b.report(message+"-report.xml", message, status)
	}
}

func (b *bank) at(name string) string {
	dir := filepath.Join(b.dir, name)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		b.t.Fatal(err)
	}
	return dir
}

// report drops a status report; of a status with a point, what follows it is more of the
// report.
func (b *bank) report(name, message, status string) {
	b.t.Helper()
	status, more, _ := strings.Cut(status, ".")
	text := `<Document xmlns="` + iso20022.Status + `"><CstmrPmtStsRpt><GrpHdr><MsgId>R-` + name[:min(9, len(name))] + `</MsgId><CreDtTm>2026-03-06T12:31:30Z</CreDtTm></GrpHdr>` +
		`<OrgnlGrpInfAndSts><OrgnlMsgId>` + message + `</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId><GrpSts>` + status + `</GrpSts>` +
		`</OrgnlGrpInfAndSts>` + more + `</CstmrPmtStsRpt></Document>`
	if err := os.WriteFile(filepath.Join(b.at("in"), name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// paid counts how often each instruction was in a message the bank knows.
func (b *bank) paid() map[string]int {
	paid := make(map[string]int)
	for _, file := range b.files {
		for _, found := range regexp.MustCompile("<EndToEndId>([^<]*)<").FindAllStringSubmatch(file, -1) {
			paid[found[1]]++
		}
	}
	return paid
}

// plug is pulled before one of the steps of the store and the rail, or after it.
type plug struct {
	steps, pull int
	after       bool
}

func (p *plug) step(do func() error) error {
	p.steps++
	if p.steps != p.pull {
		return do()
	}
	if p.after {
		if err := do(); err != nil {
			return err
		}
	}
	return errPulled
}

// few is whether one half of the plugs is enough: with -short, and on PostgreSQL, where each takes long.
func few(t *testing.T) bool {
	t.Helper()
	return testing.Short() || anystore.Chosen(t) != anystore.Bolt
}

type pluggedStore struct {
	ledger.Store
	*plug
}

func (s *pluggedStore) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	return s.step(func() error { return s.Store.Write(ctx, fn) })
}

type pluggedRail struct {
	payment.Rail
	*plug
}

func (r *pluggedRail) Submit(ctx context.Context, s *payment.Submission, list []payment.Instruction) error {
	return r.step(func() error { return r.Rail.Submit(ctx, s, list) })
}

func (r *pluggedRail) Taken(ctx context.Context, a *payment.Answer) error {
	return r.step(func() error { return r.Rail.Taken(ctx, a) })
}

func (r *pluggedRail) Refused(ctx context.Context, a *payment.Answer, why error) error {
	return r.step(func() error { return r.Rail.Refused(ctx, a, why) })
}

// Whichever step between booking and the bank is the last before a crash, or the first
// that is lost: after a restart everything was paid once, told once, and the books are
// the same.
func TestSendAfterACrash(t *testing.T) {
	t.Parallel()
	var want []string
	pulled := 0
	for pull := 0; ; pull++ {
		reached := false
		for _, after := range []bool{false, true} {
			if few(t) && after == (pull%2 == 0) {
				continue
			}
			p := &plug{pull: pull, after: after}
			got := crash(t, p)
			if want == nil {
				want = got
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("step %d, after it %t (-want +got)\n%s", pull, after, diff)
			}
			reached = reached || p.steps >= pull
		}
		if !reached {
			break
		}
		pulled++
	}
	if pulled < 7 { // look, assign, write, note, take, move
		t.Errorf("only %d steps", pulled)
	}
}

// crash sends and collects while a plug is pulled at some step, starts anew, and gives
// what was paid and what is booked.
func crash(t *testing.T, p *plug) []string {
	t.Helper()
	dir := t.TempDir()
	config := bankConfig(dir)
	first := onRails(t)
	first.owe(paidOut("o1", "100.00"), paidOut("o2", "50.00"))
	b := &bank{t: t, dir: dir, files: make(map[string]string)}
	for quiet := 0; quiet < 2; {
		route := banked(t, config)
		route.Rail = &pluggedRail{route.Rail, p}
		h := withRails(t, &pluggedStore{first.store.Store, p}, route) // the process starts anew
		steps := p.steps
		_, err := h.Send(t.Context(), nil)
		b.work("ACSC") // it is there already, whatever we know of it
		if err == nil {
			_, err = h.Collect(t.Context(), nil)
		}
		switch {
		case err != nil && !errors.Is(err, errPulled):
			t.Fatal(err)
		case err == nil && p.steps == steps:
			quiet++
		}
	}
	lines := first.statuses("o1", "o2")
	for id, times := range b.paid() {
		lines = append(lines, fmt.Sprintf("%.6s paid %d times", id, times))
	}
	for _, e := range first.journal() {
		lines = append(lines, e.Key+" "+e.ValueDate.String())
	}
	for name := range tree(t, filepath.Join(dir, "in", "taken")) {
		lines = append(lines, "report taken: "+name[13:22])
	}
	slices.Sort(lines)
	return lines
}

// An answer of which one thing is wrong books nothing at all and is set aside; the
// others are taken.
func TestCollectAllOrNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := onRails(t, banked(t, bankConfig(dir)))
	h.owe(paidOut("o1", "100.00"), paidOut("o2", "50.00"))
	if _, err := h.Send(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	b := &bank{t: t, dir: dir, files: make(map[string]string)}
	const message = "20260306T123100Z-000000001"
	status := func(id, status string) string {
		return "<TxInfAndSts><OrgnlEndToEndId>" + id + "</OrgnlEndToEndId><TxSts>" + status + "</TxSts></TxInfAndSts>"
	}
	part := func(transactions ...string) string {
		return "PART.<OrgnlPmtInfAndSts><OrgnlPmtInfId>" + message + "-1</OrgnlPmtInfId>" + strings.Join(transactions, "") + "</OrgnlPmtInfAndSts>"
	}
	b.report("1-bad.xml", message, part(status("o1", "ACSC"), status("o7", "ACSC")))
	b.report("2-good.xml", message, part(status("o2", "RJCT")))
	before := len(h.journal())
	*h.clock = ist(sixth).Add(time.Hour)
	done, err := h.Collect(t.Context(), nil)
	if diff := cmp.Diff(settlex.Collected{Answers: 1, Events: 1, Refused: 1}, done); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	const want = `rail bank: answer 1-bad.xml is refused: ` +
		`1-bad.xml:1: CstmrPmtStsRpt/OrgnlPmtInfAndSts/TxInfAndSts/OrgnlEndToEndId: "o7" is none of the 3 of its block`
	if err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
	if diff := cmp.Diff([]string{"o1 sent", "o2 failed MS03", "m1 submitted"}, h.statuses("o1", "o2")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if n := len(h.journal()) - before; n != 1 {
		t.Errorf("%d entries, want that of o2", n)
	}
	if diff := cmp.Diff([]string{"refused/1-bad.xml", "refused/1-bad.xml.txt", "taken/2-good.xml"}, inbox(t, dir)); diff != "" {
		t.Errorf("inbox (-want +got)\n%s", diff)
	}
}

// inbox lists the inbox, hashes left out.
func inbox(t *testing.T, dir string) (names []string) {
	t.Helper()
	for _, pattern := range []string{"*.xml", "refused/*", "taken/*"} {
		found, err := filepath.Glob(filepath.Join(dir, "in", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range found {
			if to, _, below := strings.Cut(pattern, "/"); below {
				names = append(names, to+"/"+filepath.Base(name)[13:])
			} else {
				names = append(names, filepath.Base(name))
			}
		}
	}
	slices.Sort(names)
	return names
}

// What the books know already is not booked again: the same report under another name,
// another report that says the same, and what somebody has reported by ingest.
func TestCollectWhatIsKnown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := onRails(t, banked(t, bankConfig(dir)))
	h.owe(paidOut("o1", "100.00"), paidOut("o2", "50.00"))
	if _, err := h.Send(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	*h.clock = ist(sixth).Add(time.Hour)
	h.take(payment.Event{Kind: payment.PayoutCompleted, ID: "o1", OccurredAt: ist(sixth).Add(time.Minute)})
	b := &bank{t: t, dir: dir, files: make(map[string]string)}
	const message = "20260306T123100Z-000000001"
	for _, step := range []struct {
		name, status string
		want         settlex.Collected
	}{
		{"1-pending.xml", "PDNG", settlex.Collected{Answers: 1, Events: 1}},
		{"2-settled.xml", "ACSC", settlex.Collected{Answers: 1, Events: 2}},
		{"2-settled-again.xml", "ACSC", settlex.Collected{Repeated: 1}},
		{"3-settled.xml", "ACSC", settlex.Collected{Answers: 1}},
	} {
		b.report(step.name, message, step.status)
		done, err := h.Collect(t.Context(), nil)
		if diff := cmp.Diff(step.want, done); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got)\n%s", step.name, err, diff)
		}
	}
	if diff := cmp.Diff([]string{"o1 completed", "o2 completed", "m1 paid"}, h.statuses("o1", "o2")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What a rail cannot carry waits and is told of; everything else leaves, and it follows
// once the rail can.
func TestSendWhatWaits(t *testing.T) {
	t.Parallel()
	config := bankConfig(t.TempDir())
	ninth := config.Creditors["m9"]
	delete(config.Creditors, "m9")
	h := onRails(t, banked(t, config))
	h.owe(paidOut("o1", "100.00"))
	done, err := h.Send(t.Context(), nil)
	const want = `rail bank waits: instruction o1: rail bank knows no account of beneficiary "m9"`
	if err == nil || err.Error() != want || done.Batches != 1 || done.Payouts != 0 {
		t.Errorf("sent %+v, error %v\nwant %s", done, err, want)
	}
	config.Creditors["m9"] = ninth
	again := withRails(t, h.store.Store, banked(t, config))
	if done, err := again.Send(t.Context(), nil); err != nil || done.Payouts != 1 || done.Batches != 0 {
		t.Errorf("sent %+v, error %v", done, err)
	}
	if diff := cmp.Diff([]string{"o1 sent", "m1 submitted"}, h.statuses("o1")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What was booked as sent is told of when its rail has gone before it was handed over, and
// leaves when the rail is back.
func TestSendByARailThatIsGone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := onRails(t)
	first.owe(paidOut("o1", "100.00"))
	route := banked(t, bankConfig(dir))
	route.Rail = &pluggedRail{route.Rail, &plug{pull: 1}}
	if _, err := withRails(t, first.store.Store, route).Send(t.Context(), nil); !errors.Is(err, errPulled) {
		t.Fatal(err)
	}
	const want = "rail bank: submission 20260306T123100Z-000000001 of 2 instructions waits to be handed over, and the rail is not there any more"
	for name, routes := range map[string][]settlex.Route{"none": nil, "another": {sandboxed(t)}} {
		if _, err := withRails(t, first.store.Store, routes...).Send(t.Context(), nil); err == nil || err.Error() != want {
			t.Errorf("%s: error %v\nwant  %s", name, err, want)
		}
	}
	if done, err := withRails(t, first.store.Store, banked(t, bankConfig(dir))).Send(t.Context(), nil); err != nil || done.Delivered != 1 {
		t.Errorf("%+v, %v", done, err)
	}
}

// A payout that somebody else has to approve leaves once it is, and not before.
func TestSendOnceApproved(t *testing.T) {
	t.Parallel()
	clock := ist(sixth)
	rules := threeRegions()
	rules.Payouts = []payment.PayoutRule{{For: []merchant.Scope{{}}, ApproveAbove: map[money.Currency]money.Amount{inr(): minor("90.00")}}}
	store := &counting{Store: anystore.Open(t)}
	engine, err := settlex.New(t.Context(), settlex.Config{Store: store, Rules: rules, Rails: []settlex.Route{sandboxed(t)}, Clock: func() time.Time { return clock }})
	if err != nil {
		t.Fatal(err)
	}
	h := &house{Engine: engine, t: t, store: store, clock: &clock}
	dear, cheap := paidOut("o1", "100.00"), paidOut("o2", "50.00")
	dear.Actor = "asha"
	h.owe(dear, cheap)
	for _, step := range []struct {
		payouts  int
		statuses []string
	}{
		{1, []string{"o1 requested", "o2 sent"}},
		{0, []string{"o1 requested", "o2 sent"}},
		{1, []string{"o1 sent", "o2 sent"}},
	} {
		done, err := h.Send(t.Context(), nil)
		if err != nil || done.Payouts != step.payouts {
			t.Errorf("%+v, %v, want %d payouts", done, err, step.payouts)
		}
		if diff := cmp.Diff(step.statuses, h.statuses("o1", "o2")[:2]); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		if step.payouts == 0 {
			h.take(payment.Event{Kind: payment.PayoutApproved, ID: "o1", OccurredAt: ist("2026-03-06 17:30"), Actor: "ravi"})
		}
	}
}

// What somebody else has sent does not leave a second time.
func TestSendWhatWasSent(t *testing.T) {
	t.Parallel()
	h := onRails(t, sandboxed(t))
	h.owe(paidOut("o1", "100.00"))
	h.take(payment.Event{Kind: payment.PayoutSent, ID: "o1", OccurredAt: ist("2026-03-06 17:00")},
		payment.Event{Kind: payment.BatchSent, ID: h.batches()[0].ID, OccurredAt: ist(sixth), Rail: "other"})
	if done, err := h.Send(t.Context(), nil); err != nil || done != (settlex.Dispatched{}) {
		t.Errorf("sent %+v, %v", done, err)
	}
}

// The jobs send and collect by themselves.
func TestJobsSend(t *testing.T) {
	t.Parallel()
	h := onRails(t, sandboxed(t))
	h.owe(paidOut("o1", "100.00"))
	dir := t.TempDir()
	if _, err := h.jobs(dir, sixth); err != nil {
		t.Fatal(err)
	}
	if _, err := h.jobs(dir, "2026-03-06 18:03"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"o1 completed", "m1 paid"}, h.statuses("o1")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if b := h.batches()[0]; settlement.MayLeave(b) {
		t.Errorf("batch %s may leave again", b.Status)
	}
}

// Whatever the sandbox makes of a deposit or a dispute can be booked, and ends as its name
// says.
func TestSandboxDeposits(t *testing.T) {
	t.Parallel()
	h := onRails(t)
	want := map[string]payment.Status{
		"succeed": payment.Succeeded, "decline": payment.Failed, "pending": payment.Succeeded, "late-failure": payment.Failed,
		"dispute": payment.Succeeded, "dispute-won": payment.Succeeded, "dispute-lost": payment.Succeeded, "requires-action": payment.Succeeded,
		"expire": payment.Expired, "cancel": payment.Canceled, "late-success": payment.Succeeded, "paid-after-expiry": payment.Succeeded,
	}
	for _, script := range sandbox.Scripts() {
		if script.Deposit {
			e := deposit(script.Word, "m1", "2026-03-02 10:00", "100.00")
			e.Amount = money.Minor(script.Amount)
			h.take(sandbox.Follow(e)...)
		}
	}
	got := make(map[string]payment.Status)
	err := h.Books().Read(t.Context(), func(r ledger.Reader) error {
		for d, err := range ledger.RecordsOf[*payment.Deposit](t.Context(), r, payment.DepositRecord, "") {
			if err != nil {
				return err
			}
			got[d.ID] = d.Status
		}
		return nil
	})
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}
