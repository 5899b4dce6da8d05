package report

import "fmt"

// Format is an encoding of a report; its text is also the extension of the file.
type Format string

// The formats. The package comment says what each looks like.
const (
	CSV       Format = "csv"
	JSON      Format = "json"
	JSONLines Format = "jsonl"
	Parquet   Format = "parquet"
)

// Formats returns every format.
func Formats() []Format { return []Format{CSV, JSON, JSONLines, Parquet} }

// ParseFormat returns the format of that name, or [ErrUnknownFormat].
func ParseFormat(name string) (Format, error) {
	for _, f := range Formats() {
		if name == string(f) {
			return f, nil
		}
	}
	return "", fmt.Errorf("%w: %q, want one of %v", ErrUnknownFormat, name, Formats())
}
