CREATE TABLE teams (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  id INTEGER NOT NULL,
  name TEXT NOT NULL,
  description TEXT,
  workspace_id INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, workspace_id) REFERENCES workspaces (company_id, id)
) STRICT, WITHOUT ROWID;

-- Who is in which team. The row carries the team's workspace: that makes "one team of a
-- workspace per user" and "only users of the workspace" constraints. NULL: the team has none.
CREATE TABLE team_users (
  company_id INTEGER NOT NULL,
  team_id INTEGER NOT NULL,
  user_id INTEGER NOT NULL,
  workspace_id INTEGER,
  id INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, team_id, user_id),
  UNIQUE (company_id, user_id, workspace_id),
  FOREIGN KEY (company_id, team_id) REFERENCES teams (company_id, id),
  FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id),
  FOREIGN KEY (company_id, user_id, workspace_id)
    REFERENCES workspace_users (company_id, user_id, workspace_id)
) STRICT, WITHOUT ROWID;
