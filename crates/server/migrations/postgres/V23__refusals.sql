-- Records that were refused, until somebody has seen to them.
CREATE TABLE refusals (
  company_id bigint NOT NULL REFERENCES companies (id),
  id text NOT NULL, -- of what the record is and says: the same one refused again is the same row
  source_id bigint NOT NULL, -- 0: it spoke in ids of ours
  operation text NOT NULL,
  target bytea NOT NULL, -- SHA-256 of the operation, the source and the ids of the path
  record text NOT NULL, -- what names it within its target; empty: the path does
  external_id text NOT NULL, -- its own external id, as it is shown
  state text NOT NULL, -- open, resolved, superseded or ignored
  code text NOT NULL, -- of the first error
  message text NOT NULL,
  pointer text NOT NULL, -- where it stood in the request
  errors text NOT NULL, -- all of them, as a face wrote them
  method text NOT NULL,
  path text NOT NULL,
  path_ids text NOT NULL, -- as a face wrote them
  list text NOT NULL, -- of the body, in which the record stood; empty: it is the body
  content text NOT NULL, -- the record as it was sent
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  attempts bigint NOT NULL,
  key text NOT NULL, -- whose request was the last
  request_id text NOT NULL,
  closed_at timestamptz, -- also when it was ignored
  closed_by text, -- the request that did it
  PRIMARY KEY (company_id, id)
);
-- Read when records are taken.
CREATE INDEX refusals_target ON refusals (company_id, target, state, record);
-- Read by lists and groups; it holds all that they filter and count by.
CREATE INDEX refusals_state
  ON refusals (company_id, state, first_at, id, operation, source_id, code, last_at);
-- Read by who asks for one external id.
CREATE INDEX refusals_external_id ON refusals (company_id, external_id, state, first_at, id);
-- Read by the purge of old ones.
CREATE INDEX refusals_last_at ON refusals (company_id, last_at);
