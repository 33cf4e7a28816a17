package upload

import (
	"context"
	"crypto/md5"  // a checksum of the way, not of trust
	"crypto/sha1" // the one that tus demands
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"hash"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// tusVersion is the version of the protocol that is spoken.
const tusVersion = "1.0.0"

// checksums are the algorithms of the checksum extension.
var checksums = map[string]func() hash.Hash{"sha1": sha1.New, "md5": md5.New, "sha256": sha256.New}

// ServeHTTP answers tus requests, those with a Tus-Resumable header, and plain ones: PUT /NAME or POST / with the bytes of
// a file, or a multipart form of files.
func (d *Door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := d.serve(w, r); err != nil {
		var p *Problem
		if !errors.As(err, &p) && r.Context().Err() == nil {
			d.o.Log.Error("upload", "method", r.Method, "error", err)
		}
		d.o.Refused(ReasonOf(err))
		answer(w, err)
	}
}

func (d *Door) serve(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodOptions {
		d.capabilities(w.Header())
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	owner, err := d.o.Owner(r)
	if err != nil {
		var p *Problem
		if errors.As(err, &p) {
			return err
		}
		return problem(http.StatusForbidden, "forbidden", "Not allowed", "This account or key may not send files.")
	}
	method := r.Method
	if other := r.Header.Get("X-HTTP-Method-Override"); other != "" && method == http.MethodPost {
		method = other
	}
	version := r.Header.Get("Tus-Resumable")
	id := strings.Trim(r.URL.Path, "/")
	if version == "" {
		return d.plain(w, r, owner, method, id)
	}
	w.Header().Set("Tus-Resumable", tusVersion)
	if version != tusVersion {
		w.Header().Set("Tus-Version", tusVersion)
		return problem(http.StatusPreconditionFailed, "tus-version", "Unknown version of tus", "This server speaks tus %s.", tusVersion)
	}
	switch {
	case method == http.MethodPost && id == "":
		return d.begin(w, r, owner)
	case method == http.MethodHead:
		return d.with(r, owner, id, func(ctx context.Context, p *part) error { return d.head(ctx, w, p) })
	case method == http.MethodPatch:
		return d.with(r, owner, id, func(ctx context.Context, p *part) error { return d.patch(ctx, w, r, p) })
	case method == http.MethodDelete:
		return d.with(r, owner, id, func(context.Context, *part) error {
			if err := d.drop(id); err != nil {
				return err
			}
			w.WriteHeader(http.StatusNoContent)
			return nil
		})
	}
	return notAllowed(w)
}

func notAllowed(w http.ResponseWriter) *Problem {
	w.Header().Set("Allow", "OPTIONS, POST, PUT, HEAD, PATCH, DELETE")
	return problem(http.StatusMethodNotAllowed, "method", "No such method here", "See OPTIONS for what is spoken here.")
}

// capabilities are the headers of OPTIONS.
func (d *Door) capabilities(h http.Header) {
	h.Set("Tus-Resumable", tusVersion)
	h.Set("Tus-Version", tusVersion)
	h.Set("Tus-Extension", "creation,creation-with-upload,checksum,expiration,termination")
	h.Set("Tus-Checksum-Algorithm", "sha1,md5,sha256")
	h.Set("Tus-Max-Size", strconv.FormatInt(d.o.Limits.File, 10))
}

// with holds the upload for one request. An upload of another owner's tenant is not there.
func (d *Door) with(r *http.Request, owner Owner, id string, fn func(context.Context, *part) error) error {
	in, err := d.readInfo(id)
	if !validID(id) || err != nil || in.Owner.Tenant != owner.Tenant {
		return notFound()
	}
	ctx, release, err := d.hold(r.Context(), id)
	if err != nil {
		return err
	}
	defer release()
	p, err := d.load(id)
	if err != nil {
		return err
	}
	defer p.close()
	if p.info.Receipt == nil && d.o.Now().After(d.expires(p)) {
		if err := d.drop(id); err != nil {
			return err
		}
		return problem(http.StatusGone, "expired", "The upload has expired", "Send the file again.")
	}
	return fn(ctx, p)
}

// begin creates an upload, and takes the first bytes where the request has them.
func (d *Door) begin(w http.ResponseWriter, r *http.Request, owner Owner) error {
	size, err := strconv.ParseInt(r.Header.Get("Upload-Length"), 10, 64)
	if err != nil || size < 0 {
		return problem(http.StatusBadRequest, "upload-length", "The length is missing", "Upload-Length says how many bytes the file has; it cannot be deferred.")
	}
	in := info{Owner: owner, Metadata: r.Header.Get("Upload-Metadata"), Size: size, Created: d.o.Now()}
	fields, err := parseMetadata(in.Metadata)
	if err != nil {
		return err
	}
	in.Name = fields["relativePath"]
	if in.Name == "" || in.Name == "null" {
		in.Name = fields["filename"]
	}
	if in.Name, err = d.safeName(in.Name); err != nil {
		return err
	}
	if in.Customer, err = safeCustomer(fields["customer"]); err != nil {
		return err
	}
	if err := d.roomFor(r.Context(), owner, size); err != nil {
		return err
	}
	p, err := d.create(in)
	if err != nil {
		return err
	}
	defer p.close()
	ctx, release, err := d.hold(r.Context(), p.id)
	if err != nil {
		return err
	}
	defer release()
	w.Header().Set("Location", location(r, p.id))
	if r.Header.Get("Content-Type") == chunkType && r.ContentLength != 0 {
		if err := d.take(ctx, w, r, p); err != nil {
			return err
		}
	}
	if p.offset == size && p.info.Receipt == nil {
		if err := d.finish(ctx, p); err != nil {
			return err
		}
	}
	d.state(w.Header(), p)
	w.WriteHeader(http.StatusCreated)
	return nil
}

// location is where an upload is found: beside the address that the client called, whatever stands before it.
func location(r *http.Request, id string) string {
	path := r.RequestURI
	if i := strings.IndexAny(path, "?#"); i >= 0 {
		path = path[:i]
	}
	if at := strings.Index(path, "://"); at >= 0 {
		path = path[at+3:]
		if slash := strings.IndexByte(path, '/'); slash >= 0 {
			path = path[slash:]
		}
	}
	return strings.TrimRight(path, "/") + "/" + id
}

// state are the headers that tell how far an upload is.
func (d *Door) state(h http.Header, p *part) {
	h.Set("Upload-Offset", strconv.FormatInt(p.offset, 10))
	h.Set("Upload-Expires", d.expires(p).UTC().Format(http.TimeFormat))
	h.Set("Cache-Control", "no-store")
	if p.info.Receipt != nil {
		h.Set("Upload-Receipt", p.info.Receipt.ID)
	}
}

// head tells how far an upload is. One that is complete but was not recorded is recorded first: the client takes the
// answer for an acknowledgement of the file.
func (d *Door) head(ctx context.Context, w http.ResponseWriter, p *part) error {
	if p.offset == p.info.Size && p.info.Receipt == nil {
		if err := d.finish(ctx, p); err != nil {
			return err
		}
	}
	d.state(w.Header(), p)
	w.Header().Set("Upload-Length", strconv.FormatInt(p.info.Size, 10))
	if p.info.Metadata != "" {
		w.Header().Set("Upload-Metadata", p.info.Metadata)
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// chunkType is the type of the body of a PATCH.
const chunkType = "application/offset+octet-stream"

func (d *Door) patch(ctx context.Context, w http.ResponseWriter, r *http.Request, p *part) error {
	if r.Header.Get("Content-Type") != chunkType {
		return problem(http.StatusUnsupportedMediaType, "content-type", "Unknown content type", "Chunks come as %s.", chunkType)
	}
	offset, err := strconv.ParseInt(r.Header.Get("Upload-Offset"), 10, 64)
	if err != nil || offset < 0 {
		return problem(http.StatusBadRequest, "upload-offset", "The offset is missing", "Upload-Offset says where the chunk begins.")
	}
	if offset != p.offset {
		w.Header().Set("Upload-Offset", strconv.FormatInt(p.offset, 10))
		return problem(http.StatusConflict, "offset-conflict", "The chunk does not continue the upload", "The upload has %d bytes, the chunk begins at %d.", p.offset, offset)
	}
	if p.info.Receipt == nil {
		if err := d.take(ctx, w, r, p); err != nil {
			return err
		}
		if p.offset == p.info.Size {
			if err := d.finish(ctx, p); err != nil {
				return err
			}
		}
	}
	d.state(w.Header(), p)
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// step is how many bytes are taken before they are put on the disk and count.
const step = 8 << 20

// take appends the body of the request. Without a checksum, what came before a connection broke counts; with one, the
// chunk counts whole or not at all.
func (d *Door) take(ctx context.Context, w http.ResponseWriter, r *http.Request, p *part) error {
	check, want, err := d.checksum(r)
	if err != nil {
		return err
	}
	left := p.info.Size - p.offset
	if r.ContentLength > left {
		return problem(http.StatusRequestEntityTooLarge, "too-long", "The chunk is too long", "%d bytes are missing, the chunk has %d.", left, r.ContentLength)
	}
	if err := d.disk(0); err != nil {
		return err
	}
	body := &patient{r: r.Body, ctx: ctx, control: http.NewResponseController(w), rate: d.o.Limits.MinRate}
	if check == nil {
		return d.append(p, body, left)
	}
	return d.appendChecked(p, body, min(left, d.o.Limits.Chunk), check, want)
}

// checksum reads the Upload-Checksum header.
func (d *Door) checksum(r *http.Request) (hash.Hash, []byte, error) {
	header := r.Header.Get("Upload-Checksum")
	if header == "" {
		return nil, nil, nil
	}
	name, text, _ := strings.Cut(header, " ")
	algorithm, known := checksums[name]
	want, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if !known || err != nil {
		return nil, nil, problem(http.StatusBadRequest, "checksum", "The checksum cannot be read", "Upload-Checksum is one of sha1, md5 and sha256, a space, and the sum in base64.")
	}
	if r.ContentLength > d.o.Limits.Chunk {
		p := problem(http.StatusRequestEntityTooLarge, "chunk-too-large", "The chunk is too large", "A chunk with a checksum may have at most %d bytes.", d.o.Limits.Chunk)
		p.Limit = d.o.Limits.Chunk
		return nil, nil, p
	}
	return algorithm(), want, nil
}

// append writes at most left bytes of body, and counts them step by step.
func (d *Door) append(p *part, body io.Reader, left int64) error {
	written := p.offset // what lies in data
	end := p.offset + left
	buffer := make([]byte, 256<<10)
	for {
		n, readErr := body.Read(buffer)
		if int64(n) > end-written {
			return errors.Join(d.count(p, written), problem(http.StatusRequestEntityTooLarge, "too-long", "The chunk is too long", "It goes beyond the end of the file."))
		}
		if n > 0 {
			if _, err := p.data.WriteAt(buffer[:n], written); err != nil {
				return d.fault(errors.Join(err, d.count(p, written)))
			}
			p.hash.Write(buffer[:n])
			written += int64(n)
		}
		if written-p.offset >= step || readErr != nil {
			if err := d.count(p, written); err != nil {
				return err
			}
		}
		if readErr == io.EOF {
			return nil
		}
		if readErr != nil {
			return cut(readErr)
		}
	}
}

// count makes what was written count.
func (d *Door) count(p *part, written int64) error {
	if written == p.offset {
		return nil
	}
	if err := p.commit(written, d.o.Point); err != nil {
		return d.fault(err)
	}
	return nil
}

// appendChecked writes at most left bytes of body, and counts them where the checksum fits.
func (d *Door) appendChecked(p *part, body io.Reader, left int64, check hash.Hash, want []byte) error {
	written := p.offset
	n, err := io.Copy(io.MultiWriter(io.NewOffsetWriter(p.data, p.offset), p.hash, check), io.LimitReader(body, left+1))
	written += n
	switch {
	case err != nil && isFull(err):
		return diskFull(err)
	case err != nil:
		return cut(err)
	case n > left:
		return problem(http.StatusRequestEntityTooLarge, "too-long", "The chunk is too long", "It goes beyond the end of the file, or beyond %d bytes.", d.o.Limits.Chunk)
	case subtle.ConstantTimeCompare(check.Sum(nil), want) != 1:
		return problem(statusChecksum, "checksum-mismatch", "The checksum does not fit", "The chunk was changed on its way; it does not count. Send it again.")
	}
	return d.count(p, written)
}

// cut is the problem of a body that broke off. Hardly anybody is left to read it.
func cut(err error) error {
	p := problem(http.StatusBadRequest, "cut", "The connection broke off", "Ask with HEAD how far the upload is, and go on from there.")
	p.cause = err
	return p
}

// parseMetadata reads an Upload-Metadata header: pairs of a key and a base64 value.
func parseMetadata(header string) (map[string]string, error) {
	fields := map[string]string{}
	if strings.TrimSpace(header) == "" {
		return fields, nil
	}
	for _, pair := range strings.Split(header, ",") {
		name, text, _ := strings.Cut(strings.TrimSpace(pair), " ")
		value, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
		if _, twice := fields[name]; err != nil || name == "" || twice {
			return nil, problem(http.StatusBadRequest, "metadata", "The metadata cannot be read", "Upload-Metadata is a list of keys, each with a value in base64.")
		}
		fields[name] = string(value)
	}
	return fields, nil
}

// patient reads a body as long as it comes at the least rate, and until its session is broken off.
type patient struct {
	r       io.Reader
	ctx     context.Context
	control *http.ResponseController
	rate    int64
	stop    func() bool
}

// patience is how long a reader waits for the first byte, and over how long the rate is measured.
const patience = 30 * time.Second

func (p *patient) Read(b []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	if p.stop == nil { // a session that is broken off ends a read that is waiting
		p.stop = context.AfterFunc(p.ctx, func() { _ = p.control.SetReadDeadline(time.Unix(1, 0)) })
	}
	if most := p.rate * int64(patience/time.Second); int64(len(b)) > most {
		b = b[:most]
	}
	_ = p.control.SetReadDeadline(time.Now().Add(patience)) // not every server knows deadlines
	n, err := p.r.Read(b)
	if err != nil {
		p.stop()
		if p.ctx.Err() == nil {
			_ = p.control.SetReadDeadline(time.Time{})
		}
	}
	return n, err
}
