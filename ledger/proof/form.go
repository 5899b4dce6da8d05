package proof

import (
	"bytes"
	"encoding/json"
)

// formVersion is the version of the files with a proof.
const formVersion = 1

// The kinds of files with a proof.
const (
	kindInclusion   = "item"
	kindConsistency = "consistency"
)

// preamble begins every file with a proof.
type preamble struct {
	Version int    `json:"settlex_proof"`
	Kind    string `json:"kind"`
}

// check refuses what this program does not know.
func (p preamble) check(kind string) error {
	if p.Version != formVersion {
		return refuse("version %d, this program knows %d", p.Version, formVersion)
	}
	if p.Kind != kind {
		return refuse("it is of kind %q, not %q", p.Kind, kind)
	}
	return nil
}

// encode writes a file with a proof.
func encode(file any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(file); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// decode reads what encode wrote. White space between the tokens may differ,
// and nothing else: no field may be missing, repeated, unknown, in another
// place or spelt in another way.
func decode(data []byte, file any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(file); err != nil {
		return refuse("it cannot be read: %w", err)
	}
	again, err := encode(file)
	if err != nil {
		return refuse("it cannot be read: %w", err)
	}
	var want, have bytes.Buffer
	if err := json.Compact(&have, data); err != nil {
		return refuse("it cannot be read: %w", err)
	}
	if err := json.Compact(&want, again); err != nil {
		return refuse("it cannot be read: %w", err)
	}
	if !bytes.Equal(want.Bytes(), have.Bytes()) {
		return refuse("it is not in canonical form")
	}
	return nil
}
