package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	proofTitle   = "c2sp.org/tlog-proof@v1\n"
	receiptTitle = "liuhen receipt v1\n"
)

// Papers are what the archive hands out to take along: proofs and receipts.
type papers struct {
	log       *log
	receipts  note.Verifier // nil if no receipt is to be read
	recording string        // the file that receipts must be for, if not empty
}

func newPapers(log *log, receiptKey, recording string) (*papers, error) {
	if receiptKey == "" {
		return &papers{log: log, recording: recording}, nil
	}
	key, err := note.NewVerifier(receiptKey)
	if err != nil {
		return nil, fmt.Errorf("the receipt key: %w", err)
	}
	return &papers{log, key, recording}, nil
}

// check returns what a paper shows.
func (p *papers) check(path string) (string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return "", err
	}
	switch text := string(data); {
	case strings.HasPrefix(text, proofTitle):
		return p.checkProof(strings.TrimPrefix(text, proofTitle))
	case strings.HasPrefix(text, receiptTitle):
		return p.checkReceipt(data)
	}
	return "", errors.New("neither a proof nor a receipt")
}

// checkProof reads a C2SP tlog-proof; the entry it is for comes from the log.
func (p *papers) checkProof(text string) (string, error) {
	head, checkpoint, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	if strings.HasPrefix(lines[0], "extra ") {
		lines = lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return "", errors.New("a proof without an index")
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil {
		return "", err
	}
	entry, err := p.log.entry(index)
	if err != nil {
		return "", err
	}
	return p.checkRecord(index, entry, lines[1:], []byte(checkpoint))
}

// checkReceipt reads a receipt (docs/formats/receipts.md), which brings its entry along.
func (p *papers) checkReceipt(signed []byte) (string, error) {
	if p.receipts == nil {
		return "", errors.New("a receipt, and no receipt key was given")
	}
	opened, err := note.Open(signed, note.VerifierList(p.receipts))
	if err != nil {
		return "", err
	}
	var receipt struct {
		Index      int64
		Entry      []byte
		Proof      []string
		Checkpoint string
	}
	if err := json.Unmarshal([]byte(strings.TrimPrefix(opened.Text, receiptTitle)), &receipt); err != nil {
		return "", err
	}
	entry, err := p.log.entry(receipt.Index)
	if err != nil {
		return "", err
	}
	if !bytes.Equal(entry, receipt.Entry) {
		return "", fmt.Errorf("entry %d of the log is another one", receipt.Index)
	}
	if p.recording != "" {
		if err := checkRecording(entry, p.recording); err != nil {
			return "", err
		}
	}
	return p.checkRecord(receipt.Index, receipt.Entry, receipt.Proof, []byte(receipt.Checkpoint))
}

// checkRecording shows that an entry of the log admits the file at path.
func checkRecording(entry []byte, path string) error {
	var admitted struct {
		Kind    string
		Outcome string
		Facts   struct {
			Sha256    string
			SizeBytes int64 `json:"size_bytes"`
		}
	}
	if err := json.Unmarshal(entry, &admitted); err != nil {
		return err
	}
	if admitted.Kind != "clip.admitted" || admitted.Outcome != "ok" {
		return fmt.Errorf("the entry says %s %s", admitted.Kind, admitted.Outcome)
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	digest := sha256.New()
	size, err := io.Copy(digest, file)
	if err != nil {
		return err
	}
	if found := hex.EncodeToString(digest.Sum(nil)); found != admitted.Facts.Sha256 || size != admitted.Facts.SizeBytes {
		return fmt.Errorf("%s: %d bytes with SHA-256 %s, admitted were %d with %s",
			path, size, found, admitted.Facts.SizeBytes, admitted.Facts.Sha256)
	}
	return nil
}

// checkRecord shows that the entry stands in the tree of a signed checkpoint, and that tree in ours.
func (p *papers) checkRecord(index int64, entry []byte, path []string, signed []byte) (string, error) {
	tree, err := openCheckpoint(signed, p.log.key)
	if err != nil {
		return "", err
	}
	var proof tlog.RecordProof
	for _, line := range path {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return "", err
		}
		proof = append(proof, hash)
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return "", err
	}
	if err := p.log.checkEarlier(tree); err != nil {
		return "", err
	}
	return fmt.Sprintf("entry %d stands in the tree of %d", index, tree.N), nil
}

// toHash takes bytes for a hash if they are as many.
func toHash(data []byte) (tlog.Hash, error) {
	return tlog.ParseHash(base64.StdEncoding.EncodeToString(data))
}
