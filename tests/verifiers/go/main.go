// Command log-check reads a custody log from its static files (docs/formats/log.md) with Go's own
// packages for transparency logs, golang.org/x/mod/sumdb/note and tlog, and none of our code.
//
//	log-check [-receipts KEY [-recording FILE]] FOLDER KEY [PAPER ...]
//	log-check -judge < claims.json
//	log-check -prove FOLDER KEY < questions.json
//	log-check -vectors > tests/assets/log/proofs.json
//
// FOLDER holds what lies under log/ in the object store: checkpoint, checkpoints/ and tile/. KEY is
// the log's, PAPER a .tlog-proof or a receipt; receipts need the receipt key as well, and with FILE
// each must be for that recording. It ends with 0 if everything holds, with 1 and a reason if something does not, with 2 if it was called wrongly.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	"golang.org/x/mod/sumdb/note"
)

var errUsage = errors.New("usage: log-check [-receipts KEY [-recording FILE]] FOLDER KEY [PAPER ...]")

func main() {
	err := run()
	switch {
	case err == nil:
	case errors.Is(err, errUsage):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "refused:", err)
		os.Exit(1)
	}
}

func run() error {
	receipts := flag.String("receipts", "", "the key that signs receipts")
	recording := flag.String("recording", "", "the file that every receipt must be for")
	judging := flag.Bool("judge", false, "judge proofs from standard input")
	proving := flag.Bool("prove", false, "make proofs for questions from standard input")
	vectors := flag.Bool("vectors", false, "write the reference cases of proofs")
	flag.Parse()
	if *vectors {
		return writeVectors(os.Stdout)
	}
	if *judging {
		return judge(os.Stdin, os.Stdout)
	}
	if flag.NArg() < 2 {
		return errUsage
	}
	key, err := note.NewVerifier(flag.Arg(1))
	if err != nil {
		return fmt.Errorf("the log's key: %w", err)
	}
	log, err := openLog(folder{root: flag.Arg(0)}, key)
	if err != nil {
		return err
	}
	if *proving {
		return prove(log, os.Stdin, os.Stdout)
	}
	if err := log.check(); err != nil {
		return err
	}
	fmt.Printf("%d entries stand in the tree that %s signed\n", log.head.N, key.Name())
	count, err := log.checkArchive()
	if err != nil {
		return err
	}
	fmt.Printf("%d archived checkpoints continue one another\n", count)
	papers, err := newPapers(log, *receipts, *recording)
	if err != nil {
		return err
	}
	for _, path := range flag.Args()[2:] {
		told, err := papers.check(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fmt.Printf("%s: %s\n", path, told)
	}
	return nil
}
