package web

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"sizeterm/cmd/sizeterm/internal/report"
)

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// apiNeed is what an operation of the API asks of whoever comes.
type apiNeed struct {
	need   Role
	scope  string // of a key; "" admits no key
	object string
	fresh  bool
}

// apiNeeds lists the operations. One that is registered and not listed stops the program at its start.
var apiNeeds = map[string]apiNeed{
	"GET /api/v1/openapi.json":             {},
	"GET /api/v1/openapi.yaml":             {},
	"GET /api/v1/openapi-3.0.json":         {},
	"GET /api/v1/openapi-3.0.yaml":         {},
	"GET /api/v1/uploads":                  {need: Viewer, scope: scopeRead},
	"GET /api/v1/uploads/{upload}":         {need: Viewer, scope: scopeRead, object: "upload"},
	"GET /api/v1/uploads/{upload}/rejects": {need: Viewer, scope: scopeRead, object: "upload"},
	"GET /api/v1/customers":                {need: Viewer, scope: scopeRead},
	"GET /api/v1/plans/{plan}":             {need: Viewer, scope: scopeRead, object: "plan"},
	"GET /api/v1/plans/{plan}/profiles":    {need: Viewer, scope: scopeRead, object: "plan"},
	"GET /api/v1/plans/{plan}/lines":       {need: Viewer, scope: scopeRead, object: "plan"},
	"GET /api/v1/orders":                   {need: Viewer, scope: scopeRead},
	"GET /api/v1/orders/{order}":           {need: Viewer, scope: scopeRead, object: "order"},
	"POST /api/v1/orders":                  {need: Analyst, scope: scopeRequest},
	"POST /api/v1/orders/import":           {need: Analyst, scope: scopeRequest},
	"POST /api/v1/orders/{order}/approve":  {need: Approver, object: "order", fresh: true},
	"GET /api/v1/verification":             {need: Viewer, scope: scopeRead},
}

// apiMux puts the operations of the API into the mux, each behind its check.
type apiMux struct{ s *Server }

// HandleFunc implements humago.Mux.
func (m apiMux) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	need, ok := apiNeeds[pattern]
	if !ok {
		panic("web: " + pattern + " has no row in apiNeeds")
	}
	method, path, _ := strings.Cut(pattern, " ")
	rt := route{method: method, path: path, need: need.need, scope: need.scope, object: need.object, fresh: need.fresh,
		serve: func(w http.ResponseWriter, r *http.Request) error {
			if err := m.s.limited(w, r); err != nil {
				return err
			}
			handler(w, r)
			return nil
		}}
	m.s.apiRoutes = append(m.s.apiRoutes, rt)
	m.s.mux.Handle(pattern, m.s.guarded(rt))
}

// ServeHTTP implements humago.Mux.
func (m apiMux) ServeHTTP(w http.ResponseWriter, r *http.Request) { m.s.mux.ServeHTTP(w, r) }

// limited bounds how fast one caller comes.
func (s *Server) limited(w http.ResponseWriter, r *http.Request) error {
	who := principalOf(r.Context())
	if who.Role == Nobody {
		return nil
	}
	left, ok := s.buckets.take(who.Tenant+"\x00"+who.ID, s.now())
	w.Header().Set("RateLimit-Policy", `"default";q=`+strconv.Itoa(apiBurst)+`;w=2`)
	w.Header().Set("RateLimit", `"default";r=`+strconv.Itoa(left)+`;t=1`)
	if !ok {
		return errTooMany
	}
	return nil
}

// humaErrors makes huma answer with our problems, and say of lists what is true of them.
var humaErrors = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false // lists may be empty and are never null
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		p := problem(status, "request", "The request could not be understood", message)
		var parts []string
		for _, err := range errs {
			var at huma.ErrorDetailer
			switch {
			case err == nil:
			case errors.As(err, &at): // the place and the rule, not the value
				parts = append(parts, at.ErrorDetail().Location+": "+at.ErrorDetail().Message)
			default:
				parts = append(parts, err.Error())
			}
		}
		slices.Sort(parts)
		p.WayOut = strings.Join(parts, "; ")
		return p
	}
})

// mountAPI registers the operations; the OpenAPI document follows from them.
func (s *Server) mountAPI() {
	humaErrors()
	config := huma.DefaultConfig("sizeterm", s.Version)
	if s.Version == "" {
		config.Info.Version = "0"
	}
	config.Info.Description = "Uploads, plans and orders of a partner. Money is a decimal string with its currency beside it; shares are numbers in [0, 1]; times are RFC 3339 UTC. Errors are RFC 9457 problems."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath, config.CreateHooks = "/api/v1/openapi", "", "", nil
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{"key": {Type: "http", Scheme: "bearer", Description: "An API key that an admin made."}}
	config.Security = []map[string][]string{{"key": {}}}
	api := humago.New(apiMux{s}, config)
	get := func(id, path, summary string) huma.Operation {
		return huma.Operation{OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Errors: []int{400, 401, 403, 404, 422, 429}}
	}
	huma.Register(api, get("list-uploads", "/api/v1/uploads", "The files that were sent, the newest first"), s.apiUploads)
	huma.Register(api, get("get-upload", "/api/v1/uploads/{upload}", "One file"), s.apiUpload)
	huma.Register(api, get("list-rejects", "/api/v1/uploads/{upload}/rejects", "The rows of a file that were refused, in its order"), s.apiRejects)
	huma.Register(api, get("list-customers", "/api/v1/customers", "The customers of the newest plan, the best saving for its risk first"), s.apiCustomers)
	huma.Register(api, get("get-plan", "/api/v1/plans/{plan}", "A plan as sizeterm.plan/1; latest is the newest"), s.apiPlan)
	huma.Register(api, get("list-profiles", "/api/v1/plans/{plan}/profiles", "The profiles of a plan"), s.apiProfiles)
	huma.Register(api, get("list-lines", "/api/v1/plans/{plan}/lines", "The order lines of a plan"), s.apiLines)
	huma.Register(api, get("list-orders", "/api/v1/orders", "The orders, by customer and id"), s.apiOrders)
	huma.Register(api, get("get-order", "/api/v1/orders/{order}", "One order; its ETag is needed to approve it"), s.apiOrder)
	huma.Register(api, get("list-verification", "/api/v1/verification", "What was found when bought orders were compared with bills and usage"), s.apiVerification)
	huma.Register(api, huma.Operation{OperationID: "request-orders", Method: http.MethodPost, Path: "/api/v1/orders", DefaultStatus: http.StatusCreated,
		Summary: "Ask for lines of a customer's newest plan", MaxBodyBytes: maxForm, Errors: []int{400, 401, 403, 404, 409, 413, 422, 429}}, s.apiRequest)
	huma.Register(api, huma.Operation{OperationID: "import-orders", Method: http.MethodPost, Path: "/api/v1/orders/import", MaxBodyBytes: maxReview,
		Summary: "Take back a reviewed CSV or workbook of orders: all of its changes, or none", Errors: []int{400, 401, 403, 409, 413, 422, 429}}, s.apiImport)
	huma.Register(api, huma.Operation{OperationID: "approve-order", Method: http.MethodPost, Path: "/api/v1/orders/{order}/approve",
		Summary: "Approve an order at the sum that was read; people only, soon after their sign-in", MaxBodyBytes: maxForm, Errors: []int{400, 401, 403, 404, 409, 412, 413, 422, 428, 429}}, s.apiApprove)
	s.openapi = api.OpenAPI()
	documentPut(s.openapi)
}

// PageQuery bounds a list. It is exported for huma, which reads fields of embedded types only then.
type PageQuery struct {
	Cursor string `query:"cursor" maxLength:"200" doc:"Where the page before ended: its next."`
	Limit  int    `query:"limit" minimum:"1" maximum:"1000" default:"100" doc:"The most rows of a page."`
}

// apiList is a page of a list.
type apiList[T any] struct {
	Body struct {
		Items []T    `json:"items"`
		Next  string `json:"next,omitempty" doc:"The cursor of the next page; none on the last."`
	}
}

// paged cuts a page from a list. Cursors name the last key of the page before, so that what comes new does not shift them.
func paged[T any](all []T, page PageQuery, key func(*T) string) (*apiList[T], error) {
	from := 0
	if page.Cursor != "" {
		last, err := base64.RawURLEncoding.DecodeString(page.Cursor)
		if err != nil {
			return nil, problem(http.StatusBadRequest, "cursor", "The cursor is not one of ours", "")
		}
		at := slices.IndexFunc(all, func(t T) bool { return key(&t) == string(last) })
		if at < 0 {
			return nil, problem(http.StatusBadRequest, "cursor", "The cursor is of a list that has changed", "Begin with the first page.")
		}
		from = at + 1
	}
	out := &apiList[T]{}
	to := min(len(all), from+max(page.Limit, 1))
	out.Body.Items = append(make([]T, 0, to-from), all[from:to]...)
	if to < len(all) {
		out.Body.Next = base64.RawURLEncoding.EncodeToString([]byte(key(&all[to-1])))
	}
	return out, nil
}

// apiError turns an error into the answer of the table; what is not expected is logged.
func (s *Server) apiError(err error) error {
	p := asProblem(err)
	if p == errUnexpected {
		s.log.Error("api failed", "error", redact(err))
	}
	return p
}

// apiCustomer is a customer's headline.
type apiCustomer struct {
	Key         string  `json:"key" doc:"Names the customer in addresses and requests."`
	ID          string  `json:"id"`
	Name        string  `json:"name"`
	Currency    string  `json:"currency"`
	PayGMonth   string  `json:"payg_month"`
	PlanMonth   string  `json:"plan_month"`
	SavingMonth string  `json:"saving_month"`
	SavingLow   string  `json:"saving_month_lo"`
	SavingHigh  string  `json:"saving_month_hi"`
	Commitment  string  `json:"commitment"`
	Lines       int     `json:"lines"`
	Plan        string  `json:"plan"`
	AsOf        string  `json:"as_of"`
	UsageUntil  *string `json:"usage_until"`
}

func (s *Server) apiCustomers(ctx context.Context, in *struct{ PageQuery }) (*apiList[apiCustomer], error) {
	view, err := s.view(ctx, "")
	if errors.Is(err, ErrNone) {
		return paged([]apiCustomer{}, in.PageQuery, func(*apiCustomer) string { return "" })
	}
	if err != nil {
		return nil, s.apiError(err)
	}
	var all []apiCustomer
	for _, st := range view.Standings {
		t := st.Total
		c := apiCustomer{Key: slug(t.Customer), ID: t.Customer, Name: t.CustomerName, Currency: string(t.Currency), PayGMonth: t.PayGMonth.Decimal(), PlanMonth: t.PlanMonth.Decimal(),
			SavingMonth: t.Joint.Decimal(), SavingLow: t.SavingLow.Decimal(), SavingHigh: t.SavingHigh.Decimal(), Commitment: st.Commitment.Decimal(), Lines: st.Lines, Plan: view.ID, AsOf: view.Plan.AsOf.Format(time.DateOnly)}
		if last, ok := view.Fresh[t.Customer]; ok {
			text := last.UTC().Format(time.RFC3339)
			c.UsageUntil = &text
		}
		all = append(all, c)
	}
	return paged(all, in.PageQuery, func(c *apiCustomer) string { return c.Key + c.Currency })
}

// planOf finds the plan that the address names; "latest" is the newest.
func (s *Server) planOf(ctx context.Context, id string) (*planView, error) {
	if id == "latest" {
		id = ""
	} else if id == "" {
		return nil, errMissing
	}
	view, err := s.view(ctx, id)
	if err != nil {
		return nil, s.apiError(err)
	}
	return view, nil
}

// planDocument is a plan's JSON by its sections.
func (s *Server) planDocument(view *planView) (map[string]json.RawMessage, []byte, error) {
	text, err := view.document(s.Version)
	if err != nil {
		return nil, nil, s.apiError(err)
	}
	var sections map[string]json.RawMessage
	if err := json.Unmarshal(text, &sections); err != nil {
		return nil, nil, s.apiError(err)
	}
	return sections, text, nil
}

// document is the plan as sizeterm.plan/1, made once.
func (v *planView) document(version string) ([]byte, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.json == nil {
		var b bytes.Buffer
		if err := report.Write(&b, v.Plan, report.JSON, report.Options{Version: version}); err != nil {
			return nil, err
		}
		v.json = b.Bytes()
	}
	return v.json, nil
}

// PlanQuery names a plan, and a customer of it.
type PlanQuery struct {
	Plan     string `path:"plan" maxLength:"100" doc:"The id of a plan, or latest."`
	Customer string `query:"customer" maxLength:"100" doc:"Only this customer's: its key or id."`
}

func (s *Server) apiPlan(ctx context.Context, in *struct {
	Plan string `path:"plan" maxLength:"100" doc:"The id of a plan, or latest."`
}) (*struct {
	ETag string          `header:"ETag"`
	Body json.RawMessage `doc:"The plan as sizeterm.plan/1."`
}, error) {
	view, err := s.planOf(ctx, in.Plan)
	if err != nil {
		return nil, err
	}
	_, text, err := s.planDocument(view)
	if err != nil {
		return nil, err
	}
	return &struct {
		ETag string          `header:"ETag"`
		Body json.RawMessage `doc:"The plan as sizeterm.plan/1."`
	}{strconv.Quote(view.ID), text}, nil
}

// section lists the rows of a part of a plan, one customer's where one is named.
func (s *Server) section(ctx context.Context, in PlanQuery, page PageQuery, name string) (*apiList[map[string]any], error) {
	view, err := s.planOf(ctx, in.Plan)
	if err != nil {
		return nil, err
	}
	sections, _, err := s.planDocument(view)
	if err != nil {
		return nil, err
	}
	decoder := json.NewDecoder(bytes.NewReader(sections[name]))
	decoder.UseNumber() // numbers pass as they were printed
	var rows []map[string]any
	if err := decoder.Decode(&rows); err != nil {
		return nil, s.apiError(err)
	}
	if in.Customer != "" {
		rows = slices.DeleteFunc(rows, func(row map[string]any) bool {
			id, _ := row["customer"].(string)
			return id != in.Customer && slug(id) != in.Customer
		})
	}
	return paged(rows, page, rowKey)
}

// rowKey names a row: its id, or what it is about.
func rowKey(row *map[string]any) string {
	var key strings.Builder
	for _, field := range []string{"id", "customer", "region", "size"} {
		text, _ := (*row)[field].(string)
		key.WriteString(text + "\x00")
	}
	sum := sha256.Sum256([]byte(key.String()))
	return hex.EncodeToString(sum[:8])
}

func (s *Server) apiProfiles(ctx context.Context, in *struct {
	PlanQuery
	PageQuery
}) (*apiList[map[string]any], error) {
	return s.section(ctx, in.PlanQuery, in.PageQuery, "profiles")
}

func (s *Server) apiLines(ctx context.Context, in *struct {
	PlanQuery
	PageQuery
}) (*apiList[map[string]any], error) {
	return s.section(ctx, in.PlanQuery, in.PageQuery, "lines")
}
