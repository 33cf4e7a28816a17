package web

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"sizeterm/recommend/order"
	"sizeterm/recommend/order/paper"
)

// exportTypes are the media types and names of what orders are exported as.
var exportTypes = map[string][2]string{
	"steps": {"text/plain; charset=utf-8", "steps.txt"}, "page": {"text/html; charset=utf-8", ""}, "csv": {"text/csv; charset=utf-8", "orders.csv"},
	"xlsx":           {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "orders.xlsx"},
	"partner-center": {"application/json", "partner-center.json"}, "arm": {"application/json", "capacity-api.json"},
}

func (s *Server) export(w http.ResponseWriter, r *http.Request) error {
	_, o, err := s.orderOf(r)
	if err != nil {
		return err
	}
	return s.exported(w, r, []order.Order{o})
}

// exportAll exports every order in the state that the address names: what is approved, to be bought, or what is requested, to
// be reviewed.
func (s *Server) exportAll(w http.ResponseWriter, r *http.Request) error {
	d, err := s.desk(r)
	if err != nil {
		return err
	}
	all, err := d.Orders(r.Context())
	if err != nil {
		return err
	}
	state := order.State(r.URL.Query().Get("state"))
	all = slices.DeleteFunc(all, func(o order.Order) bool { return o.State != state })
	if len(all) == 0 {
		return problem(http.StatusNotFound, "no-order", "No order is in that state", "The page Orders lists them.")
	}
	return s.exported(w, r, all)
}

// exported answers with orders in the format that the address names.
func (s *Server) exported(w http.ResponseWriter, r *http.Request, orders []order.Order) error {
	format := r.URL.Query().Get("format")
	kind, ok := exportTypes[format]
	if !ok {
		return problem(http.StatusBadRequest, "format", "There is no such format", "There are "+strings.Join(paper.Formats, ", ")+".")
	}
	var out bytes.Buffer
	if err := paper.Export(&out, format, orders, s.Facts); err != nil {
		return problem(http.StatusConflict, "export", "This cannot be exported like that", err.Error())
	}
	if format == "page" {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	}
	return sendFile(w, kind[0], kind[1], out.Bytes())
}

// sendFile answers with a file; without a name a browser shows it.
func sendFile(w http.ResponseWriter, contentType, name string, body []byte) error {
	w.Header().Set("Content-Type", contentType)
	if name != "" {
		w.Header().Set("Content-Disposition", fmt.Sprintf("attachment; filename=%q", name))
	}
	_, err := w.Write(body)
	return ignoreGone(err)
}
