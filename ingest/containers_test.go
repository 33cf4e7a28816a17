package ingest_test

import (
	"archive/zip"
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
)

// tree writes files below a new folder; a text that begins with "gzip:" is packed.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		data := []byte(text)
		if plain, ok := strings.CutPrefix(text, "gzip:"); ok {
			data = gzipped(plain)
		}
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o600))
	}
	return dir
}

// packedTree is the same as an archive, entries in the order of names.
func packedTree(t *testing.T, names []string, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)})
		require.NoError(t, err)
		_, err = f.Write([]byte(files[name]))
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

// export is a run of an export of Cost Management: a manifest and two parts.
func export(kind, submitted string, days ...string) map[string]string {
	files := map[string]string{"manifest.json": `{"manifestVersion":"2024-04-01","byteCount":1,"blobCount":2,"dataRowCount":2,"exportConfig":{"exportName":"daily-` + kind + `","type":"` + kind + `","dataVersion":"2023-12-01-preview"},
	"deliveryConfig":{"partitionData":true,"fileFormat":"Csv","compressionMode":"none"},"runInfo":{"executionType":"Scheduled","submittedTime":"` + submitted + `","runId":"r","startDate":"2026-10-01T00:00:00","endDate":"2026-10-31T00:00:00"},
	"blobs":[{"blobName":"exports/x/part_0_0001.csv"},{"blobName":"exports/x/part_1_0001.csv"}]}`}
	for i, day := range days {
		files["part_"+string(rune('0'+i))+"_0001.csv"] = csvOf(records(mpaHeader, words, cells{"date": day}), ',', true)
	}
	return files
}

// below puts files into a folder of a tree.
func below(dir string, all ...map[string]string) map[string]string {
	out := map[string]string{}
	for _, files := range all {
		for name, text := range files {
			out[dir+name] = text
		}
	}
	return out
}

func TestExportFolders(t *testing.T) {
	run := export("ActualCost", "2026-10-31T08:00:00.1234567Z", "10/13/2026", "10/14/2026")
	check := func(name string, inputs []ingest.Input, err error) {
		t.Helper()
		require.NoError(t, err, name)
		require.Len(t, inputs, 2, name)
		require.Equal(t, inputs[0].Dataset, inputs[1].Dataset, "parts of one export are one: %s", name)
		require.True(t, strings.HasPrefix(inputs[0].Dataset, "2026-10-31T08:00:00Z|"), inputs[0].Dataset)
		for _, in := range inputs {
			got := readInput(t, in, ingest.Options{})
			require.NoError(t, got.err, name)
			require.Len(t, got.charges, 1, name)
			require.Equal(t, "actual", got.charges[0].Export, name)
		}
	}
	inputs, err := ingest.Discover([]string{tree(t, below("container/daily/20261001-20261031/guid/", run))}, nil)
	check("folder", inputs, err)
	packed := map[string]string{}
	for name, text := range run {
		if name != "manifest.json" {
			text = "gzip:" + text
		}
		packed[strings.Replace(name, ".csv", ".csv.gz", 1)] = strings.NewReplacer(".csv\"", ".csv.gz\"", `"none"`, `"gzip"`).Replace(text)
	}
	inputs, err = ingest.Discover([]string{tree(t, packed)}, nil)
	check("folder of packed parts", inputs, err)
	names := []string{"daily/guid/manifest.json", "daily/guid/part_0_0001.csv", "daily/guid/part_1_0001.csv"}
	archive := packedTree(t, names, below("daily/guid/", run))
	inputs, err = ingest.Discover([]string{filepath.Join(tree(t, map[string]string{"export.zip": string(archive)}), "export.zip")}, nil)
	check("archive of the folder", inputs, err)
	inputs, err = ingest.Discover([]string{tree(t, map[string]string{"a/export.zip": string(archive)})}, nil)
	check("archive in a folder", inputs, err)
	inputs, err = ingest.Discover([]string{"-"}, bytes.NewReader(archive))
	check("archive on standard input", inputs, err)
	cut := packedTree(t, names[:2], below("daily/guid/", run))
	_, err = ingest.Discover([]string{"-"}, bytes.NewReader(cut))
	require.ErrorIs(t, err, ingest.ErrDamaged)
	require.ErrorContains(t, err, `part "part_1_0001.csv" of the export is not there`)
}

// A month-to-date export is written anew every day: runs beside each other restate days, also inside of one archive.
func TestRunsOfOneExportAreToldApart(t *testing.T) {
	first, second := export("AmortizedCost", "2026-10-14T08:00:00Z", "10/13/2026", "10/13/2026"), export("AmortizedCost", "2026-10-15T08:00:00Z", "10/13/2026", "10/14/2026")
	both := below("", below("202610140800/a/", first), below("202610150800/b/", second))
	inputs, err := ingest.Discover([]string{tree(t, both)}, nil)
	require.NoError(t, err)
	require.Len(t, inputs, 4)
	require.Less(t, inputs[0].Dataset, inputs[2].Dataset, "the later run sorts behind")
	var names []string
	for _, dir := range []string{"202610140800/a/", "202610150800/b/"} {
		names = append(names, dir+"part_0_0001.csv", dir+"part_1_0001.csv")
	}
	for _, in := range inputs {
		require.Equal(t, "amortized", in.Export)
	}
	inputs, err = ingest.Discover([]string{"-"}, bytes.NewReader(packedTree(t, names, both)))
	require.NoError(t, err)
	require.Equal(t, inputs[0].Dataset, inputs[1].Dataset)
	require.Less(t, inputs[0].Dataset, inputs[2].Dataset, "also without manifests, by the folder of the run")
	two := map[string]string{"usage.csv": "a", "usage (1).csv": "b"}
	inputs, err = ingest.Discover([]string{"-"}, bytes.NewReader(packedTree(t, []string{"usage (1).csv", "usage.csv"}, two)))
	require.NoError(t, err)
	require.NotEqual(t, inputs[0].Dataset, inputs[1].Dataset, "two downloads in one archive are no parts of one export")
}

// A folder that is a link, and folders that links in it lead to, are read, each once, whatever circles the links run in.
func TestLinksToFolders(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"real/a.csv": metrics(), "elsewhere/b.csv": metrics()} {
		require.NoError(t, os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
	}
	for link, to := range map[string]string{"link": "real", "real/circle": "..", "real/again": "../elsewhere", "elsewhere/back": "../real"} {
		require.NoError(t, os.Symlink(to, filepath.Join(dir, link)))
	}
	inputs, err := ingest.Discover([]string{filepath.Join(dir, "link")}, nil)
	require.NoError(t, err)
	var names []string
	for _, in := range inputs {
		name, err := filepath.Rel(dir, in.Name)
		require.NoError(t, err)
		names = append(names, name)
	}
	require.Equal(t, []string{"link/a.csv", "link/again/b.csv"}, names)
}
