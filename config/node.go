package config

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// A node is a value of the file, or the place where one could be. What is read
// from it is the zero value where it is absent, and where it is wrong, which
// is a fault then.
type node struct {
	r     *reader
	key   string   // as in fees[2].components[0].rate
	at    place    // of the value; of the key, where there is no value
	value ast.Node // nil: absent
	mute  bool     // it is an alias, or what should hold it is no object, which is a fault already
}

func (n node) present() bool { return n.value != nil }

// fault notes that the value is wrong.
func (n node) fault(err error) {
	if !n.mute {
		n.r.fault(n.at, n.key, err)
	}
}

func (n node) faultf(format string, args ...any) { n.fault(fmt.Errorf(format, args...)) }

// adopt notes what a room found wrong with what was read from the node.
func (n node) adopt(err error) {
	if !n.mute {
		n.r.adopt(n.key, err)
	}
}

// required gives the node itself; a fault where it is absent.
func (n node) required() node {
	if !n.present() {
		n.faultf("is required")
	}
	return n
}

// child is a node within n. Its place is the key's if it has no value.
func (n node) child(key string, keyAt place, value ast.Node) node {
	value, unknown := spelled(value)
	at := keyAt
	if _, null := value.(*ast.NullNode); !null {
		at = n.r.source.place(start(value))
	}
	n.r.places[key] = at
	if unknown {
		n.r.doubt(key)
	}
	return node{r: n.r, key: key, at: at, value: value, mute: unknown}
}

// items gives the elements of a list. They come one by one so that a list of
// anything can be read; an absent list has none.
func (n node) items() []node {
	if !n.present() {
		return nil
	}
	list, ok := n.value.(*ast.SequenceNode)
	if !ok {
		n.faultf("is %s, want a list", form(n.value))
		return nil
	}
	nodes := make([]node, len(list.Values))
	for i, value := range list.Values {
		nodes[i] = n.child(fmt.Sprintf("%s[%d]", n.key, i), n.at, value)
	}
	return nodes
}

// An object is a node with keys. Whoever reads it asks for every key it may
// have, then calls done.
type object struct {
	node
	held   map[string]node
	places []named // of the keys, in file order
	asked  []string
}

type named struct {
	name string
	at   place
}

// object gives the node as an object.
func (n node) object() *object {
	o := &object{node: n, held: make(map[string]node)}
	if n.mute {
		return o
	}
	values, ok := mapping(n.value)
	if !ok {
		if n.present() {
			n.faultf("is %s, want keys and values", form(n.value))
		}
		o.mute = true
		return o
	}
	for _, value := range values {
		o.hold(value)
	}
	return o
}

func (o *object) hold(value *ast.MappingValueNode) {
	token, ok := keyOf(value)
	if !ok { // it may be any key
		o.mute = true
		o.r.doubt(o.key)
		return
	}
	name, at := token.Value, o.r.source.place(token)
	key := join(o.key, name)
	if err := checkRunes(name); err != nil {
		o.r.fault(at, key, fmt.Errorf("key %w", err))
		return
	}
	if first, twice := o.held[name]; twice {
		o.r.fault(at, key, fmt.Errorf("is there twice, first on line %d", first.at.line))
		return
	}
	o.held[name] = o.child(key, at, value.Value)
	o.places = append(o.places, named{name, at})
}

// get gives the node of a key, which may be absent.
func (o *object) get(name string) node {
	if !slices.Contains(o.asked, name) {
		o.asked = append(o.asked, name)
	}
	if n, ok := o.held[name]; ok {
		return n
	}
	return node{r: o.r, key: join(o.key, name), at: o.at, mute: o.mute}
}

// done reports the keys that nobody asked for.
func (o *object) done() {
	o.r.order[o.key] = o.asked
	for _, p := range o.places {
		switch {
		case slices.Contains(o.asked, p.name):
		case p.name == "version":
			o.r.fault(p.at, join(o.key, p.name), errors.New("is not written here: a version is computed from the content"))
		default:
			o.r.fault(p.at, join(o.key, p.name), fmt.Errorf("is unknown; known here: %s", strings.Join(o.asked, ", ")))
		}
	}
}

// all gives every key and its node in file order, for objects whose keys are
// not ours.
func (o *object) all() iter.Seq2[string, node] {
	return func(yield func(string, node) bool) {
		for _, p := range o.places {
			if !yield(p.name, o.held[p.name]) {
				return
			}
		}
	}
}
