package iso20022_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/iso20022"
)

// Each report in testdata/reports comes with what it means, or why it is refused.
func TestReports(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/reports/*.xml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files: %v", len(files), err)
	}
	s, list := prepared(t, rail(t, config(t)))
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".xml"), func(t *testing.T) {
			t.Parallel()
			got := meaning(filepath.Base(file), readFile(t, file), s, list)
			golden := strings.TrimSuffix(file, ".xml") + ".txt"
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(readFile(t, golden), got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

// meaning writes what a report means, one line an instruction and one an event.
func meaning(name, file string, s *payment.Submission, list []payment.Instruction) string {
	report, err := iso20022.Read(name, []byte(file), time.FixedZone("IST", 5*3600+1800))
	var reports []payment.Report
	if err == nil {
		reports, err = report.Reports(s, list)
	}
	if err != nil {
		return err.Error() + "\n"
	}
	var out strings.Builder
	_, _ = fmt.Fprintln(&out, report)
	for _, r := range reports {
		_, _ = fmt.Fprintf(&out, "%s %s at %s reason=%q detail=%q reference=%q final=%t\n",
			r.Instruction, r.Outcome, r.At.Format(time.RFC3339), r.ReasonCode, r.Detail, r.RailRef, r.Final)
	}
	answer := payment.Answer{Name: name, Message: s.Message, Reports: reports}
	events, err := answer.Events(list)
	if err != nil {
		return err.Error() + "\n"
	}
	for _, e := range events {
		_, _ = fmt.Fprintf(&out, "-> %s %s %s %s\n", e.Kind, e.ID, e.OccurredAt.Format(time.RFC3339), e.ReasonCode)
	}
	return out.String()
}

// A report is about one message; another one's instructions are not its own.
func TestReportOfAnother(t *testing.T) {
	t.Parallel()
	s, list := prepared(t, rail(t, config(t)))
	report, err := iso20022.Read("r.xml", []byte(readFile(t, "testdata/reports/accepted_whole.xml")), nil)
	if err != nil {
		t.Fatal(err)
	}
	other := *s
	other.Message = "another"
	_, err = report.Reports(&other, list)
	fault, ok := errors.AsType[*iso20022.Error](err)
	if !ok || fault.Line != 9 || fault.Element != "CstmrPmtStsRpt/OrgnlGrpInfAndSts" {
		t.Errorf("error %v", err)
	}
}

// Limits hold before anything is believed.
func TestReportLimits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, file, want string }{
		{"size", strings.Repeat(" ", iso20022.MaxBytes+1), "r.xml: has more than 16777216 bytes"},
		{"depth", strings.Repeat("<a>", 100), "r.xml:1: a lies more than 24 deep"},
		{"name", "<a>\n<" + strings.Repeat("b", 65) + "/></a>", `r.xml:2: name "bbbbbbbbbbbbbbbbbbbb" and so on has 65 bytes, at most 64 are allowed`},
		{"end of another", "<a></" + strings.Repeat("b", 1000) + ">",
			"r.xml:1: cannot be read: " + ("XML syntax error on line 1: element <a> closed by </" + strings.Repeat("b", 200))[:200]},
		{"not UTF-8", "<a\xff></a>", "r.xml:1: cannot be read: XML syntax error on line 1: invalid XML name: a."},
		{"elements", "<a>" + strings.Repeat("<b/>", iso20022.MaxElements), "r.xml:1: has more than 200000 elements"},
		{"tag", "<a>\n<b " + strings.Repeat("x='' ", 14_000), "r.xml:2: cannot be read: a tag or a text has more than 65536 bytes"},
		{"text", "<a>\n" + strings.Repeat("x", 1<<16), "r.xml:2: cannot be read: a tag or a text has more than 65536 bytes"},
		{"comment", "<a>\n<!--" + strings.Repeat("x", 1<<16), "r.xml:2: cannot be read: a tag or a text has more than 65536 bytes"},
		{"text before", "junk<a/>", `r.xml:1: has text "junk" outside the document`},
		{"text behind", "<a/>\n\n junk", `r.xml:1: has text "junk" outside the document`},
		{"mark behind", "<a/>\ufeff", `r.xml:1: has text "\ufeff" outside the document`},
		{"mark before", "\ufeff<a/>", `r.xml:1: is a of "", want Document of "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"`},
		{"text beside another's", "<a>\n<b>AC<c xmlns='d'/>SC</b></a>", `r.xml:2: b: has text "ACSC" beside elements`},
		{"text beside elements", "<a>\n<b>x<c/></b></a>", `r.xml:2: b: has text "x" beside elements`},
		{"type", `<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>`, "r.xml:1: has a document type, which is not taken"},
		{"entity", `<a>&b;</a>`, "r.xml:1: cannot be read: XML syntax error on line 1: invalid character entity &b;"},
		{"encoding", `<?xml version="1.0" encoding="ISO-8859-1"?><a/>`,
			`r.xml:1: cannot be read: xml: encoding "ISO-8859-1" declared but Decoder.CharsetReader is nil`},
		{"nothing", "", "r.xml:1: cannot be read: EOF"},
		{"the end is missing", "<a>\n<b>", "r.xml:2: cannot be read: XML syntax error on line 2: unexpected EOF"},
		{"two documents", "<a/>\n<b/>", "r.xml:2: b comes after the document"},
		{"another document", "<Document/>", `r.xml:1: is Document of "", want Document of "urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := iso20022.Read("r.xml", []byte(test.file), nil)
			if err == nil || err.Error() != test.want {
				t.Errorf("error %v\nwant  %s", err, test.want)
			}
		})
	}
}

// What a report costs to read grows as the report does, whatever is in it, and not beyond
// what the limits allow. The test is not parallel, for it counts the bytes of the whole process.
func TestReportCost(t *testing.T) {
	long := strings.Repeat("n", 64)
	nested := strings.Repeat("<"+long+">", 20)
	for _, test := range []struct {
		name, before, each, after string
	}{
		{"elements", "<a>", "<b/>", "</a>"},
		{"long names", nested, "<" + long + "/>", strings.Repeat("</"+long+">", 20)},
		{"texts in pieces", "<a>", "aaaa<!---->", "</a>"},
		{"attributes", "<a>", "<b " + strings.Repeat("x='' ", 100) + "/>", "</a>"},
		{"namespaces", "<a>", `<b xmlns="` + long + `" xmlns:c="` + long + `"/>`, "</a>"},
	} {
		cost := func(n int) float64 {
			file := []byte(test.before + strings.Repeat(test.each, n) + test.after)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := iso20022.Read("r.xml", file, nil)
			runtime.ReadMemStats(&after)
			if fault, ok := errors.AsType[*iso20022.Error](err); !ok || !strings.Contains(fault.Error(), "want Document") {
				t.Errorf("%s: error %v", test.name, err)
			}
			return float64(after.TotalAlloc-before.TotalAlloc) / float64(len(file))
		}
		one, four := cost(1_000), cost(4_000)
		t.Logf("%s: %.1f bytes for each byte, %.1f in a report of four times the length", test.name, one, four)
		if four > 200 || four > 2*one {
			t.Errorf("%s: %.1f bytes for each byte, %.1f in a report of four times the length", test.name, one, four)
		}
	}
}

func FuzzReport(f *testing.F) {
	files, err := filepath.Glob("testdata/reports/*.xml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		f.Add(readFile(f, file))
	}
	s, list := prepared(f, rail(f, config(f)))
	f.Fuzz(func(t *testing.T, text string) {
		report, err := iso20022.Read("r.xml", []byte(text), nil)
		var reports []payment.Report
		if err == nil {
			reports, err = report.Reports(s, list)
		}
		if err != nil {
			fault, ok := errors.AsType[*iso20022.Error](err)
			if !ok || fault.Line < 0 || fault.Line > 1+strings.Count(text, "\n") {
				t.Fatalf("error %v has no place in the file", err)
			}
			return
		}
		seen := make(map[string]bool)
		for _, r := range reports {
			if seen[r.Instruction] || r.At.Before(at()) || (r.Outcome == payment.OutcomeFailed || r.Outcome == payment.OutcomeUnknown) != (r.ReasonCode != "") {
				t.Errorf("report %+v", r)
			}
			if r.Final && strings.Contains(strings.ToUpper(r.ReasonCode), "DUPL") {
				t.Errorf("a copy has a final outcome: %+v", r)
			}
			seen[r.Instruction] = true
		}
		if again := meaning("r.xml", text, s, list); again != meaning("r.xml", text, s, list) {
			t.Error("the same report means something else")
		}
	})
}
