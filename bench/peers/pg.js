// Fastify with pg: one process, a pool of 16 connections, a transaction a request, statements for
// many rows at once.
//
//   node pg.js fill URL USERS CONTRACTS ASSIGNMENTS
//   node pg.js serve URL
import pg from 'pg'

import { outcome, plan, serve } from './attach.js'

const [command, url, ...counts] = process.argv.slice(2)
// Ids and counts fit in a number; dates stay as they are written.
pg.types.setTypeParser(pg.types.builtins.INT8, Number)
pg.types.setTypeParser(pg.types.builtins.DATE, (text) => text)

const { username, pathname, hostname } = new URL(url)
const pool = new pg.Pool({
  host: decodeURIComponent(hostname),
  user: username,
  database: pathname.slice(1),
  max: 16,
})

async function fill(users, contracts, assignments) {
  await pool.query(`
    CREATE TABLE users (id bigint PRIMARY KEY, external_id text NOT NULL UNIQUE);
    CREATE TABLE contracts (id bigint PRIMARY KEY, external_id text NOT NULL UNIQUE);
    CREATE TABLE assignments (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      contract_id bigint NOT NULL,
      user_id bigint NOT NULL,
      start_date date NOT NULL,
      end_date date NOT NULL
    );
    INSERT INTO users SELECT n + 1, 'user-' || lpad(n::text, 6, '0') FROM generate_series(0, ${users} - 1) n;
    INSERT INTO contracts
    SELECT n + 1, 'contract-' || lpad(n::text, 4, '0') FROM generate_series(0, ${contracts} - 1) n;
    INSERT INTO assignments (contract_id, user_id, start_date, end_date)
    SELECT 1 + n % ${contracts}, 1 + n * 7919 % ${users}, date '2000-01-01' + (n * 31 % 35000)::int,
      date '2000-01-01' + (n * 31 % 35000 + 1 + n % 999)::int
    FROM generate_series(0::bigint, ${assignments} - 1) n;
    CREATE INDEX by_contract ON assignments (contract_id, user_id, start_date);
    CREATE INDEX by_user ON assignments (user_id, start_date)`)
  await pool.query('VACUUM ANALYZE')
  await pool.end()
}

async function attach(externalId, users) {
  const client = await pool.connect()
  try {
    await client.query('BEGIN')
    const contract = await client.query({
      name: 'contract',
      text: 'SELECT id FROM contracts WHERE external_id = $1 FOR SHARE',
      values: [externalId],
    })
    if (contract.rowCount === 0) {
      await client.query('ROLLBACK')
      return undefined
    }
    const known = await client.query({
      name: 'users',
      text: 'SELECT external_id, id FROM users WHERE external_id = ANY($1::text[])',
      values: [users.map((each) => each.id)],
    })
    const found = new Map(known.rows.map((row) => [row.external_id, row.id]))
    const planned = plan(users, found, contract.rows[0].id)
    const { rows } = planned
    const inserted = await client.query({
      name: 'insert',
      text: `INSERT INTO assignments (contract_id, user_id, start_date, end_date)
        SELECT $1, * FROM unnest($2::bigint[], $3::date[], $4::date[]) RETURNING id`,
      values: [
        contract.rows[0].id,
        rows.map((row) => row.user_id),
        rows.map((row) => row.start),
        rows.map((row) => row.end),
      ],
    })
    await client.query('COMMIT')
    inserted.rows.forEach((row, nth) => (rows[nth].id = row.id))
    return outcome(planned)
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  } finally {
    client.release()
  }
}

async function list(id, limit, offset) {
  const [total, rows] = await Promise.all([
    pool.query({
      name: 'count',
      text: 'SELECT count(*) FROM assignments WHERE contract_id = $1',
      values: [id],
    }),
    pool.query({
      name: 'rows',
      text: `SELECT id, contract_id, user_id, start_date AS start, end_date AS "end"
        FROM assignments WHERE contract_id = $1 ORDER BY user_id, start_date LIMIT $2 OFFSET $3`,
      values: [id, limit, offset],
    }),
  ])
  return { total: total.rows[0].count, data: rows.rows }
}

if (command === 'fill') await fill(...counts.map(Number))
else await serve({ attach, list })
