-- +goose Up

-- Where the webhooks of a tenant are posted, and what signs them, the newest first, sealed with the key of the service.
CREATE TABLE endpoints (
	tenant TEXT NOT NULL REFERENCES tenants (id), url TEXT NOT NULL, secrets TEXT NOT NULL, author TEXT NOT NULL, created BIGINT NOT NULL,
	PRIMARY KEY (tenant, url)
);
