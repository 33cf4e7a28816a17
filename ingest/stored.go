package ingest

import (
	"os"
)

// StoredFile is a file that lies under a name that says nothing, and is known by another one.
type StoredFile struct {
	Path string // where it lies
	Name string // what it is called: a relative path with "/"
}

// Stored lists the inputs of files that were received, as Discover does those of files as they lie: archives are opened,
// and of several exports the later one sorts behind. Messages and datasets know them by their names only.
func Stored(files []StoredFile, limits Limits) ([]Input, error) {
	var all []Input
	d := discovery{limits: limits.filled()}
	for _, f := range files {
		info, err := os.Stat(f.Path)
		if err != nil {
			return nil, pathError(err)
		}
		found, err := d.open(f.Path, f.Name, info)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	stampUndated(all)
	return all, nil
}
