-- How often references of a company were removed or changed, so that what the writer remembers of
-- them can be known to hold still. Counted here, whoever does it. Only SQLite has one writer that
-- remembers.
CREATE TABLE removed_references (
  company_id INTEGER NOT NULL PRIMARY KEY REFERENCES companies (id),
  times INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TRIGGER external_refs_removed AFTER DELETE ON external_refs BEGIN
  INSERT INTO removed_references (company_id, times) VALUES (old.company_id, 1)
  ON CONFLICT DO UPDATE SET times = times + 1;
END;
CREATE TRIGGER external_refs_changed AFTER UPDATE ON external_refs BEGIN
  INSERT INTO removed_references (company_id, times) VALUES (old.company_id, 1)
  ON CONFLICT DO UPDATE SET times = times + 1;
END;
