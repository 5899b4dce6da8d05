package payment

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/settlex/settlex/merchant"
)

// What begins the ids of resources that nobody reports: they are made of the id of
// what they follow from, and no id that is reported may begin so.
const (
	keptPrefix = "won-"  // bank lines, of a dispute's
	latePrefix = "late-" // refunds, of a deposit's
)

// madeID is a prefix and an id, or where that is too long for an id, the prefix and 32
// hexadecimal digits of the id's SHA-256.
func madeID(prefix, id string) string {
	if merchant.CheckID(prefix+id) == nil {
		return prefix + id
	}
	sum := sha256.Sum256([]byte(id))
	return prefix + hex.EncodeToString(sum[:16])
}

// checkReported refuses an id that is reported of a resource although it is such as are
// made for some.
func checkReported(id, prefix, resource, some string) error {
	if !strings.HasPrefix(id, prefix) {
		return nil
	}
	return &FieldError{FieldID, fmt.Errorf("%q begins with %q, as ids of %s do: call the %s something else", id, prefix, some, resource)}
}
