-- Where events are sent to. A deleted one stays until its log is gone.
CREATE TABLE webhook_endpoints (
  company_id bigint NOT NULL REFERENCES companies (id),
  id bigint NOT NULL,
  url text NOT NULL,
  description text NOT NULL,
  types text NOT NULL, -- of events, with commas between them; empty: all
  state text NOT NULL, -- active, paused, disabled, deleted
  disabled_why text,
  secret text NOT NULL, -- as it is: signing needs it
  old_secret text, -- signs too
  old_secret_until timestamptz,
  position bigint NOT NULL, -- the number of the last event that was handed over
  failures bigint NOT NULL, -- in a row
  failing_since timestamptz,
  rest_until timestamptz NOT NULL, -- no attempt is made before
  lease_owner text NOT NULL, -- the process that serves it
  lease_until timestamptz NOT NULL, -- once it is let go: since when it waits for its turn
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, id)
);

-- The log of what was sent, and what is to be sent again. No foreign key: rows are many, and go
-- in batches after their endpoint was deleted.
CREATE TABLE webhook_deliveries (
  company_id bigint NOT NULL,
  endpoint_id bigint NOT NULL,
  number bigint NOT NULL, -- of the event
  type text NOT NULL, -- of the event
  state text NOT NULL, -- pending, delivered, failed
  attempts bigint NOT NULL,
  resends bigint NOT NULL, -- how often it was asked for again
  next_at timestamptz, -- of a pending one: when it is to be tried
  status bigint, -- of the last answer
  said text, -- how its body began
  error text, -- why there was no answer
  duration bigint, -- of the last attempt, in microseconds
  first_at timestamptz NOT NULL,
  last_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, endpoint_id, number)
);
-- Read by who looks for what is due.
CREATE INDEX webhook_deliveries_next_at ON webhook_deliveries (company_id, endpoint_id, next_at)
  WHERE next_at IS NOT NULL;
-- Read by the log of one state.
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (company_id, endpoint_id, state, number);
