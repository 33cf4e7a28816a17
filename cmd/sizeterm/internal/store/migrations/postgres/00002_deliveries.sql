-- +goose Up

-- What is told to webhooks of the journal: one row an entry and endpoint.
CREATE TABLE deliveries (
	tenant TEXT NOT NULL REFERENCES tenants (id), endpoint TEXT NOT NULL, seq BIGINT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('pending', 'done', 'dead')), attempts BIGINT NOT NULL DEFAULT 0, due BIGINT NOT NULL, error TEXT NOT NULL DEFAULT '',
	PRIMARY KEY (tenant, endpoint, seq)
);
CREATE INDEX deliveries_due ON deliveries (tenant, endpoint, state, due);
