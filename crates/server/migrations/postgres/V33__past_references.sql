-- What source systems called our entities: references that were re-keyed, unlinked, or went with
-- their entity.
CREATE TABLE past_references (
  company_id bigint NOT NULL REFERENCES companies (id),
  kind text COLLATE "C" NOT NULL,
  external_id text COLLATE "C" NOT NULL,
  source_id bigint NOT NULL,
  ended_at timestamptz NOT NULL,
  entity_id bigint NOT NULL,
  created_at timestamptz NOT NULL,
  -- What the source calls the entity instead, if it does.
  became text COLLATE "C",
  PRIMARY KEY (company_id, ended_at, kind, external_id, source_id, entity_id)
);
-- Read when what an entity was called is shown, and who was called so.
CREATE INDEX past_references_entity ON past_references (company_id, kind, entity_id, ended_at);
CREATE INDEX past_references_external_id ON past_references (company_id, external_id, ended_at);
