-- What has changed since when, and what a list counts in, of every kind. Entities that were written at
-- once have one time, and a page of them goes on between their ids.
CREATE INDEX brands_updated_at ON brands (company_id, updated_at, id);
CREATE INDEX categories_updated_at ON categories (company_id, updated_at, id);
CREATE INDEX clients_updated_at ON clients (company_id, updated_at, id);
CREATE INDEX contracts_updated_at ON contracts (company_id, updated_at, id);
CREATE INDEX leave_types_updated_at ON leave_types (company_id, updated_at, id);
CREATE INDEX leaves_updated_at ON leaves (company_id, updated_at, id);
CREATE INDEX positions_updated_at ON positions (company_id, updated_at, id);
CREATE INDEX products_updated_at ON products (company_id, updated_at, id);
CREATE INDEX projects_updated_at ON projects (company_id, updated_at, id);
CREATE INDEX seniorities_updated_at ON seniorities (company_id, updated_at, id);
CREATE INDEX teams_updated_at ON teams (company_id, updated_at, id);
CREATE INDEX working_times_updated_at ON working_times (company_id, updated_at, id);
CREATE INDEX workspaces_updated_at ON workspaces (company_id, updated_at, id);
