package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"sizeterm/ingest"
	"sizeterm/pricing/sheet"
)

// pricesInstead reports whether a file that was refused as usage is a price sheet in a form whose first bytes do not show it:
// Parquet, as Cost Management exports it.
func pricesInstead(in ingest.Input, l ingest.Limits, err error) bool {
	if !errors.Is(err, ingest.ErrUnknownKind) && !errors.Is(err, ingest.ErrMissingColumn) {
		return false
	}
	head, err := headOf(ingest.AsText(in, l))
	if err != nil {
		return false
	}
	_, ok := sheet.Detect(head)
	return ok
}

// hashOnDisk returns the hash of a file as it lies on disk, in hex.
func hashOnDisk(in ingest.Input) (string, error) {
	f, err := in.Open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}
