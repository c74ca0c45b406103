-- Every column that a delete looks up has an index; assignments are sought contract by contract.
CREATE INDEX contracts_client ON contracts (company_id, client_id);
CREATE INDEX positions_category ON positions (company_id, category_id);
CREATE INDEX teams_workspace ON teams (company_id, workspace_id);
CREATE INDEX users_position ON users (company_id, position_id);
CREATE INDEX users_seniority ON users (company_id, seniority_id);

-- The seniority that was assigned to a position; it stands in for the position's text.
CREATE TABLE position_seniorities (
  company_id bigint NOT NULL,
  position_id bigint NOT NULL,
  seniority_id bigint NOT NULL,
  PRIMARY KEY (company_id, position_id),
  FOREIGN KEY (company_id, position_id) REFERENCES positions (company_id, id),
  FOREIGN KEY (company_id, seniority_id) REFERENCES seniorities (company_id, id)
);
CREATE INDEX position_seniorities_seniority ON position_seniorities (company_id, seniority_id);

-- ISO 4217; NULL: the company's base currency.
ALTER TABLE contracts ADD COLUMN currency text;
