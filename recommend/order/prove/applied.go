package prove

import (
	"fmt"
	"math/big"

	"sizeterm/recommend/bill"
)

// applied judges how much of the reservation was used, over whole days from two days after the purchase.
func (c *claim) applied(w window, u used) Applied {
	var reserved, usedHours bill.Exact
	for d := w.complete[0]; d < w.complete[1]; d++ {
		usedHours = usedHours.Add(u.byDay[d])
		if said, ok := u.reserved[d]; ok {
			reserved = reserved.Add(said)
			continue
		}
		next := d + 1
		reserved = reserved.Add(c.owned(spanOf(d, next)).Mul(bill.Frac(1_000_000, 3600)))
	}
	out := Applied{ReservedHours: hoursText(reserved), UsedHours: hoursText(usedHours), Source: u.source}
	_, _, hasUsage := c.books.span(c.o.Line.Customer)
	switch {
	case w.days() == 0 && hasUsage && seconds(w.run) > 0:
		out.Verdict, out.Detail = tooEarly, "the purchase day and the day after it are not complete: wait for the next file"
		return out
	case w.days() == 0 || !hasUsage && len(u.byDay) == 0 || reserved.Sign() == 0:
		out.Verdict, out.Detail = notInFiles, "no usage of the month since the purchase among the files"
		if seconds(w.run) == 0 && seconds(w.whole) > 0 {
			out.Verdict, out.Detail = beforeStart, "it did not run yet"
		}
		return out
	}
	share := usedHours.Quo(reserved)
	f := roundShare(share)
	out.Utilization = &f
	switch {
	case usedHours.Sign() <= 0:
		out.Verdict, out.Detail = unused, "0 % used: no gain at all"
		out.WayOut = "look at its scope, its region and whether it is provisioned; order refund values another scope, an exchange and a refund"
	case share.Cmp(bill.Frac(995, 1000)) >= 0:
		out.Verdict, out.Detail = full, "100 % used: full gain"
	default:
		out.Verdict, out.Detail = partly, fmt.Sprintf("%s %% used: the rest is paid for and lost", percent(share))
		out.WayOut = "order refund values another scope, an exchange and a refund of the part that is not used"
	}
	return out
}

// percent prints a share as a whole percentage from 1 to 99: neither 0 nor 100 is said of what is between.
func percent(share bill.Exact) string {
	n, _ := share.Mul(bill.Whole(100)).Round()
	return fmt.Sprint(min(max(n, 1), 99))
}

// roundShare rounds a share to six decimals.
func roundShare(x bill.Exact) float64 {
	n, _ := x.Mul(bill.Whole(1_000_000)).Round()
	f, _ := new(big.Rat).SetFrac64(n, 1_000_000).Float64()
	return f
}

// hoursText prints micro-hours as hours with three decimals.
func hoursText(x bill.Exact) string {
	return x.Rat().Quo(x.Rat(), big.NewRat(1_000_000, 1)).FloatString(3)
}
