-- Sources that a company registered, beside the published ones.
CREATE TABLE sources (
  company_id bigint NOT NULL REFERENCES companies (id),
  id bigint NOT NULL, -- from 1,000
  name text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, name)
);

ALTER TABLE api_keys ADD COLUMN read_only boolean NOT NULL DEFAULT false;

-- The only sources that a key may use; one without any may use all. Global, as keys are.
CREATE TABLE key_sources (
  key text NOT NULL REFERENCES api_keys (key),
  source_id bigint NOT NULL,
  PRIMARY KEY (key, source_id)
);

-- What amounts of the company are in: ISO 4217.
ALTER TABLE companies ADD COLUMN base_currency text NOT NULL DEFAULT 'USD';
