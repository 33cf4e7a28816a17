//go:build unix

package upload

import (
	"errors"

	"golang.org/x/sys/unix"
)

// freeBytes returns the free bytes of the disk that a folder lies on; ok is false where they are not known.
func freeBytes(dir string) (free int64, ok bool) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * int64(s.Bsize), true //nolint:unconvert // the types differ between systems
}

// isFull reports whether an error says that the disk, or the share of it that may be used, is full.
func isFull(err error) bool { return errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT) }
