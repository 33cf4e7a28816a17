// Package archive keeps received files by the SHA-256 of their bytes: in a folder, or in a container of an object store
// (Azure Blob Storage, S3, or memory for tests).
//
// What Put and Adopt have returned is on the disk, with its name, or in the object store; what they have not finished is
// not there at all. The same bytes are kept once. Every file is checked against its name when it is read: what was changed
// on the disk is ErrDamaged and never read as data. Nothing is ever changed, and removed only by Remove.
//
// Sums are lower-case hex. The package never looks into a file; what it is, ingest says.
package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"strings"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob" // azblob://
	_ "gocloud.dev/blob/memblob"   // mem://
	_ "gocloud.dev/blob/s3blob"    // s3://
	"gocloud.dev/gcerrors"
)

// Archive keeps files. It is safe for several goroutines, and several processes may share one.
type Archive struct {
	local  *folder      // where files lie, or copies of those of the bucket
	bucket *blob.Bucket // nil where the folder is all there is
}

// Errors of this package.
var (
	// ErrNotFound says that no file has the sum.
	ErrNotFound = fs.ErrNotExist
	// ErrDamaged says that the bytes of a file are not those that were stored.
	ErrDamaged = errors.New("the bytes are not those that were stored")
)

// Open opens the archive at address: a path or file:// names a folder, which is made where it is not there; azblob://,
// s3:// and mem:// name a container. work is a folder of this machine for what is under way and for copies of a
// container's files; for a folder it is not used, because what is under way must lie on the same disk.
func Open(ctx context.Context, address, work string) (*Archive, error) {
	if path, ok := strings.CutPrefix(address, "file://"); ok || !strings.Contains(address, "://") {
		local, err := newFolder(path)
		if err != nil {
			return nil, err
		}
		return &Archive{local: local}, nil
	}
	bucket, err := blob.OpenBucket(ctx, address)
	if err != nil {
		scheme, _, _ := strings.Cut(address, "://") // the rest may hold a secret, and the error repeats it
		return nil, fmt.Errorf("archive: %s", strings.ReplaceAll(err.Error(), address, scheme+"://..."))
	}
	local, err := newFolder(work)
	if err != nil {
		return nil, errors.Join(err, bucket.Close())
	}
	return &Archive{local: local, bucket: bucket}, nil
}

// Close closes the archive.
func (a *Archive) Close() error {
	if a.bucket == nil {
		return nil
	}
	return a.bucket.Close()
}

// key is the name of a file in the bucket.
func key(sum string) string { return "sha256/" + sum[:2] + "/" + sum }

// valid refuses what is no sum, and with it whatever could lead out of the folder.
func valid(sum string) error {
	if b, err := hex.DecodeString(sum); err != nil || len(b) != sha256.Size || strings.ToLower(sum) != sum {
		return fmt.Errorf("archive: %q is no SHA-256: %w", sum, ErrNotFound)
	}
	return nil
}

// Put keeps the bytes of r and returns their sum and number.
func (a *Archive) Put(ctx context.Context, r io.Reader) (sum string, size int64, err error) {
	f, err := a.local.temp()
	if err != nil {
		return "", 0, err
	}
	defer os.Remove(f.Name())
	h := sha256.New()
	size, err = io.Copy(io.MultiWriter(f, h), contextReader{ctx, r})
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return "", 0, fmt.Errorf("archive: %w", err)
	}
	sum = hex.EncodeToString(h.Sum(nil))
	return sum, size, a.Adopt(ctx, f.Name(), sum)
}

// Adopt keeps the file at path, whose bytes have the sum and are on the disk already (fsync). The file itself stays where
// it is; on the same disk both are one file, and it must not be changed any more.
func (a *Archive) Adopt(ctx context.Context, path, sum string) error {
	if err := valid(sum); err != nil {
		return err
	}
	if a.bucket == nil {
		return a.local.link(ctx, path, sum)
	}
	if err := a.send(ctx, path, sum); err != nil {
		return fmt.Errorf("archive: %w", err)
	}
	return a.local.link(ctx, path, sum) // it will be read soon
}

// send writes a file into the bucket, whole or not at all.
func (a *Archive) send(ctx context.Context, path, sum string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if attributes, err := a.bucket.Attributes(ctx, key(sum)); err == nil && attributes.Size == info.Size() {
		return nil // an object store keeps whole objects only
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // a writer whose context has ended writes nothing
	w, err := a.bucket.NewWriter(ctx, key(sum), &blob.WriterOptions{ContentType: "application/octet-stream"})
	if err != nil {
		return err
	}
	h := sha256.New()
	if _, err := io.Copy(io.MultiWriter(w, h), f); err != nil {
		cancel()
		return errors.Join(err, w.Close())
	}
	if hex.EncodeToString(h.Sum(nil)) != sum {
		cancel()
		_ = w.Close()
		return fmt.Errorf("%s: %w", path, ErrDamaged)
	}
	return w.Close()
}

// Has reports whether a file is there.
func (a *Archive) Has(ctx context.Context, sum string) (bool, error) {
	if err := valid(sum); err != nil {
		return false, nil
	}
	if a.bucket != nil {
		return a.bucket.Exists(ctx, key(sum))
	}
	return a.local.has(sum), nil
}

// Open reads a file. The reader's last Read is ErrDamaged, and not io.EOF, where the bytes are not those that were stored.
func (a *Archive) Open(ctx context.Context, sum string) (io.ReadCloser, error) {
	if err := valid(sum); err != nil {
		return nil, err
	}
	if a.bucket == nil || a.local.has(sum) {
		f, err := a.local.open(sum)
		if err != nil {
			return nil, err
		}
		return &checked{f, sha256.New(), sum}, nil
	}
	r, err := a.bucket.NewReader(ctx, key(sum), nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, fmt.Errorf("archive: %s: %w", sum, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("archive: %w", err)
	}
	return &checked{r, sha256.New(), sum}, nil
}

// Path returns where the bytes lie on this machine, after checking them all. It fetches those of a bucket.
func (a *Archive) Path(ctx context.Context, sum string) (string, error) {
	if err := valid(sum); err != nil {
		return "", err
	}
	if a.bucket != nil && a.local.verify(sum) != nil {
		if err := a.fetch(ctx, sum); err != nil {
			return "", err
		}
	} else if err := a.local.verify(sum); err != nil {
		return "", err
	}
	return a.local.path(sum), nil
}

// fetch copies a file of the bucket to this machine.
func (a *Archive) fetch(ctx context.Context, sum string) error {
	if err := a.local.remove(sum); err != nil {
		return err
	}
	r, err := a.Open(ctx, sum)
	if err != nil {
		return err
	}
	defer r.Close()
	f, err := a.local.temp()
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = io.Copy(f, r)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("archive: %s: %w", sum, err)
	}
	return a.local.link(ctx, f.Name(), sum)
}

// Remove forgets a file; one that is not there is no error. The caller makes sure that nobody needs it.
func (a *Archive) Remove(ctx context.Context, sum string) error {
	if err := valid(sum); err != nil {
		return nil
	}
	if err := a.local.remove(sum); err != nil {
		return err
	}
	if a.bucket == nil {
		return nil
	}
	if err := a.bucket.Delete(ctx, key(sum)); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("archive: %w", err)
	}
	return nil
}

// Sweep removes what killed processes left half written, and is called when no other process writes.
func (a *Archive) Sweep() error { return a.local.sweep() }

// checked hashes what is read and compares at the end.
type checked struct {
	io.ReadCloser
	hash hash.Hash
	sum  string
}

func (c *checked) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.hash.Write(p[:n])
	if err == io.EOF && hex.EncodeToString(c.hash.Sum(nil)) != c.sum {
		err = fmt.Errorf("archive: %s: %w", c.sum, ErrDamaged)
	}
	return n, err
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}
