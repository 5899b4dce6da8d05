package torture_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/torture"
)

func TestNameText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want torture.Name
		ok   bool
	}{
		{"0.0.0", torture.Name{}, true},
		{"12.3.456", torture.Name{Round: 12, Caller: 3, No: 456}, true},
		{"1.2", torture.Name{}, false},
		{"1.2.3.4", torture.Name{}, false},
		{"01.2.3", torture.Name{}, false},
		{"", torture.Name{}, false},
	} {
		var have torture.Name
		err := have.UnmarshalText([]byte(test.text))
		if (err == nil) != test.ok {
			t.Errorf("%q: %v", test.text, err)
		}
		if diff := cmp.Diff(test.want, have); err == nil && diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.text, diff)
		}
	}
}
