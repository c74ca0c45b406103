-- One rate a day from a currency to the company's base currency.
CREATE TABLE exchange_rates (
  company_id INTEGER NOT NULL REFERENCES companies (id),
  currency TEXT NOT NULL, -- ISO 4217
  day INTEGER NOT NULL, -- from when it holds, in UTC
  amount INTEGER NOT NULL, -- 1/10^10
  factor INTEGER NOT NULL, -- 1/10^10
  rate_type TEXT NOT NULL, -- empty: none was sent
  source_id INTEGER NOT NULL, -- who put it there
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (company_id, currency, day)
) STRICT, WITHOUT ROWID;
