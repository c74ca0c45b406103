-- When a refresh token was first used; used again much later it revokes its family.
ALTER TABLE refresh_tokens ADD COLUMN used_at timestamptz;
-- The family that an access token goes with; older ones have none, and expire within the hour.
ALTER TABLE access_tokens ADD COLUMN family bytea;
-- Read by the revocation of a family.
CREATE INDEX refresh_tokens_family ON refresh_tokens (family);
CREATE INDEX access_tokens_family ON access_tokens (family);
