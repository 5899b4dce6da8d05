package settlement

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
)

// window counts a movement in the window it is settled in.
func (v *verifier) window(s *sums, in payment.WindowSum, item *payment.Item) {
	at, known := findWindow(s.windows, in.WindowMark)
	if !known {
		s.windows = slices.Insert(s.windows, at, in)
	}
	if err := s.windows[at].Count(item); err != nil { // no account can hold it
		v.find("sums", "sums within range", err.Error())
	}
}

// readRequests takes what is asked for in batches whose lines are being written: their other
// members are counted by no position any more.
func (v *verifier) readRequests(ctx context.Context) error {
	v.asked = make(map[owner]*asked)
	for unfinished, err := range ledger.RecordsOf[*Unfinished](ctx, v.reader, ClosingRecord, "") {
		if err != nil {
			return err
		}
		b, err := Find(ctx, v.reader, unfinished.Batch)
		if err != nil {
			return err
		}
		if b.Kind != "" {
			v.asked[owner{b.Merchant, b.Currency}] = askedOf(b)
		}
	}
	return nil
}

// taken tells whether a movement is a member of such a batch.
func (v *verifier) taken(item *payment.Item, w *calendar.Window) bool {
	asked := v.asked[owner{item.Merchant, item.Currency}]
	return asked != nil && asked.takes(item, w)
}

// readFolded takes the windows that are kept as behind.
func (v *verifier) readFolded(ctx context.Context) error {
	for folded, err := range ledger.RecordsOf[*payment.FoldedWindow](ctx, v.reader, payment.FoldedRecord, "") {
		if err != nil {
			return err
		}
		s := v.of(folded.Merchant, folded.Currency)
		s.folded = append(s.folded, folded.WindowSum)
	}
	return nil
}

func findWindow(windows []payment.WindowSum, in payment.WindowMark) (at int, known bool) {
	return slices.BinarySearchFunc(windows, in, func(w payment.WindowSum, m payment.WindowMark) int { return w.Compare(m) })
}

// positionWindows compares what a position counts of each window with the movements
// that are settled in it. Batches whose lines are being written are closed already.
func (v *verifier) positionWindows(p *payment.Position, s *sums) {
	place := "position " + p.Ref().ID
	windows := s.windows
	for _, mark := range s.unwritten {
		if at, known := findWindow(windows, mark); known {
			windows = slices.Delete(windows, at, at+1)
		}
	}
	folded := 0
	for folded < len(windows) && windows[folded].Compare(p.Folded) <= 0 {
		folded++
	}
	if want, have := windowsText(windows[folded:]), windowsText(p.Open); want != have {
		v.find(place, "open windows"+want, "open windows"+have)
	}
	if want, have := windowsText(windows[:folded]), windowsText(s.folded); want != have {
		v.find(place, "windows behind"+want, "windows behind"+have)
	}
	behind := slices.Clone(windows[:folded])
	for i := range behind {
		if at, known := findWindow(s.folded, behind[i].WindowMark); known {
			behind[i].Keeps, behind[i].Least = s.folded[at].Keeps, s.folded[at].Least
		}
	}
	v.behind(place, p, behind)
}

// behind holds what a position says is behind against what its last batch carried and
// the windows since. Where one of them was closed meanwhile, it says at most so much:
// what batches release is not among the movements. What the windows keep and pay at least
// is what the rules said when they were folded; what they make a receivable is then at least
// so much.
func (v *verifier) behind(place string, p *payment.Position, folded []payment.WindowSum) {
	left := p.Carried()
	for i := range folded {
		var err error
		if left, err = folded[i].Leaves(left); err != nil {
			v.find(place, "windows behind that add up", err.Error())
		}
	}
	want := left.Amount
	if len(folded) == 0 {
		want = money.Min(want, money.Amount{})
	}
	if p.Behind.Cmp(want) > 0 || len(folded) == 0 && p.Behind != want {
		v.find(place, "behind "+want.String(), p.Behind.String())
	}
	if len(folded) == 0 {
		left.Lack, left.Low = money.Amount{}, money.Amount{}
	}
	if p.Low != nil && (p.Low.Cmp(left.Low) > 0 || len(folded) == 0) { // nil: also of before there was this field
		v.find(place, "available until windows behind are closed, at least "+left.Low.String(), p.Low.String())
	}
	if p.Lacks.Cmp(left.Lack) < 0 || len(folded) == 0 && !p.Lacks.IsZero() {
		v.find(place, "receivables of windows behind, "+left.Lack.String(), p.Lacks.String())
	}
	if open := len(folded) > 0; open != !p.Folded.Watermark.IsZero() {
		v.find(place, fmt.Sprintf("%d windows behind that are not closed", len(folded)), fmt.Sprintf("the last at %s", p.Folded.Watermark.Format(time.RFC3339)))
	}
}

// debtText writes what of a debt stands.
func debtText(p *payment.Position) string {
	if p.Debt == "" && p.Debited.IsZero() && !p.Collected {
		return "no debt"
	}
	return fmt.Sprintf("debt %q, made by batches %s, collected %t", p.Debt, p.Debited, p.Collected)
}

// heldText writes what is withheld until which dates.
func heldText(held []payment.Withheld) (text string) {
	for _, h := range held {
		text += fmt.Sprintf(" %s until %s by plan %s", h.Amount, h.On, h.Plan)
		if h.Schedule != (merchant.Pin{}) {
			text += " and schedule " + h.Schedule.String()
		}
		if !h.From.IsZero() {
			text += " not before " + h.From.UTC().Format(time.RFC3339Nano)
		}
	}
	return text
}

// windowsText writes windows with what they add up to.
func windowsText(windows []payment.WindowSum) (text string) {
	for i := range windows {
		w := &windows[i]
		text += fmt.Sprintf(" [%s %s net %s, available %s]", w.Schedule, w.Watermark.UTC().Format(time.RFC3339), w.Net, w.Available)
		if !w.PaidIn.IsZero() {
			text += fmt.Sprintf(" paid in %s", w.PaidIn)
		}
		if !w.ToDebt.IsZero() {
			text += fmt.Sprintf(" paid to a debt %s", w.ToDebt)
		}
	}
	return text
}
