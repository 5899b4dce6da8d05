package bolt

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/settlex/settlex/ledger"
)

// guard turns what happens when bbolt meets damaged pages, a panic of its own
// or a fault of the memory map, into an error that wraps ledger.ErrCorrupt. Any
// other panic goes on. Use it as
//
//	defer guard(&err)()
func guard(err *error) (done func()) {
	faults := debug.SetPanicOnFault(true)
	return func() {
		debug.SetPanicOnFault(faults)
		r := recover()
		if r == nil {
			return
		}
		if _, fault := r.(interface{ Addr() uintptr }); !fault && !fromBolt() {
			panic(r)
		}
		*err = fmt.Errorf("%w: file is damaged: %v", ledger.ErrCorrupt, r)
	}
}

// fromBolt tells whether the panic that is under way began in bbolt.
func fromBolt() bool {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	panicking := false
	for {
		frame, more := frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, "runtime."):
			panicking = panicking || frame.Function == "runtime.gopanic"
		case panicking:
			return strings.HasPrefix(frame.Function, "go.etcd.io/bbolt")
		}
		if !more {
			return false
		}
	}
}
