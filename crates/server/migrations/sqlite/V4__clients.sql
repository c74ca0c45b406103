CREATE TABLE clients (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  business_name TEXT,
  email_contact TEXT,
  name_contact TEXT,
  last_name_contact TEXT,
  phone TEXT,
  website TEXT,
  description TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id)
) STRICT, WITHOUT ROWID;
