// Package contoso makes the demo customer of testdata/contoso: what a CSP partner has of one month of one customer. There is
// the cost export of October 2026 (MPA dialect of dataset 2021-10-01, 70 columns), metrics at a grain of 15 minutes, the list
// of reservations and the partner's own price sheet of one region. The README beside the files says what stands in them.
//
// Contoso, its partner, people and every identifier are invented. Pay-as-you-go prices of Poland Central and Southeast Asia
// are list prices of 2026; all prices of West Europe's sheet are invented.
//
// The same seed gives the same bytes. Inside, times are minutes from the start of the month (UTC), prices are 1e-8 of a
// dollar, quantities are micro-hours.
package contoso

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
)

// Seed is the seed of the files in testdata/contoso.
const Seed = 20261001

// File is one file of the demo.
type File struct {
	Name string // without folder; gzip files end in .gz
	Data []byte // as it lies on the disk
	Text []byte // before gzip; the same as Data where it is not
}

// Files makes all files of the demo but the README, sorted by name.
func Files(seed uint64) ([]File, error) {
	fleet := newCustomer(seed)
	files := []File{
		{Name: "cost-export-2026-10.csv.gz", Text: fleet.costExport()},
		{Name: "metrics-2026-10.csv.gz", Text: fleet.metrics()},
		{Name: "price-sheet-westeurope.csv", Text: priceSheet()},
		{Name: "reservations.csv", Text: fleet.reservationList()},
	}
	for i := range files {
		files[i].Data = files[i].Text
		if filepath.Ext(files[i].Name) != ".gz" {
			continue
		}
		packed, err := pack(files[i].Text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", files[i].Name, err)
		}
		files[i].Data = packed
	}
	return files, nil
}

// Write makes the files and puts them into a folder, which it creates where it is missing.
func Write(dir string, seed uint64) error {
	files, err := Files(seed)
	if err != nil {
		return err
	}
	return put(dir, files)
}

func put(dir string, files []File) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("demo folder: %w", err)
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.Data, 0o644); err != nil {
			return fmt.Errorf("demo file: %w", err)
		}
	}
	return nil
}

// pack compresses without a name or a time in the header, so that equal texts give equal files.
func pack(text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
