-- What a list of a kind counts in, and what says what has changed since when.
CREATE INDEX clients_updated_at ON clients (company_id, updated_at);
CREATE INDEX contracts_updated_at ON contracts (company_id, updated_at);
CREATE INDEX positions_updated_at ON positions (company_id, updated_at);
CREATE INDEX projects_updated_at ON projects (company_id, updated_at);
CREATE INDEX teams_updated_at ON teams (company_id, updated_at);
CREATE INDEX users_updated_at ON users (company_id, updated_at);
CREATE INDEX workspaces_updated_at ON workspaces (company_id, updated_at);
