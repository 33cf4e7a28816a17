package solve

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Cases of other structure than the published ones, made by hand (testdata/README.md): competing plans of different scope and term, caps that
// bind on a ladder, a budget and a rule of use at once, machines that leave a group that is owned, an order without convexity, ties with
// pay-as-you-go. Each is tried out whole.
func TestOtherShapesEqualBruteForce(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		p, err := ReadCase(bytes.NewReader(text))
		require.NoError(t, err, file)
		equalsBrute(t, p)
	}
}
