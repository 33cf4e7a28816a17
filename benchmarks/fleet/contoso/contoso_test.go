package contoso

import (
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

var folder = filepath.Join("..", "..", "..", "testdata", "contoso")

// demo is the customer of the repository with its two large files, made once for all tests.
var demo = sync.OnceValue(func() (d struct {
	customer       *customer
	costs, metrics []byte
}) {
	d.customer = newCustomer(Seed)
	d.costs, d.metrics = d.customer.costExport(), d.customer.metrics()
	return d
})

// The files of the repository are those that the seed makes, byte for byte before gzip (gzip itself may differ between
// versions of Go), and gzip headers carry neither name nor time.
func TestFilesOfTheRepositoryAreTheSeeds(t *testing.T) {
	total := 0
	for name, want := range map[string][]byte{
		"cost-export-2026-10.csv.gz": demo().costs, "metrics-2026-10.csv.gz": demo().metrics,
		"price-sheet-westeurope.csv": priceSheet(), "reservations.csv": demo().customer.reservationList(),
	} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		require.NoError(t, err, "write them with: go run ./benchmarks/fleet/cmd/fleet -demo testdata/contoso")
		total += len(data)
		if strings.HasSuffix(name, ".gz") {
			require.Equal(t, make([]byte, 5), data[3:8], "%s: flags and time of the gzip header", name)
			data = unpack(t, data)
		}
		require.True(t, bytes.Equal(want, data), "%s is not what the seed makes", name)
	}
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 4+1, "the files and the README")
	require.Less(t, total, 3<<20, "the folder stays below 3 MiB")
}

func TestAnotherSeedGivesOtherFiles(t *testing.T) {
	a, b := newCustomer(1), newCustomer(2)
	require.NotEqual(t, a.reservationList(), b.reservationList())
	require.NotEqual(t, a.costExport(), b.costExport())
	require.Equal(t, newCustomer(1).costExport(), a.costExport())
}

func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	require.NoError(t, Write(dir, Seed))
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		if f.Name() == "cost-export-2026-10.csv.gz" {
			require.Equal(t, demo().costs, unpack(t, data))
		}
	}
	require.Len(t, files, 4)
	blocked := filepath.Join(dir, "reservations.csv", "below")
	require.ErrorContains(t, Write(blocked, 7), "demo folder")
}

func unpack(t *testing.T, data []byte) []byte {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	require.NoError(t, err)
	text, err := io.ReadAll(r)
	require.NoError(t, err)
	return text
}

// table is a CSV text as maps from column to cell.
func table(t *testing.T, text []byte) (head []string, rows []map[string]string) {
	t.Helper()
	r := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff"))))
	all, err := r.ReadAll()
	require.NoError(t, err)
	for _, cells := range all[1:] {
		row := map[string]string{}
		for i, c := range cells {
			row[all[0][i]] = c
		}
		rows = append(rows, row)
	}
	return all[0], rows
}

func rat(t *testing.T, text string) *big.Rat {
	t.Helper()
	if text == "" {
		return new(big.Rat)
	}
	v, ok := new(big.Rat).SetString(text)
	require.True(t, ok, text)
	return v
}

func TestCostExportIsInTheDialect(t *testing.T) {
	text := demo().costs
	require.True(t, bytes.HasPrefix(text, []byte("\ufeffinvoiceId,previousInvoiceId,")))
	require.Equal(t, bytes.Count(text, []byte("\n")), bytes.Count(text, []byte("\r\n")), "CRLF throughout")
	head, rows := table(t, text)
	require.Len(t, head, 70)
	require.Equal(t, "partnerTenantId", head[8])
	require.Equal(t, []string{"PricingModel", "unitPrice", "benefitId", "benefitName", "provider"}, head[65:])
	for _, row := range rows {
		require.Regexp(t, `^10/\d\d/2026$`, row["date"])
		require.Equal(t, "USD", row["billingCurrency"])
		if row["additionalInfo"] != "" {
			require.True(t, json.Valid([]byte(row["additionalInfo"])), row["additionalInfo"])
		}
	}
}

// Costs are exact products, the earned credit is 15 % where it applies, and never applies to Spot and reservations.
func TestCostsAreQuantityTimesPrice(t *testing.T) {
	_, rows := table(t, demo().costs)
	for _, row := range rows {
		cost := new(big.Rat).Mul(rat(t, row["quantity"]), rat(t, row["effectivePrice"]))
		require.Zero(t, cost.Cmp(rat(t, row["costInBillingCurrency"])), row)
		if row["chargeType"] != "Usage" {
			continue
		}
		listed := new(big.Rat).Mul(rat(t, row["quantity"]), rat(t, row["PayGPrice"]))
		require.Zero(t, listed.Cmp(rat(t, row["paygCostInBillingCurrency"])), row)
		paid := new(big.Rat).Mul(rat(t, row["unitPrice"]), big.NewRat(85, 100))
		switch {
		case row["partnerEarnedCreditApplied"] == "True":
			require.Equal(t, "OnDemand", row["PricingModel"])
			require.Zero(t, paid.Cmp(rat(t, row["effectivePrice"])), row)
		case row["PricingModel"] == "Reservation":
			require.Equal(t, [3]string{"0", "0", ""}, [3]string{row["effectivePrice"], row["PayGPrice"], row["unitPrice"]})
		default:
			require.Equal(t, row["unitPrice"], row["effectivePrice"], row)
		}
	}
}

// The hours of the rows are the hours of the schedules, and no machine has more than 24 in a day.
func TestHoursAreThoseOfTheSchedules(t *testing.T) {
	c := demo().customer
	_, rows := table(t, demo().costs)
	byDay, total := map[string]*big.Rat{}, map[string]*big.Rat{}
	for _, row := range rows {
		if row["meterCategory"] != "Virtual Machines" || row["chargeType"] != "Usage" {
			continue
		}
		var info struct{ VMName, ServiceType string }
		require.NoError(t, json.Unmarshal([]byte(row["additionalInfo"]), &info))
		for key, into := range map[string]map[string]*big.Rat{info.VMName + row["date"]: byDay, info.VMName + info.ServiceType: total} {
			if into[key] == nil {
				into[key] = new(big.Rat)
			}
			into[key].Add(into[key], rat(t, row["quantity"]))
		}
	}
	for key, hours := range byDay {
		require.LessOrEqual(t, hours.Cmp(big.NewRat(24, 1)), 0, key)
	}
	for _, m := range c.machines {
		want := big.NewRat(int64(minutes(m.spans, 0, monthLen)), 60)
		diff := new(big.Rat).Sub(want, total[m.name+"Standard_"+m.size])
		require.True(t, diff.Sign() >= 0 && diff.Cmp(big.NewRat(2*days, 1_000_000)) < 0,
			"%s: %s hours, want %s: at most a micro-hour a row is cut", m.name, total[m.name+"Standard_"+m.size].FloatString(6), want.FloatString(6))
	}
	require.Len(t, total, len(c.machines))
	require.Equal(t, "744.000000", total["shop-web-01Standard_D4s_v5"].FloatString(6), "31 days of 24 hours")
}

// Reservations are used as far as their quantity goes: row hours times normalisation ratio is quantity times 24 each day.
func TestReservationsAreUsedToTheirQuantity(t *testing.T) {
	c := demo().customer
	_, rows := table(t, demo().costs)
	used := map[string]*big.Rat{}
	for _, row := range rows {
		if row["PricingModel"] != "Reservation" || row["chargeType"] != "Usage" {
			continue
		}
		var info struct {
			ReservationID        string `json:"ReservationId"`
			RINormalizationRatio json.Number
		}
		require.NoError(t, json.Unmarshal([]byte(row["additionalInfo"]), &info))
		require.Equal(t, row["reservationId"], info.ReservationID)
		require.True(t, strings.HasSuffix(row["benefitId"], "/reservations/"+info.ReservationID))
		if used[info.ReservationID] == nil {
			used[info.ReservationID] = new(big.Rat)
		}
		used[info.ReservationID].Add(used[info.ReservationID], new(big.Rat).Mul(rat(t, row["quantity"]), rat(t, info.RINormalizationRatio.String())))
	}
	for _, r := range c.reservations {
		if r.covers == nil {
			require.Nil(t, used[r.id], "%s: idle, or of another agreement", r.name)
			continue
		}
		require.Equal(t, fmt.Sprint(r.quantity*24*days), used[r.id].FloatString(0), r.name)
	}
}

// What the demo promises is in it.
func TestTheDemoHasItsCases(t *testing.T) {
	c := demo().customer
	_, rows := table(t, demo().costs)
	count := func(test func(map[string]string) bool) (n int) {
		for _, row := range rows {
			if test(row) {
				n++
			}
		}
		return n
	}
	has := func(column, part string) int {
		return count(func(r map[string]string) bool { return strings.Contains(r[column], part) })
	}
	require.Equal(t, 1, has("chargeType", "RoundingAdjustment"))
	require.Equal(t, 1, has("chargeType", "Purchase"))
	require.Equal(t, 31, has("additionalInfo", "ComputeHR_SW"))
	require.Positive(t, has("PricingModel", "Spot"))
	require.Positive(t, has("additionalInfo", "Windows Server BYOL"))
	require.Positive(t, has("meterSubCategory", "Series Windows"))
	require.Positive(t, has("meterCategory", "Storage"))
	require.Positive(t, has("meterCategory", "Bandwidth"))
	require.Equal(t, 31, has("additionalInfo", "Standard_FX4mds_v2"), "the size without a price")
	regions, subscriptions, machines, sets := map[string]bool{}, map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, m := range c.machines {
		regions[m.region], subscriptions[c.subscriptions[m.sub].id] = true, true
		if m.set == "" {
			machines[m.name] = true
		} else {
			sets[m.name] = true
		}
	}
	require.Len(t, regions, 3)
	require.Len(t, subscriptions, 3)
	require.InDelta(t, 60, len(machines), 5)
	require.Len(t, sets, 13)
}

func TestMetricsFollowTheRunningTime(t *testing.T) {
	_, rows := table(t, demo().metrics)
	samples, noMemory, below := map[string]int{}, map[string]int{}, map[string][2]int{}
	for _, row := range rows {
		name := row["instance_name"]
		if name == "" {
			name = row["resource_id"][strings.LastIndexByte(row["resource_id"], '/')+1:]
		}
		samples[name]++
		avg, err := strconv.ParseFloat(row["cpu_avg"], 64)
		require.NoError(t, err)
		top, err := strconv.ParseFloat(row["cpu_max"], 64)
		require.NoError(t, err)
		if avg > top || top > 100 {
			t.Fatalf("%v", row)
		}
		if row["available_memory_bytes"] == "" {
			noMemory[name]++
		}
		seen := below[name]
		below[name] = [2]int{seen[0] + int(avg*100), seen[1] + 1}
	}
	require.Zero(t, samples["sg-rep-01"], "no metrics")
	require.Equal(t, samples["mon-02"], noMemory["mon-02"], "no memory metric")
	require.Equal(t, 312, samples["decom-app-07"], "78 hours of a machine that no cost row knows")
	require.InDelta(t, days*96, samples["shop-web-01"], 12, "all month but for the incident and lost samples")
	low, n := 0, 0
	for _, v := range below {
		n++
		if v[0]/v[1] < 1000 {
			low++
		}
	}
	require.Greater(t, 10*low, 6*n, "most machines are below 10 % on average")
}

func TestPriceSheetKnowsWestEuropeOnly(t *testing.T) {
	_, rows := table(t, priceSheet())
	for _, row := range rows {
		require.Equal(t, "westeurope", row["region"])
		require.Contains(t, row["note"], "illustrative")
		if row["term"] != "PAYG" {
			require.Equal(t, "linux", row["os"], "a reservation is compute only")
		}
		require.False(t, strings.Contains(row["size"], "ds_v5") && row["term"] == "P3Y", "Ddsv5 is priced for one year only")
	}
}

// The list prices of the rows are those of the developers' price tables: the cheapest of the sources of a Linux price,
// because some list the price of Cloud Services (equal to Windows) as Linux.
func TestListPricesAreThoseOfTheData(t *testing.T) {
	data := filepath.Join("..", "..", "..", "..", "shared", "data")
	f, err := os.Open(filepath.Join(data, "retail_prices.csv.gz"))
	if errors.Is(err, fs.ErrNotExist) {
		t.Log("price tables are not here")
		return
	}
	require.NoError(t, err)
	defer f.Close()
	packed, err := gzip.NewReader(f)
	require.NoError(t, err)
	apac, err := os.ReadFile(filepath.Join(data, "retail_prices_apac_v5.csv"))
	require.NoError(t, err)
	_, known := table(t, apac)
	lowest := map[string]*big.Rat{}
	for _, row := range known {
		if row["price_type"] == "Consumption" {
			lowest[row["region"]+row["arm_sku_name"]+"Linux"] = rat(t, row["price_per_hour"])
		}
	}
	r := csv.NewReader(packed)
	r.ReuseRecord = true
	_, err = r.Read()
	require.NoError(t, err)
	for {
		row, err := r.Read()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if listPrices[row[2]] == nil || row[5] != "Consumption" || row[7] != "" {
			continue
		}
		key := row[2] + row[3] + row[4]
		if p := rat(t, row[9]); lowest[key] == nil || p.Cmp(lowest[key]) < 0 {
			lowest[key] = p
		}
	}
	for region, sizes := range listPrices {
		for size, p := range sizes {
			if strings.HasSuffix(size, " Spot") {
				continue
			}
			for os, text := range map[string]string{"Linux": p.linux, "Windows": p.windows} {
				want := lowest[region+"Standard_"+size+os]
				if size == "FX4mds_v2" {
					require.Nil(t, want, "the size without a price has one now")
					continue
				}
				require.NotNil(t, want, "%s %s %s", region, size, os)
				require.Zero(t, want.Cmp(rat(t, text)), "%s %s %s: %s, the data say %s", region, size, os, text, want.FloatString(6))
			}
		}
	}
}

func TestDecimal(t *testing.T) {
	check := func(v int64, decimals int, want string) {
		t.Helper()
		require.Equal(t, want, decimal(v, decimals))
	}
	check(0, 6, "0")
	check(24_000_000, 6, "24")
	check(32_258, 6, "0.032258")
	check(-417, 6, "-0.000417")
	check(120, 2, "1.2")
	check(7, 0, "7")
}

func TestSizeNames(t *testing.T) {
	require.Equal(t, "Dsv5", seriesOf("D4s_v5"))
	require.Equal(t, "Dadsv5", seriesOf("D96ads_v5"))
	require.Equal(t, "FXmdsv2", seriesOf("FX4mds_v2"))
	require.Equal(t, "Bsv2", seriesOf("B2s_v2"))
	require.Equal(t, 96, coresOf("D96ads_v5"))
}

func TestCalendar(t *testing.T) {
	require.Equal(t, 3*24+2, hourOfWeek(0, europe), "2026-10-01 is a Thursday, 02:00 summer time in Warsaw")
	require.Equal(t, 3*24+8, hourOfWeek(0, singapore))
	require.Equal(t, 6*24+2, hourOfWeek(at(25, 0, 59), europe), "Sunday 02:59 summer time")
	require.Equal(t, 6*24+2, hourOfWeek(at(25, 1, 0), europe), "Sunday 02:00 winter time: the hour comes twice")
	require.Equal(t, 30, minutes([]span{{0, 20}, {40, 60}}, 10, 100))
}

func TestPricesRefuseWrongTables(t *testing.T) {
	require.Panics(t, func() { usd("1,5") })
	require.Panics(t, func() { usd("0.123456789") })
	require.Panics(t, func() { listPrice("polandcentral", "X1", "linux") })
	require.Equal(t, price(7_687_700), usd("0.076877"))
}
