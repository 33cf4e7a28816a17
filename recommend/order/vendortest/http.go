package vendortest

import (
	"encoding/json"
	"io"
	"net/http"

	"sizeterm/recommend/order/place"
)

// ServeHTTP answers over HTTP. A call without an answer ends its connection. GET /ledger tells what was bought.
func (v *Vendor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/ledger" {
		_ = json.NewEncoder(w).Encode(v.Purchases())
		return
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return
	}
	call := place.Request{Method: r.Method, URL: "http://" + r.Host + r.URL.RequestURI(), Header: map[string]string{}, Body: body}
	for _, name := range []string{"X-Test-Now", "MS-RequestId"} {
		call.Header[name] = r.Header.Get(name)
	}
	resp, err := v.Call(r.Context(), call)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, value := range resp.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(resp.Status)
	_, _ = w.Write(resp.Body)
}
