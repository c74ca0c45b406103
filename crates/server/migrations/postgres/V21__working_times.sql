CREATE TABLE working_times (
  company_id bigint NOT NULL REFERENCES companies (id),
  id bigint NOT NULL,
  user_id bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, user_id),
  FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id)
);

-- On which days of the week, and when.
CREATE TABLE working_time_days (
  company_id bigint NOT NULL,
  working_time_id bigint NOT NULL,
  day_of_week bigint NOT NULL, -- 1 is Sunday, 7 is Saturday
  start_minute bigint NOT NULL, -- of the day
  end_minute bigint NOT NULL, -- of the day
  break_minutes bigint NOT NULL,
  PRIMARY KEY (company_id, working_time_id, day_of_week),
  FOREIGN KEY (company_id, working_time_id) REFERENCES working_times (company_id, id)
);
