CREATE TABLE users (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL,
  email TEXT NOT NULL,
  email_key TEXT NOT NULL, -- the e-mail as it is compared: lower case
  first_name TEXT NOT NULL,
  last_name TEXT NOT NULL,
  phone TEXT,
  position TEXT, -- free-text job title
  department TEXT,
  role_id INTEGER NOT NULL,
  daily_hours INTEGER NOT NULL, -- 1/10,000
  position_id INTEGER,
  seniority_id INTEGER,
  hourly_rate_effective_from INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, email_key),
  FOREIGN KEY (company_id, position_id) REFERENCES positions (company_id, id),
  FOREIGN KEY (company_id, seniority_id) REFERENCES seniorities (company_id, id)
) STRICT, WITHOUT ROWID;

-- Which workspaces a user is in, and with what share of the time.
CREATE TABLE workspace_users (
  company_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  workspace_id INTEGER NOT NULL,
  percentage INTEGER NOT NULL, -- 1/10,000 percent
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, user_id, workspace_id),
  FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id),
  FOREIGN KEY (company_id, workspace_id) REFERENCES workspaces (company_id, id)
) STRICT, WITHOUT ROWID;
