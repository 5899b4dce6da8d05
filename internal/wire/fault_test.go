package wire_test

import (
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/settlex/settlex/internal/wire"
)

// The third request is cut at each point; those before it, another connection, and a new one have their answers.
func TestCut(t *testing.T) {
	t.Parallel()
	type outcome struct {
		Answer string   // what of it the client got
		Heard  []string // what the server did
	}
	for _, row := range []struct {
		point wire.Point
		want  outcome
	}{
		{wire.BeforeRequest, outcome{"", []string{"a\n", "b\n"}}},
		{wire.BeforeAnswer, outcome{"", []string{"a\n", "b\n", "third\n"}}},
		{wire.MidAnswer, outcome{"thi", []string{"a\n", "b\n", "third\n"}}},
	} {
		t.Run(row.point.String(), func(t *testing.T) {
			t.Parallel()
			server := newEcho()
			proxy := front(t, server.listen(t), wire.Options{})
			victim, other := dial(t, proxy.Addr()), dial(t, proxy.Addr())
			victim.mustAsk(t, "a\n")
			cut := proxy.Cut(2, row.point)
			other.mustAsk(t, "b\n")
			answer, err := victim.ask("third\n")
			if !lost(err) {
				t.Errorf("error %v of a connection that was cut", err)
			}
			<-cut
			<-server.ended
			if diff := cmp.Diff(row.want, outcome{answer, server.lines()}); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
			other.mustAsk(t, "c\n")
			dial(t, proxy.Addr()).mustAsk(t, "d\n")
			same(t, 4, proxy.RoundTrips())
		})
	}
}

// Faults that are armed together fall each on its own request.
func TestCutTwice(t *testing.T) {
	t.Parallel()
	server := newEcho()
	proxy := front(t, server.listen(t), wire.Options{})
	first, second := proxy.Cut(2, wire.BeforeAnswer), proxy.Cut(1, wire.BeforeRequest)
	for _, line := range []string{"a\n", "b\n"} {
		if answer, err := dial(t, proxy.Addr()).ask(line); answer != "" || !lost(err) {
			t.Errorf("answer %q, error %v of a connection that was cut", answer, err)
		}
		<-server.ended
	}
	<-first
	<-second
	dial(t, proxy.Addr()).mustAsk(t, "c\n")
	same(t, []string{"b\n", "c\n"}, server.lines())
}

// A frozen network passes nothing on, in either direction and for nobody, and all of it afterwards.
func TestFreeze(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server := newEcho()
		network := newPipes(server)
		proxy := wire.Serve(t.Context(), network, network.reach, wire.Options{})
		defer proxy.Close()
		c := network.connect()
		defer c.Close()
		c.mustAsk(t, "a\n")

		proxy.Freeze()
		proxy.Freeze()
		answers := make(chan string)
		go func() {
			answer, _ := c.ask("b\n")
			answers <- answer
		}()
		late := network.connect()
		defer late.Close()
		go func() {
			answer, _ := late.ask("c\n")
			answers <- answer
		}()
		synctest.Wait()
		same(t, []string{"a\n"}, server.lines())

		proxy.Thaw()
		proxy.Thaw()
		got := map[string]bool{<-answers: true, <-answers: true}
		same(t, map[string]bool{"b\n": true, "c\n": true}, got)
	})
}

// A frozen proxy can be closed.
func TestFreezeClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		network := newPipes(newEcho())
		proxy := wire.Serve(t.Context(), network, network.reach, wire.Options{})
		c := network.connect()
		defer c.Close()
		c.mustAsk(t, "a\n")
		proxy.Freeze()
		if _, err := c.Write([]byte("b\n")); err != nil {
			t.Fatal(err)
		}
		if err := proxy.Close(); err != nil {
			t.Error(err)
		}
	})
}
