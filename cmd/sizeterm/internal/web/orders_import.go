package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"

	"sizeterm/recommend/order"
	"sizeterm/recommend/order/paper"
)

// maxReview bounds a reviewed order file: some ten thousand orders.
const maxReview = 4 << 20

// refusalsShown is how many refusals of a file an answer names; the journal has all of them.
const refusalsShown = 20

// takeBack reads a reviewed order file, CSV or workbook, and changes the orders that differ in it, all of them or none: an order that
// changes is requested again, in the name of who brings the file. customer, where it is given, refuses orders of others. It returns the ids of
// what changed. Each refusal is journaled.
func (s *Server) takeBack(ctx context.Context, d *order.Desk, file io.Reader, customer string) ([]string, error) {
	who := principalOf(ctx)
	all, err := d.Orders(ctx)
	if err != nil {
		return nil, err
	}
	changed, err := paper.ReadCSV(file, all, customer)
	if err != nil {
		return nil, s.refuseReview(ctx, d, err)
	}
	ids := slices.Sorted(maps.Keys(changed))
	if len(ids) == 0 {
		return nil, nil
	}
	return ids, d.Change(ctx, who.ID, changed)
}

// refuseReview journals why nothing was taken from a file, and says it.
func (s *Server) refuseReview(ctx context.Context, d *order.Desk, err error) error {
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return large
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		p := problem(http.StatusBadRequest, "not-a-review", "This is no reviewed order file", err.Error())
		p.WayOut = "Export the orders as CSV or XLSX, change quantities, payments, subscriptions or the partner on record, and send that file."
		return p
	}
	var said []string
	for _, one := range joined.Unwrap() {
		var refusal *order.Refusal
		if !errors.As(one, &refusal) {
			continue
		}
		said = append(said, fmt.Sprintf("%s: %s (%s)", refusal.Order, refusal.Detail, refusal.WayOut))
		if refusal.Code == "unknown_order" {
			continue // there is none whose journal could have it
		}
		if err := d.Refuse(ctx, principalOf(ctx).ID, refusal); err != nil {
			return err
		}
	}
	if more := len(said) - refusalsShown; more > 0 {
		said = append(said[:refusalsShown], fmt.Sprintf("and %d more", more))
	}
	p := problem(http.StatusUnprocessableEntity, "review-refused", "Nothing was taken from the file", strings.Join(said, "; "))
	p.WayOut = "Correct these rows, or take them out, and send the file again."
	return p
}

// importOrders takes a reviewed file from the page of orders.
func (s *Server) importOrders(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxReview+maxForm)
	file, _, err := r.FormFile("file")
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return large
	case err != nil:
		return problem(http.StatusBadRequest, "no-file", "No file was chosen", "Choose the reviewed CSV or workbook, then send it.")
	}
	defer file.Close()
	ids, err := s.takeBack(r.Context(), d, file, "")
	if err != nil {
		return err
	}
	if len(ids) == 0 {
		return problem(http.StatusConflict, "nothing-differs", "Nothing in the file differs from the orders", "They stay as they are.")
	}
	http.Redirect(w, r, "/orders", http.StatusSeeOther)
	return nil
}

type reviewInput struct {
	Customer string `query:"customer" maxLength:"100" doc:"Refuse the file where it has orders of another customer."`
	RawBody  []byte `contentType:"text/csv"`
}

type reviewOutput struct {
	Body struct {
		Orders []apiOrderView `json:"orders" doc:"The orders that changed; each is requested again."`
	}
}

// apiImport takes a reviewed file from a program.
func (s *Server) apiImport(ctx context.Context, in *reviewInput) (*reviewOutput, error) {
	d, _, err := s.deskOf(ctx)
	if err != nil {
		return nil, err
	}
	ids, err := s.takeBack(ctx, d, bytes.NewReader(in.RawBody), in.Customer)
	if err != nil {
		return nil, s.apiError(err)
	}
	all, err := d.Orders(ctx)
	if err != nil {
		return nil, s.apiError(err)
	}
	out := &reviewOutput{}
	out.Body.Orders = []apiOrderView{}
	for i := range all {
		if slices.Contains(ids, all[i].ID) {
			out.Body.Orders = append(out.Body.Orders, apiOrderOf(&all[i]))
		}
	}
	return out, nil
}
