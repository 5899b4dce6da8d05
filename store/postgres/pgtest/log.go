package pgtest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
)

// serverLog is what a server said, over all its runs. It is written to by the pipe of the server's standard error.
type serverLog struct {
	mu    sync.Mutex
	text  bytes.Buffer
	grown chan struct{} // closed and replaced whenever there is more
}

func newServerLog() *serverLog { return &serverLog{grown: make(chan struct{})} }

// Write is for the pipe.
func (l *serverLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.grown)
	l.grown = make(chan struct{})
	return l.text.Write(p)
}

// len marks a place to read from.
func (l *serverLog) len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Len()
}

// since is what was said after a mark, and what tells of more.
func (l *serverLog) since(mark int) (string, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text.Bytes()[mark:]), l.grown
}

// await returns when the server has said the text after the mark. It gives up with ctx, or when gone is closed.
func (l *serverLog) await(ctx context.Context, mark int, text string, gone <-chan struct{}) error {
	for {
		said, grown := l.since(mark)
		if strings.Contains(said, text) {
			return nil
		}
		select {
		case <-grown:
		case <-gone:
			return fmt.Errorf("the server ended before it said %q", text)
		case <-ctx.Done():
			return fmt.Errorf("the server did not say %q: %w", text, ctx.Err())
		}
	}
}

// tail is the end of a log, whole lines, for people.
func tail(text string) string {
	const most = 16 << 10
	if len(text) <= most {
		return text
	}
	text = text[len(text)-most:]
	return "...\n" + text[strings.IndexByte(text, '\n')+1:]
}
