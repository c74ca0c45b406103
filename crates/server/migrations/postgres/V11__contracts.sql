CREATE TABLE contracts (
  company_id bigint NOT NULL REFERENCES companies (id),
  id bigint NOT NULL,
  name text NOT NULL,
  client_id bigint NOT NULL,
  type text,
  status text,
  start_date date,
  end_date date,
  value bigint, -- 1/10,000
  description text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, client_id) REFERENCES clients (company_id, id)
);

-- Who is on which contract, and when; both days included. Clustered as it is read, and without
-- any second index: see docs/adr/0003. No key to users on either engine, none to contracts on
-- PostgreSQL: see docs/adr/0004.
CREATE TABLE assignments (
  company_id bigint NOT NULL,
  contract_id bigint NOT NULL,
  user_id bigint NOT NULL,
  start_date date NOT NULL,
  end_date date NOT NULL,
  id bigint NOT NULL,
  source_id bigint NOT NULL, -- who put it there; 0: no source
  PRIMARY KEY (company_id, contract_id, user_id, start_date, end_date)
);
