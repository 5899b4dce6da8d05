// Package pgtest gives tests real PostgreSQL servers, without a service that somebody has to set up.
//
//	func TestStore(t *testing.T) {
//		t.Parallel()
//		for _, server := range pgtest.Servers(t) {
//			t.Run(server.String(), func(t *testing.T) {
//				t.Parallel()
//				dsn := pgtest.Database(t, server) // empty, and gone when the test ends
//				...
//			})
//		}
//	}
//
// [Database] takes one of a server that all tests of the binary share; it starts when the first test asks for it. Making and dropping one
// takes as long as thousands of commits, so package postgrestest lends the same [Lasting] ones to many tests. A test that stops,
// kills or replicates a server has its own: [NewCluster], [Cluster.Kill], [Cluster.Standby], [Cluster.Promote], [MultiDSN].
//
// Servers are the installations that [ServersVar] names, else the one in PATH, else the newest below /usr/lib/postgresql. Without any,
// the test is skipped and says so, as package testneed does it.
//
// What holds:
//
//   - Servers listen on loopback, below the ports that outgoing connections take, and let everybody in who reaches them.
//   - They sync to disk as in production. Text sorts by the rules of English where PostgreSQL can do that, not by bytes, and the server's time
//     zone is India's, so that SQL which counts on bytes or on UTC fails here and not at a user's.
//   - PostgreSQL refuses to run as root. Tests that do run it as the user postgres, or nobody.
//   - Nothing is left behind: a small shell (the guard) waits for the test binary to end, however it ends, stops the servers it
//     started and removes their files. So no TestMain is needed.
//
// Limits: Unix only. [Cluster.Kill] ends processes, not the kernel: what was written but not synced is still there afterwards.
package pgtest
