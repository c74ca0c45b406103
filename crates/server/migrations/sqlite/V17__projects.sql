CREATE TABLE projects (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  client_id INTEGER,
  brief TEXT,
  start_date INTEGER,
  end_date INTEGER,
  pm_id INTEGER, -- the user who manages it
  brand_id INTEGER,
  product_id INTEGER,
  estimated_time INTEGER, -- hours in 1/10,000
  billable INTEGER,
  status TEXT,
  currency_id TEXT, -- as sent: nothing here creates currencies or fees
  evaluation_date INTEGER,
  estimated INTEGER, -- 1/10,000
  fee_id TEXT,
  contract_id INTEGER,
  deliverables TEXT,
  work_order TEXT,
  income_type TEXT,
  archived INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, client_id) REFERENCES clients (company_id, id),
  FOREIGN KEY (company_id, pm_id) REFERENCES users (company_id, id),
  FOREIGN KEY (company_id, brand_id) REFERENCES brands (company_id, id),
  FOREIGN KEY (company_id, product_id) REFERENCES products (company_id, id),
  FOREIGN KEY (company_id, contract_id) REFERENCES contracts (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX projects_client ON projects (company_id, client_id);
CREATE INDEX projects_pm ON projects (company_id, pm_id);
CREATE INDEX projects_brand ON projects (company_id, brand_id);
CREATE INDEX projects_product ON projects (company_id, product_id);
CREATE INDEX projects_contract ON projects (company_id, contract_id);
