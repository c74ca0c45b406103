CREATE TABLE working_times (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, user_id),
  FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id)
) STRICT, WITHOUT ROWID;

-- On which days of the week, and when.
CREATE TABLE working_time_days (
  company_id INTEGER NOT NULL,
  working_time_id INTEGER NOT NULL,
  day_of_week INTEGER NOT NULL, -- 1 is Sunday, 7 is Saturday
  start_minute INTEGER NOT NULL, -- of the day
  end_minute INTEGER NOT NULL, -- of the day
  break_minutes INTEGER NOT NULL,
  PRIMARY KEY (company_id, working_time_id, day_of_week),
  FOREIGN KEY (company_id, working_time_id) REFERENCES working_times (company_id, id)
) STRICT, WITHOUT ROWID;
