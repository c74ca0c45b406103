-- What operations changed, in the order in which everybody sees it. No foreign key: one row of it
-- would be locked by every write of its company.
CREATE TABLE events (
  company_id bigint NOT NULL,
  number bigint NOT NULL, -- from 2^62: a place in line
  type text NOT NULL,
  entity_id bigint NOT NULL,
  source_id bigint NOT NULL, -- in whose ids it was asked for; 0: no source
  key text NOT NULL, -- whose request it was
  request_id text NOT NULL,
  time timestamptz NOT NULL,
  data bytea NOT NULL, -- packed: server/src/events/data.rs
  PRIMARY KEY (company_id, number)
);

-- Where each company's events begin: those up to here are no longer kept.
CREATE TABLE event_horizons (
  company_id bigint NOT NULL PRIMARY KEY,
  purged_to bigint NOT NULL
);

-- The line in which events wait for their numbers.
CREATE SEQUENCE events_line;
-- Packed already: compressing it once more only costs.
ALTER TABLE events ALTER COLUMN data SET STORAGE EXTERNAL;
