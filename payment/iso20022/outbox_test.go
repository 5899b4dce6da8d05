package iso20022_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/iso20022"
)

// out lists what whoever carries files off finds in the outbox.
func out(t *testing.T, c iso20022.Config) (all []string) {
	t.Helper()
	for _, name := range names(t, c.Outbox) {
		if !strings.HasPrefix(name, ".") {
			all = append(all, name)
		}
	}
	return all
}

// However often a submission is handed over, its file leaves once, as promised, whatever
// the configuration says by then and whoever has carried it off.
func TestSubmit(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	s, list := prepared(t, r)
	name := filepath.Join(c.Outbox, s.Message+".xml")
	for _, step := range []struct {
		name   string
		before func() error
		out    []string
	}{
		{"nothing is there", func() error { return nil }, []string{s.Message + ".xml"}},
		{"the file is there", func() error { return nil }, []string{s.Message + ".xml"}},
		{"other names and accounts are configured", func() error {
			c.Sender, c.Debtors, c.Creditors = "Another", nil, nil
			r = rail(t, c)
			return nil
		}, []string{s.Message + ".xml"}},
		{"the file was carried off", func() error {
			if diff := cmp.Diff(readFile(t, "testdata/pain.001.xml"), readFile(t, name)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			return os.Remove(name)
		}, nil},
		{"it was carried off long ago", func() error { return nil }, nil},
	} {
		if err := step.before(); err != nil {
			t.Fatal(err)
		}
		if err := r.Submit(t.Context(), s, list); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if diff := cmp.Diff(step.out, out(t, c)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", step.name, diff)
		}
	}
}

var errPulled = errors.New("the plug was pulled")

// A process that ends before or after whichever change of the file system, and another one
// that hands the submission over again: the file leaves once, whole, even if it is
// carried off as soon as it is there.
func TestSubmitAfterACrash(t *testing.T) {
	t.Parallel()
	pulled := 0
	for reached := true; reached; pulled++ {
		for _, after := range []bool{false, true} {
			reached = submitAndCrash(t, pulled+1, after)
		}
	}
	if pulled < 9 {
		t.Errorf("only %d steps", pulled)
	}
}

// submitAndCrash pulls the plug at a step, unless there are fewer.
func submitAndCrash(t *testing.T, pull int, after bool) (reached bool) {
	t.Helper()
	c := config(t)
	r := rail(t, c)
	s, list := prepared(t, r)
	steps := 0
	r.Interrupt(func(do func() error, _ string, _ ...string) error {
		if steps++; steps != pull {
			return do()
		}
		if after {
			return errors.Join(do(), errPulled)
		}
		return errPulled
	})
	err := r.Submit(t.Context(), s, list)
	if reached = steps >= pull; reached != errors.Is(err, errPulled) {
		t.Fatalf("step %d: %v", pull, err)
	}
	carried := carry(t, c)
	for range 2 {
		if err := rail(t, c).Submit(t.Context(), s, list); err != nil {
			t.Errorf("step %d, after it %t: %v", pull, after, err)
		}
		carried = append(carried, carry(t, c)...)
	}
	if diff := cmp.Diff([]string{s.Message + ".xml: " + readFile(t, "testdata/pain.001.xml")}, carried); diff != "" {
		t.Errorf("step %d, after it %t (-want +got)\n%s", pull, after, diff)
	}
	return reached
}

// durable follows what the file system would still know after a power failure.
type durable struct {
	t     *testing.T
	c     iso20022.Config
	dirty map[string]bool // directories in which a name is not durable yet
	pull  int             // the step that fails; 0: none
	after bool            // it is done before that
	steps int
}

// step does a step, fails it or both, and holds what it relies on.
func (d *durable) step(do func() error, deed string, paths ...string) error {
	d.steps++
	fails := d.steps == d.pull
	if deed == "rename" && filepath.Dir(paths[1]) == d.c.Outbox { // a file leaves: what we know of it must be durable
		d.hold("before the file leaves", filepath.Join(d.c.Outbox, ".handed"), d.c.Outbox)
	}
	var err error
	if !fails || d.after {
		err = do()
	}
	if err == nil {
		d.change(deed, paths, fails)
	}
	if fails {
		return errors.Join(err, errPulled)
	}
	return err
}

func (d *durable) change(deed string, paths []string, fails bool) {
	switch {
	case deed == "sync" && !fails:
		delete(d.dirty, paths[0])
	case deed == "make" || deed == "write":
		d.dirty[filepath.Dir(paths[0])] = true
	case deed == "draft":
		d.dirty[paths[0]] = true
	case deed == "rename":
		d.dirty[filepath.Dir(paths[0])], d.dirty[filepath.Dir(paths[1])] = true, true
	}
}

// hold says which of some directories have names that are not durable.
func (d *durable) hold(when string, dirs ...string) {
	d.t.Helper()
	for _, dir := range dirs {
		if d.dirty[dir] {
			d.t.Errorf("step %d, after it %t: %s, names in %s are not durable", d.pull, d.after, when, dir)
		}
	}
}

// A process that ends before or after whichever step, and another one that says that the
// submission is handed over: then it is, whenever the power fails.
func TestSubmitIsDurable(t *testing.T) {
	t.Parallel()
	pulled := 0
	for reached := true; reached; pulled++ {
		for _, after := range []bool{false, true} {
			c := config(t)
			s, list := prepared(t, rail(t, c))
			d := &durable{t: t, c: c, dirty: make(map[string]bool), pull: pulled + 1, after: after}
			done := func() {
				r := rail(t, c)
				r.Interrupt(d.step)
				err := r.Submit(t.Context(), s, list)
				if err == nil {
					memory := filepath.Join(c.Outbox, ".handed")
					d.hold("handed over", filepath.Dir(c.Outbox), c.Outbox, memory, filepath.Join(memory, s.Message))
				} else if !errors.Is(err, errPulled) {
					t.Error(err)
				}
			}
			done()
			reached = d.steps >= d.pull
			done()
			if left := out(t, c); len(left) != 1 {
				t.Errorf("step %d, after it %t: %s left", d.pull, after, left)
			}
		}
	}
	if pulled < 12 {
		t.Errorf("only %d steps", pulled)
	}
}

// carry carries off what is in the outbox.
func carry(t *testing.T, c iso20022.Config) (carried []string) {
	t.Helper()
	if err := os.MkdirAll(c.Outbox, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range out(t, c) {
		path := filepath.Join(c.Outbox, name)
		carried = append(carried, name+": "+readFile(t, path))
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	return carried
}

// Two that hand over the same at once put one file out.
func TestSubmitAtOnce(t *testing.T) {
	t.Parallel()
	for range 20 {
		c := config(t)
		s, list := prepared(t, rail(t, c))
		if err := os.MkdirAll(c.Outbox, 0o700); err != nil {
			t.Fatal(err)
		}
		var carried, done sync.WaitGroup
		stop := make(chan struct{})
		times := 0
		carried.Go(func() {
			for last := false; !last; {
				select {
				case <-stop:
					last = true
				default:
				}
				if os.Remove(filepath.Join(c.Outbox, s.Message+".xml")) == nil {
					times++
				}
			}
		})
		for range 4 {
			done.Go(func() {
				if err := rail(t, c).Submit(t.Context(), s, list); err != nil {
					t.Error(err)
				}
			})
		}
		done.Wait()
		close(stop)
		if carried.Wait(); times != 1 {
			t.Fatalf("carried off %d times", times)
		}
	}
}

// What was out is remembered for a month, and what never left for ever.
func TestForget(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	memory := filepath.Join(c.Outbox, ".handed")
	no := uint64(6)
	submit := func(at time.Time) string {
		list := instructions()
		no++
		s, err := payment.NewSubmission(r.Name(), no, at, list)
		if err == nil {
			err = errors.Join(r.Prepare(s, list), r.Submit(t.Context(), s, list))
		}
		if err != nil {
			t.Fatal(err)
		}
		return s.Message
	}
	const stuck, torn = "20260101T000000Z-000000001", ".new-20260303T000000Z-000000002-77"
	for name, file := range map[string]string{stuck: stuck + ".xml", torn: "sha256"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(memory, name), 0o700), os.WriteFile(filepath.Join(memory, name, file), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	first := submit(at())
	for _, step := range []struct {
		days int
		kept []string // of what was there before
	}{
		{29, []string{torn, stuck, first}},
		{31, []string{stuck, "20260331T210000Z-000000008"}},
	} {
		last := submit(at().AddDate(0, 0, step.days))
		entries, err := os.ReadDir(memory)
		if err != nil {
			t.Fatal(err)
		}
		var kept []string
		for _, e := range entries {
			kept = append(kept, e.Name())
		}
		if diff := cmp.Diff(append(step.kept, last), kept); diff != "" {
			t.Errorf("after %d days (-want +got)\n%s", step.days, diff)
		}
	}
}

// submitted hands over a submission of one payment.
func submitted(t *testing.T, r *iso20022.Rail, no uint64, at time.Time) (*payment.Submission, []payment.Instruction) {
	t.Helper()
	list := instructions()[:1]
	s, err := payment.NewSubmission(r.Name(), no, at, list)
	if err == nil {
		err = errors.Join(r.Prepare(s, list), r.Submit(t.Context(), s, list))
	}
	if err != nil {
		t.Fatal(err)
	}
	return s, list
}

// Books from a backup hand over again what was forgotten long ago: it does not leave, until
// somebody has said that it has.
func TestSubmitForgotten(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	first, list := submitted(t, r, 1, at())
	second, _ := submitted(t, r, 2, at().AddDate(0, 0, 31))
	if carried := carry(t, c); len(carried) != 2 {
		t.Fatalf("%d files left", len(carried))
	}
	want := "nothing is known here of message " + first.Message + ", SHA-256 " + first.Digest + ", and the later message " + second.Message +
		" has left by " + c.Outbox + ": has it left before? See docs/RAILS.md"
	for range 2 {
		if err := r.Submit(t.Context(), first, list); err == nil || err.Error() != want {
			t.Errorf("error %v\nwant  %s", err, want)
		}
	}
	memory := filepath.Join(c.Outbox, ".handed", first.Message)
	if err := errors.Join(os.Mkdir(memory, 0o700), os.WriteFile(filepath.Join(memory, "sha256"), []byte(first.Digest+"\n"), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := r.Submit(t.Context(), first, list); err != nil {
		t.Error(err)
	}
	if left := out(t, c); left != nil {
		t.Errorf("%s left again", left)
	}
}

// A clock that was ahead for a while does not make the outbox forget the last message.
func TestForgetByNumber(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	early, list := submitted(t, r, 1, at().AddDate(0, 0, 40))
	last, lastList := submitted(t, r, 2, at())
	if carried := carry(t, c); len(carried) != 2 {
		t.Fatalf("%d files left", len(carried))
	}
	for range 2 { // as books from a backup do
		if err := errors.Join(r.Submit(t.Context(), early, list), r.Submit(t.Context(), last, lastList)); err != nil {
			t.Error(err)
		}
	}
	if left := out(t, c); left != nil {
		t.Errorf("%s left again", left)
	}
}

// A message of which another file has left does not leave.
func TestSubmitWhatLeftOtherwise(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	s, list := prepared(t, r)
	memory := filepath.Join(c.Outbox, ".handed", s.Message)
	if err := errors.Join(os.MkdirAll(memory, 0o700), os.WriteFile(filepath.Join(memory, "sha256"), []byte("0123"), 0o600)); err != nil {
		t.Fatal(err)
	}
	err := r.Submit(t.Context(), s, list)
	want := filepath.Join(c.Outbox, s.Message+".xml") + ` has left with another content: SHA-256 "0123", want ` + s.Digest
	if err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
	if left := out(t, c); left != nil {
		t.Errorf("%s left", left)
	}
}

// Books from a backup make again a message that has left, or one of its number: nothing
// leaves for them until somebody has looked.
func TestPrepareForOlderBooks(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	s, list := prepared(t, r)
	if err := r.Submit(t.Context(), s, list); err != nil {
		t.Fatal(err)
	}
	if err := r.Prepare(s, list); err != nil {
		t.Errorf("the same again: %v", err)
	}
	for no, want := range map[uint64]string{
		6: "message " + s.Message + " has left by " + c.Outbox + ", but these books come to number 6 only now: are they from a backup, or others? See docs/RAILS.md",
		7: "message " + s.Message + " has left by " + c.Outbox + ", but these books come to number 7 only now: are they from a backup, or others? See docs/RAILS.md",
		8: "",
	} {
		list := instructions()
		later, err := payment.NewSubmission(r.Name(), no, at().Add(time.Hour), list)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Prepare(later, list); (err == nil) != (want == "") || err != nil && err.Error() != want {
			t.Errorf("number %d: error %v\nwant  %s", no, err, want)
		}
	}
}
