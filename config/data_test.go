package config_test

import (
	"strings"
	"testing"

	"github.com/settlex/settlex/config"
)

// A database is taken as it is written, whatever directory the file is in.
func TestDatabase(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"postgres://settlex@db1:5432,db2:5432/books?target_session_attrs=read-write",
		"postgresql:///books?host=/run/postgresql",
	} {
		c, err := config.Parse("conf/settlex.yaml", []byte("data: \""+url+"\"\n"+least))
		if err != nil {
			t.Fatal(err)
		}
		diff(t, url, c.Data)
		diff(t, true, config.IsDatabase(c.Data))
	}
	for _, path := range []string{"settlex.db", "postgres", "/var/lib/postgres://x", "bolt:settlex.db"} {
		diff(t, false, config.IsDatabase(path))
	}
}

// What is wrong with a URL is told without its password.
func TestBadData(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, data, want string }{
		{"blank in front", `" postgres://u:secret@h/b"`, "settlex.yaml:1:7: data: begins or ends with a blank"},
		{"another database", "mysql://u:secret@h/b", "settlex.yaml:1:7: data: is a URL that does not begin with postgres:// or postgresql://, and so neither a database nor the path of a file"},
		{"control character", `"postgres://u:secret\u0001@h/b"`, "settlex.yaml:1:7: data: has a control character"},
		{"list", "[postgres://u:secret@h/b]", "settlex.yaml:1:7: data: is a list, want a single value"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := config.Parse("settlex.yaml", []byte("data: "+tt.data+"\n"+least))
			if err == nil {
				t.Fatal("no fault")
			}
			diff(t, tt.want, err.Error())
			if strings.Contains(err.Error(), "secret") {
				t.Error("the password is told")
			}
		})
	}
}
