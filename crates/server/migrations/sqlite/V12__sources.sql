-- Sources that a company registered, beside the published ones.
CREATE TABLE sources (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL, -- from 1,000
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, name)
) STRICT, WITHOUT ROWID;

ALTER TABLE api_keys ADD COLUMN read_only INTEGER NOT NULL DEFAULT 0;

-- The only sources that a key may use; one without any may use all. Global, as keys are.
CREATE TABLE key_sources (
  key TEXT NOT NULL REFERENCES api_keys (key),
  source_id INTEGER NOT NULL,
  PRIMARY KEY (key, source_id)
) STRICT, WITHOUT ROWID;

-- What amounts of the company are in: ISO 4217.
ALTER TABLE companies ADD COLUMN base_currency TEXT NOT NULL DEFAULT 'USD';
