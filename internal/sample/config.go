package sample

import "github.com/settlex/settlex/examples"

// head begins the sample's configuration.
const head = `# The configuration of the bundled month: fifteen merchants in India, Pakistan
# and Bangladesh. docs/CONFIGURATION.md explains every key. Merchants and fees
# are invented; the tax rates are examples and no advice.

`

// ConfigYAML returns the sample's configuration: regions, schedules, fees and
// reserves for the merchants of PaymentsCSV, those of three examples together.
// Package config reads it.
func ConfigYAML() []byte {
	text, err := examples.Config(head, "IN", "PK", "BD")
	if err != nil {
		panic("sample: " + err.Error()) // there are examples for them
	}
	return text
}
