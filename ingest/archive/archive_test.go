package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

// onEach runs the test on a folder and on a bucket.
func onEach(t *testing.T, test func(t *testing.T, a *Archive)) {
	for name, address := range map[string]string{"folder": filepath.Join(t.TempDir(), "a"), "url": "file://" + filepath.Join(t.TempDir(), "a"), "bucket": "mem://"} {
		t.Run(name, func(t *testing.T) {
			a, err := Open(context.Background(), address, filepath.Join(t.TempDir(), "work"))
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, a.Close()) })
			test(t, a)
		})
	}
}

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// files lists all files of the archive's folder.
func files(t *testing.T, a *Archive) (names []string) {
	require.NoError(t, filepath.WalkDir(a.local.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, d.Name())
		}
		return err
	}))
	return names
}

func TestTheSameBytesAreKeptOnce(t *testing.T) {
	onEach(t, func(t *testing.T, a *Archive) {
		ctx := context.Background()
		for range 2 {
			sum, size, err := a.Put(ctx, strings.NewReader("hello"))
			require.NoError(t, err)
			require.Equal(t, sumOf("hello"), sum)
			require.EqualValues(t, 5, size)
		}
		require.Equal(t, []string{sumOf("hello")}, files(t, a))
		r, err := a.Open(ctx, sumOf("hello"))
		require.NoError(t, err)
		require.NoError(t, iotest.TestReader(r, []byte("hello")))
		require.NoError(t, r.Close())
		path, err := a.Path(ctx, sumOf("hello"))
		require.NoError(t, err)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "hello", string(text))
		ok, err := a.Has(ctx, sumOf("hello"))
		require.NoError(t, err)
		require.True(t, ok)

		require.NoError(t, a.Remove(ctx, sumOf("hello")))
		require.NoError(t, a.Remove(ctx, sumOf("hello")))
		_, err = a.Open(ctx, sumOf("hello"))
		require.ErrorIs(t, err, ErrNotFound)
		_, err = a.Path(ctx, sumOf("hello"))
		require.ErrorIs(t, err, ErrNotFound)
	})
}

func TestWhatFailsIsNotThere(t *testing.T) {
	onEach(t, func(t *testing.T, a *Archive) {
		ctx := context.Background()
		boom := errors.New("boom")
		_, _, err := a.Put(ctx, io.MultiReader(strings.NewReader("hel"), iotest.ErrReader(boom)))
		require.ErrorIs(t, err, boom)
		gone, cancel := context.WithCancel(ctx)
		cancel()
		_, _, err = a.Put(gone, strings.NewReader("hello"))
		require.ErrorIs(t, err, context.Canceled)
		require.Empty(t, files(t, a))
		for _, bad := range []string{"", "../../etc/passwd", strings.Repeat("A", 64), strings.Repeat("a", 63), "ab/" + strings.Repeat("a", 61)} {
			_, err := a.Open(ctx, bad)
			require.ErrorIs(t, err, ErrNotFound)
			_, err = a.Path(ctx, bad)
			require.ErrorIs(t, err, ErrNotFound)
			require.Error(t, a.Adopt(ctx, "x", bad))
			require.NoError(t, a.Remove(ctx, bad))
			ok, err := a.Has(ctx, bad)
			require.NoError(t, err)
			require.False(t, ok)
		}
	})
}

// A bit that flips on the disk is found by whoever reads; storing the bytes again mends the file.
func TestDamageIsFoundAndMended(t *testing.T) {
	ctx := context.Background()
	a, err := Open(ctx, t.TempDir(), "")
	require.NoError(t, err)
	data := bytes.Repeat([]byte("0123456789abcdef"), 4096)
	sum, _, err := a.Put(ctx, bytes.NewReader(data))
	require.NoError(t, err)
	for _, damage := range []func(p []byte) []byte{
		func(p []byte) []byte { p[0] ^= 1; return p },
		func(p []byte) []byte { p[len(p)-1] ^= 128; return p },
		func(p []byte) []byte { return p[:len(p)-1] },
		func(p []byte) []byte { return append(p, 0) },
		func(p []byte) []byte { return nil },
	} {
		require.NoError(t, os.WriteFile(a.local.path(sum), damage(bytes.Clone(data)), 0o600))
		r, err := a.Open(ctx, sum)
		require.NoError(t, err)
		_, err = io.ReadAll(r)
		require.ErrorIs(t, err, ErrDamaged)
		require.NoError(t, r.Close())
		_, err = a.Path(ctx, sum)
		require.ErrorIs(t, err, ErrDamaged)
		_, _, err = a.Put(ctx, bytes.NewReader(data))
		require.NoError(t, err)
		_, err = a.Path(ctx, sum)
		require.NoError(t, err)
	}
}

// The copy of a bucket's file is fetched where it is missing, and again where it was damaged.
func TestCopiesOfABucketAreFetched(t *testing.T) {
	ctx := context.Background()
	a, err := Open(ctx, "mem://", t.TempDir())
	require.NoError(t, err)
	sum, _, err := a.Put(ctx, strings.NewReader("hello"))
	require.NoError(t, err)
	for _, spoil := range []func() error{
		func() error { return os.Remove(a.local.path(sum)) },
		func() error { return os.WriteFile(a.local.path(sum), []byte("hellx"), 0o600) },
	} {
		require.NoError(t, spoil())
		path, err := a.Path(ctx, sum)
		require.NoError(t, err)
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "hello", string(text))
	}
	require.NoError(t, a.local.remove(sum))
	require.NoError(t, a.bucket.WriteAll(ctx, key(sum), []byte("changed"), nil))
	_, err = a.Path(ctx, sum)
	require.ErrorIs(t, err, ErrDamaged)
}

func TestManyPutTheSame(t *testing.T) {
	onEach(t, func(t *testing.T, a *Archive) {
		var wait sync.WaitGroup
		errs := make([]error, 16)
		for i := range errs {
			wait.Go(func() { _, _, errs[i] = a.Put(context.Background(), strings.NewReader("hello")) })
		}
		wait.Wait()
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, []string{sumOf("hello")}, files(t, a))
	})
}

func TestSweepRemovesWhatWasLeft(t *testing.T) {
	a, err := Open(context.Background(), t.TempDir(), "")
	require.NoError(t, err)
	f, err := a.local.temp()
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, a.Sweep())
	require.Empty(t, files(t, a))
}

func TestUnknownAddresses(t *testing.T) {
	_, err := Open(context.Background(), "ftp://user:canary@host/x", t.TempDir())
	require.Error(t, err)
	require.NotContains(t, err.Error(), "canary")
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	_, err = Open(context.Background(), file, "")
	require.Error(t, err)
}
