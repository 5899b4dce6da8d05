package iso20022_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/iso20022"
)

// drop puts a report into the inbox.
func drop(t *testing.T, c iso20022.Config, name, content string) {
	t.Helper()
	if err := os.MkdirAll(c.Inbox, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(c.Inbox, name), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// collect reads the inbox as the engine does: it takes answers, twice, and gives back those
// that come with an error.
func collect(t *testing.T, r *iso20022.Rail, h payment.Handed) (lines []string, failed error) {
	t.Helper()
	for a, err := range r.Answers(t.Context(), at(), h) {
		switch {
		case a == nil:
			failed = errors.Join(failed, err)
		case err != nil:
			lines = append(lines, err.Error())
			failed = errors.Join(failed, r.Refused(t.Context(), a, err), r.Refused(t.Context(), a, err))
		default:
			lines = append(lines, fmt.Sprint(a.Name, " ", len(a.Reports), " ", len(a.ID)))
			failed = errors.Join(failed, r.Taken(t.Context(), a), r.Taken(t.Context(), a))
		}
	}
	return lines, failed
}

// filed lists the inbox, hashes left out.
func filed(t *testing.T, c iso20022.Config) []string {
	t.Helper()
	all := names(t, c.Inbox)
	for i, name := range all {
		if dir, file, ok := strings.Cut(name, "/"); ok {
			all[i] = dir + "/..." + file[12:]
		}
	}
	slices.Sort(all)
	return all
}

// The inbox is read in order of instants and names; what was taken and what never will be is moved
// away, the latter beside its reason, and neither keeps the others.
func TestAnswers(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	s, list := prepared(t, r)
	h := &books{s, list}
	if lines, err := collect(t, r, h); lines != nil || err != nil {
		t.Errorf("from an empty inbox: %s, %v", lines, err)
	}
	whole := readFile(t, "testdata/reports/completed_whole.xml")
	drop(t, c, "3.xml", whole)
	drop(t, c, "1.XML", readFile(t, "testdata/reports/accepted_whole.xml"))
	drop(t, c, "2.xml", strings.ReplaceAll(whole, s.Message, "UNHEARD-OF"))
	drop(t, c, "2a.xml", whole[:len(whole)/2])
	drop(t, c, "2b.xml", readFile(t, "testdata/reports/bad_amount.xml"))
	drop(t, c, "4.txt", "no report")
	drop(t, c, ".5.xml", "a draft")
	got, err := collect(t, r, h)
	want := []string{
		"2a.xml:9: cannot be read: XML syntax error on line 9: unexpected EOF",
		"1.XML 6 64",
		`2.xml:10: CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlMsgId: message "UNHEARD-OF" is not known to rail bank`,
		strings.Replace(strings.TrimSpace(readFile(t, "testdata/reports/bad_amount.txt")), "bad_amount.xml", "2b.xml", 1),
		"3.xml 6 64",
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	wantFiles := []string{
		".5.xml", "4.txt",
		"refused/...-2.xml", "refused/...-2.xml.txt", "refused/...-2a.xml", "refused/...-2a.xml.txt", "refused/...-2b.xml", "refused/...-2b.xml.txt",
		"taken/...-1.XML", "taken/...-3.xml",
	}
	if diff := cmp.Diff(wantFiles, filed(t, c)); diff != "" {
		t.Errorf("inbox (-want +got)\n%s", diff)
	}
	reasons, err := filepath.Glob(filepath.Join(c.Inbox, "refused", "*-2.xml.txt"))
	if err != nil || len(reasons) != 1 || readFile(t, reasons[0]) != want[2]+"\n" {
		t.Errorf("reasons in %s: %v", reasons, err)
	}
}

// A process that ends before or after whichever change of the file system leaves reports
// where they were, or where they belong.
func TestAnswersAfterACrash(t *testing.T) {
	t.Parallel()
	for pull := 1; ; pull++ {
		c := config(t)
		r := rail(t, c)
		s, list := prepared(t, r)
		h := &books{s, list}
		drop(t, c, "1.xml", readFile(t, "testdata/reports/completed_whole.xml"))
		drop(t, c, "2.xml", "<half")
		steps := 0
		r.Interrupt(func(do func() error, _ string, _ ...string) error {
			if steps++; steps != pull && steps != pull+1 { // the second call of each pair runs into it as well
				return do()
			}
			return errPulled
		})
		if _, err := collect(t, r, h); err != nil && !errors.Is(err, errPulled) {
			t.Fatal(err)
		}
		if _, err := collect(t, rail(t, c), h); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"refused/...-2.xml", "refused/...-2.xml.txt", "taken/...-1.xml"}, filed(t, c)); diff != "" {
			t.Errorf("step %d (-want +got)\n%s", pull, diff)
		}
		if steps < pull {
			break
		}
	}
}

// What becomes of a payment is what the bank said last, whatever it calls its files.
func TestAnswersInOrder(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	s, list := prepared(t, r)
	whole := readFile(t, "testdata/reports/completed_whole.xml")
	for name, created := range map[string]string{
		"10.xml": "2026-03-03T12:00:00+05:30", "9.xml": "2026-03-03T05:00:00Z", "8.xml": "2026-03-03T12:00:00+05:30", "a.xml": "2026-03-03T04:59:59Z",
	} {
		drop(t, c, name, strings.Replace(whole, "2026-03-03T09:00:00+05:30", created, 1))
	}
	drop(t, c, "z.xml", "<half")
	got, err := collect(t, r, &books{s, list})
	want := []string{"z.xml:1: cannot be read: XML syntax error on line 1: unexpected EOF", "a.xml 6 64", "9.xml 6 64", "10.xml 6 64", "8.xml 6 64"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
}

// A name that is as long as names may be does not keep a report in the inbox, and a
// report that is put back gets no longer name.
func TestAnswersOfLongNames(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	s, list := prepared(t, r)
	h := &books{s, list}
	long := strings.Repeat("x", 233) + "é" + strings.Repeat("y", 255-233-2-4) + ".xml"
	drop(t, c, long, readFile(t, "testdata/reports/completed_whole.xml"))
	drop(t, c, "short.xml", "<half")
	var first []string
	for range 3 {
		if _, err := collect(t, r, h); err != nil {
			t.Fatal(err)
		}
		got := names(t, c.Inbox)
		if first == nil {
			first = got
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("put back (-want +got)\n%s", diff)
		}
		for _, name := range got {
			if strings.HasSuffix(name, ".xml") {
				if err := os.Rename(filepath.Join(c.Inbox, name), filepath.Join(c.Inbox, filepath.Base(name))); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	want := []string{"refused/...-short.xml", "refused/...-short.xml.txt", "taken/...-" + strings.Repeat("x", 233) + ".xml"}
	for i, name := range first {
		dir, file, _ := strings.Cut(name, "/")
		first[i] = dir + "/..." + file[12:]
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A report that takes the place of one that was read is not lost.
func TestAnswersReplaced(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	s, list := prepared(t, r)
	h := &books{s, list}
	drop(t, c, "status.xml", readFile(t, "testdata/reports/accepted_whole.xml"))
	for a, err := range r.Answers(t.Context(), at(), h) {
		if err != nil {
			t.Fatal(err)
		}
		drop(t, c, "status.xml", readFile(t, "testdata/reports/completed_whole.xml"))
		if err := r.Taken(t.Context(), a); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for a, err := range r.Answers(t.Context(), at(), h) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, a.Name[12:]+" "+string(a.Reports[0].Outcome))
	}
	if diff := cmp.Diff([]string{"-status.xml completed"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
