package fleet

import (
	"fmt"
	"io"
	"strconv"
	"time"
)

// StoriesHeader is the header of a partner's cost export (MPA, dataset 2021-10-01) with the columns that compute needs.
const StoriesHeader = "customerTenantId,customerName,date,meterCategory,meterSubCategory,meterName,SubscriptionId,subscriptionName,resourceGroupName,ResourceId,resourceLocation," +
	"effectivePrice,quantity,unitOfMeasure,chargeType,billingCurrency,costInBillingCurrency,additionalInfo,PayGPrice,pricingModel"

// WriteStories writes the histories of all stories as one export, a customer each: so many machines at the start, over days that end with
// 31 October 2026.
func WriteStories(w io.Writer, seed uint64, machines, days int) (Count, error) {
	out := chunks{w: w, buf: make([]byte, 0, chunkSize+4096)}
	out.buf = append(out.buf, StoriesHeader+"\r\n"...)
	from := time.Date(2026, time.November, 1-days, 0, 0, 0, 0, time.UTC)
	for _, story := range Stories() {
		ids := NewRand(seed, "tenant", story.String())
		tenant := ids.GUID()
		for r := range (History{Seed: seed, Story: story, Machines: machines, From: from, Days: days}).Charges() {
			price := strconv.FormatFloat(float64(r.Rate)/1e10, 'f', -1, 64)
			out.buf = fmt.Appendf(out.buf, "%s,%s,%s,Virtual Machines,Compute,Compute,%s,%s,%s,%s,%s,%s,", tenant, r.Customer, time.Unix(r.Start, 0).UTC().Format("01/02/2006"),
				r.Subscription, r.SubscriptionName, r.ResourceGroup, r.Resource, r.Region, price)
			out.buf = append(appendMicro(out.buf, r.Hours), ",1 Hour,Usage,USD,"...)
			out.buf = append(appendMicro(out.buf, r.Cost), ',')
			out.buf = fmt.Appendf(out.buf, `"{""UsageType"":""ComputeHR"",""ServiceType"":""%s"",""VMName"":""%s""}",%s,OnDemand`+"\r\n", r.Size, r.VM, price)
			if err := out.endRow(); err != nil {
				return out.count, err
			}
		}
	}
	return out.count, out.flush()
}
