package iso20022

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"time"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// Config says how a bank takes files.
type Config struct {
	// Name is the rail's, an id; required.
	Name string
	// Outbox is the directory that files are put into, and that remembers in .handed/
	// which; it is made, on a file system of its own or not, but one. Required.
	Outbox string
	// Inbox is the directory in which reports are found, as *.xml; what was taken goes
	// to taken/ below it, what will never be taken to refused/. It is made. Required.
	Inbox string
	// Sender is the name of who sends the files; required, and cleaned.
	Sender string
	// Debtors are our accounts, by the names that regions give them; their names are
	// cleaned, and IBANs written without blanks.
	Debtors map[string]payment.Party
	// Creditors are the accounts that may be paid, by beneficiary; their names are
	// cleaned, and IBANs written without blanks. What has none waits.
	Creditors map[string]payment.Party
	// Zone is that of execution dates, and of instants in reports that have no offset;
	// nil: UTC.
	Zone *time.Location
}

// Rail is the rail of a bank that takes files. It implements payment.Rail.
type Rail struct {
	config Config
	disk   disk
}

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
	return &Rail{config, newDisk()}, nil
}

// Name implements payment.Rail.
func (r *Rail) Name() string { return r.config.Name }

// PaysOnDate tells that files name the date on which they are to be carried out.
func (r *Rail) PaysOnDate() bool { return true }

// Prepare implements payment.Rail: it fills in who pays and who is paid, and when, and
// notes the SHA-256 of the file. Nothing leaves for books that the outbox knows to be
// older than it is.
func (r *Rail) Prepare(s *payment.Submission, instructions []payment.Instruction) error {
	if err := r.outbox().ahead(s); err != nil {
		return err
	}
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
		if err := prepare(&i.Debtor); err != nil {
			return notCarried(i, fmt.Errorf("debtor %s: %w", i.Bank, err))
		}
		if err := prepare(&i.Creditor); err != nil {
			return notCarried(i, fmt.Errorf("creditor %s: %w", i.Beneficiary, err))
		}
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

// prepare writes a party as banks take it.
func prepare(p *payment.Party) error {
	p.Name, p.Account = Clean(p.Name, 140), compact(p.Account)
	if err := checkIBAN(p.Account); err != nil {
		return fmt.Errorf("account %w", err)
	}
	return nil
}

func digest(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// FileName is the name of a submission's file.
func FileName(s *payment.Submission) string { return s.Message + fileSuffix }

const fileSuffix = ".xml"

// Submit implements payment.Rail: it puts the file into the outbox, unless it was there
// before, whoever has carried it off since. Errors: of the file system, and for a file of
// that name with another content.
func (r *Rail) Submit(_ context.Context, s *payment.Submission, instructions []payment.Instruction) error {
	file, err := Render(s, instructions)
	if err != nil {
		return err
	}
	if have := digest(file); have != s.Digest {
		return fmt.Errorf("file of %s comes to SHA-256 %s, the books say %s: not written", s.Message, have, s.Digest)
	}
	return r.outbox().put(s, file)
}

func (r *Rail) outbox() *outbox { return &outbox{r.disk, r.config.Outbox} }

// Modes of what the rail makes: for its owner and group.
const (
	dirMode  = 0o750
	fileMode = 0o640
)
