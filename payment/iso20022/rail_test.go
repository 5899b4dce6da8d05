package iso20022_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/settlex/settlex/payment"
	"github.com/settlex/settlex/payment/iso20022"
)

var _ payment.Rail = (*iso20022.Rail)(nil)

// names lists the files below a directory.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			all = append(all, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// However often a submission is handed over, there is one file, as promised, whatever
// a crash has left of an earlier try and whatever the configuration says by then.
func TestSubmit(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	s, list := prepared(t, r)
	draft := filepath.Join(c.Outbox, "."+s.Message+".xml.new")
	name := filepath.Join(c.Outbox, s.Message+".xml")
	for _, before := range []struct {
		name string
		do   func() error
	}{
		{"nothing is there", func() error { return nil }},
		{"the file is there", func() error { return nil }},
		{"the file was carried off", func() error { return os.Remove(name) }},
		{"half a draft is there", func() error { return errors.Join(os.Remove(name), os.WriteFile(draft, []byte("<half"), 0o600)) }},
		{"other names and accounts are configured", func() error {
			c.Sender, c.Debtors, c.Creditors = "Another", nil, nil
			r = rail(t, c)
			return os.Remove(name)
		}},
	} {
		if err := before.do(); err != nil {
			t.Fatal(err)
		}
		if err := r.Submit(t.Context(), s, list); err != nil {
			t.Fatalf("%s: %v", before.name, err)
		}
		if diff := cmp.Diff([]string{s.Message + ".xml"}, names(t, c.Outbox)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", before.name, diff)
		}
		if diff := cmp.Diff(readFile(t, "testdata/pain.001.xml"), readFile(t, name)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", before.name, diff)
		}
	}
}

// What is not what the books say is not written, and not written over.
func TestSubmitOther(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	s, list := prepared(t, r)
	other := *s
	other.Digest = strings.Repeat("0", 64)
	err := r.Submit(t.Context(), &other, list)
	want := fmt.Sprintf("file of %s comes to SHA-256 %s, the books say %s: not written", s.Message, s.Digest, other.Digest)
	if err == nil || err.Error() != want {
		t.Errorf("error %v\nwant  %s", err, want)
	}
	if err := os.MkdirAll(c.Outbox, 0o700); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(c.Outbox, iso20022.FileName(s))
	if err := os.WriteFile(name, []byte("something else"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.Submit(t.Context(), s, list); err == nil || !strings.Contains(err.Error(), "is there with another content") {
		t.Errorf("error %v", err)
	}
	if got := readFile(t, name); got != "something else" {
		t.Errorf("the file is now %q", got)
	}
}

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

// The inbox is read in order of names; one bad report does not keep the others, and
// what is taken is moved away, also when it had been moved before.
func TestAnswers(t *testing.T) {
	t.Parallel()
	c := config(t)
	r := rail(t, c)
	s, list := prepared(t, r)
	h := &books{s, list}
	for a, err := range r.Answers(t.Context(), at(), h) {
		t.Errorf("from an inbox that is not there: %v, %v", a, err)
	}
	whole := readFile(t, "testdata/reports/completed_whole.xml")
	drop(t, c, "3.xml", whole)
	drop(t, c, "1.XML", readFile(t, "testdata/reports/accepted_whole.xml"))
	drop(t, c, "2.xml", strings.ReplaceAll(whole, s.Message, "UNHEARD-OF"))
	drop(t, c, "4.txt", "no report")
	drop(t, c, ".5.xml", "a draft")
	var got []string
	for a, err := range r.Answers(t.Context(), at(), h) {
		if err != nil {
			got = append(got, err.Error())
			continue
		}
		got = append(got, fmt.Sprint(a.Name, " ", len(a.Reports), " ", a.Message == s.Message, " ", len(a.ID)))
		for range 2 {
			if err := r.Taken(t.Context(), a); err != nil {
				t.Error(err)
			}
		}
	}
	want := []string{
		"1.XML 6 true 64", `2.xml:10: CstmrPmtStsRpt/OrgnlGrpInfAndSts/OrgnlMsgId: message "UNHEARD-OF" is not known to rail bank`, "3.xml 6 true 64",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	left := names(t, c.Inbox)
	for i, name := range left {
		if dir, file, ok := strings.Cut(name, "/"); ok {
			left[i] = dir + "/..." + file[12:]
		}
	}
	if diff := cmp.Diff([]string{".5.xml", "2.xml", "4.txt", "taken/...-3.xml", "taken/...-1.XML"}, left, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("inbox (-want +got)\n%s", diff)
	}
}

// A rail says what it lacks.
func TestNew(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		edit func(*iso20022.Config)
		want string
	}{
		{"name", func(c *iso20022.Config) { c.Name = "" }, "name: id is missing"},
		{"one directory", func(c *iso20022.Config) { c.Inbox = c.Outbox + "/" }, "rail bank: outbox and inbox must be two directories"},
		{"sender", func(c *iso20022.Config) { c.Sender = "//" }, "rail bank: sender is missing"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := config(t)
			test.edit(&c)
			if _, err := iso20022.New(c); err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}
