package iso20022_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

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
