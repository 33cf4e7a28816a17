-- +goose Up

-- By which a sign-in provider knows somebody whom an admin invited.
ALTER TABLE users ADD COLUMN invited TEXT NOT NULL DEFAULT '';
CREATE UNIQUE INDEX users_invited ON users (tenant, invited) WHERE invited <> '';
