package main

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Files are of the size asked for, end with a row, and name other machines each time.
func TestFilesAreOfOtherMachines(t *testing.T) {
	d := &demoFile{header: []byte("time,resource\n"), rows: []byte("1,x/virtualMachines/a\n2,x/virtualMachines/b\n")}
	read := func(name string, size int64) string {
		text, err := io.ReadAll(d.reader(name, size, 1<<40))
		require.NoError(t, err)
		return string(text)
	}
	one, other := read("one", 200), read("other", 200)
	require.LessOrEqual(t, len(one), 200)
	require.Greater(t, len(one), 150)
	require.True(t, strings.HasSuffix(one, "\n"))
	require.True(t, strings.HasPrefix(one, "time,resource\n1,x/virtualMachines/6f6e65-0-a\n2,x/virtualMachines/6f6e65-0-b\n1,x/virtualMachines/6f6e65-1-a\n"))
	require.NotEqual(t, one, other)
}
