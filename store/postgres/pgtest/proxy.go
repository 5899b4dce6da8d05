package pgtest

import (
	"net/url"
	"testing"

	"github.com/settlex/settlex/internal/wire"
)

// Proxy puts a network before the server of a URL, and returns the URL of the same database behind it. It is closed when the test ends.
func Proxy(t testing.TB, dsn string, o wire.Options) (proxy *wire.Proxy, behind string) {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	if proxy, err = wire.Listen(t.Context(), u.Host, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proxy.Close(); err != nil {
			t.Errorf("close the proxy: %v", err)
		}
	})
	u.Host = proxy.Addr()
	return proxy, u.String()
}
