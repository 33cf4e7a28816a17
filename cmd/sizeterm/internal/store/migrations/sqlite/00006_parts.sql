-- +goose Up

-- What reading found in each file of an upload: a list as JSON, '' of uploads that were read before it was kept.
ALTER TABLE uploads ADD COLUMN parts TEXT NOT NULL DEFAULT '';
