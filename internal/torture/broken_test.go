package torture_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/internal/torture"
)

// A ledger that does not keep its word is found out, whichever promise it breaks. Here the file or the log is changed between a
// death and the look at what it left, which comes to the same.
func TestBrokenPromises(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		tamper func(dir string) (done bool, err error)
		want   string
	}{
		{"everything is lost", loseFile, "but it is not there"},
		{"the end is lost", loseFile, "its end is missing"},
		{"another sequence", inLog(`"outcomes":\[\{"seq":`, `"outcomes":[{"seq":9`), "is another one"},
		{"other content", inLog(`"hash":"....`, `"hash":"beef`), "is another one"},
		{"another reason", inLog(`"refused":"`, `"refused":"not `), "was refused because"},
		{"success for a refusal", inLog(`\{"refused":"[^"]*(\\"[^"]*)*"\}\]`, `{"seq":1}]`), "says it was refused"},
		{"nothing for a success", inLog(`\[\{"seq":\d+,"hash":"\w+"(,"old":true)?\}\]`, `[{"nothing":"not applied"}]`), "every answer was that nothing was booked"},
		{"replayed, never booked", inLog(`(\[\{"seq":\d+,"hash":"\w+")\}\]`, `$1,"old":true}]`), "every answer was that somebody else"},
		{"nobody asked", inLog(`(?s).*`, ``), "nobody asked for it"},
		{"an answer to nothing", inLog(`.*"try".*\n`, ``), "answers nothing"},
		{"others asked for something else", inLog(`"content":"\w*"`, `"content":"0"`), "had content 0"},
		{"a worker saw something", inLog(`\n`, "\n"+`{"wrong":"snapshot ends early"}`+"\n"), "snapshot ends early"},
		{"a host's row is lost", loseRow, "its row is there: false, its items: true"},
		{"a host's row says otherwise", changeRow, `its row says "1 2 3"`},
		{"a host's row of nobody", addRow, "nobody asked for it"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			done := false
			_, err := torture.Run(t.Context(), torture.Config{
				Dir: t.TempDir(), Seed: 7, Rounds: 50, Callers: 4, Worker: self(t),
				Between: func(dir string) (err error) {
					if !done {
						done, err = test.tamper(dir)
					}
					return err
				},
			})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("changed: %t, error is %v, want one that says %q", done, err, test.want)
			}
		})
	}
}

// busy is how many lines a log must have to be worth a change.
const busy = 40

// loseFile loses the ledger after a round in which much was acknowledged and settled.
func loseFile(dir string) (bool, error) {
	settled, err := filepath.Glob(filepath.Join(dir, "*.settled"))
	if err != nil || len(settled) == 0 {
		return false, err
	}
	acknowledged, err := inLog(`$^`, ``)(dir)
	if err != nil || !acknowledged {
		return false, err
	}
	return true, os.Remove(filepath.Join(dir, "ledger.db"))
}

// inLog replaces every match in the log of the last life, if that is long enough. The logs of a few rounds sort as they were written.
func inLog(pattern, with string) func(string) (bool, error) {
	return func(dir string) (bool, error) {
		paths, err := filepath.Glob(filepath.Join(dir, "*.log"))
		if err != nil || len(paths) == 0 {
			return false, err
		}
		text, err := os.ReadFile(paths[len(paths)-1])
		if err != nil || bytes.Count(text, []byte("\n")) < busy {
			return false, err
		}
		return true, os.WriteFile(paths[len(paths)-1], regexp.MustCompile(pattern).ReplaceAll(text, []byte(with)), 0o600)
	}
}

func loseRow(dir string) (bool, error) {
	return inRows(dir, func(rows *bbolt.Bucket, first []byte) error { return rows.Delete(first) })
}

func changeRow(dir string) (bool, error) {
	return inRows(dir, func(rows *bbolt.Bucket, first []byte) error { return rows.Put(first, []byte("1 2 3")) })
}

func addRow(dir string) (bool, error) {
	return inRows(dir, func(rows *bbolt.Bucket, _ []byte) error { return rows.Put([]byte("0.0.77777"), []byte("1")) })
}

// errNoRows keeps a file as it is: a commit, even of nothing, would say that somebody has used it.
var errNoRows = errors.New("the host has no rows")

// inRows changes the rows of the host, when there is one.
func inRows(dir string, change func(rows *bbolt.Bucket, first []byte) error) (done bool, err error) {
	path := filepath.Join(dir, "ledger.db")
	if info, err := os.Stat(path); err != nil || info.Size() == 0 {
		return false, nil //nolint:nilerr // killed before it made one
	}
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		return false, err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		rows := tx.Bucket([]byte("host"))
		if rows == nil {
			return errNoRows
		}
		first, _ := rows.Cursor().First()
		if first == nil {
			return errNoRows
		}
		return change(rows, bytes.Clone(first))
	})
	done = err == nil
	if errors.Is(err, errNoRows) {
		err = nil
	}
	return done, errors.Join(err, db.Close())
}
