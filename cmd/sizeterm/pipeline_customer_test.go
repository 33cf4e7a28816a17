package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"sizeterm/cmd/sizeterm/internal/store"
	"sizeterm/ingest/upload"
)

// A file that is sent for one customer and names another is set aside with its reason (reliability: another customer's
// tenant id); what names nobody is the customer's that it was sent for.
func TestAFileOfAnotherCustomerIsSetAside(t *testing.T) {
	ctx := context.Background()
	p, err := openPipeline(ctx, &common{streams: streams{out: io.Discard, err: io.Discard}}, house{dataDir: filepath.Join(t.TempDir(), "data")}, recommending{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.close()) }()
	const contoso, other = "c0dc4a63-61a9-47d7-87f1-e0d07079901a", "11111111-2222-3333-4444-555555555555"
	for _, c := range []struct {
		file, customer string
		state          store.UploadState
	}{
		{"cost-export-2026-10.csv.gz", other, store.UploadRefused},
		{"cost-export-2026-10.csv.gz", contoso, store.UploadAccepted},
		{"price-sheet-westeurope.csv", other, store.UploadAccepted},
	} {
		text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "contoso", c.file))
		require.NoError(t, err)
		sum, size, err := p.archive.Put(ctx, bytes.NewReader(text))
		require.NoError(t, err)
		receipt, err := p.record(ctx, upload.File{Owner: upload.Owner{Tenant: store.Local, Author: "ann"}, Customer: c.customer, Name: c.file, Size: size, SHA256: sum})
		require.NoError(t, err)
		require.NoError(t, p.read(ctx, store.Local, receipt.ID))
		u, err := p.db.Partner(store.Local).Upload(ctx, receipt.ID)
		require.NoError(t, err)
		require.Equal(t, c.state, u.State, "%+v", c)
		if c.state == store.UploadRefused {
			require.Contains(t, u.Reason, "rows of the customer "+contoso+" in a file that was sent for "+other)
			require.Contains(t, u.Hint, "Send it for nobody")
		}
	}
}

// A price list at which one customer buys is no price sheet of the partner's: the plans of others do not take it.
func TestAPriceListOfACustomerIsNobodyElses(t *testing.T) {
	ctx := context.Background()
	p, err := openPipeline(ctx, &common{streams: streams{out: io.Discard, err: io.Discard}}, house{dataDir: filepath.Join(t.TempDir(), "data")}, recommending{})
	require.NoError(t, err)
	defer func() { require.NoError(t, p.close()) }()
	db := p.db.Partner(store.Local)
	for _, c := range []string{"contoso", "fabrikam"} {
		require.NoError(t, db.PutCustomer(ctx, store.Customer{ID: c, Created: p.now()}))
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "testdata", "contoso", "price-sheet-westeurope.csv"))
	require.NoError(t, err)
	sum, size, err := p.archive.Put(ctx, bytes.NewReader(text))
	require.NoError(t, err)
	receipt, err := p.record(ctx, upload.File{Owner: upload.Owner{Tenant: store.Local, Author: "ann"}, Name: "Contoso-list.csv", Size: size, SHA256: sum})
	require.NoError(t, err)
	require.NoError(t, p.read(ctx, store.Local, receipt.ID))
	for _, policy := range []string{"", "schema: sizeterm.policy/1\ncustomer_prices: contoso-list.csv\n"} {
		require.NoError(t, db.SetPolicy(ctx, "contoso", policy))
		own, err := p.concerning(ctx, db, "contoso")
		require.NoError(t, err)
		require.Len(t, own, 1)
		others, err := p.concerning(ctx, db, "fabrikam")
		require.NoError(t, err)
		require.Equal(t, policy == "", len(others) == 1)
	}
}
