-- Answers kept under the keys that clients gave their requests.
CREATE TABLE idempotency_keys (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  digest BLOB NOT NULL, -- SHA-256 of the credential, the method, the path and the client's key
  fingerprint BLOB NOT NULL, -- SHA-256 of the query and the body
  status INTEGER NOT NULL,
  content_type TEXT NOT NULL,
  body BLOB NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, digest)
) STRICT;
-- Read by the purge of old ones.
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (company_id, created_at);
