-- What source systems call our entities. The external id stands ahead of the source, so that
-- the other sources that know an id are found by the same seek.
CREATE TABLE external_refs (
  company_id bigint NOT NULL REFERENCES companies (id),
  kind text COLLATE "C" NOT NULL,
  external_id text COLLATE "C" NOT NULL,
  source_id bigint NOT NULL,
  entity_id bigint NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, kind, external_id, source_id)
);
-- Read when an entity's external ids are shown.
CREATE INDEX external_refs_entity ON external_refs (company_id, kind, entity_id);
