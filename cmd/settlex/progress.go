package main

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// stage shows how far a piece of work has come: a bar on a terminal, a line at
// each quarter where nobody watches, nothing when the program is quiet.
type stage struct {
	name    string
	out     io.Writer // nil: nothing is shown
	bar     *progressbar.ProgressBar
	quarter int // quarters told so far
}

// begin starts a stage.
func (p *program) begin(name string) *stage {
	s := &stage{name: name}
	if p.quiet {
		return s
	}
	s.out = p.err
	if p.terminal {
		s.bar = progressbar.NewOptions(100, progressbar.OptionSetWriter(p.err), progressbar.OptionSetDescription(fmt.Sprintf("%-7s", name)),
			progressbar.OptionSetWidth(40), progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionSetPredictTime(false),
			progressbar.OptionClearOnFinish())
	}
	return s
}

// at tells that so much of all there is to do is done.
func (s *stage) at(done, total int) {
	if s.out == nil || total <= 0 {
		return
	}
	if s.bar != nil {
		// A terminal that cannot be written to is no reason to stop working.
		_ = s.bar.Set(min(100, 100*done/total))
		return
	}
	if quarter := 4 * done / total; quarter > s.quarter {
		s.quarter = quarter
		_, _ = fmt.Fprintf(s.out, "%s: %d %%\n", s.name, 25*quarter)
	}
}

// clear takes the bar away to let something else be printed.
func (s *stage) clear() {
	if s.bar != nil {
		_ = s.bar.Clear()
	}
}

// end takes the bar away: what was done is said by the result.
func (s *stage) end() {
	if s.bar != nil {
		_ = s.bar.Finish()
	}
}
