CREATE TABLE clients (
  company_id bigint NOT NULL REFERENCES companies (id),
  id bigint NOT NULL,
  name text NOT NULL,
  business_name text,
  email_contact text,
  name_contact text,
  last_name_contact text,
  phone text,
  website text,
  description text,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, id)
);
