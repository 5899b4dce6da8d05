package postgres

import "fmt"

// BookIn has the transaction book in a lane, instead of one that the store chooses: for who adopts the journal of another store. It comes before
// the first Load.
func (t *Tx) BookIn(lane uint16) error {
	if err := t.usable(); err != nil {
		return err
	}
	if t.held.lane && t.lane != lane {
		return fmt.Errorf("book in lane %d: the transaction books in lane %d already", lane, t.lane)
	}
	t.lane = lane
	return nil
}
