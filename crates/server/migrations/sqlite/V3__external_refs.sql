-- What source systems call our entities. The external id stands ahead of the source, so that
-- the other sources that know an id are found by the same seek.
CREATE TABLE external_refs (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  kind TEXT NOT NULL,
  external_id TEXT NOT NULL,
  source_id INTEGER NOT NULL,
  entity_id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, kind, external_id, source_id)
) STRICT, WITHOUT ROWID;
-- Read when an entity's external ids are shown.
CREATE INDEX external_refs_entity ON external_refs (company_id, kind, entity_id);
