-- With the time, so that the references of an entity are read from the index alone: else SQLite
-- takes all references of the kind for cheaper.
DROP INDEX external_refs_entity;
CREATE INDEX external_refs_entity ON external_refs (company_id, kind, entity_id, created_at);
