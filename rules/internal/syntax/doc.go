// Package syntax reads and writes conditions, Falco's rule language.
//
// It takes texts and gives trees of nodes, which know their offsets, or what is
// wrong and where. It owns the grammar, the operators' names and the canonical
// text of a condition. It never knows what fields there are, which operators
// suit them, or what a macro or list stands for.
package syntax
