package postgres

import (
	"bytes"
	"strings"
)

// Texts of the ledger may have zero bytes, which no text of the database can. They are written with the sign for it, U+2400, and
// a zero behind it; the sign itself is written twice. Every other text is written as it is.
const (
	zero        = "\x00"
	zeroSign    = "␀"
	writtenZero = zeroSign + "0"
	writtenSign = zeroSign + zeroSign
	zeroInJSON  = `\u0000`
)

var (
	toText   = strings.NewReplacer(zero, writtenZero, zeroSign, writtenSign)
	fromText = strings.NewReplacer(writtenSign, zeroSign, writtenZero, zero)
	fromJSON = strings.NewReplacer(writtenSign, zeroSign, writtenZero, zeroInJSON)
)

// storable gives a text in the form in which it is stored. Different texts stay different.
func storable(s string) string {
	if strings.IndexByte(s, 0) < 0 && !strings.Contains(s, zeroSign) {
		return s
	}
	return toText.Replace(s)
}

// storables is storable for a list.
func storables(list []string) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = storable(s)
	}
	return out
}

// restored gives the text that storable was given.
func restored(s string) string {
	if !strings.Contains(s, zeroSign) {
		return s
	}
	return fromText.Replace(s)
}

// storableJSON is storable for the texts of a JSON document of package encoding/json.
func storableJSON(document []byte) []byte {
	if !bytes.Contains(document, []byte(zeroInJSON)) && !bytes.Contains(document, []byte(zeroSign)) {
		return document
	}
	out := make([]byte, 0, len(document)+16)
	for len(document) > 0 {
		n := 1
		switch {
		case bytes.HasPrefix(document, []byte(zeroInJSON)):
			n = len(zeroInJSON)
			out = append(out, writtenZero...)
		case document[0] == '\\' && len(document) > 1: // what is behind it means nothing by itself
			n = 2
			out = append(out, document[:n]...)
		case bytes.HasPrefix(document, []byte(zeroSign)):
			n = len(zeroSign)
			out = append(out, writtenSign...)
		default:
			out = append(out, document[0])
		}
		document = document[n:]
	}
	return out
}

// restoredJSON gives the document that storableJSON was given, as far as it says the same.
func restoredJSON(document []byte) []byte {
	if !bytes.Contains(document, []byte(zeroSign)) {
		return document
	}
	return []byte(fromJSON.Replace(string(document)))
}
