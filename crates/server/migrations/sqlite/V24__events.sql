-- What operations changed, in the order in which everybody sees it. No foreign key: one row of it
-- would be locked by every write of its company.
CREATE TABLE events (
  company_id INTEGER NOT NULL,
  number INTEGER NOT NULL, -- the next one of its company
  type TEXT NOT NULL,
  entity_id INTEGER NOT NULL,
  source_id INTEGER NOT NULL, -- in whose ids it was asked for; 0: no source
  key TEXT NOT NULL, -- whose request it was
  request_id TEXT NOT NULL,
  time INTEGER NOT NULL,
  data BLOB NOT NULL, -- packed: server/src/events/data.rs
  PRIMARY KEY (company_id, number)
) STRICT, WITHOUT ROWID;

-- Where each company's events begin: those up to here are no longer kept.
CREATE TABLE event_horizons (
  company_id INTEGER NOT NULL PRIMARY KEY,
  purged_to INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
