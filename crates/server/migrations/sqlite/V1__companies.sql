-- Tenants. Global: it is what all other keys begin with.
CREATE TABLE companies (
  id INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Id blocks, one row per kind, shared by all companies. Global: it knows no company.
CREATE TABLE id_sequences (
  name TEXT NOT NULL PRIMARY KEY,
  next INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
