-- +goose Up

-- What was found when the orders of a customer were compared with the files of a month: sizeterm.proof/1 of that part. mark
-- names what it was made of.
CREATE TABLE proofs (
	tenant TEXT NOT NULL REFERENCES tenants (id), customer TEXT NOT NULL, month TEXT NOT NULL, made BIGINT NOT NULL, mark TEXT NOT NULL, body TEXT NOT NULL,
	PRIMARY KEY (tenant, customer, month)
);
