package prove

import (
	"cmp"
	"time"
)

// once tells rows that several files hold alike from rows that one file holds several times: exports of two months overlap, and
// a list is sent again, but one file tells each of its transactions.
type once[K comparable] struct {
	seen map[K]map[string]int // in each file
	kept map[K]int
}

// again reports whether a row of a file was told by another file before.
func (o *once[K]) again(row K, file string) bool {
	if o.seen == nil {
		o.seen, o.kept = map[K]map[string]int{}, map[K]int{}
	}
	if o.seen[row] == nil {
		o.seen[row] = map[string]int{}
	}
	if o.seen[row][file]++; o.seen[row][file] <= o.kept[row] {
		return true
	}
	o.kept[row]++
	return false
}

// reservationDay is one day of one reservation.
type reservationDay struct {
	reservation string
	day         day
}

// dailyUse is what was used of a reservation on a day, and what was reserved, in micro-hours of its size.
type dailyUse struct{ used, reserved int64 }

// dailyUses adds up the uses that mine accepts. Details tell a day of a reservation resource by resource and repeat on each row
// what is reserved; summaries tell the same day again in one row; and a day that several files tell, as when usage arrived late,
// counts as in the file that has most of it, resource by resource.
func (b *Books) dailyUses(mine func(*Use) bool) map[reservationDay]dailyUse {
	type cell struct {
		reservationDay
		resource string
	}
	byFile := map[cell]map[string]int64{}
	all := map[reservationDay]dailyUse{}
	for i := range b.uses {
		u := &b.uses[i]
		if !mine(u) {
			continue
		}
		key := cell{reservationDay{cmp.Or(u.Reservation, u.Order), dayOf(u.Day)}, u.Resource}
		if byFile[key] == nil {
			byFile[key] = map[string]int64{}
		}
		byFile[key][u.File] += u.Used
		d := all[key.reservationDay]
		d.reserved = max(d.reserved, u.Reserved)
		all[key.reservationDay] = d
	}
	details := map[reservationDay]int64{}
	for key, files := range byFile {
		most := int64(0)
		for _, used := range files {
			most = max(most, used)
		}
		if key.resource != "" {
			details[key.reservationDay] += most
			continue
		}
		d := all[key.reservationDay]
		d.used = max(d.used, most)
		all[key.reservationDay] = d
	}
	for key, used := range details {
		d := all[key]
		d.used = max(d.used, used)
		all[key] = d
	}
	return all
}

// within reports whether a day lies in [from, to).
func within(t time.Time, from, to day) bool { return from <= dayOf(t) && dayOf(t) < to }
