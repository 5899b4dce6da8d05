package config

import _ "embed"

//go:embed schema.json
var schema string

// Schema gives the JSON Schema (2020-12) of configuration files, for editors:
// every key with its form, its words where they are few, its meaning and its
// default. A file that Parse takes is valid by it. The reverse does not hold:
// it knows no references between objects, nor which of them belong together.
func Schema() []byte { return []byte(schema) }
