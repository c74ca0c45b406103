CREATE TABLE brands (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  client_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, client_id) REFERENCES clients (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX brands_client ON brands (company_id, client_id);
