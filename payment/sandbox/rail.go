package sandbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/settlex/settlex/merchant"
	"github.com/settlex/settlex/payment"
)

// Config says what the sandbox is called.
type Config struct {
	// Name is the rail's, an id; empty: sandbox.
	Name string
}

// Rail is the sandbox's. It implements payment.Rail and keeps nothing.
type Rail struct{ name string }

// New makes a sandbox rail. Errors are of the name.
func New(config Config) (*Rail, error) {
	if config.Name == "" {
		config.Name = "sandbox"
	}
	if err := merchant.CheckID(config.Name); err != nil {
		return nil, fmt.Errorf("name: %w", err)
	}
	return &Rail{config.Name}, nil
}

// Name implements payment.Rail.
func (r *Rail) Name() string { return r.name }

// Prepare implements payment.Rail. The sandbox carries everything.
func (r *Rail) Prepare(s *payment.Submission, instructions []payment.Instruction) (err error) {
	s.Digest, err = digest(instructions)
	return err
}

// digest is the SHA-256 of what the sandbox is told.
func digest(instructions []payment.Instruction) (string, error) {
	text, err := json.Marshal(instructions)
	if err != nil {
		return "", fmt.Errorf("digest of %d instructions: %w", len(instructions), err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// Submit implements payment.Rail. A submission that is not what was prepared is an
// error.
func (r *Rail) Submit(_ context.Context, s *payment.Submission, instructions []payment.Instruction) error {
	have, err := digest(instructions)
	if err == nil && have != s.Digest {
		err = fmt.Errorf("submission %s comes to SHA-256 %s, the books say %s", s.Message, have, s.Digest)
	}
	return err
}

// Answers implements payment.Rail: one answer for each step that is due, in order of
// their instants.
func (r *Rail) Answers(ctx context.Context, now time.Time, handed payment.Handed) iter.Seq2[*payment.Answer, error] {
	return func(yield func(*payment.Answer, error) bool) {
		var due []*payment.Answer
		for s, err := range handed.Open(ctx) {
			var list []payment.Instruction
			if err == nil && s.Delivered {
				list, err = handed.Instructions(ctx, s)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range list {
				due = append(due, answers(&list[i], s.Message, now)...)
			}
		}
		slices.SortStableFunc(due, func(a, b *payment.Answer) int { return a.Reports[0].At.Compare(b.Reports[0].At) })
		for _, a := range due {
			if !yield(a, nil) {
				return
			}
		}
	}
}

// answers are what is due of one instruction.
func answers(i *payment.Instruction, message string, now time.Time) (due []*payment.Answer) {
	if i.Final {
		return nil
	}
	order := i.OrderID
	if i.Object == payment.BatchObject {
		order = i.Merchant
	}
	script := choose(false, order, i.Amount)
	for n := range script.Steps {
		report := reportOf(script, n, i.ID, i.Sent)
		if report.At.After(now) {
			break
		}
		id := fmt.Sprintf("%s/%d", i.ID, n+1)
		due = append(due, &payment.Answer{ID: id, Name: id, Message: message, Reports: []payment.Report{report}})
	}
	return due
}

// reportOf is what a step of a script tells of an instruction that was sent at an
// instant.
func reportOf(script *Script, n int, instruction string, sent time.Time) payment.Report {
	step := &script.Steps[n]
	return payment.Report{
		Instruction: instruction, Outcome: step.Outcome, At: sent.Add(step.After), ReasonCode: step.Reason, Final: n == len(script.Steps)-1,
	}
}

// Taken implements payment.Rail.
func (r *Rail) Taken(context.Context, *payment.Answer) error { return nil }

// Refused implements payment.Rail. What was told is told again: whoever asks remembers
// what was refused.
func (r *Rail) Refused(context.Context, *payment.Answer, error) error { return nil }
