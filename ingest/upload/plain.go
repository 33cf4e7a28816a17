package upload

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plain takes files that come whole: PUT /NAME, POST / with the bytes of a file (its name in ?name= or in
// Content-Disposition), or POST / with a multipart form.
func (d *Door) plain(w http.ResponseWriter, r *http.Request, owner Owner, method, name string) error {
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case method == http.MethodPost && name == "" && kind == "multipart/form-data":
		return d.form(w, r, owner)
	case method == http.MethodPost && name == "":
		name = r.URL.Query().Get("name")
		if name == "" {
			if _, fields, err := mime.ParseMediaType(r.Header.Get("Content-Disposition")); err == nil {
				name = fields["filename"]
			}
		}
	case method == http.MethodPut && name != "":
	default:
		return notAllowed(w)
	}
	if r.ContentLength > d.o.Limits.File {
		return tooLarge(d.o.Limits.File)
	}
	body := &patient{r: r.Body, ctx: r.Context(), control: http.NewResponseController(w), rate: d.o.Limits.MinRate}
	receipt, err := d.Take(r.Context(), File{Owner: owner, Customer: r.URL.Query().Get("customer"), Name: name, Size: r.ContentLength}, body)
	if err != nil {
		return err
	}
	respond(w, receipt.Fresh, receipt)
	return nil
}

func respond(w http.ResponseWriter, fresh bool, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	status := http.StatusOK
	if fresh {
		status = http.StatusCreated
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

// form takes the files of a multipart form, and answers with their receipts. What was received before a file that is
// refused stays received.
func (d *Door) form(w http.ResponseWriter, r *http.Request, owner Owner) error {
	receipts, err := d.TakeForm(w, r, owner)
	if err != nil {
		return err
	}
	fresh := false
	for _, receipt := range receipts {
		fresh = fresh || receipt.Fresh
	}
	respond(w, fresh, map[string]any{"uploads": receipts})
	return nil
}

// TakeForm takes the files of a multipart form, for pages that work without JavaScript. A field "customer" that stands
// before the files says for whom they are.
func (d *Door) TakeForm(w http.ResponseWriter, r *http.Request, owner Owner) ([]Receipt, error) {
	unreadable := func(err error) error {
		p := problem(http.StatusBadRequest, "form", "The form cannot be read", "Send multipart/form-data with one or more files.")
		p.cause = err
		return p
	}
	r.Body = io.NopCloser(&patient{r: r.Body, ctx: r.Context(), control: http.NewResponseController(w), rate: d.o.Limits.MinRate})
	reader, err := r.MultipartReader()
	if err != nil {
		return nil, unreadable(err)
	}
	var receipts []Receipt
	customer := r.URL.Query().Get("customer")
	for {
		p, err := reader.NextPart()
		if err == io.EOF {
			break
		}
		if err != nil {
			return receipts, unreadable(err)
		}
		if p.FileName() == "" {
			value, err := io.ReadAll(io.LimitReader(p, 4096))
			if err != nil {
				return receipts, unreadable(err)
			}
			if p.FormName() == "customer" {
				customer = string(value)
			}
			continue
		}
		if len(receipts) == d.o.Limits.Multipart {
			return receipts, problem(http.StatusRequestEntityTooLarge, "too-many-files", "Too many files in one form", "At most %d: send the others in another one.", d.o.Limits.Multipart)
		}
		receipt, err := d.Take(r.Context(), File{Owner: owner, Customer: customer, Name: p.FileName(), Size: -1}, p)
		if err != nil {
			return receipts, err
		}
		receipts = append(receipts, receipt)
	}
	if len(receipts) == 0 {
		return nil, unreadable(errors.New("no file"))
	}
	return receipts, nil
}

// Take takes a file from body: f.Size bytes, or to its end where f.Size is negative; f.SHA256 is found. It returns when the file
// is acknowledged.
func (d *Door) Take(ctx context.Context, f File, body io.Reader) (r Receipt, err error) {
	if f.Name, err = d.safeName(f.Name); err != nil {
		return Receipt{}, err
	}
	if f.Customer, err = safeCustomer(f.Customer); err != nil {
		return Receipt{}, err
	}
	if err := d.roomFor(ctx, f.Owner, max(f.Size, 0)); err != nil {
		return Receipt{}, err
	}
	temp := filepath.Join(d.o.Dir, "take-"+newID())
	defer os.Remove(temp)
	sum, n, err := d.spool(temp, body, f.Size)
	if err != nil {
		return Receipt{}, err
	}
	if f.Size < 0 { // now it is known
		if err := d.roomFor(ctx, f.Owner, n); err != nil {
			return Receipt{}, err
		}
	}
	f.Size, f.SHA256 = n, sum
	d.o.Point("take.archive")
	if err := d.o.Archive.Adopt(ctx, temp, sum); err != nil {
		return Receipt{}, d.fault(err)
	}
	d.o.Point("take.record")
	return d.o.Record(ctx, f)
}

// spool writes body to a file and puts it on the disk.
func (d *Door) spool(temp string, body io.Reader, size int64) (sum string, n int64, err error) {
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", 0, d.fault(err)
	}
	defer f.Close()
	h := sha256.New()
	n, err = io.Copy(io.MultiWriter(f, h), io.LimitReader(body, d.o.Limits.File+1))
	var gone *fs.PathError // of the file, not of the body
	switch {
	case errors.As(err, &gone):
		return "", 0, d.fault(err)
	case err != nil:
		p := problem(http.StatusBadRequest, "cut", "The connection broke off", "Nothing of the file was kept. Send it again, or use tus to go on where it stopped.")
		p.cause = err
		return "", 0, p
	case n > d.o.Limits.File:
		return "", 0, tooLarge(d.o.Limits.File)
	case size >= 0 && n != size:
		return "", 0, problem(http.StatusBadRequest, "length", "The file is not as long as declared", "%d bytes were declared, %d came.", size, n)
	}
	d.o.Point("take.sync")
	if err := f.Sync(); err != nil {
		return "", 0, d.failed(&syncError{err})
	}
	return hex.EncodeToString(h.Sum(nil)), n, f.Close()
}

// maxCustomer is the length of the longest id of a customer, in bytes.
const maxCustomer = 200

// safeCustomer is the id of a customer as rows have it: in lower case.
func safeCustomer(text string) (string, error) {
	text = strings.ToLower(strings.TrimSpace(text))
	if len(text) > maxCustomer || !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) {
		return "", problem(http.StatusBadRequest, "customer", "The customer cannot be used", "Give its tenant GUID or name, of at most %d bytes.", maxCustomer)
	}
	return text, nil
}

// safeName makes a name a relative path with "/" that leads nowhere else. It names nothing on this machine: files are
// called by their sums.
func (d *Door) safeName(name string) (string, error) {
	bad := func(why string) error {
		return problem(http.StatusBadRequest, "name", "The name cannot be used", "%s", why)
	}
	if text, err := url.PathUnescape(name); err == nil && strings.Contains(name, "%") {
		name = text
	}
	name = strings.ReplaceAll(name, `\`, "/")
	if at := strings.Index(name, ":/"); at == 1 { // a path of Windows
		name = name[3:]
	}
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	switch {
	case name == "":
		return "", bad("A file needs a name: PUT /NAME, or ?name=NAME.")
	case len(name) > d.o.Limits.Name:
		return "", bad("It is too long.")
	case !fs.ValidPath(name):
		return "", bad("It is no path in UTF-8.")
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == 0x200b || r == 0xfeff {
			return "", bad("It has a character that cannot be seen.")
		}
	}
	return name, nil
}
