package main

import (
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/tlog"
)

// spoiled gives the kinds of bad inclusion proof that the reference implementation's generator
// (github.com/transparency-dev/merkle, cmd/proofgen) describes, under its names.
func (c inclusionCase) spoiled() []inclusionCase {
	var found []inclusionCase
	add := func(desc string, change func(*inclusionCase)) {
		wrong := c
		change(&wrong)
		wrong.Desc, wrong.WantErr = desc, true
		found = append(found, wrong)
	}
	add("leafIdx sub @1", func(w *inclusionCase) { w.LeafIdx-- })
	add("leafIdx plus @1", func(w *inclusionCase) { w.LeafIdx++ })
	add("leafIdx XOR @2", func(w *inclusionCase) { w.LeafIdx ^= 2 })
	add("treeSize mul @2", func(w *inclusionCase) { w.TreeSize *= 2 })
	add("treeSize div @2", func(w *inclusionCase) { w.TreeSize /= 2 })
	add("wrong leaf", func(w *inclusionCase) { w.LeafHash = noHash })
	add("empty root", func(w *inclusionCase) { w.Root = emptyRoot })
	add("random root", func(w *inclusionCase) { w.Root = someHash })
	add("trailing garbage", func(w *inclusionCase) { w.Proof = behind(c.Proof, []byte{}) })
	add("trailing root", func(w *inclusionCase) { w.Proof = behind(c.Proof, c.Root) })
	add("preceding garbage", func(w *inclusionCase) { w.Proof = before(c.Proof, []byte{}) })
	add("preceding root", func(w *inclusionCase) { w.Proof = before(c.Proof, c.Root) })
	for i := range c.Proof {
		desc := fmt.Sprintf("modified proof@%d bit @3", i)
		add(desc, func(w *inclusionCase) { w.Proof = flipped(c.Proof, i, 1<<3) })
	}
	if count := len(c.Proof); count > 0 {
		add("removed component", func(w *inclusionCase) { w.Proof = c.Proof[:count-1] })
		if count > 1 {
			add("inserted component", func(w *inclusionCase) { w.Proof = slices.Insert(slices.Clone(c.Proof), 1, someHash) })
		}
	}
	return found
}

// spoiled gives the kinds of bad consistency proof, likewise.
func (c consistencyCase) spoiled() []consistencyCase {
	var found []consistencyCase
	add := func(desc string, change func(*consistencyCase)) {
		wrong := c
		change(&wrong)
		wrong.Desc, wrong.WantErr = desc, true
		found = append(found, wrong)
	}
	add("size1 sub @1", func(w *consistencyCase) { w.Size1-- })
	add("size1 plus @1", func(w *consistencyCase) { w.Size1++ })
	add("size1 XOR @2", func(w *consistencyCase) { w.Size1 ^= 2 })
	add("size2 mul @2", func(w *consistencyCase) { w.Size2 *= 2 })
	add("size2 div @2", func(w *consistencyCase) { w.Size2 /= 2 })
	add("wrong root1", func(w *consistencyCase) { w.Root1 = noHash })
	add("wrong root2", func(w *consistencyCase) { w.Root2 = noHash })
	add("swapped roots", func(w *consistencyCase) { w.Root1, w.Root2 = c.Root2, c.Root1 })
	add("empty proof", func(w *consistencyCase) { w.Proof = [][]byte{} })
	add("truncated proof", func(w *consistencyCase) { w.Proof = c.Proof[:len(c.Proof)-1] })
	for _, one := range []struct {
		name  string
		value []byte
	}{{"garbage", []byte{}}, {"root1", c.Root1}, {"root2", c.Root2}, {"proof @0", c.Proof[0]}} {
		add("trailing "+one.name, func(w *consistencyCase) { w.Proof = behind(c.Proof, one.value) })
		add("preceding "+one.name, func(w *consistencyCase) { w.Proof = before(c.Proof, one.value) })
	}
	for i := range c.Proof {
		desc := fmt.Sprintf("modified proof@%d bit @4", i)
		add(desc, func(w *consistencyCase) { w.Proof = flipped(c.Proof, i, 1<<4) })
	}
	return found
}

// fixedInclusion are the cases about trees of no or one leaf.
func fixedInclusion() []inclusionCase {
	none := [][]byte{}
	var found []inclusionCase
	for _, at := range [][2]uint64{{0, 0}, {0, 1}, {1, 0}, {2, 1}} {
		found = append(found,
			inclusionCase{at[0], at[1], []byte{}, someHash, none, "random leaf", true},
			inclusionCase{at[0], at[1], emptyRoot, []byte{}, none, "empty root", true},
			inclusionCase{at[0], at[1], emptyRoot, someHash, none, "empty root and random leaf", true},
		)
	}
	return append(found,
		inclusionCase{0, 1, someHash, someHash, none, "matching root and leaf", false},
		inclusionCase{0, 1, someHash, []byte{}, none, "empty leaf", true},
		inclusionCase{0, 1, []byte{}, someHash, none, "empty root of one leaf", true},
		inclusionCase{0, 1, []byte{}, []byte{}, none, "empty root and leaf", true},
	)
}

// fixedConsistency are the cases about equal sizes, sizes in the wrong order and empty trees.
func fixedConsistency() []consistencyCase {
	none, one := [][]byte{}, [][]byte{emptyRoot}
	first, second := bytesOf(tlog.RecordHash(leaves[0])), bytesOf(tlog.RecordHash(leaves[1]))
	return []consistencyCase{
		{0, 0, first, second, none, "sizes are equal (zero) but roots are not", true},
		{1, 1, first, second, none, "sizes are equal (one) but roots are not", true},
		{0, 0, first, first, none, "sizes are zero and roots are not those of an empty tree", true},
		{0, 1, first, second, none, "size1 is zero and root1 is not that of an empty tree", true},
		{1, 1, second, second, none, "sizes are equal (one) and proof is empty", false},
		{1, 0, first, second, none, "size1 is greater than size2", true},
		{2, 1, first, second, none, "size1 is greater than size2 again", true},
		{1, 2, first, second, none, "sizes do not match and proof is empty", true},
		{0, 0, emptyRoot, second, none, "roots do not match and sizes are zero", true},
		{1, 1, emptyRoot, second, none, "roots do not match and sizes are one", true},
		{0, 0, emptyRoot, emptyRoot, one, "sizes are zero and proof is not empty", true},
		{1, 1, emptyRoot, emptyRoot, one, "sizes are one and proof is not empty", true},
		{0, 1, emptyRoot, emptyRoot, one, "size1 is zero and proof is not empty", true},
	}
}

func behind(proof [][]byte, value []byte) [][]byte {
	return append(slices.Clone(proof), value)
}

func before(proof [][]byte, value []byte) [][]byte {
	return append([][]byte{value}, proof...)
}

func flipped(proof [][]byte, at int, bit byte) [][]byte {
	wrong := slices.Clone(proof)
	wrong[at] = slices.Clone(proof[at])
	wrong[at][0] ^= bit
	return wrong
}
