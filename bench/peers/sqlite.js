// Fastify with better-sqlite3: one process, one connection, a transaction a request, as durable as
// crewline is.
//
//   node sqlite.js fill FILE USERS CONTRACTS ASSIGNMENTS
//   node sqlite.js serve FILE
import Database from 'better-sqlite3'

import { outcome, plan, serve } from './attach.js'

const [command, file, ...counts] = process.argv.slice(2)
const db = new Database(file)
db.pragma('journal_mode = WAL')
db.pragma('synchronous = FULL')
db.pragma('foreign_keys = ON')

function fill(users, contracts, assignments) {
  db.exec(`
    CREATE TABLE users (id INTEGER PRIMARY KEY, external_id TEXT NOT NULL UNIQUE);
    CREATE TABLE contracts (id INTEGER PRIMARY KEY, external_id TEXT NOT NULL UNIQUE);
    CREATE TABLE assignments (
      id INTEGER PRIMARY KEY,
      contract_id INTEGER NOT NULL,
      user_id INTEGER NOT NULL,
      start_date TEXT NOT NULL,
      end_date TEXT NOT NULL
    );
    WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ${users})
    INSERT INTO users SELECT n + 1, printf('user-%06d', n) FROM n;
    WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ${contracts})
    INSERT INTO contracts SELECT n + 1, printf('contract-%04d', n) FROM n;
    WITH RECURSIVE n(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n + 1 < ${assignments})
    INSERT INTO assignments (contract_id, user_id, start_date, end_date)
    SELECT 1 + n % ${contracts}, 1 + n * 7919 % ${users}, date('2000-01-01', (n * 31 % 35000) || ' days'),
      date('2000-01-01', (n * 31 % 35000 + 1 + n % 999) || ' days') FROM n;
    CREATE INDEX by_contract ON assignments (contract_id, user_id, start_date);
    CREATE INDEX by_user ON assignments (user_id, start_date);
    ANALYZE;`)
  db.pragma('wal_checkpoint(TRUNCATE)')
}

function run() {
  const user = db.prepare('SELECT id FROM users WHERE external_id = ?').pluck()
  const contract = db.prepare('SELECT id FROM contracts WHERE external_id = ?').pluck()
  const insert = db.prepare(
    'INSERT INTO assignments (contract_id, user_id, start_date, end_date) VALUES (?, ?, ?, ?)',
  )
  const attach = db.transaction((externalId, users) => {
    const id = contract.get(externalId)
    if (id === undefined) return undefined
    const found = new Map(users.map((each) => [each.id, user.get(each.id)]))
    const planned = plan(users, found, id)
    for (const row of planned.rows) {
      row.id = insert.run(row.contract_id, row.user_id, row.start, row.end).lastInsertRowid
    }
    return outcome(planned)
  })
  const count = db.prepare('SELECT count(*) FROM assignments WHERE contract_id = ?').pluck()
  const rows = db.prepare(`SELECT id, contract_id, user_id, start_date AS start, end_date AS "end"
    FROM assignments WHERE contract_id = ? ORDER BY user_id, start_date LIMIT ? OFFSET ?`)
  serve({
    attach: (id, users) => attach.immediate(id, users),
    list: (id, limit, offset) => ({ total: count.get(id), data: rows.all(id, limit, offset) }),
  })
}

if (command === 'fill') fill(...counts.map(Number))
else run()
