// Package tidy keeps the house in order: it reads the source tree of the module and says where it breaks the floor plan of
// docs/ARCHITECTURE.md. It has no part in the binary; `go test ./internal/tidy` runs it on the tree it stands in.
//
// The plan is data, in house.go: one [Room] per package with the floor it stands on, and one [Library] per third-party
// module with the only room that may import it. A new package needs a new row, and so does a new library. A row for a package that
// is not there yet harms nothing.
//
// A check is worth what it can catch, so every rule has planted violations in planted_test.go, and a rule without one fails the
// tests.
//
// Limits: a use is recognised by the name under which a file imports a package, so a local variable of that name is taken for
// the package; dot imports are not followed.
package tidy
