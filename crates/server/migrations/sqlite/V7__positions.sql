CREATE TABLE positions (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  category_id INTEGER,
  rate INTEGER, -- 1/10,000 an hour
  seniority TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, category_id) REFERENCES categories (company_id, id)
) STRICT, WITHOUT ROWID;
