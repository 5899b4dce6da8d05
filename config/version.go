package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// versionLen is how many hex digits of the hash a version has.
const versionLen = 12

// version gives the version of an object: the beginning of the SHA-256 of its
// canonical JSON. That has the keys of every object in the order of their
// bytes, no blanks, and no version of the object itself, so it depends neither
// on how the file is laid out nor on how this program lays out its types.
func version(object any) string {
	text, err := canonical(object)
	if err != nil {
		panic(fmt.Sprintf("config: version of %T: %v", object, err)) // everything read from a file has a JSON form
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])[:versionLen]
}

func canonical(object any) ([]byte, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return nil, err
	}
	delete(fields, "version")
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(fields); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}
