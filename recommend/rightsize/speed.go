package rightsize

import (
	"strconv"
	"strings"

	"sizeterm/pricing/catalog"
)

// SpeedVersion names the state of the performance table.
const SpeedVersion = "2026-11-24"

// speed is how fast one vCPU of some series is: the range of the vendor's compute units a vCPU (100 is one of Standard_A1). A high
// of 0 is not published: nothing can be moved away from such a series except to the same processors.
type speed struct {
	series    string // names separated by blanks, as seriesOf writes them
	class     string // series of one class run on the same processors, vCPU for vCPU
	low, high int64
	basis     string
}

const (
	published = "compute units (ACU) page of the vendor's documentation, last list with ranges, read 2026-11-24; the vendor calls it a guideline"
	successor = "no figure is published; taken to be no slower than the series it succeeds, whose low end is used; read 2026-11-24"
	nothing   = "no figure is published"
)

// speeds is compared by low end of the target against high end of the source. Series that are missing are compared only with
// themselves.
//
//	class        units a vCPU    vCPU:core   used for
//	av2          100             1:1         A_v2
//	d1           160-250         1:1         D, DS
//	d2, f1       210-250         1:1         D_v2, DS_v2, F
//	intel3       160-190         2:1         D, E _v3
//	intel4       195-210         2:1         D, E _v4, F_v2
//	amd4         230-260         2:1         Da, Ea _v4
//	intel5       195-            2:1         D, E _v5, B_v2 (Intel)
//	amd5         230-            2:1         Da, Ea _v5, Ba_v2
//	arm5, arm6   -               1:1         Dp, Ep
//	intel6 ...   195-            2:1         v6 and v7
//
// The effect: D4s_v3 (high 190) to D4s_v5 (low 195) has a capacity of 102 %, DS3_v2 (250) to D4s_v5 of 78 %: hyper-threads are not
// cores.
var speeds = []speed{
	{"a_v2 am_v2", "av2", 100, 100, published},
	{"d ds", "d1", 160, 250, published},
	{"d_v2 ds_v2", "d2", 210, 250, published},
	{"f fs", "f1", 210, 250, published},
	{"g gs", "g", 180, 240, published},
	{"ls", "l1", 180, 240, published},
	{"ls_v2", "l2", 150, 175, published},
	{"d_v3 ds_v3 e_v3 es_v3", "intel3", 160, 190, published},
	{"d_v4 ds_v4 dd_v4 dds_v4 e_v4 es_v4 ed_v4 eds_v4 fs_v2", "intel4", 195, 210, published},
	{"da_v4 das_v4 ea_v4 eas_v4", "amd4", 230, 260, published},
	{"m ms mls mts mm", "m1", 160, 180, published},
	{"fxmds", "fx", 310, 340, published},
	{"hcrs", "hc", 297, 315, published},
	{"d_v5 ds_v5 dd_v5 dds_v5 dls_v5 dlds_v5 e_v5 es_v5 ed_v5 eds_v5 ebs_v5 ebds_v5 bs_v2 bls_v2 bts_v2", "intel5", 195, 0, successor},
	{"das_v5 dads_v5 eas_v5 eads_v5 bas_v2 bals_v2 bats_v2", "amd5", 230, 0, successor},
	{"dps_v5 dpds_v5 dpls_v5 dplds_v5 eps_v5 epds_v5 bps_v2 bpls_v2 bpts_v2", "arm5", 0, 0, nothing},
	{"ds_v6 dds_v6 dls_v6 dlds_v6 dns_v6 dnds_v6 dnls_v6 dnlds_v6 es_v6 eds_v6 ens_v6 ends_v6", "intel6", 195, 0, successor},
	{"das_v6 dads_v6 dals_v6 dalds_v6 eas_v6 eads_v6 fas_v6 fals_v6 fams_v6", "amd6", 230, 0, successor},
	{"dps_v6 dpds_v6 dpls_v6 dplds_v6 eps_v6 epds_v6", "arm6", 0, 0, nothing},
	{"ds_v7 dds_v7 dls_v7 dlds_v7 es_v7 eds_v7", "intel7", 195, 0, successor},
	{"das_v7 dads_v7 dals_v7 dalds_v7 eas_v7 eads_v7 fas_v7 fads_v7 fals_v7 falds_v7 fams_v7 famds_v7", "amd7", 230, 0, successor},
}

var speedOf = func() map[string]speed {
	out := map[string]speed{}
	for _, s := range speeds {
		for name := range strings.FieldsSeq(s.series) {
			out[name] = s
		}
	}
	return out
}()

// Speed is how a vCPU of one size compares with a vCPU of another.
type Speed struct {
	// Ratio is the speed of a vCPU of the target in hundredths of a percent of a vCPU of the source, at worst: the low end of the
	// target over the high end of the source. 0 where nothing is known.
	Ratio Percent
	Same  bool   // the same processors: Ratio is 10000 exactly
	Basis string // where the figures come from
}

// performance compares a vCPU of two sizes.
func performance(from, to catalog.Size) Speed { return compare(seriesOf(from), seriesOf(to)) }

func compare(from, to string) Speed {
	if from == to {
		return Speed{whole, true, "the same series"}
	}
	a, okA := speedOf[from]
	b, okB := speedOf[to]
	switch {
	case !okA || !okB:
		return Speed{Basis: nothing}
	case a.class == b.class:
		return Speed{whole, true, "the same processors"}
	case a.high == 0 || b.low == 0:
		return Speed{Basis: nothing}
	}
	basis := b.basis
	if a.basis != published {
		basis = a.basis
	}
	return Speed{Ratio: Percent(b.low * int64(whole) / a.high), Basis: basis}
}

// seriesOf reads the series off a name: the letters around the core count in lower case without the i of isolated sizes, and the
// version. Standard_E64-16is_v3 is "es_v3".
func seriesOf(s catalog.Size) string {
	base, version, _ := strings.Cut(strings.TrimSuffix(strings.ToLower(strings.TrimPrefix(string(s), "Standard_")), "_promo"), "_")
	series := strings.Map(func(r rune) rune {
		if r == 'i' || r < 'a' || r > 'z' {
			return -1
		}
		return r
	}, base)
	if at := strings.LastIndexByte(version, '_'); at >= 0 { // accelerator names stand before the version
		version = version[at+1:]
	}
	if version != "" {
		series += "_" + version
	}
	return series
}

// generationOf returns the number of the version of a series, 1 where the name has none.
func generationOf(series string) int {
	if _, version, ok := strings.Cut(series, "_v"); ok {
		if n, err := strconv.Atoi(version); err == nil {
			return n
		}
	}
	return 1
}
