package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	height = 8
	width  = 1 << height
	// What tlog calls the level of records, which C2SP calls entries.
	entryLevel = -1
)

// A folder is a log's static files in the layout of C2SP tlog-tiles; a tlog.TileReader.
// size is that of the newest checkpoint: what tiles there must be.
type folder struct {
	root string
	size int64
}

func (f folder) read(path string) ([]byte, error) {
	return os.ReadFile(filepath.Join(f.root, filepath.FromSlash(path)))
}

func (f folder) Height() int { return height }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	all := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data, found, err := f.readWidest(tile)
		if err != nil {
			return nil, err
		}
		if len(data) != found.W*tlog.HashSize {
			return nil, fmt.Errorf("%s holds %d bytes", path(found), len(data))
		}
		all[i] = data[:tile.W*tlog.HashSize]
	}
	return all, nil
}

// entries returns the first count entries of bundle n.
func (f folder) entries(n int64, count int) ([][]byte, error) {
	data, found, err := f.readWidest(tlog.Tile{H: height, L: entryLevel, N: n, W: count})
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(data) > 0 {
		if len(data) < 2 || len(data) < 2+int(binary.BigEndian.Uint16(data)) {
			return nil, fmt.Errorf("%s ends inside an entry", path(found))
		}
		end := 2 + int(binary.BigEndian.Uint16(data))
		entries = append(entries, data[2:end])
		data = data[end:]
	}
	if len(entries) != found.W {
		return nil, fmt.Errorf("%s holds %d entries", path(found), len(entries))
	}
	return entries[:count], nil
}

// readWidest reads a tile, or where its partial form is gone (or never was: no checkpoint had this
// size) the form it has in the newest tree, which begins with the same bytes.
func (f folder) readWidest(tile tlog.Tile) ([]byte, tlog.Tile, error) {
	data, err := f.read(path(tile))
	if !errors.Is(err, fs.ErrNotExist) {
		return data, tile, err
	}
	level := tile.L
	if level == entryLevel {
		level = 0
	}
	widest := tile
	widest.W = int(min(width, f.size>>(height*level)-tile.N*width))
	if widest.W <= tile.W {
		return nil, tile, err
	}
	data, err = f.read(path(widest))
	return data, widest, err
}

// path is where C2SP keeps a tile: like tlog, but without the height, and with another word for
// the level of entries.
func path(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tile.H))
	if rest, ok := strings.CutPrefix(path, "data/"); ok {
		path = "entries/" + rest
	}
	return "tile/" + path
}
