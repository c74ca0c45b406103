-- One rate a day from a currency to the company's base currency.
CREATE TABLE exchange_rates (
  company_id bigint NOT NULL REFERENCES companies (id),
  currency text NOT NULL, -- ISO 4217
  day date NOT NULL, -- from when it holds, in UTC
  amount bigint NOT NULL, -- 1/10^10
  factor bigint NOT NULL, -- 1/10^10
  rate_type text NOT NULL, -- empty: none was sent
  source_id bigint NOT NULL, -- who put it there
  updated_at timestamptz NOT NULL,
  PRIMARY KEY (company_id, currency, day)
);
