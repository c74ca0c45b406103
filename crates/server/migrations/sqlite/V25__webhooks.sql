-- Where events are sent to. A deleted one stays until its log is gone.
CREATE TABLE webhook_endpoints (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL,
  url TEXT NOT NULL,
  description TEXT NOT NULL,
  types TEXT NOT NULL, -- of events, with commas between them; empty: all
  state TEXT NOT NULL, -- active, paused, disabled, deleted
  disabled_why TEXT,
  secret TEXT NOT NULL, -- as it is: signing needs it
  old_secret TEXT, -- signs too
  old_secret_until INTEGER,
  position INTEGER NOT NULL, -- the number of the last event that was handed over
  failures INTEGER NOT NULL, -- in a row
  failing_since INTEGER,
  rest_until INTEGER NOT NULL, -- no attempt is made before
  lease_owner TEXT NOT NULL, -- the process that serves it
  lease_until INTEGER NOT NULL, -- once it is let go: since when it waits for its turn
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id)
) STRICT, WITHOUT ROWID;

-- The log of what was sent, and what is to be sent again. No foreign key: rows are many, and go
-- in batches after their endpoint was deleted.
CREATE TABLE webhook_deliveries (
  company_id INTEGER NOT NULL,
  endpoint_id INTEGER NOT NULL,
  number INTEGER NOT NULL, -- of the event
  type TEXT NOT NULL, -- of the event
  state TEXT NOT NULL, -- pending, delivered, failed
  attempts INTEGER NOT NULL,
  resends INTEGER NOT NULL, -- how often it was asked for again
  next_at INTEGER, -- of a pending one: when it is to be tried
  status INTEGER, -- of the last answer
  said TEXT, -- how its body began
  error TEXT, -- why there was no answer
  duration INTEGER, -- of the last attempt, in microseconds
  first_at INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, endpoint_id, number)
) STRICT, WITHOUT ROWID;
-- Read by who looks for what is due.
CREATE INDEX webhook_deliveries_next_at ON webhook_deliveries (company_id, endpoint_id, next_at)
  WHERE next_at IS NOT NULL;
-- Read by the log of one state.
CREATE INDEX webhook_deliveries_state ON webhook_deliveries (company_id, endpoint_id, state, number);
