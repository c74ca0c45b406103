CREATE TABLE brands (
  company_id bigint NOT NULL REFERENCES companies (id),
  id bigint NOT NULL,
  name text NOT NULL,
  client_id bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, client_id) REFERENCES clients (company_id, id)
);
CREATE INDEX brands_client ON brands (company_id, client_id);
