-- What COR's Main API says of a contract besides. The ids are COR's own: nothing here has them.
ALTER TABLE contracts ADD COLUMN source text;
ALTER TABLE contracts ADD COLUMN frequency text;
ALTER TABLE contracts ADD COLUMN url text;
ALTER TABLE contracts ADD COLUMN url_name text;
ALTER TABLE contracts ADD COLUMN json_integrations text; -- JSON, as it was sent
ALTER TABLE contracts ADD COLUMN currency_id bigint;
ALTER TABLE contracts ADD COLUMN user_positions_header_id bigint;

-- What an hour of a position in a team costs on a contract, and how many hours there are.
-- Clustered as it is read.
CREATE TABLE contract_positions (
  company_id bigint NOT NULL,
  contract_id bigint NOT NULL,
  id bigint NOT NULL,
  position_id bigint NOT NULL,
  team_id bigint NOT NULL,
  rate bigint NOT NULL, -- 1/10,000
  hours bigint NOT NULL, -- 1/10,000
  PRIMARY KEY (company_id, contract_id, id),
  FOREIGN KEY (company_id, contract_id) REFERENCES contracts (company_id, id),
  FOREIGN KEY (company_id, position_id) REFERENCES positions (company_id, id),
  FOREIGN KEY (company_id, team_id) REFERENCES teams (company_id, id)
);
CREATE INDEX contract_positions_position ON contract_positions (company_id, position_id);
CREATE INDEX contract_positions_team ON contract_positions (company_id, team_id);
