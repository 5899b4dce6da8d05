package tidy

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// checkPlaces looks in every text for directories that exist on one machine only: somebody's home, or where this checkout lies.
func checkPlaces(t *Tree) ([]Finding, error) {
	pattern := placesOf(t.Root)
	var found []Finding
	for _, rel := range t.texts {
		text, err := os.ReadFile(filepath.Join(t.Root, filepath.FromSlash(rel)))
		if err != nil {
			return nil, fmt.Errorf("look for places: %w", err)
		}
		if bytes.IndexByte(text, 0) >= 0 {
			continue // a built program names its sources
		}
		for _, at := range pattern.FindAllSubmatchIndex(text, -1) {
			line := 1 + bytes.Count(text[:at[2]], []byte("\n"))
			found = append(found, Finding{
				RulePlace, fmt.Sprintf("%s:%d", rel, line),
				fmt.Sprintf("names %s, a place on one machine", text[at[2]:at[3]]),
			})
		}
	}
	return found, nil
}

// placesOf matches a place in its first group. A directory at the top of the file system is too common a name to look for.
func placesOf(root string) *regexp.Regexp {
	places := []string{`/(?:home|Users)/[A-Za-z]`}
	if strings.Count(filepath.ToSlash(root), "/") > 1 {
		places = append(places, regexp.QuoteMeta(root))
	}
	if home, err := os.UserHomeDir(); err == nil && len(home) > 1 {
		places = append(places, regexp.QuoteMeta(home)+`/`)
	}
	return regexp.MustCompile(`(?:^|[^\w.-])(` + strings.Join(places, "|") + `)`)
}
