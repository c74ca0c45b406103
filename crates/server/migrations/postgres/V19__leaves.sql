CREATE TABLE leaves (
  company_id bigint NOT NULL REFERENCES companies (id),
  id bigint NOT NULL,
  user_id bigint NOT NULL,
  leave_type_id bigint NOT NULL,
  start_text text NOT NULL, -- as sent
  end_text text NOT NULL, -- as sent
  start_date date NOT NULL, -- the first day, as its text has it
  end_date date NOT NULL, -- the last day, as its text has it
  all_day boolean NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id),
  FOREIGN KEY (company_id, leave_type_id) REFERENCES leave_types (company_id, id)
);
CREATE INDEX leaves_user ON leaves (company_id, user_id);
CREATE INDEX leaves_leave_type ON leaves (company_id, leave_type_id);
