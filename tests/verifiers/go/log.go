package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// A log is a folder of static files under its newest signed tree head.
type log struct {
	files  folder
	key    note.Verifier
	head   tlog.Tree
	hashes tlog.HashReader // of the head's tree, each authenticated against its root
}

func openLog(files folder, key note.Verifier) (*log, error) {
	signed, err := files.read("checkpoint")
	if err != nil {
		return nil, err
	}
	head, err := openCheckpoint(signed, key)
	if err != nil {
		return nil, fmt.Errorf("checkpoint: %w", err)
	}
	files.size = head.N
	return &log{files, key, head, tlog.TileHashReader(head, files)}, nil
}

// openCheckpoint returns the tree head in a note that key has signed (C2SP tlog-checkpoint).
func openCheckpoint(signed []byte, key note.Verifier) (tlog.Tree, error) {
	opened, err := note.Open(signed, note.VerifierList(key))
	if err != nil {
		return tlog.Tree{}, err
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return tlog.Tree{}, fmt.Errorf("not the three lines of a checkpoint")
	}
	if lines[0] != key.Name() {
		return tlog.Tree{}, fmt.Errorf("of another log, %q", lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 1 || strconv.FormatInt(size, 10) != lines[1] {
		return tlog.Tree{}, fmt.Errorf("%q is not a size", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, err
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

// checkEntries hashes the entries from first on anew and holds each against its leaf in a signed
// tree. first is the first of a tile.
func (l *log) checkEntries(tree tlog.Tree, hashes tlog.HashReader, first int64) error {
	for ; first < tree.N; first += width {
		count := int(min(width, tree.N-first))
		indexes := make([]int64, count)
		for i := range indexes {
			indexes[i] = tlog.StoredHashIndex(0, first+int64(i))
		}
		leaves, err := hashes.ReadHashes(indexes)
		if err != nil {
			return err
		}
		entries, err := l.files.entries(first/width, count)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if tlog.RecordHash(entry) != leaves[i] {
				return fmt.Errorf("entry %d does not hash to its leaf", first+int64(i))
			}
		}
	}
	return nil
}

// check reads the whole log under its newest checkpoint.
func (l *log) check() error {
	return l.checkEntries(l.head, l.hashes, 0)
}

// entry returns one entry, which check has held against the tree.
func (l *log) entry(index int64) ([]byte, error) {
	if index < 0 || index >= l.head.N {
		return nil, fmt.Errorf("no entry %d in a tree of %d", index, l.head.N)
	}
	first := index / width * width
	entries, err := l.files.entries(index/width, int(min(width, l.head.N-first)))
	if err != nil {
		return nil, err
	}
	return entries[index-first], nil
}

// checkArchive follows the archived checkpoints: each continues the one before, the newest tree
// continues them all, and the tiles still hold the tree of each.
func (l *log) checkArchive() (int, error) {
	paths, err := filepath.Glob(filepath.Join(l.files.root, "checkpoints", "*"))
	if err != nil {
		return 0, err
	}
	var before *tlog.Tree
	for _, path := range paths { // sorted, and the names are sizes of one length
		name := filepath.Base(path)
		signed, err := os.ReadFile(path)
		if err != nil {
			return 0, err
		}
		tree, err := openCheckpoint(signed, l.key)
		if err != nil {
			return 0, fmt.Errorf("checkpoint %s: %w", name, err)
		}
		if name != fmt.Sprintf("%012d", tree.N) {
			return 0, fmt.Errorf("checkpoint %s is of %d entries", name, tree.N)
		}
		if err := l.checkEarlier(tree); err != nil {
			return 0, fmt.Errorf("checkpoint %s: %w", name, err)
		}
		hashes := tlog.TileHashReader(tree, l.files)
		if before != nil {
			if err := checkGrowth(*before, tree, hashes); err != nil {
				return 0, fmt.Errorf("checkpoint %s: %w", name, err)
			}
		}
		// What is full by then is read under the newest checkpoint; here it is the partial files.
		if err := l.checkEntries(tree, hashes, (tree.N-1)/width*width); err != nil {
			return 0, fmt.Errorf("checkpoint %s: %w", name, err)
		}
		before = &tree
	}
	return len(paths), nil
}

// checkEarlier shows that the newest tree continues an earlier one.
func (l *log) checkEarlier(tree tlog.Tree) error {
	if tree.N > l.head.N {
		return fmt.Errorf("%d entries, the newest checkpoint has %d", tree.N, l.head.N)
	}
	return checkGrowth(tree, l.head, l.hashes)
}

func checkGrowth(old, tree tlog.Tree, hashes tlog.HashReader) error {
	proof, err := tlog.ProveTree(tree.N, old.N, hashes)
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}
