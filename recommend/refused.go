package recommend

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"sizeterm/analyzer"
)

// warnAboutRefused names for each customer the machines of which nothing but refused measurements is known.
func (p *Plan) warnAboutRefused(in *Input) {
	first, names := map[string]string{}, map[string][]string{}
	for i := range in.Analysis.VMs {
		vm := &in.Analysis.VMs[i]
		if vm.State != analyzer.StateRefused {
			continue
		}
		first[vm.Customer] = cmp.Or(first[vm.Customer], vm.Refused.First)
		names[vm.Customer] = append(names[vm.Customer], cmp.Or(vm.Name, vm.Resource))
	}
	for _, customer := range slices.Sorted(maps.Keys(names)) {
		all := names[customer]
		shown := strings.Join(all[:min(3, len(all))], ", ")
		if len(all) > 3 {
			shown += ", ..."
		}
		p.warn("samples_refused", customer, fmt.Sprintf("the CPU of %d machines is not known because its measurements were refused (%s); of %s, %s", len(all), shown, all[0], first[customer]))
	}
}
