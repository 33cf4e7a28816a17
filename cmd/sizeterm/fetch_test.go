package main

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A page of the public list as it looks on the wire: the reservation's price is the total of the term.
const retailPage = `{"BillingCurrency":"USD","CustomerEntityId":"Default","CustomerEntityType":"Retail","Items":[%s],"NextPageLink":null,"Count":%d}`

const retailItem = `{"currencyCode":"USD","tierMinimumUnits":0.0,%s"retailPrice":%s,"unitPrice":%s,"armRegionName":"westeurope","location":"EU West","effectiveStartDate":"2026-01-01T00:00:00Z","meterId":"m%s","meterName":"D8 v4","productId":"p","skuId":"p/%s","productName":"Virtual Machines Dv4 Series","skuName":"D8 v4","serviceName":"Virtual Machines","serviceId":"s","serviceFamily":"Compute","unitOfMeasure":"1 Hour","type":"%s","isPrimaryMeterRegion":true,"armSkuName":"Standard_D8_v4"}`

func TestPricesFetchWritesASnapshot(t *testing.T) {
	items := []string{
		fmt.Sprintf(retailItem, "", "0.46", "0.46", "1", "1", "Consumption"),
		fmt.Sprintf(retailItem, `"reservationTerm":"1 Year",`, "2377.0", "2377.0", "2", "2", "Reservation"),
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var page []string
		for i, kind := range []string{"Consumption", "Reservation"} {
			if filter := r.URL.Query().Get("$filter"); !strings.Contains(filter, "priceType") || strings.Contains(filter, "'"+kind+"'") {
				page = append(page, items[i])
			}
		}
		fmt.Fprintf(w, retailPage, strings.Join(page, ","), len(page))
	}))
	defer server.Close()
	out := filepath.Join(t.TempDir(), "west.csv")
	code, stdout, stderr := try("prices", "fetch", "--region", "westeurope", "--as-of", "2026-11-01", "--out", out, "--url", server.URL)
	require.Zero(t, code, stderr)
	require.Empty(t, stdout)
	code, stdout, stderr = try("prices", "show", "--size", "Standard_D8_v4", "--region", "westeurope", "--prices", out)
	require.Zero(t, code, stderr)
	require.Contains(t, stdout, "2377.00")
}

func TestPricesFetchSaysThatTheListIsUnavailable(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "0")
		http.Error(w, "busy", http.StatusServiceUnavailable)
	}))
	defer server.Close()
	code, _, stderr := try("prices", "fetch", "--quiet", "--attempts", "1", "--region", "westeurope", "--out", filepath.Join(t.TempDir(), "x.csv"), "--url", server.URL)
	require.Equal(t, exitUnavailable, code, stderr)
	require.Contains(t, stderr, "Try again later")
}

// try runs the program and returns what it says.
func try(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}
