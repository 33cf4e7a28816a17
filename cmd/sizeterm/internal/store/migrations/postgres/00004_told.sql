-- +goose Up

-- What was told where of the things that the other tables hold: the newest of a subject. What is there and not here is still to be told.
CREATE TABLE told (
	tenant TEXT NOT NULL REFERENCES tenants (id), channel TEXT NOT NULL, subject TEXT NOT NULL, what TEXT NOT NULL, at BIGINT NOT NULL,
	PRIMARY KEY (tenant, channel, subject)
);
