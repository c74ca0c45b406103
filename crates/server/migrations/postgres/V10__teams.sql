CREATE TABLE teams (
  company_id bigint NOT NULL REFERENCES companies (id),
  id bigint NOT NULL,
  name text NOT NULL,
  description text,
  workspace_id bigint,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, id),
  FOREIGN KEY (company_id, workspace_id) REFERENCES workspaces (company_id, id)
);

-- Who is in which team. The row carries the team's workspace: that makes "one team of a
-- workspace per user" and "only users of the workspace" constraints. NULL: the team has none.
CREATE TABLE team_users (
  company_id bigint NOT NULL,
  team_id bigint NOT NULL,
  user_id bigint NOT NULL,
  workspace_id bigint,
  id bigint NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, team_id, user_id),
  UNIQUE (company_id, user_id, workspace_id),
  FOREIGN KEY (company_id, team_id) REFERENCES teams (company_id, id),
  FOREIGN KEY (company_id, user_id) REFERENCES users (company_id, id),
  FOREIGN KEY (company_id, user_id, workspace_id)
    REFERENCES workspace_users (company_id, user_id, workspace_id)
);
