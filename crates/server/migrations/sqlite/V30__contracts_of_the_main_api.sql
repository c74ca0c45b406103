-- What COR's Main API says of a contract besides. The ids are COR's own: nothing here has them.
ALTER TABLE contracts ADD COLUMN source TEXT;
ALTER TABLE contracts ADD COLUMN frequency TEXT;
ALTER TABLE contracts ADD COLUMN url TEXT;
ALTER TABLE contracts ADD COLUMN url_name TEXT;
ALTER TABLE contracts ADD COLUMN json_integrations TEXT; -- JSON, as it was sent
ALTER TABLE contracts ADD COLUMN currency_id INTEGER;
ALTER TABLE contracts ADD COLUMN user_positions_header_id INTEGER;

-- What an hour of a position in a team costs on a contract, and how many hours there are.
-- Clustered as it is read.
CREATE TABLE contract_positions (
  company_id INTEGER NOT NULL,
  contract_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  position_id INTEGER NOT NULL,
  team_id INTEGER NOT NULL,
  rate INTEGER NOT NULL, -- 1/10,000
  hours INTEGER NOT NULL, -- 1/10,000
  PRIMARY KEY (company_id, contract_id, id),
  FOREIGN KEY (company_id, contract_id) REFERENCES contracts (company_id, id),
  FOREIGN KEY (company_id, position_id) REFERENCES positions (company_id, id),
  FOREIGN KEY (company_id, team_id) REFERENCES teams (company_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX contract_positions_position ON contract_positions (company_id, position_id);
CREATE INDEX contract_positions_team ON contract_positions (company_id, team_id);
