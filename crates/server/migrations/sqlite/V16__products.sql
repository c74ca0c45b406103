-- A product that is deleted stays, without an external id; a client or a brand that goes is taken
-- out of it.
CREATE TABLE products (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  client_id INTEGER, -- NULL only in deleted ones, as brand_id
  brand_id INTEGER,
  description TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  deleted_at INTEGER,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, client_id) REFERENCES clients (company_id, id),
  FOREIGN KEY (company_id, brand_id) REFERENCES brands (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX products_client ON products (company_id, client_id);
CREATE INDEX products_brand ON products (company_id, brand_id);
