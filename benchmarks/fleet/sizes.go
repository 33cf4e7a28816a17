package fleet

import "strconv"

// model is a size of the files for benchmarks: its name, and what its rows need.
type model struct {
	name, series, short string
	vcpus               int
	memoryGiB           int64
	rate                string // dollars an hour, of the size of a real price; benchmarks add up, they advise nobody
}

// models are 30 sizes, the common ones first: machines pick them with a squared-uniform skew.
var models = modelsOf([][3]string{
	{"s_v5", "Dsv5", "D"}, {"as_v5", "Dasv5", "D"}, {"s_v5", "Esv5", "E"}, {"ds_v5", "Ddsv5", "D"}, {"s_v3", "Dsv3", "D"}, {"as_v5", "Easv5", "E"},
}, []int{2, 4, 8, 16, 32})

func modelsOf(series [][3]string, cores []int) []model {
	var out []model
	for _, n := range cores {
		for _, s := range series {
			name := s[2] + strconv.Itoa(n)
			memory, rate := int64(4*n), 575*n // 0.0575 a core-hour
			if s[2] == "E" {
				memory, rate = 8*int64(n), 760*n
			}
			out = append(out, model{
				name: "Standard_" + name + s[0], series: s[1], short: name + s[0][:len(s[0])-3] + " " + s[0][len(s[0])-2:],
				vcpus: n, memoryGiB: memory, rate: price4(rate),
			})
		}
	}
	return out
}

// price4 prints ten-thousandths: 575 is 0.0575.
func price4(v int) string {
	digits := strconv.Itoa(10_000 + v%10_000)[1:]
	for digits != "" && digits[len(digits)-1] == '0' {
		digits = digits[:len(digits)-1]
	}
	if digits == "" {
		return strconv.Itoa(v / 10_000)
	}
	return strconv.Itoa(v/10_000) + "." + digits
}

// places are 12 regions with their names in meters, the common ones first.
var places = [...][2]string{
	{"westeurope", "EU West"}, {"northeurope", "EU North"}, {"polandcentral", "PL Central"}, {"southeastasia", "AP Southeast"},
	{"eastus", "US East"}, {"eastus2", "US East 2"}, {"uksouth", "UK South"}, {"germanywestcentral", "DE West Central"},
	{"swedencentral", "SE Central"}, {"francecentral", "FR Central"}, {"japaneast", "JA East"}, {"australiaeast", "AU East"},
}

// skewed draws an index below n, small ones more often: the square of a uniform share.
func skewed(r *Rand, n int) int {
	u := r.Below(1 << 15)
	return n * u * u >> 30
}
