-- +goose Up

-- A tenant is a partner. "local" is the one of a program that one team starts for itself.
CREATE TABLE tenants (
	id TEXT PRIMARY KEY, name TEXT NOT NULL, entra TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL, events INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX tenants_entra ON tenants (entra) WHERE entra <> '';
INSERT INTO tenants (id, name, created) VALUES ('local', 'local', 0);

CREATE TABLE customers (
	tenant TEXT NOT NULL REFERENCES tenants (id), id TEXT NOT NULL, name TEXT NOT NULL, policy TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL,
	PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE users (
	tenant TEXT NOT NULL REFERENCES tenants (id), id TEXT NOT NULL, email TEXT NOT NULL, name TEXT NOT NULL,
	role TEXT NOT NULL CHECK (role IN ('viewer', 'analyst', 'approver', 'admin')),
	issuer TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '', password TEXT NOT NULL DEFAULT '',
	created INTEGER NOT NULL, disabled INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant, id)
) STRICT;
CREATE UNIQUE INDEX users_email ON users (tenant, email);
CREATE UNIQUE INDEX users_subject ON users (issuer, subject) WHERE subject <> '';

CREATE TABLE links (
	mac TEXT PRIMARY KEY, tenant TEXT NOT NULL, person TEXT NOT NULL, expires INTEGER NOT NULL, used INTEGER NOT NULL DEFAULT 0,
	FOREIGN KEY (tenant, person) REFERENCES users (tenant, id)
) STRICT;

CREATE TABLE keys (
	tenant TEXT NOT NULL REFERENCES tenants (id), id TEXT NOT NULL, name TEXT NOT NULL, mac TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL,
	author TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL DEFAULT 0, used INTEGER NOT NULL DEFAULT 0, revoked INTEGER NOT NULL DEFAULT 0,
	PRIMARY KEY (tenant, id)
) STRICT;

CREATE TABLE sessions (token TEXT PRIMARY KEY, data BLOB NOT NULL, expires INTEGER NOT NULL) STRICT;
CREATE INDEX sessions_expires ON sessions (expires);

-- An upload is a received file. Its bytes lie in the archive under sha256.
CREATE TABLE uploads (
	tenant TEXT NOT NULL REFERENCES tenants (id), id TEXT NOT NULL, customer TEXT NOT NULL DEFAULT '', name TEXT NOT NULL, size INTEGER NOT NULL,
	sha256 TEXT NOT NULL, author TEXT NOT NULL, received INTEGER NOT NULL,
	state TEXT NOT NULL CHECK (state IN ('received', 'reading', 'accepted', 'refused', 'removed')),
	kind TEXT NOT NULL DEFAULT '', dialect TEXT NOT NULL DEFAULT '', grain TEXT NOT NULL DEFAULT '',
	first INTEGER NOT NULL DEFAULT 0, last INTEGER NOT NULL DEFAULT 0,
	total INTEGER NOT NULL DEFAULT 0, accepted INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,
	rejects TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', hint TEXT NOT NULL DEFAULT '', days TEXT NOT NULL DEFAULT '',
	attempts INTEGER NOT NULL DEFAULT 0, changed INTEGER NOT NULL,
	PRIMARY KEY (tenant, id)
) STRICT;
CREATE UNIQUE INDEX uploads_once ON uploads (tenant, customer, sha256) WHERE state <> 'removed';
CREATE INDEX uploads_received ON uploads (tenant, received, id);

-- Which customers the rows of an upload are of.
CREATE TABLE upload_customers (
	tenant TEXT NOT NULL, upload TEXT NOT NULL, customer TEXT NOT NULL,
	PRIMARY KEY (tenant, upload, customer),
	FOREIGN KEY (tenant, upload) REFERENCES uploads (tenant, id)
) STRICT;
CREATE INDEX upload_customers_of ON upload_customers (tenant, customer);

CREATE TABLE plans (
	tenant TEXT NOT NULL, id TEXT NOT NULL, customer TEXT NOT NULL, created INTEGER NOT NULL, as_of INTEGER NOT NULL,
	fingerprint TEXT NOT NULL, sha256 TEXT NOT NULL, lines INTEGER NOT NULL, author TEXT NOT NULL, body BLOB NOT NULL,
	PRIMARY KEY (tenant, id),
	FOREIGN KEY (tenant, customer) REFERENCES customers (tenant, id)
) STRICT;
CREATE INDEX plans_latest ON plans (tenant, customer, created, id);

-- The headline of a plan in each currency: micro-units a month of 730 hours.
CREATE TABLE plan_totals (
	tenant TEXT NOT NULL, plan TEXT NOT NULL, currency TEXT NOT NULL, payg INTEGER NOT NULL, software INTEGER NOT NULL, planned INTEGER NOT NULL,
	saving INTEGER NOT NULL, saving_low INTEGER NOT NULL, saving_high INTEGER NOT NULL, upfront INTEGER NOT NULL,
	PRIMARY KEY (tenant, plan, currency),
	FOREIGN KEY (tenant, plan) REFERENCES plans (tenant, id)
) STRICT;

CREATE TABLE transitions (src TEXT NOT NULL, dst TEXT NOT NULL, PRIMARY KEY (src, dst)) STRICT;

CREATE TABLE orders (
	tenant TEXT NOT NULL REFERENCES tenants (id), id TEXT NOT NULL, lineage TEXT NOT NULL, state TEXT NOT NULL, revision INTEGER NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (tenant, id),
	CHECK (json_extract(body, '$.id') = id AND json_extract(body, '$.lineage') = lineage),
	CHECK (json_extract(body, '$.state') = state AND json_extract(body, '$.revision') = revision)
) STRICT;

CREATE TABLE journal (
	tenant TEXT NOT NULL REFERENCES tenants (id), seq INTEGER NOT NULL, event TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL,
	PRIMARY KEY (tenant, seq)
) STRICT;

-- What people and programs did beside orders: who signed in, uploaded, changed a role, took a report away.
CREATE TABLE audit (
	tenant TEXT NOT NULL REFERENCES tenants (id), seq INTEGER NOT NULL, act TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT NULL,
	PRIMARY KEY (tenant, seq)
) STRICT;

-- Progress, for whoever watches. Rows older than a day are dropped.
CREATE TABLE events (
	tenant TEXT NOT NULL REFERENCES tenants (id), seq INTEGER NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (tenant, seq)
) STRICT;

CREATE TABLE answers (
	tenant TEXT NOT NULL REFERENCES tenants (id), route TEXT NOT NULL, key TEXT NOT NULL, request TEXT NOT NULL,
	status INTEGER NOT NULL DEFAULT 0, header TEXT NOT NULL DEFAULT '', body BLOB, created INTEGER NOT NULL,
	PRIMARY KEY (tenant, route, key)
) STRICT;

CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until INTEGER NOT NULL) STRICT;

-- One row: which rules of rules.go stand in this database.
CREATE TABLE rules (one INTEGER PRIMARY KEY CHECK (one = 1), sum TEXT NOT NULL) STRICT;
