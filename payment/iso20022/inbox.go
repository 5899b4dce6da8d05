package iso20022

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/settlex/settlex/payment"
)

// taken is where reports go that were booked, refused where those go that never will be,
// each with its reason beside it.
const (
	taken      = "taken"
	refused    = "refused"
	reasonMark = ".txt"
)

// Answers implements payment.Rail: each report in the inbox is one, in the order in which
// the bank made them, and of the files' names. What cannot be read comes first. The id of
// an answer is the SHA-256 of its file.
func (r *Rail) Answers(ctx context.Context, _ time.Time, handed payment.Handed) iter.Seq2[*payment.Answer, error] {
	return func(yield func(*payment.Answer, error) bool) {
		files, err := r.reports()
		if err != nil {
			yield(nil, err)
			return
		}
		for _, file := range files {
			if !yield(r.answer(ctx, file.name, handed)) {
				return
			}
		}
	}
}

// received is a file in the inbox, and when the bank made it.
type received struct {
	name    string
	created time.Time // zero: it cannot be read
}

// reports lists the reports in the inbox in the order in which they are to be booked.
// It keeps none of them: there may be many.
func (r *Rail) reports() (list []received, err error) {
	if err := os.MkdirAll(r.config.Inbox, dirMode); err != nil {
		return nil, err
	}
	files, err := os.ReadDir(r.config.Inbox)
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if !file.Type().IsRegular() || strings.HasPrefix(file.Name(), ".") || !strings.EqualFold(filepath.Ext(file.Name()), ".xml") {
			continue
		}
		one := received{name: file.Name()}
		if data, err := readFile(filepath.Join(r.config.Inbox, one.name)); err == nil {
			if report, err := Read(one.name, data, r.config.Zone); err == nil {
				one.created = report.Created
			}
		}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(a, b received) int { return a.created.Compare(b.created) }) // they are in order of names
	return list, nil
}

// answer reads one report. An error that an answer comes with is of the report.
func (r *Rail) answer(ctx context.Context, name string, handed payment.Handed) (*payment.Answer, error) {
	data, err := readFile(filepath.Join(r.config.Inbox, name))
	if err != nil {
		return nil, err
	}
	a := &payment.Answer{ID: digest(data), Name: name}
	report, err := Read(name, data, r.config.Zone)
	if err != nil {
		return a, err
	}
	a.Message = report.Original
	s, err := handed.Submission(ctx, report.Original)
	if errors.Is(err, payment.ErrUnknown) {
		return a, report.original.faultf("message %q is %w to rail %s", report.Original, payment.ErrUnknown, r.config.Name)
	}
	if err != nil {
		return nil, err
	}
	instructions, err := handed.Instructions(ctx, s)
	if err != nil {
		return nil, err
	}
	a.Reports, err = report.Reports(s, instructions)
	return a, err
}

// readFile reads one byte more than is allowed at most.
func readFile(name string) (data []byte, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return io.ReadAll(io.LimitReader(file, MaxBytes+1))
}

// Taken implements payment.Rail: it moves the report out of the inbox.
func (r *Rail) Taken(_ context.Context, a *payment.Answer) error { return r.move(a, taken, "") }

// Refused implements payment.Rail: it moves the report out of the inbox, to where the
// reason is beside it. Put back into the inbox, it is read again.
func (r *Rail) Refused(_ context.Context, a *payment.Answer, why error) error {
	return r.move(a, refused, why.Error()+"\n")
}

// move moves a report to a directory below the inbox, behind the reason for it, if any.
func (r *Rail) move(a *payment.Answer, to, reason string) error {
	dir := filepath.Join(r.config.Inbox, to)
	name := filepath.Join(dir, filed(a.ID, a.Name))
	if err := r.disk.makeAll(dir); err != nil {
		return err
	}
	if reason != "" {
		if err := r.disk.write(name+reasonMark, []byte(reason)); err != nil {
			return err
		}
	}
	err := r.disk.rename(filepath.Join(r.config.Inbox, a.Name), name)
	if errors.Is(err, fs.ErrNotExist) { // it was moved before
		return nil
	}
	if err == nil {
		err = r.check(a, name)
	}
	if err != nil {
		return err
	}
	return r.disk.sync(dir, r.config.Inbox)
}

// check puts back a report that was moved, where another one has taken the place of
// the one that was read, under a name of its own.
func (r *Rail) check(a *payment.Answer, name string) error {
	data, err := readFile(name)
	if err != nil || digest(data) == a.ID {
		return err
	}
	return r.disk.rename(name, filepath.Join(r.config.Inbox, filed(digest(data), a.Name)))
}

// maxFile is how many bytes the name of a file may have, less those of a reason's mark.
const maxFile = 255 - len(reasonMark)

// filed is the name under which a report is put away: the beginning of its id, which it
// may have from the last time, and its own, as much of it as a name may have.
func filed(id, name string) string {
	id = id[:12] + "-"
	name = strings.TrimPrefix(name, id)
	if more := len(id) + len(name) - maxFile; more > 0 {
		end := filepath.Ext(name)
		name = strings.ToValidUTF8(name[:len(name)-len(end)-more], "") + end
	}
	return id + name
}
