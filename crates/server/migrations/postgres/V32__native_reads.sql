-- Who is in a workspace.
CREATE INDEX workspace_users_workspace ON workspace_users (company_id, workspace_id, user_id);
