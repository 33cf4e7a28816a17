package ingest

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestAhead(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, chunkBytes - 1, chunkBytes, 3*chunkBytes + 7, 9 * chunkBytes} {
		text := make([]byte, n)
		for i := range text {
			text[i] = byte(rng.Uint32())
		}
		a := newAhead(iotest.HalfReader(bytes.NewReader(text)))
		got, err := io.ReadAll(a)
		require.NoError(t, err)
		require.True(t, bytes.Equal(text, got), "%d bytes", n)
		require.NoError(t, a.Close())
	}
	broken := errors.New("broken")
	a := newAhead(io.MultiReader(bytes.NewReader(make([]byte, chunkBytes+3)), iotest.ErrReader(broken)))
	got, err := io.ReadAll(a)
	require.ErrorIs(t, err, broken)
	require.Len(t, got, chunkBytes+3, "what came before the error")
	a = newAhead(iotest.DataErrReader(bytes.NewReader(make([]byte, 20*chunkBytes))))
	require.NoError(t, a.Close(), "nobody read it")
	require.NoError(t, a.Close())
	_, err = io.ReadAll(a)
	require.Error(t, err, "it was closed before its end")
	a = newAhead(panics{})
	_, err = io.ReadAll(a)
	require.ErrorIs(t, err, errFault)
	require.NoError(t, a.Close())
}

type panics struct{}

func (panics) Read([]byte) (int, error) { panic("of a decoder") }
