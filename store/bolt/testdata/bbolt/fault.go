package bbolt

import (
	"fmt"
	"math"
	"os"
	"strings"
	"syscall"
)

// plan is the one fault of a file, as FAULT_PLAN and FAULT_AT of the environment
// say when it is opened. FAULT_PLAN is three words:
//
//	how much of the write is done:  none, some (40 bytes), half
//	what happens then:              EIO, ENOSPC, kill (SIGKILL), cut (nothing more reaches the file)
//	what was not synced until then: keep, lose (all of it), tear (every second write of it)
//
// and FAULT_AT counts operations from 1: all kinds of them for none, or else
// writes alone. What is lost is lost when the file is closed. The fault is noted
// in FAULT_LOG as "hit <kind of operation>".
type plan struct {
	file             *os.File
	log              string
	part, then, fate string
	at, count        int
	hit, cut         bool
	unsynced         []change
}

// change undoes a write, or a change of size when data is nil.
type change struct {
	data   []byte
	offset int64
	size   int64 // the file had
}

// The process has one file open for writing at a time.
var faults plan

// plant reads the plan for a file that is opened.
//
// A new file of ours is laid out under another name first: operations on both
// files of a run are counted on, and a run has one fault.
func plant(file *os.File) func([]byte, int64) (int, error) {
	before := faults
	faults = plan{file: file, log: os.Getenv("FAULT_LOG")}
	if before.log == faults.log {
		faults.count = before.count
	}
	if words := strings.Fields(os.Getenv("FAULT_PLAN")); len(words) == 3 {
		faults.part, faults.then, faults.fate = words[0], words[1], words[2]
		if _, err := fmt.Sscan(os.Getenv("FAULT_AT"), &faults.at); err != nil {
			panic(err)
		}
	}
	return faults.writeAt
}

// writeAt is os.File.WriteAt.
func (p *plan) writeAt(b []byte, offset int64) (int, error) {
	kind := "data"
	if offset < 2*int64(os.Getpagesize()) {
		kind = "meta"
		if len(b) > os.Getpagesize() {
			kind = "init"
		}
	}
	hit, err := p.next(kind)
	if err == nil || hit {
		b = b[:min(len(b), p.bytes(hit))]
		if undo := p.note(b, offset); undo != nil {
			return 0, undo
		}
		if n, err := p.file.WriteAt(b, offset); err != nil {
			return n, err
		}
	}
	p.die(hit)
	if err != nil {
		return 0, &os.PathError{Op: "write", Path: p.file.Name(), Err: err}
	}
	return len(b), nil
}

func (p *plan) bytes(hit bool) int {
	switch {
	case !hit:
		return math.MaxInt
	case p.part == "some":
		return 40
	case p.part == "half":
		return os.Getpagesize() / 2
	}
	return 0
}

// truncate is os.File.Truncate.
func (p *plan) truncate(size int64) error {
	hit, err := p.next("grow")
	p.die(hit)
	if err != nil {
		return &os.PathError{Op: "truncate", Path: p.file.Name(), Err: err}
	}
	if err := p.note(nil, 0); err != nil {
		return err
	}
	return p.file.Truncate(size)
}

// sync stands in for all calls that sync: what may be lost is known here, so
// the disk is not bothered.
func (p *plan) sync() error {
	hit, err := p.next("sync")
	p.die(hit)
	if err == nil {
		p.unsynced = nil
	}
	return err
}

// remap is asked before the file is mapped.
func (p *plan) remap() error {
	hit, err := p.next("map")
	p.die(hit)
	return err
}

// closeFile is file.Close. A file that was hit loses what it is to lose.
func closeFile(file *os.File) error {
	if file == faults.file && faults.hit {
		faults.lose()
	}
	return file.Close()
}

// next counts an operation, tells whether it is hit and, unless it is to be
// done, why not.
func (p *plan) next(kind string) (hit bool, err error) {
	if p.cut {
		return false, syscall.EIO
	}
	if kind != "grow" && kind != "sync" && kind != "map" || p.part == "none" {
		p.count++
		hit = p.count == p.at
	}
	if !hit {
		return false, nil
	}
	p.hit = true
	log, err := os.OpenFile(os.Getenv("FAULT_LOG"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		panic(err)
	}
	defer log.Close()
	if _, err := fmt.Fprintln(log, "hit", kind); err != nil {
		panic(err)
	}
	p.cut = p.then == "cut"
	if p.then == "ENOSPC" {
		return true, syscall.ENOSPC
	}
	return true, syscall.EIO
}

// die ends the process, if that is the fault.
func (p *plan) die(hit bool) {
	if hit && p.then == "kill" {
		p.lose()
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// note keeps what is in the file where b is to be written.
func (p *plan) note(b []byte, offset int64) error {
	info, err := p.file.Stat()
	if err != nil {
		return err
	}
	c := change{offset: offset, size: info.Size()}
	if b != nil {
		c.data = make([]byte, max(0, min(int64(len(b)), c.size-offset)))
		if _, err := p.file.ReadAt(c.data, offset); err != nil {
			return err
		}
	}
	p.unsynced = append(p.unsynced, c)
	return nil
}

// lose puts back what was before the writes that were not synced.
func (p *plan) lose() {
	for i := len(p.unsynced) - 1; i >= 0 && p.fate != "keep"; i-- {
		c := p.unsynced[i]
		if p.fate == "tear" && (c.data == nil || i%2 == 0) {
			continue
		}
		if _, err := p.file.WriteAt(c.data, c.offset); err != nil {
			panic(err)
		}
		if p.fate == "lose" {
			if err := p.file.Truncate(c.size); err != nil {
				panic(err)
			}
		}
	}
}
