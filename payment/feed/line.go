package feed

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MaxRow is the most bytes a row may have, its line break not counted.
const MaxRow = 1 << 20

// lines reads a file line by line, within MaxRow bytes of memory.
type lines struct {
	r      *bufio.Reader
	long   []byte // a line that is longer than r's buffer, so far
	number int    // of the line read last, from 1
}

// newLines starts behind the byte order mark, if there is one.
func newLines(r io.Reader) (*lines, error) {
	l := &lines{r: bufio.NewReaderSize(r, 64<<10)}
	start, err := l.r.Peek(3)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("reading: %w", err)
	}
	if bytes.HasPrefix(start, []byte("\xff\xfe")) || bytes.HasPrefix(start, []byte("\xfe\xff")) {
		return nil, errors.New("the file is UTF-16: save it as UTF-8")
	}
	if bytes.Equal(start, []byte("\xef\xbb\xbf")) {
		_, err = l.r.Discard(3)
		return l, err
	}
	return l, nil
}

// next gives the next line that is not blank, without its line break, and
// whether there was one; ErrTooLong for a line that it has passed over.
func (l *lines) next() (line string, more bool, err error) {
	for {
		line, more, err = l.read()
		if err != nil || !more || strings.TrimLeft(line, " \t") != "" {
			return line, more, err
		}
	}
}

// read gives the next line, blank or not.
func (l *lines) read() (line string, more bool, err error) {
	l.long = l.long[:0]
	tooLong, started := false, false
	for {
		part, err := l.r.ReadSlice('\n')
		if len(part) > 0 && !started {
			l.number++
			started = true
		}
		full := errors.Is(err, bufio.ErrBufferFull)
		end := err == nil || err == io.EOF && started
		if err == io.EOF && !started {
			return "", false, nil
		}
		if !full && !end {
			return "", false, fmt.Errorf("reading: %w", err)
		}
		if end && len(l.long) == 0 && !tooLong {
			return string(chomp(part)), true, nil
		}
		// Two bytes of grace for a line break that comes in parts.
		if tooLong = tooLong || len(l.long)+len(part) > MaxRow+2; !tooLong {
			l.long = append(l.long, part...)
		}
		if !end {
			continue
		}
		if line := chomp(l.long); !tooLong && len(line) <= MaxRow {
			return string(line), true, nil
		}
		return "", true, fmt.Errorf("%w: more than %d bytes", ErrTooLong, MaxRow)
	}
}

// chomp takes the line break off.
func chomp(line []byte) []byte {
	line = bytes.TrimSuffix(line, []byte("\n"))
	return bytes.TrimSuffix(line, []byte("\r"))
}
