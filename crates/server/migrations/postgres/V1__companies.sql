-- Tenants. Global: it is what all other keys begin with.
CREATE TABLE companies (
  id bigint NOT NULL PRIMARY KEY,
  name text NOT NULL,
  created_at timestamptz NOT NULL
);

-- Id blocks, one row per kind, shared by all companies. Global: it knows no company.
CREATE TABLE id_sequences (
  name text NOT NULL PRIMARY KEY,
  next bigint NOT NULL
);
