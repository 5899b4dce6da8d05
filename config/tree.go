package config

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// mapping gives the keys and values of a YAML mapping.
func mapping(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	}
	return nil, false
}

// spelled gives what an anchor or a tag stands before, which is a fault by itself. What
// an alias stands for nobody knows.
func spelled(n ast.Node) (value ast.Node, unknown bool) {
	for {
		switch v := n.(type) {
		case *ast.AnchorNode:
			n = v.Value
		case *ast.TagNode:
			n = v.Value
		case *ast.AliasNode:
			return n, true
		default:
			return n, n == nil
		}
	}
}

// keyOf gives the token of a key; false for a key that stands for others.
func keyOf(n *ast.MappingValueNode) (*token.Token, bool) {
	var key ast.Node = n.Key
	if explicit, ok := key.(*ast.MappingKeyNode); ok {
		key = explicit.Value
	}
	key, unknown := spelled(key)
	if _, merges := key.(*ast.MergeKeyNode); merges || unknown {
		return nil, false
	}
	_, ok := scalarText(key)
	return key.GetToken(), ok
}

// start is the token with which a node begins. A mapping's own token is the
// colon behind its first key.
func start(n ast.Node) *token.Token {
	if values, ok := mapping(n); ok && len(values) > 0 {
		if m, ok := n.(*ast.MappingNode); !ok || !m.IsFlowStyle {
			return values[0].Key.GetToken()
		}
	}
	return n.GetToken()
}

// scalarText gives the text of a scalar: of a plain one exactly as it stands
// in the file, whatever YAML would make of it. 3.00 does not become 3, nor 010
// 8, nor 18:00 a number of minutes.
func scalarText(n ast.Node) (string, bool) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.LiteralNode:
		return n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, true
	}
	return "", false
}

// form says for people what a node is.
func form(n ast.Node) string {
	if _, ok := mapping(n); ok {
		return "an object"
	}
	switch n.(type) {
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "empty"
	}
	return "a single value"
}
