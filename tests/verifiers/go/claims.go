package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/tlog"
)

// A claim is one proof to judge. Index is set for an inclusion proof, Old for a consistency proof.
type claim struct {
	Index   *int64
	Old     *int64
	Size    int64
	Entry   []byte
	OldRoot []byte `json:"old_root"`
	Root    []byte
	Proof   [][]byte
}

// judge answers a list of claims with a list of as many reasons, empty where a claim holds.
func judge(in io.Reader, out io.Writer) error {
	var claims []claim
	if err := json.NewDecoder(in).Decode(&claims); err != nil {
		return err
	}
	reasons := make([]string, len(claims))
	for i, claim := range claims {
		if err := claim.check(); err != nil {
			reasons[i] = err.Error()
		}
	}
	return json.NewEncoder(out).Encode(reasons)
}

func (c claim) check() error {
	root, err := toHash(c.Root)
	if err != nil {
		return err
	}
	proof := make([]tlog.Hash, len(c.Proof))
	for i, data := range c.Proof {
		if proof[i], err = toHash(data); err != nil {
			return err
		}
	}
	switch {
	case c.Index != nil:
		return tlog.CheckRecord(proof, c.Size, root, *c.Index, tlog.RecordHash(c.Entry))
	case c.Old != nil:
		oldRoot, err := toHash(c.OldRoot)
		if err != nil {
			return err
		}
		return tlog.CheckTree(proof, c.Size, root, *c.Old, oldRoot)
	}
	return errors.New("a claim of nothing")
}

// prove answers a list of claims, of which only indexes and sizes count, with tlog's own proofs
// from the tiles.
func prove(log *log, in io.Reader, out io.Writer) error {
	var claims []claim
	if err := json.NewDecoder(in).Decode(&claims); err != nil {
		return err
	}
	answers := make([][][]byte, len(claims))
	for i, claim := range claims {
		proof, err := claim.prove(log.hashes)
		if err != nil {
			return fmt.Errorf("claim %d: %w", i, err)
		}
		answers[i] = make([][]byte, len(proof))
		for j := range proof {
			answers[i][j] = proof[j][:]
		}
	}
	return json.NewEncoder(out).Encode(answers)
}

func (c claim) prove(hashes tlog.HashReader) ([]tlog.Hash, error) {
	switch {
	case c.Index != nil:
		return tlog.ProveRecord(c.Size, *c.Index, hashes)
	case c.Old != nil:
		return tlog.ProveTree(c.Size, *c.Old, hashes)
	}
	return nil, errors.New("a question about nothing")
}
