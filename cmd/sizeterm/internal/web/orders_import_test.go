package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A reviewed file comes back by the page and by the API with the checks of the command line: quantities may change and are asked for
// again in the name of who brings them; a price may not, and then nothing is taken.
func TestReviewedOrdersComeBack(t *testing.T) {
	s, ann := requested(t)
	status, _, text := ann.get("/orders/export?state=requested&format=csv")
	require.Equal(t, http.StatusOK, status)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	column := func(name string) int { return slices.Index(rows[0], name) }
	reviewed := func(change func(rows [][]string)) string {
		var copied [][]string
		for _, row := range rows {
			copied = append(copied, slices.Clone(row))
		}
		change(copied)
		var b bytes.Buffer
		require.NoError(t, csv.NewWriter(&b).WriteAll(copied))
		return b.String()
	}
	send := func(b *browser, file string) (int, string) {
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		part, err := w.CreateFormFile("file", "orders.csv")
		require.NoError(t, err)
		_, _ = part.Write([]byte(file))
		require.NoError(t, w.Close())
		status, _, text := b.do("POST", "/orders/import", w.FormDataContentType(), &form)
		return status, text
	}
	id, quantity := rows[1][column("order")], rows[1][column("quantity")]
	half := reviewed(func(rows [][]string) {
		rows[1][column("quantity")], rows[1][column("total_price")] = "1", rows[1][column("unit_price")]
	})
	require.NotEqual(t, "1", quantity)

	status, text = send(ann, reviewed(func(rows [][]string) { rows[1][column("unit_price")], rows[2][column("quantity")] = "1.00", "1" }))
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, text, "Nothing was taken from the file")
	require.Contains(t, text, id)
	require.Contains(t, ann.page("/journal"), "unit_price")
	status, text = send(ann, "not,an,order\n")
	require.Equal(t, http.StatusBadRequest, status, text)
	status, _ = send(ann, "")
	require.Equal(t, http.StatusBadRequest, status)
	status, text = send(ann, reviewed(func([][]string) {}))
	require.Equal(t, http.StatusConflict, status)
	require.Contains(t, text, "Nothing in the file differs")
	status, _ = send(s.as("home", "vera", Viewer), half)
	require.Equal(t, http.StatusForbidden, status)
	status, text = send(s.as("away", "eve", Analyst), half)
	require.Equal(t, http.StatusUnprocessableEntity, status)
	require.Contains(t, text, "there is no such order")

	status, text = send(ann, half)
	require.Equal(t, http.StatusSeeOther, status, text)
	require.Contains(t, ann.page("/orders/"+id), "1 ×")
	require.Contains(t, ann.page("/journal"), "changed by hand")

	p := keyFor(t, s, "home", scopeRead, scopeRequest)
	again := reviewed(func([][]string) {})
	status, _, answer := p.call("POST", "/api/v1/orders/import", again, "Content-Type", "text/csv")
	require.Equal(t, http.StatusOK, status, answer)
	changed := answer["orders"].([]any)
	require.Len(t, changed, 1)
	require.Equal(t, quantity, fmt.Sprint(changed[0].(map[string]any)["quantity"]))
	status, _, answer = p.call("POST", "/api/v1/orders/import", reviewed(func(rows [][]string) { rows[1][column("currency")] = "EUR" }), "Content-Type", "text/csv")
	require.Equal(t, http.StatusUnprocessableEntity, status, answer)
	require.Equal(t, "urn:sizeterm:problem:review-refused", answer["type"])
}
