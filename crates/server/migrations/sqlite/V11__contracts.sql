CREATE TABLE contracts (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  client_id INTEGER NOT NULL,
  type TEXT,
  status TEXT,
  start_date INTEGER,
  end_date INTEGER,
  value INTEGER, -- 1/10,000
  description TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, client_id) REFERENCES clients (company_id, id)
) STRICT, WITHOUT ROWID;

-- Who is on which contract, and when; both days included. Clustered as it is read, and without
-- any second index: see docs/adr/0003. No key to users on either engine, none to contracts on
-- PostgreSQL: see docs/adr/0004.
CREATE TABLE assignments (
  company_id INTEGER NOT NULL,
  contract_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  start_date INTEGER NOT NULL,
  end_date INTEGER NOT NULL,
  id INTEGER NOT NULL,
  source_id INTEGER NOT NULL, -- who put it there; 0: no source
  PRIMARY KEY (company_id, contract_id, user_id, start_date, end_date),
  FOREIGN KEY (company_id, contract_id) REFERENCES contracts (company_id, id)
) STRICT, WITHOUT ROWID;
