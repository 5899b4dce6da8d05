// Package testdata declares strings of some names.
package testdata

// What is found.
const (
	OneRecord = "one"
	TwoRecord = "t\two"
)

var someRecord, quotedRecord = "some", `a "quote"`

// What is not.
const (
	RecordOther        = "other"
	NumberRecord       = 1
	CopyRecord         = OneRecord
	UntypedRecord byte = iota
)
