package iso20022

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// Config says how a bank takes files.
type Config struct {
	// Name is the rail's, an id; required.
	Name string
	// Outbox is the directory that files are written to; it is made. Required.
	Outbox string
	// Inbox is the directory in which reports are found, as *.xml; what was taken goes
	// to taken/ below it. It is made. Required.
	Inbox string
	// Sender is the name of who sends the files; required, and cleaned.
	Sender string
	// Debtors are our accounts, by the names that regions give them; their names are
	// cleaned.
	Debtors map[string]payment.Party
	// Creditors are the accounts that may be paid, by beneficiary; their names are
	// cleaned. What has none waits.
	Creditors map[string]payment.Party
	// Zone is that of execution dates, and of instants in reports that have no offset;
	// nil: UTC.
	Zone *time.Location
}

// Rail is the rail of a bank that takes files. It implements payment.Rail.
type Rail struct{ config Config }

// New makes a rail; it touches no file. Errors are of what is missing.
func New(config Config) (*Rail, error) {
	if err := merchant.CheckID(config.Name); err != nil {
		return nil, fmt.Errorf("name: %w", err)
	}
	if config.Outbox == "" || config.Inbox == "" || filepath.Clean(config.Outbox) == filepath.Clean(config.Inbox) {
		return nil, fmt.Errorf("rail %s: outbox and inbox must be two directories", config.Name)
	}
	if config.Sender = Clean(config.Sender, 140); config.Sender == "" {
		return nil, fmt.Errorf("rail %s: sender is missing", config.Name)
	}
	if config.Zone == nil {
		config.Zone = time.UTC
	}
	return &Rail{config}, nil
}

// Name implements payment.Rail.
func (r *Rail) Name() string { return r.config.Name }

// Prepare implements payment.Rail: it fills in who pays and who is paid, and when, and
// notes the SHA-256 of the file.
func (r *Rail) Prepare(s *payment.Submission, instructions []payment.Instruction) error {
	today := calendar.DateOf(s.At, r.config.Zone)
	for n := range instructions {
		i := &instructions[n]
		var ours, theirs bool
		i.Debtor, ours = r.config.Debtors[i.Bank]
		i.Creditor, theirs = r.config.Creditors[i.Beneficiary]
		switch {
		case !ours:
			return notCarried(i, fmt.Errorf("rail %s knows no account of ours called %q", r.config.Name, i.Bank))
		case !theirs:
			return notCarried(i, fmt.Errorf("rail %s knows no account of beneficiary %q", r.config.Name, i.Beneficiary))
		}
		i.Debtor.Name, i.Creditor.Name = Clean(i.Debtor.Name, 140), Clean(i.Creditor.Name, 140)
		if i.Due.Before(today) {
			i.Due = today
		}
	}
	s.Sender = r.config.Sender
	file, err := Render(s, instructions)
	if err != nil {
		return err
	}
	s.Digest = digest(file)
	return nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// FileName is the name of a submission's file.
func FileName(s *payment.Submission) string { return s.Message + ".xml" }

// Submit implements payment.Rail: it writes the file, unless it is there. Errors: of the
// file system, and for a file of that name with another content.
func (r *Rail) Submit(_ context.Context, s *payment.Submission, instructions []payment.Instruction) error {
	file, err := Render(s, instructions)
	if err != nil {
		return err
	}
	if have := digest(file); have != s.Digest {
		return fmt.Errorf("file of %s comes to SHA-256 %s, the books say %s: not written", s.Message, have, s.Digest)
	}
	if err := os.MkdirAll(r.config.Outbox, dirMode); err != nil {
		return err
	}
	name := filepath.Join(r.config.Outbox, FileName(s))
	there, err := os.ReadFile(name)
	switch {
	case err == nil && bytes.Equal(there, file):
		return nil
	case err == nil:
		return fmt.Errorf("%s is there with another content: SHA-256 %s, want %s", name, digest(there), s.Digest)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return write(name, file)
}

// Modes of what the rail makes: for its owner and group.
const (
	dirMode  = 0o750
	fileMode = 0o640
)

// write makes a file that is there whole, and for good, or not at all. What a crash
// left of an earlier try goes.
func write(name string, data []byte) error {
	dir := filepath.Dir(name)
	draft := filepath.Join(dir, "."+filepath.Base(name)+".new")
	file, err := os.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err := errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	if err := os.Rename(draft, name); err != nil {
		return err
	}
	return syncDir(dir)
}

// syncDir makes the names in a directory last, where the system can.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !errors.Is(err, fs.ErrInvalid) {
		return errors.Join(err, d.Close())
	}
	return d.Close()
}

// taken is where reports go.
const taken = "taken"

// Answers implements payment.Rail: each report in the inbox is one, in order of the
// names of the files. Its id is the SHA-256 of the file.
func (r *Rail) Answers(ctx context.Context, _ time.Time, handed payment.Handed) iter.Seq2[*payment.Answer, error] {
	return func(yield func(*payment.Answer, error) bool) {
		err := os.MkdirAll(r.config.Inbox, dirMode)
		var files []fs.DirEntry
		if err == nil {
			files, err = os.ReadDir(r.config.Inbox)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		for _, file := range files {
			if !file.Type().IsRegular() || strings.HasPrefix(file.Name(), ".") || !strings.EqualFold(filepath.Ext(file.Name()), ".xml") {
				continue
			}
			if !yield(r.answer(ctx, file.Name(), handed)) {
				return
			}
		}
	}
}

// answer reads one report.
func (r *Rail) answer(ctx context.Context, name string, handed payment.Handed) (*payment.Answer, error) {
	data, err := readFile(filepath.Join(r.config.Inbox, name))
	if err != nil {
		return nil, err
	}
	report, err := Read(name, data, r.config.Zone)
	if err != nil {
		return nil, err
	}
	s, err := handed.Submission(ctx, report.Original)
	if errors.Is(err, payment.ErrUnknown) {
		return nil, report.group.at("OrgnlMsgId").faultf("message %q is %w to rail %s", report.Original, payment.ErrUnknown, r.config.Name)
	}
	if err != nil {
		return nil, err
	}
	instructions, err := handed.Instructions(ctx, s)
	if err != nil {
		return nil, err
	}
	reports, err := report.Reports(s, instructions)
	if err != nil {
		return nil, err
	}
	return &payment.Answer{ID: digest(data), Name: name, Message: s.Message, Reports: reports}, nil
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
func (r *Rail) Taken(_ context.Context, a *payment.Answer) error {
	dir := filepath.Join(r.config.Inbox, taken)
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return err
	}
	err := os.Rename(filepath.Join(r.config.Inbox, a.Name), filepath.Join(dir, a.ID[:12]+"-"+a.Name))
	if errors.Is(err, fs.ErrNotExist) { // it was moved before
		err = nil
	}
	return err
}
