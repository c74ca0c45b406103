-- Names as they are searched: lower case.
ALTER TABLE clients ADD COLUMN name_key text COLLATE "C" NOT NULL DEFAULT '';
UPDATE clients SET name_key = lower(name);
CREATE INDEX clients_name ON clients (company_id, name_key);
ALTER TABLE projects ADD COLUMN name_key text COLLATE "C" NOT NULL DEFAULT '';
UPDATE projects SET name_key = lower(name);
CREATE INDEX projects_name ON projects (company_id, name_key);

ALTER TABLE clients ADD COLUMN condition text NOT NULL DEFAULT 'active';

-- Who works on which project, besides the user who manages it.
CREATE TABLE project_users (
  company_id bigint NOT NULL,
  project_id bigint NOT NULL,
  user_id bigint NOT NULL,
  id bigint NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, project_id, user_id),
  FOREIGN KEY (company_id, project_id) REFERENCES projects (company_id, id),
  FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id)
);
CREATE INDEX project_users_user ON project_users (company_id, user_id, project_id);
