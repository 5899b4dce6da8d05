package wire_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/settlex/settlex/internal/wire"
)

// A request and its answer are one round trip, in however many pieces they come; so are many requests that wait for no answer.
func TestRoundTrips(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		bursts []string // each waits for its answer
		want   int64
	}{
		{"none", nil, 0},
		{"one", []string{"a\n"}, 1},
		{"three", []string{"a\n", "b\n", "c\n"}, 3},
		{"three in a burst", []string{"a\nb\nc\n"}, 1},
		{"large", []string{strings.Repeat("x", 1<<20) + "\n"}, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			proxy := front(t, newEcho().listen(t), wire.Options{})
			c := dial(t, proxy.Addr())
			for _, burst := range row.bursts {
				if _, err := io.WriteString(c, burst); err != nil {
					t.Fatal(err)
				}
				answer := make([]byte, len(burst))
				if _, err := io.ReadFull(c.answers, answer); err != nil {
					t.Fatal(err)
				}
				same(t, burst, string(answer))
			}
			same(t, row.want, proxy.RoundTrips())
		})
	}
}

// Round trips of all connections are counted together.
func TestRoundTripsOfTwo(t *testing.T) {
	t.Parallel()
	proxy := front(t, newEcho().listen(t), wire.Options{})
	one, other := dial(t, proxy.Addr()), dial(t, proxy.Addr())
	one.mustAsk(t, "a\n")
	other.mustAsk(t, "b\n")
	one.mustAsk(t, "c\n")
	same(t, 3, proxy.RoundTrips())
}

// Both sides send at once, more than anybody keeps in memory, and nothing is lost, doubled or out of order.
func TestBytes(t *testing.T) {
	t.Parallel()
	proxy := front(t, newEcho().listen(t), wire.Options{Latency: time.Millisecond})
	c := dial(t, proxy.Addr())
	dice := rand.New(rand.NewPCG(1, 2))
	var sent bytes.Buffer
	for sent.Len() < 8<<20 {
		for range dice.IntN(1000) {
			sent.WriteByte(byte('a' + dice.IntN(26)))
		}
		sent.WriteByte('\n')
	}
	failed := make(chan error, 1)
	go func() {
		_, err := c.Write(sent.Bytes())
		failed <- err
	}()
	got := make([]byte, sent.Len())
	if _, err := io.ReadFull(c.answers, got); err != nil {
		t.Fatal(err)
	}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sent.Bytes(), got) {
		t.Error("the answer is not what was sent")
	}
}

// A byte takes the latency twice, there and back; bytes that follow it do not wait for it.
func TestLatency(t *testing.T) {
	t.Parallel()
	const latency = 10 * time.Millisecond
	for _, row := range []struct {
		name    string
		latency time.Duration
		lines   int
		apart   time.Duration
		want    time.Duration
	}{
		{"none", 0, 1, 0, 0},
		{"one", latency, 1, 0, 2 * latency},
		{"a hundred at once", latency, 100, 0, 2 * latency},
		{"a hundred, a millisecond apart", latency, 100, time.Millisecond, 99*time.Millisecond + 2*latency},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := newPipes(newEcho())
				proxy := wire.Serve(t.Context(), network, network.reach, wire.Options{Latency: row.latency})
				defer proxy.Close()
				c := network.connect()
				defer c.Close()
				began := time.Now()
				go func() {
					for range row.lines {
						_, _ = io.WriteString(c, "a\n") // or the answers end early
						<-time.After(row.apart)
					}
				}()
				for range row.lines {
					if _, err := c.answers.ReadString('\n'); err != nil {
						t.Fatal(err)
					}
				}
				same(t, row.want, time.Since(began))
			})
		})
	}
}

// Requests that are sent while the answer is on its way are of the same round trip: nobody waited for it.
func TestRoundTripsOnTheirWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes(newEcho())
		proxy := wire.Serve(t.Context(), network, network.reach, wire.Options{Latency: 10 * time.Millisecond})
		defer proxy.Close()
		c := network.connect()
		defer c.Close()
		for range 3 {
			if _, err := io.WriteString(c, "a\n"); err != nil {
				t.Fatal(err)
			}
			<-time.After(5 * time.Millisecond)
		}
		for range 3 {
			if _, err := c.answers.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		same(t, 1, proxy.RoundTrips())
	})
}

// A client whose server is not there sees its connection close.
func TestNoServer(t *testing.T) {
	t.Parallel()
	proxy := front(t, "127.0.0.1:1", wire.Options{})
	if answer, err := dial(t, proxy.Addr()).ask("a\n"); answer != "" || !lost(err) {
		t.Errorf("answer %q, error %v", answer, err)
	}
}

// Close cuts what is open, and may be called again.
func TestClose(t *testing.T) {
	t.Parallel()
	server := newEcho()
	proxy := front(t, server.listen(t), wire.Options{Latency: time.Hour})
	c := dial(t, proxy.Addr())
	if _, err := io.WriteString(c, "a\n"); err != nil {
		t.Fatal(err)
	}
	if err := proxy.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := c.answers.ReadByte(); !lost(err) {
		t.Errorf("error %v of a closed proxy", err)
	}
	if err := proxy.Close(); err != nil {
		t.Error(err)
	}
}
