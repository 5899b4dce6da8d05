package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/ledger/proof"
	"github.com/settlex/settlex/money"
)

func (p *program) proofVerifyCommand() *cobra.Command {
	var keys []string
	cmd := &cobra.Command{
		Use:   "verify FILE... --key KEY",
		Short: "Check checkpoints and proofs, without the books",
		Long: `Verify reads checkpoints and proofs and says what each of them proves. It needs no configuration and no data file, only the verifier key,
which must not come from whoever sent the proof. A file that proves nothing is named with the reason; one is enough for exit code 1.`,
		Example: `  settlex proof verify d_1042.proof --key books.example.com/main+1f2e3d4c+AbCd...`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misused(cmd, errors.New("which file?"))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(keys) == 0 {
				return misused(cmd, errors.New("--key is missing"))
			}
			return p.checkProofs(args, keys)
		},
	}
	cmd.Flags().StringArrayVar(&keys, "key", nil, "verifier `KEY`; may be repeated, any of them may have signed")
	return cmd
}

func (p *program) checkProofs(names, keys []string) error {
	known, err := proof.ParseVerifiers(keys...)
	if err != nil {
		return err
	}
	refused := 0
	for _, name := range names {
		var fact proof.Fact
		content, err := readProof(name)
		if err == nil {
			fact, err = proof.Check(content, known)
		}
		if err != nil {
			refused++
			p.printf("%s: %v\n", name, err)
			continue
		}
		p.sayf("%s: %s", name, factInWords(fact))
	}
	if refused > 0 {
		return fmt.Errorf("proof verify: %d of %s refused", refused, count(len(names), "file", "files"))
	}
	return nil
}

// factInWords says what is proved.
func factInWords(fact proof.Fact) string {
	switch fact := fact.(type) {
	case *proof.Checkpoint:
		return fmt.Sprintf("signed by %s: %s\n  root %s\n", fact.Origin, covers(*fact), fact.Root)
	case *proof.Consistency:
		return fmt.Sprintf("proved: the journal of %s was only added to\n  from %s\n  to   %s\n", fact.Newer.Origin, covers(fact.Older), covers(fact.Newer))
	case *proof.Inclusion:
		c := fact.Checkpoint
		return fmt.Sprintf("proved: item %s is in the journal of %s, in block %s of %s\n  under the checkpoint of %s\n%s", number(int(fact.Item.Seq)),
			c.Origin, number(int(fact.Block)), number(int(c.Blocks)), instant(c.At), itemInWords(fact.Item))
	}
	panic(fmt.Sprintf("fact of unknown type %T", fact))
}

// itemInWords is an item of the journal, a line for each thing it says.
func itemInWords(b *ledger.Booked) string {
	words := table{left: 2}
	add := func(what, said string) {
		if said != "" {
			words.add("  "+what, said)
		}
	}
	at := ""
	if !b.At.IsZero() { // what was refused was never booked
		at = instant(b.At)
	}
	words.add("  "+b.Act.String(), at)
	add("key", quote(b.Key))
	add("kind", quote(b.Kind))
	add("reference", quote(b.Reference))
	add("part of", quote(b.PartOf))
	add("owner", quote(b.Owner))
	if !b.ValueDate.IsZero() {
		add("value date", b.ValueDate.String())
	}
	if b.Breached {
		add("limits", "breached, as the chart allows")
	}
	if b.Terms != nil {
		termsInWords(b.Terms, add)
	}
	for _, a := range b.Metadata {
		add("metadata", quote(a.Name)+" = "+quote(a.Value))
	}
	legs := table{left: 2}
	for _, posting := range b.Postings {
		legs.add("  "+posting.Side.String(), quotePath(posting.Account), posting.Currency.String()+" "+figure(posting.Currency, posting.Amount))
	}
	text := words.String() + legs.String()
	if b.Terms != nil && b.Refusal != nil {
		text += "  what was asked for:\n" + strings.ReplaceAll("  "+itemInWords(&b.Refusal.Asked), "\n  ", "\n    ")
	}
	return text
}

// termsInWords says what an act has besides.
func termsInWords(t *ledger.Terms, add func(what, said string)) {
	add("of", quote(t.Of))
	if t.All {
		add("asked for", "all that was left")
	}
	if t.Final {
		add("final", "what was left was given back")
	}
	if !t.Expires.IsZero() {
		add("expires", instant(t.Expires))
	}
	if !t.Asked.IsZero() {
		add("asked for", "value date "+t.Asked.String()+", which was closed")
	}
	if !t.Through.IsZero() {
		add("closed through", t.Through.String())
	}
	for _, o := range t.Opened {
		add("opened", fmt.Sprintf("%s %s, %s%s", quotePath(o.Path), o.Currency, o.Type, limitsInWords(o.Currency, o.Limits)))
	}
	if c := t.Change; c != nil {
		changeInWords(c, add)
	}
	if t.Refusal != nil {
		add("because", quotePath(t.Refusal.Failure.Error()))
	}
}

func changeInWords(c *ledger.Change, add func(what, said string)) {
	add("account", fmt.Sprintf("%s %s", quotePath(c.Path), c.Currency))
	if c.Status != 0 {
		status := c.Status.String()
		if c.Force {
			status += ", by force"
		}
		add("status", status)
	}
	if c.Limits != nil {
		text := strings.TrimPrefix(limitsInWords(c.Currency, *c.Limits), ", ")
		if text == "" {
			text = "none"
		}
		add("limits", text)
	}
	for _, a := range c.Metadata {
		add("metadata", quote(a.Name)+" = "+quote(a.Value))
	}
	if c.HasMetadata && len(c.Metadata) == 0 {
		add("metadata", "none")
	}
}

// limitsInWords says limits behind a comma.
func limitsInWords(c money.Currency, l ledger.Limits) string {
	text := ""
	if l.Limited {
		text += ", floor " + figure(c, l.Floor)
	}
	if l.Capped {
		text += ", ceiling " + figure(c, l.Ceiling)
	}
	for _, v := range l.Velocity {
		most := figure(c, v.Max)
		if v.Measure == ledger.Count {
			most = v.Max.String()
		}
		text += fmt.Sprintf(", %s at most %s", v, most)
	}
	return text
}

// quote writes text that may hold anything; nothing stays nothing.
func quote(text string) string {
	if text == "" {
		return ""
	}
	return fmt.Sprintf("%q", text)
}

// quotePath writes text that is plain as it should be, and quotes any other.
func quotePath(text string) string {
	if quoted := fmt.Sprintf("%q", text); strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r > '~' }) {
		return quoted
	}
	return text
}

func instant(t time.Time) string { return t.Format(time.RFC3339Nano) }
