package main

import (
	"encoding/binary"
	"hash/crc32"
	"path/filepath"
	"regexp"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/settlex/settlex/ledger"
	"github.com/settlex/settlex/money"
	"github.com/settlex/settlex/store/bolt"
)

// Books that somebody has tampered with: each difference is listed, and the
// exit code says so.
func TestVerifyFinds(t *testing.T) {
	t.Parallel()
	dir := firstDays(t)
	config, data := filepath.Join(dir, "settlex.yaml"), filepath.Join(dir, "settlex.db")
	succeed(t, "ingest", "--config", config, filepath.Join(dir, "days.csv"))

	db, err := bbolt.Open(data, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		accounts := tx.Bucket([]byte("settlex")).Bucket([]byte("accounts"))
		key := []byte("merchants/m_pk_karahi/pending\x00PKR")
		sealed := accounts.Get(key)
		account, err := ledger.DecodeAccount(ledger.AccountID{}, sealed[:len(sealed)-4])
		if err != nil {
			return err
		}
		account.HeldDebits = money.Minor(1)
		data := account.AppendBinary(nil)
		return accounts.Put(key, binary.BigEndian.AppendUint32(data, crc32.Checksum(data, crc32.MakeTable(crc32.Castagnoli))))
	})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}

	r := command(t, "verify", "--config", config)
	if r.code != exitFailure {
		t.Errorf("exit code %d, want %d", r.code, exitFailure)
	}
	if want := regexp.MustCompile(`(?m)^account merchants/m_pk_karahi/pending PKR: `); !want.MatchString(r.stdout) {
		t.Errorf("got %q, want %s", r.stdout, want)
	}
	if want := regexp.MustCompile(`^settlex: verify: \d+ findings? \([\d,]+ items, [\d,]+ accounts\)\n$`); !want.MatchString(r.stderr) {
		t.Errorf("got %q, want %s", r.stderr, want)
	}
}

// A data file has one user at a time, and whoever comes second is told.
func TestInUse(t *testing.T) {
	t.Parallel()
	dir := firstDays(t)
	data := filepath.Join(dir, "settlex.db")
	held, err := bolt.Open(data, bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	r := command(t, "balances", "--config", filepath.Join(dir, "settlex.yaml"))
	want := "settlex: open " + data + ": file is in use by another process\n"
	if r.code != exitFailure || r.stderr != want {
		t.Errorf("exit code %d, %q, want %q", r.code, r.stderr, want)
	}
}
