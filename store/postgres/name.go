package postgres

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Name is what people may read of a URL: the hosts and the database, "postgres://db1:5432,db2:5432/books". It has neither user nor
// password, whatever place the URL keeps them in. What cannot be read as a URL is "postgres://?".
func Name(url string) string {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return "postgres://?" // the error may repeat what nobody should read
	}
	hosts := []string{address(config.Host, config.Port)}
	for _, f := range config.Fallbacks {
		if at := address(f.Host, f.Port); !slices.Contains(hosts, at) { // one host is tried with and without TLS
			hosts = append(hosts, at)
		}
	}
	database := config.Database
	if database == "" {
		database = config.User // so does the server
	}
	return "postgres://" + strings.Join(hosts, ",") + "/" + database
}

// address is a host with its port; a socket's directory stands as it is.
func address(host string, port uint16) string {
	if strings.HasPrefix(host, "/") {
		return host
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return fmt.Sprintf("%s:%d", host, port)
}
