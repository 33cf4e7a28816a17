package web

import (
	"context"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"sizeterm/recommend/order"
)

// subscriptionID is the form of an Azure subscription's id.
var subscriptionID = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)

// nameSubscription names the subscription that carries the purchase of orders: they are requested by whoever names it.
func (s *Server) nameSubscription(w http.ResponseWriter, r *http.Request) error {
	return s.decide(w, r, func(d *order.Desk, who Principal, ids []string) error {
		named := strings.ToLower(strings.TrimSpace(r.PostForm.Get("subscription")))
		if !subscriptionID.MatchString(named) {
			return problem(http.StatusBadRequest, "subscription", "Give the id of an Azure subscription", "Such as 11111111-2222-3333-4444-555555555555.")
		}
		all, err := d.Orders(r.Context())
		if err != nil {
			return err
		}
		lines := map[string]order.Line{}
		for _, o := range all {
			if slices.Contains(ids, o.ID) {
				o.Line.Subscription = named
				lines[o.ID] = o.Line
			}
		}
		return d.Change(r.Context(), who.ID, lines)
	})
}

// subscriptions are those in which the newest plan shows machines of a customer, the most machines first.
func (s *Server) subscriptions(ctx context.Context, customer string) []string {
	view, err := s.view(ctx, "")
	if err != nil {
		return nil // without a plan somebody has to know the id
	}
	machines := map[string]int{}
	for i := range view.Plan.VMs {
		if vm := &view.Plan.VMs[i]; strings.EqualFold(vm.Customer, customer) && vm.Subscription != "" {
			machines[strings.ToLower(vm.Subscription)]++
		}
	}
	found := slices.Sorted(maps.Keys(machines))
	slices.SortStableFunc(found, func(a, b string) int { return machines[b] - machines[a] })
	return found
}
