CREATE TABLE users (
  company_id bigint NOT NULL REFERENCES companies (id),
  id bigint NOT NULL,
  email text NOT NULL,
  email_key text COLLATE "C" NOT NULL, -- the e-mail as it is compared: lower case
  first_name text NOT NULL,
  last_name text NOT NULL,
  phone text,
  position text, -- free-text job title
  department text,
  role_id bigint NOT NULL,
  daily_hours bigint NOT NULL, -- 1/10,000
  position_id bigint,
  seniority_id bigint,
  hourly_rate_effective_from date,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, id),
  UNIQUE (company_id, email_key),
  FOREIGN KEY (company_id, position_id) REFERENCES positions (company_id, id),
  FOREIGN KEY (company_id, seniority_id) REFERENCES seniorities (company_id, id)
);

-- Which workspaces a user is in, and with what share of the time.
CREATE TABLE workspace_users (
  company_id bigint NOT NULL,
  user_id bigint NOT NULL,
  workspace_id bigint NOT NULL,
  percentage bigint NOT NULL, -- 1/10,000 percent
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, user_id, workspace_id),
  FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id),
  FOREIGN KEY (company_id, workspace_id) REFERENCES workspaces (company_id, id)
);
