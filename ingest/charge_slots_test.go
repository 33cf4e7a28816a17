package ingest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The slots of invoices begin behind those of charges; a new slot of charges once moved their names and not their numbers.
func TestSlotsHaveTheirNames(t *testing.T) {
	require.Equal(t, "isamortized", chargeFields[cIsAmortized])
	require.Len(t, chargeFields, cIsAmortized+1)
	require.Equal(t, "vendororder", invoiceFields[iVendorOrder])
	require.Equal(t, "total", invoiceFields[iTotal])
	require.Len(t, invoiceFields, iTotal+1)
	require.Less(t, len(invoiceFields), maxSlots)
	require.Equal(t, "agreement", reservationFields[rAgreement])
	require.Equal(t, "scopegroup", reservationFields[rScopeGroup])
}
