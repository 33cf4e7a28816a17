package main

import (
	"errors"
	"fmt"
	"time"

	"sizeterm/ingest"
	"sizeterm/ingest/usage"
	"sizeterm/pricing/catalog"
	"sizeterm/recommend"
)

// existing turns an entry of a reservation list into what the recommender counts.
func existing(c usage.Commitment) recommend.Existing {
	id := c.ID
	if id == "" {
		id = c.Order
	}
	return recommend.Existing{
		ID: id, Customer: c.Customer, Scope: c.Scope, Size: catalog.Size(c.Size), Region: catalog.Region(c.Region), Quantity: c.Quantity,
		From: c.Start, Until: c.End, AutoRenew: c.AutoRenew, ExactSize: c.ExactSize, Agreement: c.Agreement, Evidence: fmt.Sprintf("%s:%d", c.File, c.Line),
	}
}

// fileOf describes a file for the plan.
func fileOf(name string, s ingest.Summary) recommend.File {
	apart := int64(0)
	for _, part := range s.SetApart {
		apart += part.Rows
	}
	return recommend.File{
		Name: name, SHA256: s.SHA256, Kind: string(s.Kind), Dialect: s.Dialect, Rows: s.Rows, Accepted: s.Rows - s.Rejected,
		Rejected: s.Rejected, SetApart: apart, From: s.From, To: s.To, Grain: grainText(s.Grain),
	}
}

// grainText names the length of the periods of a file: "hour", "day", "5m", "" where it has none.
func grainText(d time.Duration) string {
	switch {
	case d <= 0:
		return ""
	case d == 24*time.Hour:
		return "day"
	case d == time.Hour:
		return "hour"
	case d > 24*time.Hour:
		return fmt.Sprintf("%dd", (d+12*time.Hour)/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return fmt.Sprintf("%ds", d/time.Second)
}

// wayOut says what a user can do about a refused file.
func wayOut(err error) string {
	switch {
	case errors.Is(err, ingest.ErrTables):
		return "Cut it into one file a table and leave the statement out, or export the cost details of these days anew (Cost Management, Exports)."
	case errors.Is(err, ingest.ErrUnknownKind):
		return "Accepted are cost and usage exports, metrics, reservation lists, price sheets and policies: see docs/FORMATS.md."
	case errors.Is(err, ingest.ErrNoRows), errors.Is(err, ingest.ErrEmpty):
		return "Export it again for a period in which something was used."
	case errors.Is(err, ingest.ErrMissingColumn):
		return "Export it again with all columns; docs/FORMATS.md lists those that each kind of file needs."
	case errors.Is(err, ingest.ErrCurrency):
		return "Export it in the currency of the customer, or correct --customer-currency."
	case errors.Is(err, ingest.ErrCustomer):
		return "Send it for nobody: each row then goes to the customer that it names."
	case errors.Is(err, ingest.ErrHeader):
		return "Give each column one name, in letters that can be told apart."
	case errors.Is(err, ingest.ErrTooLarge):
		return "Cut it into smaller files; where it is sound as it is, --limit NAME=NUMBER raises the limit."
	case errors.Is(err, ingest.ErrDamaged):
		return "Export it again, or fetch it again from where it was exported to."
	case errors.Is(err, ingest.ErrEncoding):
		return "Save it as UTF-8."
	}
	return ""
}
