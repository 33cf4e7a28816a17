package ingest_test

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/ingest"
	"sizeterm/ingest/usage"
)

// shared is where the collected real files lie; tests that want them say so and go on where they are absent.
const shared = "../../shared/data"

// sharedFile returns the path of a collected file.
func sharedFile(t *testing.T, name string) (string, bool) {
	t.Helper()
	path := filepath.Join(shared, name)
	if _, err := os.Stat(path); err != nil {
		t.Logf("%s is not here: %v", name, err)
		return "", false
	}
	return path, true
}

// input returns an input of bytes.
func input(name string, data []byte) ingest.Input {
	return ingest.Input{Name: name, Size: int64(len(data)), Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }}
}

// read is everything that an input gave.
type read struct {
	charges     []usage.ChargeRow
	samples     []usage.SampleRow
	commitments []usage.Commitment
	rejects     []ingest.RowError
	summary     ingest.Summary
	err         error
}

// readInput reads an input to its end.
func readInput(t testing.TB, in ingest.Input, opts ingest.Options) read {
	t.Helper()
	r, err := ingest.NewReader(in, opts)
	if err != nil {
		return read{err: err}
	}
	var out read
	for r.Next() {
		rec := r.Record()
		if c, err := usage.ChargesOf(rec); err == nil {
			out.charges = append(out.charges, chargeRows(c)...)
		} else {
			s, err := usage.SamplesOf(rec)
			require.NoError(t, err)
			out.samples = append(out.samples, sampleRows(s)...)
		}
	}
	slices.SortStableFunc(out.samples, func(a, b usage.SampleRow) int { return cmp.Compare(a.Line, b.Line) }) // sums of several rows come late
	out.commitments, out.rejects, out.summary, out.err = owned(r), r.Rejects(), r.Summary(), r.Err()
	if out.err == nil {
		var apart int64
		for _, a := range out.summary.SetApart {
			apart += a.Rows
		}
		s := out.summary
		require.Equal(t, s.Rows, s.Accepted+s.Rejected+apart, "accepted + rejected + set apart = read")
		require.Equal(t, s.Rejected, r.RejectCount())
	}
	return out
}

// owned is what a file alone says is owned.
func owned(r *ingest.Reader) []usage.Commitment {
	all, _ := usage.Owned(r.Holdings())
	return all
}

// readText reads a text as a file.
func readText(t testing.TB, text string, opts ingest.Options) read {
	t.Helper()
	return readInput(t, input("test.csv", []byte(text)), opts)
}

func chargeRows(c *usage.Charges) []usage.ChargeRow {
	rows := make([]usage.ChargeRow, c.Len())
	for i := range rows {
		r := &rows[i]
		*r = usage.ChargeRow{
			Customer: c.Customer.Text(i), CustomerName: c.CustomerName.Text(i), Subscription: c.Subscription.Text(i), SubscriptionName: c.SubscriptionName.Text(i),
			ResourceGroup: c.ResourceGroup.Text(i), Resource: c.Resource.Text(i), VM: c.VM.Text(i), Size: c.Size.Text(i), Region: c.Region.Text(i),
			OS: c.OS.Text(i), Licence: c.Licence.Text(i), Benefit: c.Benefit.Text(i), BenefitSize: c.BenefitSize.Text(i), Currency: c.Currency.Text(i),
			Tags: c.Tags.Text(i), Export: c.Export.Text(i), Dataset: c.Dataset.Text(i), Kind: usage.Kind(c.Kind[i]), Model: usage.Model(c.Model[i]),
			Start: c.Start[i], End: c.End[i], Cost: c.Cost[i], Line: c.Line[i],
		}
		r.Hours, r.HasHours = c.Hours.At(i)
		r.BenefitRatio, r.HasRatio = c.BenefitRatio.At(i)
		r.Rate, r.HasRate = c.Rate.At(i)
		r.ListRate, r.HasListRate = c.ListRate.At(i)
	}
	return rows
}

func sampleRows(s *usage.Samples) []usage.SampleRow {
	rows := make([]usage.SampleRow, s.Len())
	percent := func(h *usage.Hundredths, i int) *int32 {
		if v, ok := h.At(i); ok {
			return &v
		}
		return nil
	}
	number := func(n *usage.Ints, i int) *int64 {
		if v, ok := n.At(i); ok {
			return &v
		}
		return nil
	}
	for i := range rows {
		rows[i] = usage.SampleRow{
			Resource: s.Resource.Text(i), VM: s.VM.Text(i), Size: s.Size.Text(i), Region: s.Region.Text(i), Start: s.Start[i], Seconds: s.Seconds[i], Line: s.Line[i],
			CPUAvg: percent(&s.CPUAvg, i), CPUMax: percent(&s.CPUMax, i), CPUMin: percent(&s.CPUMin, i), MemoryUsed: percent(&s.MemoryUsed, i),
			MemoryAvailable: number(&s.MemoryAvailable, i), NetIn: number(&s.NetIn, i), NetOut: number(&s.NetOut, i),
			DiskRead: number(&s.DiskRead, i), DiskWrite: number(&s.DiskWrite, i), DiskOps: number(&s.DiskOps, i),
		}
	}
	return rows
}

// The headers of Cost Management exports, as published (azure-docs, cost-usage-details-*.md).
const (
	mpaHeader = "invoiceId,previousInvoiceId,billingAccountId,billingAccountName,billingProfileId,billingProfileName,invoiceSectionId,invoiceSectionName," +
		"partnerTenantId,partnerName,resellerName,resellerMpnId,customerTenantId,customerName,costCenter,billingPeriodEndDate,billingPeriodStartDate," +
		"servicePeriodEndDate,servicePeriodStartDate,date,serviceFamily,productOrderId,productOrderName,consumedService,meterId,meterName,meterCategory," +
		"meterSubCategory,meterRegion,ProductId,ProductName,SubscriptionId,subscriptionName,publisherType,publisherId,publisherName,resourceGroupName," +
		"ResourceId,resourceLocation,location,effectivePrice,quantity,unitOfMeasure,chargeType,billingCurrency,pricingCurrency,costInBillingCurrency," +
		"costInPricingCurrency,costInUsd,paygCostInBillingCurrency,paygCostInUsd,exchangeRatePricingToBilling,exchangeRateDate,isAzureCreditEligible," +
		"serviceInfo1,serviceInfo2,additionalInfo,tags,partnerEarnedCreditRate,partnerEarnedCreditApplied,PayGPrice,frequency,term,reservationId," +
		"reservationName,PricingModel,unitPrice,benefitId,benefitName,provider"
	mcaHeader = "invoiceId,previousInvoiceId,billingAccountId,billingAccountName,billingProfileId,billingProfileName,invoiceSectionId,invoiceSectionName," +
		"resellerName,resellerMpnId,costCenter,billingPeriodEndDate,billingPeriodStartDate,servicePeriodEndDate,servicePeriodStartDate,date,serviceFamily," +
		"productOrderId,productOrderName,consumedService,meterId,meterName,meterCategory,meterSubCategory,meterRegion,ProductId,ProductName,SubscriptionId," +
		"subscriptionName,publisherType,publisherId,publisherName,resourceGroupName,ResourceId,resourceLocation,location,effectivePrice,quantity," +
		"unitOfMeasure,chargeType,billingCurrency,pricingCurrency,costInBillingCurrency,costInPricingCurrency,costInUsd,paygCostInBillingCurrency," +
		"paygCostInUsd,exchangeRatePricingToBilling,exchangeRateDate,isAzureCreditEligible,serviceInfo1,serviceInfo2,additionalInfo,tags,PayGPrice," +
		"frequency,term,reservationId,reservationName,pricingModel,unitPrice,costAllocationRuleName,benefitId,benefitName,provider"
	eaHeader = "InvoiceSectionName,AccountName,AccountOwnerId,SubscriptionId,SubscriptionName,ResourceGroup,ResourceLocation,Date,ProductName,MeterCategory," +
		"MeterSubCategory,MeterId,MeterName,MeterRegion,UnitOfMeasure,Quantity,EffectivePrice,CostInBillingCurrency,CostCenter,ConsumedService,ResourceId,Tags," +
		"OfferId,AdditionalInfo,ServiceInfo1,ServiceInfo2,ResourceName,ReservationId,ReservationName,UnitPrice,ProductOrderId,ProductOrderName,Term," +
		"PublisherType,PublisherName,ChargeType,Frequency,PricingModel,AvailabilityZone,BillingAccountId,BillingAccountName,BillingCurrencyCode," +
		"BillingPeriodStartDate,BillingPeriodEndDate,BillingProfileId,BillingProfileName,InvoiceSectionId,IsAzureCreditEligible,PartNumber,PayGPrice," +
		"PlanName,ServiceFamily,CostAllocationRuleName,benefitId,benefitName,AccountId,ResourceLocationNormalized"
)

// cells are the values of one row by folded header.
type cells map[string]string

// vmInfo is the AdditionalInfo of a machine.
const vmInfo = `{"UsageType":"ComputeHR","ImageType":null,"ServiceType":"Standard_D2s_v5","VMName":null,"VCPUs":2,"ConsumedQuantity":1.0}`

// vmRow returns the cells of an on-demand virtual machine for one day in the words of the MPA dialect, changed by more.
func vmRow(more ...cells) cells {
	row := cells{
		"billingaccountid": "9a12f056-5f0f-4d3a-8f3f-000000000001:9a12f056_2019-05-31", "customertenantid": "C0FFEE00-0000-4000-8000-000000000001", "customername": "Contoso, Ltd.",
		"billingperiodstartdate": "10/01/2026", "billingperiodenddate": "10/31/2026", "date": "10/05/2026", "consumedservice": "Microsoft.Compute",
		"metername": "D2s v5", "metercategory": "Virtual Machines", "metersubcategory": "Dsv5 Series", "meterregion": "EU West", "productname": "Virtual Machines Dsv5 Series, D2s v5",
		"subscriptionid": "1CAAA5A3-2B66-438E-8AB4-BCE37D518C5D", "subscriptionname": "Production", "resourcegroupname": "RG-Web",
		"resourceid":       "/subscriptions/1caaa5a3-2b66-438e-8ab4-bce37d518c5d/resourceGroups/RG-Web/providers/Microsoft.Compute/virtualMachines/Web01",
		"resourcelocation": "westeurope", "effectiveprice": "0.115", "quantity": "24", "unitofmeasure": "1 Hour", "chargetype": "Usage", "billingcurrency": "EUR", "pricingcurrency": "EUR",
		"costinbillingcurrency": "2.76", "exchangeratepricingtobilling": "1", "additionalinfo": vmInfo, "tags": `{"env":"prod"}`, "paygprice": "0.115", "frequency": "UsageBased",
		"pricingmodel": "OnDemand", "unitprice": "0.115", "partnertenantid": "dddddddd-0000-4000-8000-000000000001",
	}
	for _, m := range more {
		for k, v := range m {
			row[k] = v
		}
	}
	return row
}

// table writes a CSV of header and rows; a cell that no row has is empty.
func table(header string, rows ...cells) string {
	var b strings.Builder
	w := csv.NewWriter(&b)
	names := strings.Split(header, ",")
	_ = w.Write(names)
	for _, row := range rows {
		record := make([]string, len(names))
		for i, n := range names {
			record[i] = row[strings.ToLower(strings.ReplaceAll(n, " ", ""))]
		}
		_ = w.Write(record)
	}
	w.Flush()
	return b.String()
}
