package iso20022_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/iso20022"
)

var update = flag.Bool("update", false, "write the expected files anew")

// What leaves is what the bank was promised, byte for byte, and obeys the schema.
func TestInitiation(t *testing.T) {
	t.Parallel()
	s, list := prepared(t, rail(t, config(t)))
	got, err := iso20022.Render(s, list)
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/pain.001.xml"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(readFile(t, golden), string(got)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for _, fault := range schemaFaults(t, got) {
		t.Error(fault)
	}
}

// schema is what pain.001.001.09 says of the elements we write: those it must have, in
// order, and what each may look like. A question mark is an element that may be absent, a
// plus one that may come several times; of several with a bar one comes.
var schema = map[string]string{
	"Document": "CstmrCdtTrfInitn", "CstmrCdtTrfInitn": "GrpHdr PmtInf+", "GrpHdr": "MsgId CreDtTm NbOfTxs CtrlSum? InitgPty", "InitgPty": "Nm?",
	"PmtInf":      "PmtInfId PmtMtd NbOfTxs? CtrlSum? ReqdExctnDt Dbtr DbtrAcct DbtrAgt CdtTrfTxInf+",
	"ReqdExctnDt": "Dt", "Dbtr": "Nm?", "DbtrAcct": "Id", "DbtrAgt": "FinInstnId", "FinInstnId": "BICFI? ClrSysMmbId?", "ClrSysMmbId": "MmbId",
	"CdtTrfTxInf": "PmtId Amt CdtrAgt? Cdtr? CdtrAcct? RmtInf?", "PmtId": "InstrId? EndToEndId", "Amt": "InstdAmt", "CdtrAgt": "FinInstnId",
	"Cdtr": "Nm?", "CdtrAcct": "Id", "RmtInf": "Ustrd+", "Id": "IBAN|Othr", "Othr": "Id",
}

// texts are the forms of what is written.
var texts = map[string]*regexp.Regexp{
	"MsgId": regexp.MustCompile(`^.{1,35}$`), "PmtInfId": regexp.MustCompile(`^.{1,35}$`), "InstrId": regexp.MustCompile(`^.{1,35}$`),
	"EndToEndId": regexp.MustCompile(`^.{1,35}$`), "CreDtTm": regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`), "NbOfTxs": regexp.MustCompile(`^[0-9]{1,15}$`),
	"CtrlSum": regexp.MustCompile(`^\d+(\.\d{1,17})?$`), "Nm": regexp.MustCompile(`^.{1,140}$`), "PmtMtd": regexp.MustCompile(`^(CHK|TRF|TRA)$`),
	"Dt": regexp.MustCompile(`^\d{4}-\d\d-\d\d$`), "BICFI": regexp.MustCompile(`^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$`),
	"MmbId": regexp.MustCompile(`^.{1,35}$`), "IBAN": regexp.MustCompile(`^[A-Z]{2}[0-9]{2}[a-zA-Z0-9]{1,30}$`), "Id": regexp.MustCompile(`^.{1,34}$`),
	"InstdAmt": regexp.MustCompile(`^\d+(\.\d{1,5})?$`), "Ustrd": regexp.MustCompile(`^.{1,140}$`),
}

type node struct {
	XMLName xml.Name
	Ccy     string `xml:",attr"`
	Text    string `xml:",chardata"`
	Kids    []node `xml:",any"`
}

// schemaFaults holds a file against the schema, and its counts and sums against its
// transfers.
func schemaFaults(t *testing.T, file []byte) []string {
	t.Helper()
	var root node
	if err := xml.Unmarshal(file, &root); err != nil {
		t.Fatal(err)
	}
	faults := root.faults()
	if root.XMLName.Space != iso20022.Initiation {
		faults = append(faults, "namespace "+root.XMLName.Space)
	}
	body := root.Kids[0]
	var all []node
	for _, block := range body.of("PmtInf") {
		transfers := block.of("CdtTrfTxInf")
		all = append(all, transfers...)
		faults = append(faults, block.counts(transfers)...)
	}
	return append(faults, body.of("GrpHdr")[0].counts(all)...)
}

func (n *node) faults() (faults []string) {
	name := n.XMLName.Local
	form, group := schema[name]
	if name == "Id" && len(n.Kids) == 0 {
		group = false
	}
	if !group {
		if !texts[name].MatchString(n.Text) {
			faults = append(faults, fmt.Sprintf("%s: %q", name, n.Text))
		}
		if digits := strings.Trim(strings.ReplaceAll(n.Text, ".", ""), "0"); (name == "CtrlSum" || name == "InstdAmt") && len(digits) > 18 {
			faults = append(faults, fmt.Sprintf("%s: %q has more than 18 digits", name, n.Text))
		}
		return faults
	}
	var pattern strings.Builder
	for part := range strings.SplitSeq(form, " ") {
		word := strings.TrimRight(part, "?+")
		pattern.WriteString("(?:(?:" + word + ") )" + part[len(word):])
	}
	have := ""
	for i := range n.Kids {
		have += n.Kids[i].XMLName.Local + " "
		faults = append(faults, n.Kids[i].faults()...)
	}
	if !regexp.MustCompile("^" + pattern.String() + "$").MatchString(have) {
		faults = append(faults, fmt.Sprintf("%s holds %s, want %s", name, have, form))
	}
	return faults
}

func (n *node) of(name string) (found []node) {
	for _, kid := range n.Kids {
		if kid.XMLName.Local == name {
			found = append(found, kid)
		}
	}
	return found
}

// counts adds up transfers in thousandths, which all currencies here go into.
func (n *node) counts(transfers []node) (faults []string) {
	sum := func(text string) int64 {
		whole, fraction, _ := strings.Cut(text, ".")
		thousandths, err := strconv.ParseInt(whole+(fraction + "000")[:3], 10, 64)
		if err != nil {
			return -1
		}
		return thousandths
	}
	var want int64
	for _, transfer := range transfers {
		want += sum(transfer.of("Amt")[0].Kids[0].Text)
	}
	if have := n.of("NbOfTxs")[0].Text; have != fmt.Sprint(len(transfers)) {
		faults = append(faults, fmt.Sprintf("%s: NbOfTxs %s, has %d", n.XMLName.Local, have, len(transfers)))
	}
	if have := n.of("CtrlSum")[0].Text; sum(have) != want {
		faults = append(faults, fmt.Sprintf("%s: CtrlSum %s, comes to %d thousandths", n.XMLName.Local, have, want))
	}
	return faults
}

// The order of instructions decides about the order within blocks only, and everything
// is the same every time.
func TestBlocks(t *testing.T) {
	t.Parallel()
	r := rail(t, config(t))
	s, list := prepared(t, r)
	again := slices.Clone(list)
	slices.Reverse(again)
	file, err := iso20022.Render(s, again)
	if err != nil {
		t.Fatal(err)
	}
	var root node
	if err := xml.Unmarshal(file, &root); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, block := range root.Kids[0].of("PmtInf") {
		first := block.of("CdtTrfTxInf")[0]
		got = append(got, strings.Join([]string{
			block.of("PmtInfId")[0].Text, block.of("ReqdExctnDt")[0].Kids[0].Text, first.of("Amt")[0].Kids[0].Ccy, block.of("NbOfTxs")[0].Text, block.of("CtrlSum")[0].Text,
		}, " "))
	}
	want := []string{
		"20260302T210000Z-000000007-1 2026-03-03 INR 3 1123.50", "20260302T210000Z-000000007-2 2026-03-03 KWD 1 1.234",
		"20260302T210000Z-000000007-3 2026-03-05 INR 1 876.40", "20260302T210000Z-000000007-4 2026-03-03 JPY 1 900",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// What cannot be carried is named, so that the rest can leave.
func TestNotCarried(t *testing.T) {
	t.Parallel()
	r := rail(t, config(t))
	for _, test := range []struct {
		name string
		edit func(*payment.Instruction)
		want string
	}{
		{"beneficiary", func(i *payment.Instruction) { i.Beneficiary = "m_9" }, `instruction p2: rail bank knows no account of beneficiary "m_9"`},
		{"our account", func(i *payment.Instruction) { i.Bank = "other" }, `instruction p2: rail bank knows no account of ours called "other"`},
		{"nothing", func(i *payment.Instruction) { i.Amount = money.Minor(0) }, `instruction p2: amount INR 0.00 is not above 0`},
		{"too much", func(i *payment.Instruction) { i.Amount = minor(t, "1"+strings.Repeat("0", 18)) },
			`instruction p2: amount 10000000000000000.00 has 19 digits, at most 18 are allowed`},
		{"too much together", func(i *payment.Instruction) { i.Amount = minor(t, strings.Repeat("9", 18)) },
			`instruction p2: with it the sum of the file has more than 18 digits`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			list := instructions()[:2]
			test.edit(&list[1])
			s, err := payment.NewSubmission("bank", 1, at(), list)
			if err != nil {
				t.Fatal(err)
			}
			err = r.Prepare(s, list)
			refused, ok := errors.AsType[*payment.NotCarriedError](err)
			if !ok || refused.ID != "p2" || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func minor(t *testing.T, digits string) (a money.Amount) {
	t.Helper()
	if err := a.UnmarshalText([]byte(digits)); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestClean(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text   string
		atMost int
		want   string
	}{
		{"Müller & Söhne", 140, "Muller + Sohne"}, {"a_b", 140, "a-b"}, {"//a//b/", 140, "a/b"}, {"  two\t\n words ", 140, "two words"}, {"東京", 140, ".."},
		{"abcdef", 3, "abc"}, {"ab  c", 3, "ab"}, {"<&>\"'", 140, ".+..'"}, {"", 5, ""}, {"\xff", 5, "."},
	} {
		if got := iso20022.Clean(test.text, test.atMost); got != test.want {
			t.Errorf("Clean(%q, %d) = %q, want %q", test.text, test.atMost, got, test.want)
		}
	}
}

// What is written as an IBAN leaves as one, or waits: a typo is not paid as a bank's own
// number.
func TestIBAN(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ account, leaves, fault string }{
		{"DE89370400440532013000", "IBAN DE89370400440532013000", ""},
		{"DE89 3704 0044 0532 0130 00", "IBAN DE89370400440532013000", ""},
		{"de89370400440532013000", "IBAN DE89370400440532013000", ""},
		{"DE89370400440532013001", "", `account "DE89370400440532013001" is no IBAN: its check digits are wrong`},
		{"DE89 3704 0044 0532 0130 01", "", `account "DE89 3704 0044 0532 0130 01" is no IBAN: its check digits are wrong`},
		{"DE8937040044053201300", "", `account "DE8937040044053201300" is no IBAN: it has 21 characters, those of DE have 22`},
		{"IN12345678901234567", "Othr IN12345678901234567", ""}, // India has none
		{"DE1234", "Othr DE1234", ""},
		{"DE89-370400440532013", "Othr DE89-370400440532013", ""},
		{"5010 0012 345", "Othr 5010 0012 345", ""},
	} {
		t.Run(test.account, func(t *testing.T) {
			t.Parallel()
			c := config(t)
			c.Creditors["m_1"] = payment.Party{Name: "First", Account: test.account}
			told := iso20022.CheckParty(c.Creditors["m_1"])
			list := instructions()[:1]
			s, err := payment.NewSubmission("bank", 1, at(), list)
			if err != nil {
				t.Fatal(err)
			}
			err = rail(t, c).Prepare(s, list)
			if test.fault != "" {
				if told == nil || told.Error() != test.fault {
					t.Errorf("configured: error %v, want %s", told, test.fault)
				}
				if refused, ok := errors.AsType[*payment.NotCarriedError](err); !ok || refused.Error() != "instruction p1: creditor m_1: "+test.fault {
					t.Errorf("prepared: error %v, want %s", err, test.fault)
				}
				return
			}
			if err != nil || told != nil {
				t.Fatalf("errors %v, %v", told, err)
			}
			file, err := iso20022.Render(s, list)
			if err != nil {
				t.Fatal(err)
			}
			var root node
			if err := xml.Unmarshal(file, &root); err != nil {
				t.Fatal(err)
			}
			id := root.Kids[0].of("PmtInf")[0].of("CdtTrfTxInf")[0].of("CdtrAcct")[0].Kids[0].Kids[0]
			got := id.XMLName.Local + " " + id.Text
			for _, kid := range id.Kids {
				got += kid.Text
			}
			if strings.Join(strings.Fields(got), " ") != test.leaves {
				t.Errorf("%q leaves, want %q", got, test.leaves)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add("Müller & Söhne // x", 10)
	f.Add("/ / /", 3)
	f.Fuzz(func(t *testing.T, text string, atMost int) {
		atMost = max(0, min(atMost, 200))
		got := iso20022.Clean(text, atMost)
		if again := iso20022.Clean(got, atMost); again != got {
			t.Errorf("Clean(%q, %d) = %q, and of that %q", text, atMost, got, again)
		}
		if len(got) > atMost || !regexp.MustCompile(`^[A-Za-z0-9/\-?:().,'+ ]*$`).MatchString(got) || strings.Contains(got, "//") {
			t.Errorf("Clean(%q, %d) = %q", text, atMost, got)
		}
	})
}
