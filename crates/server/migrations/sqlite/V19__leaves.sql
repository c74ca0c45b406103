CREATE TABLE leaves (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  leave_type_id INTEGER NOT NULL,
  start_text TEXT NOT NULL, -- as sent
  end_text TEXT NOT NULL, -- as sent
  start_date INTEGER NOT NULL, -- the first day, as its text has it
  end_date INTEGER NOT NULL, -- the last day, as its text has it
  all_day INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id),
  FOREIGN KEY (company_id, leave_type_id) REFERENCES leave_types (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX leaves_user ON leaves (company_id, user_id);
CREATE INDEX leaves_leave_type ON leaves (company_id, leave_type_id);
