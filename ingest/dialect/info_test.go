package dialect

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzPlainInfo compares the quick way through an AdditionalInfo with the one for any object.
func FuzzPlainInfo(f *testing.F) {
	for _, seed := range []string{`{"UsageType":"ComputeHR","ServiceType":"Standard_D2s_v5","VCPUs":4,"AHB":true,"RINormalizationRatio":1.50}`, `{"a":null,"AHB":"True" , "x":-0.5}`,
		`{"ServiceType":"A","InstanceType":"B"}`, `{"x_ServiceType":"A","x_VMName":""}`, `{"VMName":"a\\u0041"}`, `{"VMName":01}`, `{"a":1e5}`, `{"RINormalizationRatio":"2","RINormalizationRatio":3} x`, `{}`, `{"ahb":false,}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) == 0 {
			return
		}
		if plain, ok := plainInfo(text); ok {
			require.Equal(t, slowInfo(text), plain, "%q", text)
		}
	})
}
