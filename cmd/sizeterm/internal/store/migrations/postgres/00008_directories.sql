-- +goose Up
-- Which directory belongs to which tenant is a setting of the service (--oidc-directory) and not kept here.
DROP INDEX tenants_entra;
ALTER TABLE tenants DROP COLUMN entra;
