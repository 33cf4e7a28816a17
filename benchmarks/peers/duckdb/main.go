// Command duckdb answers the benchmark questions with DuckDB, the strongest peer on a single machine.
//
//	duckdb -form A -file metrics.csv [-query cte|sets|auto] [-threads 2]
//	duckdb -form B -file costs.csv
//
// Types and quoting are given, because DuckDB's sniffer costs time and may choose no quote character; "auto" leaves them to it.
package main

import (
	"database/sql"
	"flag"
	"fmt"
	"os"
	"strings"

	_ "github.com/duckdb/duckdb-go/v2"

	"sizeterm/benchmarks/peers/answer"
)

func main() {
	form := flag.String("form", "A", "A (metrics) or B (costs)")
	file := flag.String("file", "", "CSV or Parquet `file`")
	query := flag.String("query", "cte", "cte, sets or auto")
	threads := flag.Int("threads", 2, "threads")
	parquet := flag.String("copy", "", "write the rows to this Parquet `file` instead of answering")
	flag.Parse()
	if err := run(*form, *file, *query, *threads, *parquet); err != nil {
		fmt.Fprintln(os.Stderr, "duckdb:", err)
		os.Exit(1)
	}
}

func run(form, file, query string, threads int, parquet string) error {
	db, err := sql.Open("duckdb", fmt.Sprintf("?threads=%d", threads))
	if err != nil {
		return err
	}
	defer db.Close()
	columns := metricsColumns()
	if form != "A" {
		columns = costColumns()
	}
	if parquet != "" {
		_, err := db.Exec("COPY (SELECT * FROM " + source(file, query, columns) + ") TO '" + strings.ReplaceAll(parquet, "'", "''") + "' (FORMAT parquet, COMPRESSION snappy)")
		return err
	}
	var a answer.Answer
	if form == "A" {
		err = metrics(db, source(file, query, columns), query, &a)
	} else {
		err = costs(db, source(file, query, columns), &a)
	}
	if err != nil {
		return err
	}
	return a.Print(os.Stdout)
}

// source is the table function that reads the file.
func source(file, query, columns string) string {
	name := "'" + strings.ReplaceAll(file, "'", "''") + "'"
	switch {
	case strings.HasSuffix(file, ".parquet"):
		return "read_parquet(" + name + ")"
	case query == "auto":
		return "read_csv(" + name + ")"
	}
	if strings.HasSuffix(file, ".gz") {
		columns += ", compression='gzip'"
	}
	return "read_csv(" + name + ", " + columns + ")"
}

func metricsColumns() string {
	return `columns={'timestamp':'TIMESTAMP','subscription_id':'VARCHAR','resource_id':'VARCHAR','vm_size':'VARCHAR','region':'VARCHAR',
'cpu_percent':'DOUBLE','available_memory_bytes':'BIGINT','network_in_bytes':'BIGINT','network_out_bytes':'BIGINT','disk_read_bytes':'BIGINT',
'disk_write_bytes':'BIGINT'}, header=true, delim=',', quote='"', escape='"', auto_detect=false`
}

// costColumns gives the type of the columns that are used; all others are text.
func costColumns() string {
	types := map[string]string{"date": "DATE", "quantity": "DOUBLE", "costInUsd": "DOUBLE", "paygCostInUsd": "DOUBLE"}
	var b strings.Builder
	for i, c := range strings.Split(costHeader, ",") {
		if i > 0 {
			b.WriteByte(',')
		}
		t := types[c]
		if t == "" {
			t = "VARCHAR"
		}
		fmt.Fprintf(&b, "'%s':'%s'", c, t)
	}
	return "columns={" + b.String() + `}, header=true, delim=',', quote='"', escape='"', dateformat='%m/%d/%Y', auto_detect=false`
}

const costHeader = "invoiceId,previousInvoiceId,billingAccountId,billingAccountName,billingProfileId,billingProfileName,invoiceSectionId," +
	"invoiceSectionName,resellerName,resellerMpnId,costCenter,billingPeriodEndDate,billingPeriodStartDate,servicePeriodEndDate," +
	"servicePeriodStartDate,date,serviceFamily,productOrderId,productOrderName,consumedService,meterId,meterName,meterCategory," +
	"meterSubCategory,meterRegion,ProductId,ProductName,SubscriptionId,subscriptionName,publisherType,publisherId,publisherName," +
	"resourceGroupName,ResourceId,resourceLocation,location,effectivePrice,quantity,unitOfMeasure,chargeType,billingCurrency," +
	"pricingCurrency,costInBillingCurrency,costInPricingCurrency,costInUsd,paygCostInBillingCurrency,paygCostInUsd," +
	"exchangeRatePricingToBilling,exchangeRateDate,isAzureCreditEligible,serviceInfo1,serviceInfo2,additionalInfo,tags,PayGPrice," +
	"frequency,term,reservationId,reservationName,pricingModel"

// metrics asks for quantiles of each group and machine and the samples of each group and hour: by one materialised scan and
// three groupings (fastest), or by grouping sets (least memory).
func metrics(db *sql.DB, from, query string, a *answer.Answer) error {
	statement := `WITH t AS MATERIALIZED (SELECT timestamp, resource_id, vm_size, region, cpu_percent, available_memory_bytes FROM ` + from + `)
SELECT 'g' AS kind, vm_size AS k1, region AS k2, NULL::TIMESTAMP AS hour, count(*) AS n, quantile_cont(cpu_percent, [0.5,0.9,0.95,0.99]) AS q, max(cpu_percent) AS mx, min(available_memory_bytes) AS min_mem FROM t GROUP BY vm_size, region
UNION ALL
SELECT 'v', resource_id, NULL, NULL, count(*), quantile_cont(cpu_percent, [0.5,0.9,0.95,0.99]), max(cpu_percent), min(available_memory_bytes) FROM t GROUP BY resource_id
UNION ALL
SELECT 'h', vm_size, region, date_trunc('hour', timestamp) AS h, count(*), NULL, NULL, NULL FROM t GROUP BY vm_size, region, h`
	if query == "sets" {
		statement = `SELECT CASE WHEN resource_id IS NOT NULL THEN 'v' WHEN hour IS NOT NULL THEN 'h' ELSE 'g' END AS kind, coalesce(vm_size, resource_id) AS k1, region AS k2, hour, n, q, mx, min_mem FROM (
SELECT vm_size, region, resource_id, date_trunc('hour', timestamp) AS hour, count(*) AS n,
       quantile_cont(cpu_percent, [0.5,0.9,0.95,0.99]) AS q, max(cpu_percent) AS mx, min(available_memory_bytes) AS min_mem
FROM ` + from + `
GROUP BY GROUPING SETS ((vm_size, region), (resource_id), (vm_size, region, hour)))`
	}
	rows, err := db.Query(statement)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		var k1, k2, hour, memory any
		var n int64
		var quantiles any
		var top *float64
		if err := rows.Scan(&kind, &k1, &k2, &hour, &n, &quantiles, &top, &memory); err != nil {
			return err
		}
		switch kind {
		case "h":
			a.Cells++
			continue
		case "g":
			a.Groups++
			a.Rows += n
		case "v":
			a.Machines++
			a.Max += *top
		}
		for _, q := range quantiles.([]any) {
			a.Quantiles += q.(float64)
		}
	}
	return rows.Err()
}

func costs(db *sql.DB, from string, a *answer.Answer) error {
	rows, err := db.Query(`WITH t AS MATERIALIZED (
  SELECT date, SubscriptionId, meterCategory, ResourceId, resourceLocation, quantity, costInUsd, paygCostInUsd, pricingModel,
         CASE WHEN meterCategory = 'Virtual Machines' THEN additionalInfo->>'$.ServiceType' END AS size
  FROM ` + from + `
)
SELECT 'g' AS kind, size AS k1, resourceLocation AS k2, NULL AS d, count(*) AS n, sum(quantity) AS qty, sum(costInUsd) AS cost, sum(paygCostInUsd) AS payg, quantile_cont(quantity, [0.5,0.9,0.95,0.99]) AS q, max(quantity) AS mx FROM t WHERE size IS NOT NULL GROUP BY size, resourceLocation
UNION ALL
SELECT 'v', ResourceId, pricingModel, NULL, count(*), sum(quantity), sum(costInUsd), sum(paygCostInUsd), NULL, NULL FROM t WHERE size IS NOT NULL GROUP BY ResourceId, pricingModel
UNION ALL
SELECT 'd', size, resourceLocation, date, count(*), sum(quantity), NULL, NULL, NULL, NULL FROM t WHERE size IS NOT NULL GROUP BY size, resourceLocation, date
UNION ALL
SELECT 's', SubscriptionId, meterCategory, date, count(*), NULL, sum(costInUsd), sum(paygCostInUsd), NULL, NULL FROM t GROUP BY SubscriptionId, meterCategory, date`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var kind string
		var k1, k2, day, quantiles any
		var n int64
		var quantity, cost, payg, top *float64
		if err := rows.Scan(&kind, &k1, &k2, &day, &n, &quantity, &cost, &payg, &quantiles, &top); err != nil {
			return err
		}
		switch kind {
		case "g":
			a.Groups++
			a.Hours += *quantity
			for _, q := range quantiles.([]any) {
				a.Quantiles += q.(float64)
			}
		case "v":
			a.Machines++
		case "d":
			a.Cells++
		case "s":
			a.Costs++
			a.Rows += n
			a.Dollars += *cost
		}
	}
	return rows.Err()
}
