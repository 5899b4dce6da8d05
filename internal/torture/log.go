package torture

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"

	"github.com/settlex/settlex/ledger"
)

// line is one line of a log, of which exactly one of Try, Got, Head and Wrong is set. A log is a file that only grows, and each
// line is one write, so the kernel has whatever was written when the writer is killed.
type line struct {
	By      string           `json:"by,omitempty"`      // Try, Got: who asks; nobody asks again before the answer
	Try     *Name            `json:"try,omitempty"`     // is about to be asked for
	Content string           `json:"content,omitempty"` // Try: digest of it
	Got     *answer          `json:"got,omitempty"`     // what was acknowledged
	Head    *ledger.TreeHead `json:"head,omitempty"`    // was seen on a snapshot
	Wrong   string           `json:"wrong,omitempty"`   // should never have been seen
}

// answer is what a command came to.
type answer struct {
	Outcomes []outcome `json:"outcomes,omitempty"` // one for each request
	Expired  int       `json:"expired,omitempty"`  // a sweep: so many holds
}

// outcome is what a request came to: booked if Seq is set, else refused with its key burnt, or nothing at all.
type outcome struct {
	Seq     uint64 `json:"seq,omitempty"`
	Lane    uint16 `json:"lane,omitempty"`
	Hash    string `json:"hash,omitempty"` // of the item's canonical bytes
	Refused string `json:"refused,omitempty"`
	Nothing string `json:"nothing,omitempty"`
	Old     bool   `json:"old,omitempty"` // booked or refused by an earlier attempt
}

func (o *outcome) place() place { return place{o.Lane, o.Seq} }

// logFile is a log that is being written. It is safe for concurrent use.
type logFile struct{ file *os.File }

func openLog(path string) (*logFile, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	return &logFile{file}, nil
}

func (l *logFile) write(what line) error {
	text, err := json.Marshal(what)
	if err != nil {
		return fmt.Errorf("log: %w", err)
	}
	_, err = l.file.Write(append(text, '\n'))
	return err
}

func (l *logFile) close() error { return l.file.Close() }

// readLog reads a whole log. An end without a newline was being written when the writer was killed: whoever wrote it had not
// gone on, so it counts as not written.
func readLog(path string) ([]line, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		if os.IsNotExist(err) {
			return nil, nil // killed before it was made
		}
		return nil, err
	}
	var lines []line
	for n := 1; ; n++ {
		text, rest, whole := bytes.Cut(data, []byte("\n"))
		if !whole {
			return lines, nil
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", path, n, err)
		}
		lines, data = append(lines, l), rest
	}
}
