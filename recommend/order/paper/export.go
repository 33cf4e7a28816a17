package paper

import (
	"encoding/json"
	"fmt"
	"io"

	"sizeterm/recommend/order"
	"sizeterm/recommend/order/place"
)

// Formats are the names that Export knows: numbered steps as text and as a page to print, tables for a spreadsheet or an
// ERP, and the calls of the two APIs.
var Formats = []string{"steps", "page", "csv", "xlsx", place.ViaPartnerCenter, place.ViaCapacity}

// calls are the calls of one order as an export shows them.
type calls struct {
	Order string       `json:"order"`
	State order.State  `json:"state"`
	Calls []place.Step `json:"calls"`
}

// Export writes orders in one of the Formats. facts are by customer and may lack any.
func Export(w io.Writer, format string, orders []order.Order, facts map[string]order.Facts) error {
	switch format {
	case "steps":
		return WriteSteps(w, orders, facts)
	case "page":
		return WritePage(w, orders, facts)
	case "csv":
		return WriteCSV(w, orders)
	case "xlsx":
		return WriteXLSX(w, orders)
	case place.ViaPartnerCenter, place.ViaCapacity:
	default:
		return fmt.Errorf("format: %q: not one of %q", format, Formats)
	}
	body := struct {
		Schema string  `json:"schema"`
		Via    string  `json:"via"`
		Orders []calls `json:"orders"`
	}{"sizeterm.calls/1", format, []calls{}}
	for i := range orders {
		x := &orders[i]
		c := calls{Order: x.ID, State: x.State}
		if format == place.ViaCapacity {
			c.Calls = place.CapacitySteps(x)
		} else {
			f := facts[x.Line.Customer]
			f.Customer = x.Line.Customer
			c.Calls = place.CartSteps(x, f)
		}
		body.Orders = append(body.Orders, c)
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	out.SetEscapeHTML(false)
	return out.Encode(body)
}
