package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"sizeterm/recommend/order"
)

// apiOrder is an order as the API shows it.
type apiOrderView struct {
	ID          string     `json:"id"`
	State       string     `json:"state" enum:"draft,requested,approved,sending,executed,failed,unknown,reconciled,verified,rejected,expired,cancelled,exchanged"`
	Revision    int64      `json:"revision"`
	Customer    string     `json:"customer"`
	Line        string     `json:"line" doc:"Id of the plan's line."`
	Size        string     `json:"size"`
	Region      string     `json:"region"`
	Term        string     `json:"term" enum:"P1Y,P3Y"`
	Quantity    int64      `json:"quantity"`
	Scope       string     `json:"scope"`
	BillingPlan string     `json:"billing_plan"`
	UnitPrice   string     `json:"unit_price"`
	TotalPrice  string     `json:"total_price"`
	Currency    string     `json:"currency"`
	SavingMonth string     `json:"saving_month"`
	Requester   string     `json:"requester,omitempty"`
	ApprovedBy  string     `json:"approved_by,omitempty"`
	Expires     *time.Time `json:"approval_expires,omitempty"`
	Reason      string     `json:"reason,omitempty"`
	Changed     time.Time  `json:"changed"`
}

func apiOrderOf(o *order.Order) apiOrderView {
	l := &o.Line
	v := apiOrderView{ID: o.ID, State: string(o.State), Revision: o.Revision, Customer: l.Customer, Line: l.ID, Size: string(l.Size), Region: string(l.Region), Term: l.Term.String(),
		Quantity: l.Quantity, Scope: l.Scope, BillingPlan: l.BillingPlan, UnitPrice: l.UnitPrice.Decimal(), TotalPrice: l.TotalPrice.Decimal(), Currency: string(l.TotalPrice.Currency),
		SavingMonth: l.SavingMonth.Decimal(), Requester: o.Requester, Reason: o.Reason, Changed: o.Changed.UTC().Truncate(time.Second)}
	if o.Approval != nil {
		v.ApprovedBy, v.Expires = o.Approval.By, &o.Approval.Expires
	}
	return v
}

func (s *Server) deskOf(ctx context.Context) (*order.Desk, []order.Order, error) {
	if s.Desk == nil {
		return nil, nil, errMissing
	}
	d, err := s.deskFor(principalOf(ctx))
	if err != nil {
		return nil, nil, s.apiError(err)
	}
	all, err := d.Orders(ctx)
	if err != nil {
		return nil, nil, s.apiError(err)
	}
	return d, all, nil
}

func (s *Server) apiOrders(ctx context.Context, in *struct {
	PageQuery
	State string `query:"state" maxLength:"20" doc:"Only orders in this state."`
}) (*apiList[apiOrderView], error) {
	_, all, err := s.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	views := []apiOrderView{}
	for i := range all {
		if in.State == "" || string(all[i].State) == in.State {
			views = append(views, apiOrderOf(&all[i]))
		}
	}
	return paged(views, in.PageQuery, func(o *apiOrderView) string { return o.ID })
}

type taggedOrder struct {
	ETag string `header:"ETag"`
	Body apiOrderView
}

func (s *Server) apiOrder(ctx context.Context, in *struct {
	Order string `path:"order" maxLength:"100"`
}) (*taggedOrder, error) {
	_, all, err := s.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(o order.Order) bool { return o.ID == in.Order })
	if at < 0 {
		return nil, errMissing
	}
	return &taggedOrder{etag(&all[at]), apiOrderOf(&all[at])}, nil
}

// Answers keeps what requests with an idempotency key were answered with.
type Answers interface {
	// Claim takes a key for a request: nil where it is new, and then Keep follows; else what was answered before. A key of
	// another request is ErrReused, one that is being answered ErrRunning.
	Claim(ctx context.Context, tenant, route, key, request string) (*Answer, error)
	// Keep keeps the answer; status 0 gives the key back.
	Keep(ctx context.Context, tenant, route, key string, a Answer) error
}

// Answer is what a request was answered with.
type Answer struct {
	Status int
	Body   []byte
}

// Errors of Answers.
var (
	ErrReused  = errors.New("the key was used for another request")
	ErrRunning = errors.New("the request is being answered")
)

// askRoute names the requests of orders among the idempotency keys.
const askRoute = "POST /api/v1/orders"

type askInput struct {
	Key  string `header:"Idempotency-Key" maxLength:"200" doc:"Names the request: sent again, it gives the same answer."`
	Body struct {
		Customer string   `json:"customer" maxLength:"100" doc:"Key or id of the customer."`
		Lines    []string `json:"lines" minItems:"1" maxItems:"1000" doc:"Ids of lines of its newest plan."`
	}
}

type askOutput struct {
	Status int
	Body   struct {
		Orders []apiOrderView `json:"orders"`
	}
}

// apiRequest asks for lines, once for each idempotency key.
func (s *Server) apiRequest(ctx context.Context, in *askInput) (*askOutput, error) {
	if in.Key == "" {
		p := problem(http.StatusBadRequest, "idempotency-key-missing", "Send an Idempotency-Key", "")
		p.WayOut = "Any text that names this request: sent again, it gives the same answer."
		return nil, p
	}
	who := principalOf(ctx)
	text, err := json.Marshal(in.Body)
	if err != nil {
		return nil, s.apiError(err)
	}
	sum := sha256.Sum256(text)
	known, err := s.Answers.Claim(ctx, who.Tenant, askRoute, who.ID+" "+in.Key, hex.EncodeToString(sum[:]))
	switch {
	case errors.Is(err, ErrReused):
		return nil, problem(http.StatusUnprocessableEntity, "idempotency-key-reused", "The Idempotency-Key was used for another request", "")
	case errors.Is(err, ErrRunning):
		return nil, problem(http.StatusConflict, "idempotency-key-running", "The first request with this Idempotency-Key is being answered", "")
	case err != nil:
		return nil, s.apiError(err)
	case known != nil:
		return replay(known)
	}
	return s.answer(ctx, who, in)
}

// replay gives an answer again.
func replay(known *Answer) (*askOutput, error) {
	if known.Status >= http.StatusBadRequest {
		p := &Problem{}
		if err := json.Unmarshal(known.Body, p); err != nil {
			return nil, errUnexpected
		}
		return nil, p
	}
	out := &askOutput{Status: known.Status}
	if err := json.Unmarshal(known.Body, &out.Body); err != nil {
		return nil, errUnexpected
	}
	return out, nil
}

// answer does what was asked and keeps the answer. What failed for no fault of the request gives the key back.
func (s *Server) answer(ctx context.Context, who Principal, in *askInput) (*askOutput, error) {
	out, err := s.askFor(ctx, in)
	kept := Answer{Status: http.StatusCreated}
	var body any
	if err != nil {
		p := asProblem(err)
		err, body, kept.Status = p, p, p.Status
		if p.Status >= http.StatusInternalServerError {
			kept.Status = 0
		}
	} else {
		body = out.Body
	}
	text, failed := json.Marshal(body)
	kept.Body = text
	if failed = errors.Join(failed, s.Answers.Keep(ctx, who.Tenant, askRoute, who.ID+" "+in.Key, kept)); failed != nil {
		return nil, s.apiError(failed)
	}
	return out, err
}

func (s *Server) askFor(ctx context.Context, in *askInput) (*askOutput, error) {
	view, err := s.view(ctx, "")
	if err != nil {
		return nil, s.apiError(err)
	}
	c, err := view.customer(in.Body.Customer)
	if errors.Is(err, ErrNone) {
		c, err = view.customer(slug(in.Body.Customer))
	}
	if err != nil {
		return nil, s.apiError(err)
	}
	ids, err := s.ask(ctx, c, in.Body.Lines)
	if err != nil {
		return nil, s.apiError(err)
	}
	_, all, err := s.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	out := &askOutput{Status: http.StatusCreated}
	for i := range all {
		if slices.Contains(ids, all[i].ID) {
			out.Body.Orders = append(out.Body.Orders, apiOrderOf(&all[i]))
		}
	}
	return out, nil
}

// apiApprove approves one order in the state that the caller has read.
func (s *Server) apiApprove(ctx context.Context, in *struct {
	Order   string `path:"order" maxLength:"100"`
	IfMatch string `header:"If-Match" maxLength:"200" doc:"The ETag of the order as it was read."`
	Body    struct {
		Amount   string `json:"amount" maxLength:"40" doc:"The sum as it was read, such as 136816.00."`
		Currency string `json:"currency" maxLength:"3"`
	}
}) (*taggedOrder, error) {
	d, all, err := s.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(o order.Order) bool { return o.ID == in.Order })
	switch {
	case at < 0:
		return nil, errMissing
	case in.IfMatch == "":
		return nil, problem(http.StatusPreconditionRequired, "if-match-missing", "Send the ETag of the order as If-Match", "")
	case in.IfMatch != etag(&all[at]):
		return nil, problem(http.StatusPreconditionFailed, "changed", "The order has changed since it was read", "")
	}
	sum, err := parseSum(in.Body.Amount + " " + in.Body.Currency)
	if err != nil {
		return nil, s.apiError(err)
	}
	if err := d.Approve(ctx, principalOf(ctx).ID, sum, in.Order); err != nil {
		return nil, s.apiError(err)
	}
	return s.apiOrder(ctx, &struct {
		Order string `path:"order" maxLength:"100"`
	}{in.Order})
}
