package web

import (
	"bytes"
	"context"
	"encoding/csv"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// apiFile is a file as the API shows it.
type apiFile struct {
	ID       string    `json:"id" doc:"The same bytes again have the same."`
	Name     string    `json:"name"`
	State    string    `json:"state" doc:"received, reading, accepted or refused; rows are known from accepted on."`
	Bytes    int64     `json:"bytes"`
	Received time.Time `json:"received"`
	Rows     int64     `json:"rows"`
	Accepted int64     `json:"accepted"`
	Rejected int64     `json:"rejected"`
	Refused  string    `json:"refused,omitempty" doc:"Why the file cannot be used."`
	Parts    []apiPart `json:"parts"`
}

type apiPart struct {
	Name      string     `json:"name"`
	Kind      string     `json:"kind"`
	Dialect   string     `json:"dialect,omitempty"`
	Grain     string     `json:"grain,omitempty"`
	From      *time.Time `json:"from,omitempty"`
	To        *time.Time `json:"to,omitempty" doc:"Exclusive."`
	Rows      int64      `json:"rows"`
	Accepted  int64      `json:"accepted"`
	Rejected  int64      `json:"rejected"`
	Refused   string     `json:"refused,omitempty"`
	Customers []string   `json:"customers"`
	Days      []string   `json:"days" doc:"Days (UTC) on which its rows begin; none where a row covers more than a day."`
	Missing   []string   `json:"missing" doc:"What it does not tell and a better plan needs."`
	Notices   []string   `json:"notices"`
}

func apiFileOf(u *Upload) apiFile {
	f := apiFile{ID: u.ID, Name: u.Name, State: u.State, Bytes: u.Size, Received: u.At.UTC().Truncate(time.Second), Rows: u.Rows(), Accepted: u.Accepted(), Rejected: u.Rejected(), Refused: u.Refused, Parts: []apiPart{}}
	for i := range u.Parts {
		p := &u.Parts[i]
		part := apiPart{Name: p.Name, Kind: p.Kind, Dialect: p.Dialect, Grain: p.Grain, Rows: p.Rows, Accepted: p.Accepted, Rejected: p.Rejected, Refused: p.Refused,
			Customers: append([]string{}, p.Customers...), Days: append([]string{}, p.Days...), Missing: append([]string{}, p.Missing...), Notices: append([]string{}, p.Notices...)}
		if !p.From.IsZero() {
			part.From, part.To = &p.From, &p.To
		}
		f.Parts = append(f.Parts, part)
	}
	return f
}

func (s *Server) apiUploads(ctx context.Context, in *struct{ PageQuery }) (*apiList[apiFile], error) {
	all, err := s.Files.Uploads(ctx, principalOf(ctx).Tenant)
	if err != nil {
		return nil, s.apiError(err)
	}
	files := make([]apiFile, 0, len(all))
	for i := range all {
		files = append(files, apiFileOf(&all[i]))
	}
	return paged(files, in.PageQuery, func(f *apiFile) string { return f.ID })
}

// documentPut describes the route that takes a file as the body of a request: it reads the body as it comes, which huma does not.
func documentPut(doc *huma.OpenAPI) {
	text := func(length int) *huma.Schema { return &huma.Schema{Type: huma.TypeString, MaxLength: &length} }
	answer := doc.Components.Schemas.Schema(reflect.TypeFor[apiFile](), true, "ApiFile")
	wrong := doc.Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	op := &huma.Operation{OperationID: "put-upload", Method: http.MethodPut, Path: "/api/v1/uploads/{name}", Summary: "Send one file; the same bytes again give the same receipt",
		Parameters: []*huma.Param{
			{Name: "name", In: "path", Required: true, Schema: text(1024), Description: "What the file is called."},
			{Name: "customer", In: "query", Schema: text(maxCustomer), Description: "For whom it is, by key or id; only where its rows do not say."},
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}},
		Responses:   map[string]*huma.Response{"201": {Description: "Received", Content: map[string]*huma.MediaType{"application/json": {Schema: answer}}}},
	}
	for _, status := range []int{400, 401, 403, 404, 413, 429, 503, 507} {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Description: http.StatusText(status), Content: map[string]*huma.MediaType{"application/problem+json": {Schema: wrong}}}
	}
	doc.AddOperation(op)
}

// maxCustomer is the length of the longest name of a customer.
const maxCustomer = 200

// apiReject is a row that was refused.
type apiReject struct {
	File   string `json:"file" doc:"Of an archive, the file within it."`
	Line   int64  `json:"line"`
	Column string `json:"column"`
	Value  string `json:"value"`
	Reason string `json:"reason"`
	at     int
}

func (s *Server) apiRejects(ctx context.Context, in *struct {
	Upload string `path:"upload" maxLength:"100"`
	PageQuery
}) (*apiList[apiReject], error) {
	var table bytes.Buffer
	if err := s.Files.Rejects(ctx, principalOf(ctx).Tenant, in.Upload, &table); err != nil {
		return nil, s.apiError(err)
	}
	records, err := csv.NewReader(&table).ReadAll()
	if err != nil {
		return nil, s.apiError(err)
	}
	all := []apiReject{}
	for i, record := range records {
		if i == 0 || len(record) < 5 {
			continue
		}
		line, err := strconv.ParseInt(record[1], 10, 64)
		if err != nil {
			return nil, s.apiError(err)
		}
		all = append(all, apiReject{record[0], line, record[2], record[3], record[4], i})
	}
	return paged(all, in.PageQuery, func(r *apiReject) string { return strconv.Itoa(r.at) })
}

type apiOne[T any] struct{ Body T }

func (s *Server) apiUpload(ctx context.Context, in *struct {
	Upload string `path:"upload" maxLength:"100"`
}) (*apiOne[apiFile], error) {
	up, err := s.Files.Upload(ctx, principalOf(ctx).Tenant, in.Upload)
	if err != nil {
		return nil, s.apiError(err)
	}
	return &apiOne[apiFile]{apiFileOf(&up)}, nil
}
