-- +goose Up

-- A tenant is a partner. "local" is the one of a program that one team starts for itself.
CREATE TABLE tenants (
	id TEXT PRIMARY KEY, name TEXT NOT NULL, entra TEXT NOT NULL DEFAULT '', created BIGINT NOT NULL, events BIGINT NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX tenants_entra ON tenants (entra) WHERE entra <> '';
INSERT INTO tenants (id, name, created) VALUES ('local', 'local', 0);

CREATE TABLE customers (
	tenant TEXT NOT NULL REFERENCES tenants (id), id TEXT NOT NULL, name TEXT NOT NULL, policy TEXT NOT NULL DEFAULT '', created BIGINT NOT NULL,
	PRIMARY KEY (tenant, id)
);

CREATE TABLE users (
	tenant TEXT NOT NULL REFERENCES tenants (id), id TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL,
	role TEXT NOT NULL CHECK (role IN ('viewer', 'analyst', 'approver', 'admin')),
	issuer TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '', password TEXT NOT NULL DEFAULT '',
	created BIGINT NOT NULL, disabled BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX users_email ON users (tenant, email);
CREATE UNIQUE INDEX users_subject ON users (issuer, subject) WHERE subject <> '';

CREATE TABLE links (
	mac TEXT PRIMARY KEY, tenant TEXT NOT NULL, person TEXT NOT NULL, expires BIGINT NOT NULL, used BIGINT NOT NULL DEFAULT 0,
	FOREIGN KEY (tenant, person) REFERENCES users (tenant, id)
);

CREATE TABLE keys (
	tenant TEXT NOT NULL REFERENCES tenants (id), id TEXT NOT NULL, name TEXT NOT NULL, mac TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
	author TEXT NOT NULL, created BIGINT NOT NULL, expires BIGINT NOT NULL DEFAULT 0, used BIGINT NOT NULL DEFAULT 0, revoked BIGINT NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant, id)
);

CREATE TABLE sessions (token TEXT PRIMARY KEY, data BYTEA NOT NULL, expires BIGINT NOT NULL);
CREATE INDEX sessions_expires ON sessions (expires);

-- An upload is a received file. Its bytes lie in the archive under sha256.
CREATE TABLE uploads (
	tenant TEXT NOT NULL REFERENCES tenants (id), id TEXT NOT NULL, customer TEXT NOT NULL DEFAULT '', name TEXT NOT NULL, size BIGINT NOT NULL,
	sha256 TEXT NOT NULL, author TEXT NOT NULL, received BIGINT NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('received', 'reading', 'accepted', 'refused', 'removed')),
	kind TEXT NOT NULL DEFAULT '', dialect TEXT NOT NULL DEFAULT '', grain TEXT NOT NULL DEFAULT '',
	first BIGINT NOT NULL DEFAULT 0, last BIGINT NOT NULL DEFAULT 0,
	total BIGINT NOT NULL DEFAULT 0, accepted BIGINT NOT NULL DEFAULT 0, rejected BIGINT NOT NULL DEFAULT 0,
	rejects TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', hint TEXT NOT NULL DEFAULT '', days TEXT NOT NULL DEFAULT '',
	attempts BIGINT NOT NULL DEFAULT 0, changed BIGINT NOT NULL,
	PRIMARY KEY (tenant, id)
);
CREATE UNIQUE INDEX uploads_once ON uploads (tenant, customer, sha256) WHERE state <> 'removed';
CREATE INDEX uploads_received ON uploads (tenant, received, id);

-- Which customers the rows of an upload are of.
CREATE TABLE upload_customers (
	tenant TEXT NOT NULL, upload TEXT NOT NULL, customer TEXT NOT NULL,
	PRIMARY KEY (tenant, upload, customer),
	FOREIGN KEY (tenant, upload) REFERENCES uploads (tenant, id)
);
CREATE INDEX upload_customers_of ON upload_customers (tenant, customer);

CREATE TABLE plans (
	tenant TEXT NOT NULL, id TEXT NOT NULL, customer TEXT NOT NULL, created BIGINT NOT NULL, as_of BIGINT NOT NULL,
	fingerprint TEXT NOT NULL, sha256 TEXT NOT NULL, lines BIGINT NOT NULL, author TEXT NOT NULL, body BYTEA NOT NULL,
	PRIMARY KEY (tenant, id),
	FOREIGN KEY (tenant, customer) REFERENCES customers (tenant, id)
);
CREATE INDEX plans_latest ON plans (tenant, customer, created, id);

-- The headline of a plan in each currency: micro-units a month of 730 hours.
CREATE TABLE plan_totals (
	tenant TEXT NOT NULL, plan TEXT NOT NULL, currency TEXT NOT NULL, payg BIGINT NOT NULL, software BIGINT NOT NULL, planned BIGINT NOT NULL,
	saving BIGINT NOT NULL, saving_low BIGINT NOT NULL, saving_high BIGINT NOT NULL, upfront BIGINT NOT NULL,
	PRIMARY KEY (tenant, plan, currency),
	FOREIGN KEY (tenant, plan) REFERENCES plans (tenant, id)
);

CREATE TABLE transitions (src TEXT NOT NULL, dst TEXT NOT NULL, PRIMARY KEY (src, dst));

CREATE TABLE orders (
	tenant TEXT NOT NULL REFERENCES tenants (id), id TEXT NOT NULL, lineage TEXT NOT NULL, state TEXT NOT NULL, revision BIGINT NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (tenant, id),
	CHECK ((body::jsonb ->> 'id') = id AND (body::jsonb ->> 'lineage') = lineage),
	CHECK ((body::jsonb ->> 'state') = state AND (body::jsonb ->> 'revision')::bigint = revision)
);

CREATE TABLE journal (
	tenant TEXT NOT NULL REFERENCES tenants (id), seq BIGINT NOT NULL, event TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL,
	PRIMARY KEY (tenant, seq)
);

-- What people and programs did beside orders: who signed in, uploaded, changed a role, took a report away.
CREATE TABLE audit (
	tenant TEXT NOT NULL REFERENCES tenants (id), seq BIGINT NOT NULL, act TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL,
	PRIMARY KEY (tenant, seq)
);

-- Progress, for whoever watches. Rows older than a day are dropped.
CREATE TABLE events (
	tenant TEXT NOT NULL REFERENCES tenants (id), seq BIGINT NOT NULL, at BIGINT NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (tenant, seq)
);

CREATE TABLE answers (
	tenant TEXT NOT NULL REFERENCES tenants (id), route TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL,
	status BIGINT NOT NULL DEFAULT 0, header TEXT NOT NULL DEFAULT '', body BYTEA, created BIGINT NOT NULL,
	PRIMARY KEY (tenant, route, key)
);

CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until BIGINT NOT NULL);

-- One row: which rules of rules.go stand in this database.
CREATE TABLE rules (one BIGINT PRIMARY KEY CHECK (one = 1), sum TEXT NOT NULL);
