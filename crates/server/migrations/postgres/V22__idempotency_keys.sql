-- Answers kept under the keys that clients gave their requests.
CREATE TABLE idempotency_keys (
  company_id bigint NOT NULL REFERENCES companies (id),
  digest bytea NOT NULL, -- SHA-256 of the credential, the method, the path and the client's key
  fingerprint bytea NOT NULL, -- SHA-256 of the query and the body
  status bigint NOT NULL,
  content_type text NOT NULL,
  body bytea NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, digest)
);
-- Read by the purge of old ones.
CREATE INDEX idempotency_keys_created_at ON idempotency_keys (company_id, created_at);
