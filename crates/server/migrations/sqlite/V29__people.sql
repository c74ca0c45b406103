-- What COR's Main API keeps of a user.
ALTER TABLE users ADD COLUMN description TEXT;
ALTER TABLE users ADD COLUMN birthday INTEGER;
ALTER TABLE users ADD COLUMN hourly_rate INTEGER; -- 1/10,000
ALTER TABLE users ADD COLUMN monthly_hours INTEGER; -- 1/10,000
ALTER TABLE users ADD COLUMN plan_id INTEGER; -- 4 Project Management, 5 Capacity Planning
ALTER TABLE users ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN charge_hours INTEGER;
-- First and last name as they are searched: lower case.
ALTER TABLE users ADD COLUMN name_key TEXT NOT NULL DEFAULT '';
UPDATE users SET name_key = replace(lower(first_name || ' ' || last_name), 'ς', 'σ');

-- Read by the search, which needs nothing else.
CREATE INDEX users_name_key ON users (company_id, name_key, id, hidden);
-- What a list counts in, whatever narrows it.
CREATE INDEX users_updated_at
  ON users (company_id, updated_at, id, hidden, position_id, created_at);
