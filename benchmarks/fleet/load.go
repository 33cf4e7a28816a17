package fleet

// Full is 100 % of CPU in hundredths of a percent.
const Full = 10_000

// ceiling is the highest CPU that a reading shows: the traces end a little below 100 % (99.5 % at the 99th percentile of 250
// machines' maxima).
const ceiling = 9_950

// Load is the CPU of one machine, interval by interval.
type Load struct {
	shape          *shape
	level          int64
	residual, peak int32 // ranks, 0 to 1023
	rand           Rand
}

// NewLoad returns the load of a machine of an archetype whose average over the weeks is level, in hundredths of a percent.
func NewLoad(a Archetype, level int, rand Rand) *Load {
	l := &Load{shape: &shapes[a], level: int64(level), rand: rand}
	l.residual, l.peak = int32(l.rand.Below(1024)), int32(l.rand.Below(1024))
	return l
}

// Next returns the average and the maximum of the next interval in hundredths of a percent, 1 to 9950, the maximum at least
// the average. hour is the hour of the week from Monday 00:00 in the machine's own time, 0 to 167.
func (l *Load) Next(hour int) (average, maximum int) {
	stay := int(l.shape.Stay)
	if l.rand.Below(1000) >= stay {
		l.residual = int32(l.rand.Below(1024))
	}
	if l.rand.Below(1000) >= stay {
		l.peak = int32(l.rand.Below(1024))
	}
	day := max(0, hour/24-4) // 0 on weekdays, 1 on Saturday, 2 on Sunday
	v := l.level * int64(l.shape.Week[day][hour%24]) * int64(at(&l.shape.Residual, l.residual)) / 1_000_000
	v = v * int64(l.rand.Between(970, 1030)) / 1000
	average = int(min(max(v, 1), ceiling))
	m := int64(average) * int64(at(&l.shape.Peak, l.peak)) / 1000
	maximum = int(min(max(m, int64(average)), ceiling))
	return average, maximum
}

// at returns the value of a table of quantiles at a rank of 0 to 1023, interpolated.
func at(table *[13]int32, rank int32) int32 {
	i := 1
	for ranks[i] <= rank {
		i++
	}
	span := ranks[i] - ranks[i-1]
	return table[i-1] + (table[i]-table[i-1])*(rank-ranks[i-1])/span
}

// Level draws the average CPU of a machine from those of the Azure V2 sample, in hundredths of a percent.
func Level(r *Rand) int { return int(max(5, at(&azureAverage, int32(r.Below(1024))))) }

// BusyLevel draws it from the machine days of PlanetLab, whose tail is heavier.
func BusyLevel(r *Rand) int { return int(max(5, at(&planetLabAverage, int32(r.Below(1024))))) }

// Memory is the free memory of one machine. What is used stays near a level of its own and moves slowly: of the machines of
// Bitbrains half vary by less than 2 % of their memory (standard deviation over 92 days; 90 % by less than 11 %).
type Memory struct {
	total, base, used int64 // MiB
	rand              Rand
}

// NewMemory returns the memory of a machine of so many MiB of which the share used, in thousandths, is in use on average.
func NewMemory(totalMiB int64, used int, rand Rand) *Memory {
	base := totalMiB * int64(used) / 1000
	return &Memory{total: totalMiB, base: base, used: base, rand: rand}
}

// Next returns the free memory of the next interval in MiB, a multiple of 16, at least 16.
func (m *Memory) Next() int64 {
	if m.rand.Below(5) == 0 {
		step := m.total / 200 * int64(m.rand.Between(-3, 3))
		m.used += step + (m.base-m.used)/8
	}
	m.used = min(max(m.used, m.total/50), m.total*97/100)
	return max(16, (m.total-m.used)/16*16)
}
