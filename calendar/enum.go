package calendar

import (
	"fmt"
	"slices"
	"strings"
)

// The small enumerations of this package are numbers with a list of names.

func nameOf(names []string, value uint8) string {
	if int(value) >= len(names) {
		return fmt.Sprintf("unknown(%d)", value)
	}
	return names[value]
}

func marshalName(what string, names []string, value uint8) ([]byte, error) {
	if int(value) >= len(names) {
		return nil, fmt.Errorf("unknown %s %d", what, value)
	}
	return []byte(names[value]), nil
}

func unmarshalName(what string, names []string, text []byte, value *uint8) error {
	i := slices.Index(names, string(text))
	if i < 0 {
		return fmt.Errorf("unknown %s %q: want %s", what, text, strings.Join(names, ", "))
	}
	*value = uint8(i)
	return nil
}
