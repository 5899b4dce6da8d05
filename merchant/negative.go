package merchant

import "fmt"

// Negative says what a batch does that comes to less than nothing.
type Negative string

// The ways. The zero value means NegativeCarry.
const (
	NegativeCarry Negative = "carry" // it is carried: the next batches make it good before they pay
	NegativeDebit Negative = "debit" // it becomes a receivable at once, to be collected; no batch takes it back by itself
	NegativeBlock Negative = "block" // it is carried, and the batches that follow are held until somebody releases one, or it is made good
)

func (n Negative) check() error {
	switch n {
	case "", NegativeCarry, NegativeDebit, NegativeBlock:
		return nil
	}
	return fmt.Errorf("negative: %q is not one of %s, %s, %s", n, NegativeCarry, NegativeDebit, NegativeBlock)
}
