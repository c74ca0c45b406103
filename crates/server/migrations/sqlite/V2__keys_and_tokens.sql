-- API keys. Global: a key is looked up before its company is known.
CREATE TABLE api_keys (
  key TEXT NOT NULL PRIMARY KEY,
  company_id INTEGER NOT NULL REFERENCES companies (id),
  name TEXT NOT NULL,
  secret_hash BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  revoked_at INTEGER
) STRICT, WITHOUT ROWID;

-- Access tokens by their SHA-256. Global, as keys are.
CREATE TABLE access_tokens (
  hash BLOB NOT NULL PRIMARY KEY,
  key TEXT NOT NULL REFERENCES api_keys (key),
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Read by the purge of expired rows.
CREATE INDEX access_tokens_expires_at ON access_tokens (expires_at);

-- Refresh tokens by their SHA-256; a family goes back to one client-credentials grant.
CREATE TABLE refresh_tokens (
  hash BLOB NOT NULL PRIMARY KEY,
  key TEXT NOT NULL REFERENCES api_keys (key),
  family BLOB NOT NULL,
  expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_tokens_expires_at ON refresh_tokens (expires_at);
