package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"golang.org/x/mod/sumdb/tlog"
)

// An inclusionCase is one proof to verify and whether it must be refused.
type inclusionCase struct {
	LeafIdx  uint64   `json:"leafIdx"`
	TreeSize uint64   `json:"treeSize"`
	Root     []byte   `json:"root"`
	LeafHash []byte   `json:"leafHash"`
	Proof    [][]byte `json:"proof"`
	Desc     string   `json:"desc"`
	WantErr  bool     `json:"wantErr"`
}

// A consistencyCase is the same of two trees.
type consistencyCase struct {
	Size1   uint64   `json:"size1"`
	Size2   uint64   `json:"size2"`
	Root1   []byte   `json:"root1"`
	Root2   []byte   `json:"root2"`
	Proof   [][]byte `json:"proof"`
	Desc    string   `json:"desc"`
	WantErr bool     `json:"wantErr"`
}

// leaves are those of the test tree of the Certificate Transparency implementations.
var leaves = [][]byte{
	{}, {0x00}, {0x10}, {0x20, 0x21}, {0x30, 0x31}, {0x40, 0x41, 0x42, 0x43},
	{0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57},
	{0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f},
}

var (
	noHash    = []byte("WrongRoot")
	someHash  = bytesOf(tlog.RecordHash([]byte("in no tree")))
	emptyRoot = []byte{
		0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24,
		0x27, 0xae, 0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
	}
)

// writeVectors makes the reference cases anew: tlog makes the tree and the good proofs, and judges
// each case before it is written.
func writeVectors(out io.Writer) error {
	tree, err := newTree(leaves)
	if err != nil {
		return err
	}
	var inclusion []inclusionCase
	for _, at := range [][2]int64{{0, 1}, {0, 8}, {5, 8}, {2, 3}, {1, 5}} {
		good, err := tree.inclusion(at[0], at[1])
		if err != nil {
			return err
		}
		inclusion = append(inclusion, good)
		inclusion = append(inclusion, good.spoiled()...)
	}
	inclusion = append(inclusion, fixedInclusion()...)
	var consistency []consistencyCase
	for _, at := range [][2]int64{{1, 1}, {1, 8}, {6, 8}, {2, 5}, {6, 7}} {
		good, err := tree.consistency(at[0], at[1])
		if err != nil {
			return err
		}
		consistency = append(consistency, good)
		if len(good.Proof) > 0 {
			consistency = append(consistency, good.spoiled()...)
		}
	}
	consistency = append(consistency, fixedConsistency()...)
	for _, one := range inclusion {
		if refused := one.check() != nil; refused != one.WantErr {
			return fmt.Errorf("tlog disagrees: inclusion, %d of %d, %s", one.LeafIdx, one.TreeSize, one.Desc)
		}
	}
	for _, one := range consistency {
		if refused := one.check() != nil; refused != one.WantErr {
			return fmt.Errorf("tlog disagrees: consistency, %d to %d, %s", one.Size1, one.Size2, one.Desc)
		}
	}
	return writeLines(out, inclusion, consistency)
}

// writeLines writes one JSON object with a case a line.
func writeLines(out io.Writer, inclusion []inclusionCase, consistency []consistencyCase) error {
	text := "{\n\"inclusion\": [\n"
	for i, one := range inclusion {
		line, err := json.Marshal(one)
		if err != nil {
			return err
		}
		text += string(line) + separator(i, len(inclusion))
	}
	text += "],\n\"consistency\": [\n"
	for i, one := range consistency {
		line, err := json.Marshal(one)
		if err != nil {
			return err
		}
		text += string(line) + separator(i, len(consistency))
	}
	_, err := io.WriteString(out, text+"]\n}\n")
	return err
}

func separator(i, count int) string {
	if i+1 < count {
		return ",\n"
	}
	return "\n"
}

// A smallTree keeps every hash in memory, in tlog's order.
type smallTree []tlog.Hash

func newTree(leaves [][]byte) (smallTree, error) {
	var tree smallTree
	for n, leaf := range leaves {
		hashes, err := tlog.StoredHashes(int64(n), leaf, tree)
		if err != nil {
			return nil, err
		}
		tree = append(tree, hashes...)
	}
	return tree, nil
}

// ReadHashes is tlog's.
func (t smallTree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	found := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		found[i] = t[index]
	}
	return found, nil
}

func (t smallTree) inclusion(index, size int64) (inclusionCase, error) {
	root, err := tlog.TreeHash(size, t)
	if err != nil {
		return inclusionCase{}, err
	}
	proof, err := tlog.ProveRecord(size, index, t)
	leaf := bytesOf(tlog.RecordHash(leaves[index]))
	return inclusionCase{uint64(index), uint64(size), bytesOf(root), leaf, allBytes(proof), "happy path", false}, err
}

func (t smallTree) consistency(size1, size2 int64) (consistencyCase, error) {
	root1, err := tlog.TreeHash(size1, t)
	if err != nil {
		return consistencyCase{}, err
	}
	root2, err := tlog.TreeHash(size2, t)
	if err != nil {
		return consistencyCase{}, err
	}
	proof, err := tlog.ProveTree(size2, size1, t)
	return consistencyCase{
		uint64(size1), uint64(size2), bytesOf(root1), bytesOf(root2), allBytes(proof), "happy path", false,
	}, err
}

func (c inclusionCase) check() error {
	if c.LeafIdx > math.MaxInt64 || c.TreeSize > math.MaxInt64 {
		return fmt.Errorf("no leaf %d in a tree of %d", c.LeafIdx, c.TreeSize)
	}
	root, err := toHash(c.Root)
	if err != nil {
		return err
	}
	leaf, err := toHash(c.LeafHash)
	if err != nil {
		return err
	}
	proof, err := toHashes(c.Proof)
	if err != nil {
		return err
	}
	return tlog.CheckRecord(proof, int64(c.TreeSize), root, int64(c.LeafIdx), leaf)
}

func (c consistencyCase) check() error {
	if c.Size1 > math.MaxInt64 || c.Size2 > math.MaxInt64 {
		return fmt.Errorf("no trees of %d and %d", c.Size1, c.Size2)
	}
	root1, err := toHash(c.Root1)
	if err != nil {
		return err
	}
	root2, err := toHash(c.Root2)
	if err != nil {
		return err
	}
	proof, err := toHashes(c.Proof)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, int64(c.Size2), root2, int64(c.Size1), root1)
}

func toHashes(values [][]byte) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(values))
	for i, value := range values {
		hash, err := toHash(value)
		if err != nil {
			return nil, err
		}
		hashes[i] = hash
	}
	return hashes, nil
}

func bytesOf(hash tlog.Hash) []byte { return hash[:] }

func allBytes(hashes []tlog.Hash) [][]byte {
	values := make([][]byte, len(hashes))
	for i := range hashes {
		values[i] = hashes[i][:]
	}
	return values
}
