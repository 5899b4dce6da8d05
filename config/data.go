package config

import (
	"errors"
	"regexp"
	"strings"
)

// IsDatabase tells whether the data of a Config, or of a command line, is the
// URL of a PostgreSQL database and not the path of a file.
func IsDatabase(data string) bool {
	return strings.HasPrefix(data, "postgres://") || strings.HasPrefix(data, "postgresql://")
}

var schemed = regexp.MustCompile(`^[[:alpha:]][[:alnum:]+.-]*://`)

// CheckData tells why data can be neither a file nor a database. It never
// repeats the data, which may hold a password.
func CheckData(data string) error {
	switch {
	case data == "":
		return errors.New("is empty")
	case strings.TrimSpace(data) != data:
		return errors.New("begins or ends with a blank")
	case checkRunes(data) != nil:
		return errors.New("has a control character")
	case schemed.MatchString(data) && !IsDatabase(data):
		return errors.New("is a URL that does not begin with postgres:// or postgresql://, and so neither a database nor the path of a file")
	}
	return nil
}

// dataIn reads where the books are kept: a database, or a path that starts at a
// directory if it is relative.
func dataIn(dir string, n node) string {
	if !n.present() {
		return pathIn(dir, n, DefaultData)
	}
	url, ok := n.raw()
	switch {
	case !ok:
		return ""
	case !schemed.MatchString(strings.TrimSpace(url)):
		return pathIn(dir, n, DefaultData)
	}
	if err := CheckData(url); err != nil {
		n.fault(err)
	}
	return url
}
