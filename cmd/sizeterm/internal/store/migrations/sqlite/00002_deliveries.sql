-- +goose Up

-- What is told to webhooks of the journal: one row an entry and endpoint.
CREATE TABLE deliveries (
	tenant TEXT NOT NULL REFERENCES tenants (id), endpoint TEXT NOT NULL, seq INTEGER NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'dead')), attempts INTEGER NOT NULL DEFAULT 0, due INTEGER NOT NULL, error TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (tenant, endpoint, seq)
) STRICT;
CREATE INDEX deliveries_due ON deliveries (tenant, endpoint, state, due);
