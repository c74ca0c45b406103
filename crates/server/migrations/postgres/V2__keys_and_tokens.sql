-- API keys. Global: a key is looked up before its company is known.
CREATE TABLE api_keys (
  key text NOT NULL PRIMARY KEY,
  company_id bigint NOT NULL REFERENCES companies (id),
  name text NOT NULL,
  secret_hash bytea NOT NULL,
  created_at timestamptz NOT NULL,
  revoked_at timestamptz
);

-- Access tokens by their SHA-256. Global, as keys are.
CREATE TABLE access_tokens (
  hash bytea NOT NULL PRIMARY KEY,
  key text NOT NULL REFERENCES api_keys (key),
  expires_at timestamptz NOT NULL
);
-- Read by the purge of expired rows.
CREATE INDEX access_tokens_expires_at ON access_tokens (expires_at);

-- Refresh tokens by their SHA-256; a family goes back to one client-credentials grant.
CREATE TABLE refresh_tokens (
  hash bytea NOT NULL PRIMARY KEY,
  key text NOT NULL REFERENCES api_keys (key),
  family bytea NOT NULL,
  expires_at timestamptz NOT NULL
);
CREATE INDEX refresh_tokens_expires_at ON refresh_tokens (expires_at);
