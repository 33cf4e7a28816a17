package dialect

import "strings"

// Unit is what a unit of measure of a usage file means.
type Unit struct {
	// Block is the number of hours that one priced unit holds: 100 for "100 Hours". A price of a price sheet is for a
	// block; the quantity and the prices of a usage file are for one hour whatever the block says.
	Block int64
	// Hours is true for units of instance or licence time and false for gigabytes, operations, months and the rest.
	Hours bool
}

// hourUnits lists the spellings of hours that usage files and price sheets of every agreement and language were seen to
// use (FinOps toolkit, PricingUnits, 2026-05, 382 spellings; those with an hour in them). The block is looked up and never
// computed, because "10K/Hour" and "1 1 Hour" exist.
var hourUnits = func() map[string]Unit {
	units := map[string]Unit{}
	for block, spellings := range map[int64]string{
		1: `1 hour|1 hours|1 1 hour|1/hour|1 /hour|hours|hour|1 hr|1 hrs|hrs|h|1h|units/hour|1 hora|1 horas|hora|horas|1/hora|1 小时|1/小时|小时|
			1 小時|1 時間|1/時間|時間|1시간|1 시간|1 stunde|1 stunden|stunde|stunden|1/stunde|1 heure|1 heures|heure|heures|1/heure|1 ora|1 ore|ora|ore|1/ora|
			1 uur|1 timme|1 time|1 godzina|1 hodina|1 óra|1 saat|1 час|1 std.|1 std|std.|1 uren|uren|1 timmar|timmar|1 timer|timer|1 tunti|tuntia|1 godziny|1 hodiny|часы|1 ชั่วโมง|1 giờ|1 compute hour|1 instance hour|instance hours`,
		10: "10 hour|10 hours|10/hour|10 /hour|10 instance hours|10 horas|10 stunden|10 heures|10 ore|10 小时|10 時間",
		50: "50 hours", 150: "150 hours", 200: "200 hours|200 /hour", 500: "500 hours", 2000: "2000 hours",
		100:    "100 hour|100 hours|100/hour|100 /hour|100 core hours|100 core hrs|100 horas|100 stunden|100 heures|100 ore|100 小时|100 時間",
		1000:   "1000 hours|1000 /hour|1k/hour|1,000 hours",
		10000:  "10000 hours|10000 /hour|10k/hour",
		100000: "100000 hours|100000 /hour",
	} {
		for spelling := range strings.SplitSeq(spellings, "|") {
			units[strings.TrimSpace(spelling)] = Unit{Block: block, Hours: true}
		}
	}
	return units
}()

// UnitOf returns the meaning of a unit of measure, whatever its case and blanks around it. A unit that is not in the table
// of hours is no hour.
func UnitOf(text string) Unit {
	return hourUnits[strings.ToLower(strings.TrimSpace(text))]
}
