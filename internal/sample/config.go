package sample

import (
	_ "embed"
)

//go:embed settlex.yaml
var configYAML string

// ConfigYAML returns a fresh copy of the sample's configuration: regions,
// schedules, fees and reserves for the merchants of PaymentsCSV. Package
// config reads it.
func ConfigYAML() []byte { return []byte(configYAML) }
