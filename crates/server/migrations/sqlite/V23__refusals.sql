-- Records that were refused, until somebody has seen to them.
CREATE TABLE refusals (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id TEXT NOT NULL, -- of what the record is and says: the same one refused again is the same row
  source_id INTEGER NOT NULL, -- 0: it spoke in ids of ours
  operation TEXT NOT NULL,
  target BLOB NOT NULL, -- SHA-256 of the operation, the source and the ids of the path
  record TEXT NOT NULL, -- what names it within its target; empty: the path does
  external_id TEXT NOT NULL, -- its own external id, as it is shown
  state TEXT NOT NULL, -- open, resolved, superseded or ignored
  code TEXT NOT NULL, -- of the first error
  message TEXT NOT NULL,
  pointer TEXT NOT NULL, -- where it stood in the request
  errors TEXT NOT NULL, -- all of them, as a face wrote them
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  path_ids TEXT NOT NULL, -- as a face wrote them
  list TEXT NOT NULL, -- of the body, in which the record stood; empty: it is the body
  content TEXT NOT NULL, -- the record as it was sent
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  key TEXT NOT NULL, -- whose request was the last
  request_id TEXT NOT NULL,
  closed_at INTEGER, -- also when it was ignored
  closed_by TEXT, -- the request that did it
  PRIMARY KEY (company_id, id)
) STRICT;
-- Read when records are taken.
CREATE INDEX refusals_target ON refusals (company_id, target, state, record);
-- Read by lists and groups; it holds all that they filter and count by.
CREATE INDEX refusals_state
  ON refusals (company_id, state, first_at, id, operation, source_id, code, last_at);
-- Read by who asks for one external id.
CREATE INDEX refusals_external_id ON refusals (company_id, external_id, state, first_at, id);
-- Read by the purge of old ones.
CREATE INDEX refusals_last_at ON refusals (company_id, last_at);
