package report

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path"

	"github.com/settlex/settlex/calendar"
	"github.com/settlex/settlex/money"
)

// manifestVersion is the version of the manifest's own fields.
const manifestVersion = 1

// Manifest vouches for one data file and stands beside it under the same name and ".manifest".
type Manifest struct {
	Version      int             `json:"manifest_version"`
	File         string          `json:"file"` // name only
	SHA256       string          `json:"sha256"`
	Bytes        int64           `json:"bytes"`
	Report       string          `json:"report"`
	Format       Format          `json:"format"`
	Merchant     string          `json:"merchant_id"` // empty: all merchants
	Currency     money.Currency  `json:"currency"`
	BusinessDate calendar.Date   `json:"business_date"`
	Rows         int64           `json:"rows"`
	Sums         map[string]Sums `json:"sums"`      // by currency code
	BatchIDs     []string        `json:"batch_ids"` // in the order of the rows
	Watermark    string          `json:"watermark"`
	Checkpoint   string          `json:"ledger_checkpoint"`
	Schema       ManifestSchema  `json:"schema"`
}

// Sums are a manifest's control totals: decimals in major units with all fraction digits.
type Sums struct {
	Gross string `json:"gross"`
	Fee   string `json:"fee"`
	Tax   string `json:"tax"`
	Net   string `json:"net"`
}

// ManifestSchema names the columns of a file, in order.
type ManifestSchema struct {
	Version int      `json:"version"`
	Columns []Column `json:"columns"`
}

// ParseManifest reads a manifest. The error is [ErrBadManifest], also for a manifest of a newer version.
func ParseManifest(data []byte) (Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrBadManifest, err)
	}
	if err := m.validate(); err != nil {
		return Manifest{}, fmt.Errorf("%w: %w", ErrBadManifest, err)
	}
	return m, nil
}

func (m *Manifest) validate() error {
	sum, err := hex.DecodeString(m.SHA256)
	switch {
	case m.Version != manifestVersion:
		return fmt.Errorf("manifest_version %d, this program reads %d", m.Version, manifestVersion)
	case m.File == "" || m.File == "." || m.File == ".." || path.Base(m.File) != m.File:
		return fmt.Errorf("file %q is not a plain file name", m.File)
	case err != nil || len(sum) != 32:
		return fmt.Errorf("sha256 %q is not 64 hexadecimal digits", m.SHA256)
	case m.Bytes < 0 || m.Rows < 0:
		return fmt.Errorf("%d bytes, %d rows", m.Bytes, m.Rows)
	}
	for i, column := range m.Schema.Columns {
		if column.Name == "" || column.Kind == 0 {
			return fmt.Errorf("column %d has no name or no kind", i+1)
		}
	}
	return nil
}

// encode returns the text of the manifest, the same for the same facts.
func (m *Manifest) encode() ([]byte, error) {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return nil, err
	}
	return append(text, '\n'), nil
}

// newManifest fills in everything but what only the written file knows.
func newManifest(l layout, about About, f Format, totals Totals, batches []string) Manifest {
	c := about.Currency
	if len(batches) == 0 {
		batches = []string{} // [] rather than null
		if about.Batch != "" {
			batches = []string{about.Batch}
		}
	}
	return Manifest{
		Version: manifestVersion, File: about.FileName(l.report, l.version, f), Report: l.report, Format: f,
		Merchant: about.Merchant, Currency: c, BusinessDate: about.BusinessDate,
		Rows: totals.Rows,
		Sums: map[string]Sums{c.String(): {
			Gross: c.Format(totals.Gross), Fee: c.Format(totals.Fee), Tax: c.Format(totals.Tax), Net: c.Format(totals.Net),
		}},
		BatchIDs: batches, Watermark: about.Watermark, Checkpoint: about.Checkpoint,
		Schema: ManifestSchema{Version: l.version, Columns: l.columns},
	}
}

// sameSubject reports whether two manifests are about the same report of the same thing.
func (m *Manifest) sameSubject(o *Manifest) bool {
	return m.Report == o.Report && m.Merchant == o.Merchant && m.Currency == o.Currency && m.BusinessDate == o.BusinessDate
}
