package torture

import (
	"fmt"
	"strings"
)

// Name says which command is meant: the round that drew it, the caller, and its number there.
type Name struct{ Round, Caller, No int }

// String is "round.caller.number".
func (n Name) String() string { return fmt.Sprintf("%d.%d.%d", n.Round, n.Caller, n.No) }

// MarshalText writes what UnmarshalText reads.
func (n Name) MarshalText() ([]byte, error) { return []byte(n.String()), nil }

// UnmarshalText reads what String gives.
func (n *Name) UnmarshalText(text []byte) error {
	if _, err := fmt.Sscanf(string(text), "%d.%d.%d", &n.Round, &n.Caller, &n.No); err != nil || n.String() != string(text) {
		return fmt.Errorf("%q is no name of a command", text)
	}
	return nil
}

// key is the idempotency key of one of the command's requests.
func (n Name) key(item int) string { return fmt.Sprintf("%s/%d", n, item) }

// nameOf finds the command that a key belongs to.
func nameOf(key string) (n Name, item int, err error) {
	command, number, _ := strings.Cut(key, "/")
	if err := n.UnmarshalText([]byte(command)); err != nil {
		return n, 0, err
	}
	if _, err := fmt.Sscanf(number, "%d", &item); err != nil || n.key(item) != key {
		return n, 0, fmt.Errorf("%q is no key of a command", key)
	}
	return n, item, nil
}
