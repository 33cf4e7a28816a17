package rightsize

import "fmt"

// Fit is how well a size suits a machine, 100 points of five parts: CPU 30, memory 25, disk 15, network 10, features 20. Points says
// for each part what it lost and why; a part without an entry is whole.
type Fit struct {
	CPU, Memory, Disk, Network, Features int
	Points                               []Point
}

// Point is a loss of points of one part of a Fit.
type Point struct {
	Part   string // "cpu", "memory", "disk", "network" or "features"
	Lost   int
	Reason string
}

// The points of the parts.
const (
	cpuPoints, memoryPoints, diskPoints, networkPoints, featurePoints = 30, 25, 15, 10, 20
)

// FullFit returns the points that each part can have.
func FullFit() Fit {
	return Fit{CPU: cpuPoints, Memory: memoryPoints, Disk: diskPoints, Network: networkPoints, Features: featurePoints}
}

// Score returns the sum of the parts, 0 to 100.
func (f *Fit) Score() int { return f.CPU + f.Memory + f.Disk + f.Network + f.Features }

// lose takes points from a part, no more than are left.
func (f *Fit) lose(part *int, name string, points int, format string, args ...any) {
	if points = min(points, *part); points > 0 {
		*part -= points
		f.Points = append(f.Points, Point{name, points, fmt.Sprintf(format, args...)})
	}
}

// fit scores an alternative.
func (s *Sizer) fit(m *Machine, from, to *kind, a *Alternative) Fit {
	f := FullFit()
	s.fitCPU(&f, m, a)
	switch share := a.Memory; {
	case m.Memory.Samples == 0:
		f.lose(&f.Memory, "memory", 15, "memory was not measured")
	case share > 7500:
		f.lose(&f.Memory, "memory", 10, "the highest use would be %s", share)
	case share > 6000:
		f.lose(&f.Memory, "memory", 5, "the highest use would be %s", share)
	}
	for _, l := range s.limits(m, from, to) {
		part, points := &f.Disk, 5
		if l.code == "network" {
			part, points = &f.Network, 10
		}
		why, proven, _ := l.fits()
		switch {
		case to == from && !l.measured:
			f.lose(part, l.code, points/2, "the use of %s is not known", l.what)
		case to == from:
		case why.Code != "":
			f.lose(part, l.code, points, "%s", why.Detail)
		case !proven:
			f.lose(part, l.code, points, "%s", l.unproven())
		case l.measured && 10*l.high > 6000*l.to:
			f.lose(part, l.code, points, "%s would be above 60 %% of the limit", l.what)
		case !l.measured:
			f.lose(part, l.code, points/2, "the use of %s is not known", l.what)
		}
	}
	for _, what := range a.Lost {
		f.lose(&f.Features, "features", 5, "lost: %s", what)
	}
	for _, what := range a.Check {
		f.lose(&f.Features, "features", 2, "to check: %s", what)
	}
	return f
}

// fitCPU takes the points of the CPU.
func (s *Sizer) fitCPU(f *Fit, m *Machine, a *Alternative) {
	if m.CPUMax.Samples == 0 && m.CPUAvg.Samples == 0 {
		f.lose(&f.CPU, "cpu", cpuPoints, "CPU was not measured")
		return
	}
	switch used := a.CPU; {
	case used > 9000:
		f.lose(&f.CPU, "cpu", 20, "P99 would be %s of the target", used)
	case used > 7000:
		f.lose(&f.CPU, "cpu", 10, "P99 would be %s of the target", used)
	case used > 5000:
		f.lose(&f.CPU, "cpu", 5, "P99 would be %s of the target", used)
	}
	if m.CPUMax.Samples == 0 {
		f.lose(&f.CPU, "cpu", 10, "averages only: peaks inside an interval are not seen")
	}
	if a.Overload.High > 0.001 {
		f.lose(&f.CPU, "cpu", 5, "up to %.2f %% of the time above the target", 100*a.Overload.High)
	}
	if !a.Speed.Same {
		f.lose(&f.CPU, "cpu", 5, "other processors: %s", a.Speed.Basis)
	}
	if m.drifts(a.Capacity) {
		f.lose(&f.CPU, "cpu", 5, "the level rises")
	}
	if m.Censored >= s.policy.Censored && m.Censored > 0 {
		f.lose(&f.CPU, "cpu", 5, "%s of the time at the ceiling", m.Censored)
	}
}
