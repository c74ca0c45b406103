CREATE TABLE projects (
  company_id bigint NOT NULL REFERENCES companies (id),
  id bigint NOT NULL,
  name text NOT NULL,
  client_id bigint,
  brief text,
  start_date date,
  end_date date,
  pm_id bigint, -- the user who manages it
  brand_id bigint,
  product_id bigint,
  estimated_time bigint, -- hours in 1/10,000
  billable boolean,
  status text,
  currency_id text, -- as sent: nothing here creates currencies or fees
  evaluation_date date,
  estimated bigint, -- 1/10,000
  fee_id text,
  contract_id bigint,
  deliverables text,
  work_order text,
  income_type text,
  archived boolean,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, client_id) REFERENCES clients (company_id, id),
  FOREIGN KEY (company_id, pm_id) REFERENCES users (company_id, id),
  FOREIGN KEY (company_id, brand_id) REFERENCES brands (company_id, id),
  FOREIGN KEY (company_id, product_id) REFERENCES products (company_id, id),
  FOREIGN KEY (company_id, contract_id) REFERENCES contracts (company_id, id)
);
CREATE INDEX projects_client ON projects (company_id, client_id);
CREATE INDEX projects_pm ON projects (company_id, pm_id);
CREATE INDEX projects_brand ON projects (company_id, brand_id);
CREATE INDEX projects_product ON projects (company_id, product_id);
CREATE INDEX projects_contract ON projects (company_id, contract_id);
