-- A product that is deleted stays, without an external id; a client or a brand that goes is taken
-- out of it.
CREATE TABLE products (
  company_id bigint NOT NULL REFERENCES companies (id),
  id bigint NOT NULL,
  name text NOT NULL,
  client_id bigint, -- NULL only in deleted ones, as brand_id
  brand_id bigint,
  description text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, client_id) REFERENCES clients (company_id, id),
  FOREIGN KEY (company_id, brand_id) REFERENCES brands (company_id, id)
);
CREATE INDEX products_client ON products (company_id, client_id);
CREATE INDEX products_brand ON products (company_id, brand_id);
