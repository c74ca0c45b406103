// What both peers share: the two routes, the validation, and the answer.
//
// Written as a small team would write it on Fastify: schemas for the body and the answer, so that
// parsing and serialising are Fastify's compiled ones. No tokens, no external ids by source, no
// refusals kept, no events.
import Fastify from 'fastify'

const DATE = /^\d{4}-\d{2}-\d{2}$/

const body = {
  type: 'object',
  required: ['metadata', 'users'],
  properties: {
    metadata: { type: 'object', required: ['source'], properties: { source: { type: 'string' } } },
    users: {
      type: 'array',
      items: {
        type: 'object',
        required: ['id', 'dates'],
        properties: {
          id: { type: 'string' },
          dates: {
            type: 'array',
            items: {
              type: 'object',
              properties: { start: { type: 'string' }, end: { type: 'string' } },
            },
          },
        },
      },
    },
  },
}

const range = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    contract_id: { type: 'integer' },
    user_id: { type: 'integer' },
    start: { type: 'string' },
    end: { type: 'string' },
  },
}

const answer = {
  type: 'object',
  properties: {
    status: { type: 'string' },
    records_received: { type: 'integer' },
    records_created: { type: 'integer' },
    records_rejected: { type: 'integer' },
    assigned: { type: 'array', items: range },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        properties: { user: { type: 'string' }, error: { type: 'string' } },
      },
    },
  },
}

const page = {
  type: 'object',
  properties: {
    total: { type: 'string' },
    perPage: { type: 'integer' },
    page: { type: 'integer' },
    lastPage: { type: 'integer' },
    data: { type: 'array', items: range },
  },
}

function wrong({ start, end }) {
  if (!DATE.test(start) || Number.isNaN(Date.parse(start))) return 'start is not a date'
  if (!DATE.test(end) || Number.isNaN(Date.parse(end))) return 'end is not a date'
  if (start >= end) return 'end must be after start'
}

// `find(ids)` gives a Map of the internal ids of the users there are. What is left of the request:
// the ranges to insert, and the errors.
export function plan(users, found, contract) {
  const rows = []
  const errors = []
  for (const { id, dates } of users) {
    const user = found.get(id)
    for (const dated of dates) {
      const error = user === undefined ? 'unknown user' : wrong(dated)
      if (error === undefined) {
        rows.push({ id: 0, contract_id: contract, user_id: user, start: dated.start, end: dated.end })
      } else {
        errors.push({ user: id, error })
      }
    }
  }
  return { rows, errors }
}

export function outcome({ rows, errors }) {
  return {
    status: errors.length === 0 ? 'success' : rows.length === 0 ? 'failure' : 'partial',
    records_received: rows.length + errors.length,
    records_created: rows.length,
    records_rejected: errors.length,
    assigned: rows,
    errors,
  }
}

// `attach(contract, users)` and `list(contract, limit, offset)` are the database's part.
export async function serve({ attach, list }) {
  const app = Fastify({ bodyLimit: 4 * 1024 * 1024 })
  app.post(
    '/v2/integrations/contracts/:id/users',
    { schema: { body, response: { 200: answer } } },
    async (request, reply) => {
      const done = await attach(request.params.id, request.body.users)
      if (done === undefined) return reply.code(404).send({ error: 'unknown contract' })
      return done
    },
  )
  app.get('/v1/contracts/:id/users', { schema: { response: { 200: page } } }, async (request) => {
    const limit = Number(request.query.perPage ?? 20)
    const number = Number(request.query.page ?? 1)
    const { total, data } = await list(Number(request.params.id), limit, (number - 1) * limit)
    return { total: String(total), perPage: limit, page: number, lastPage: Math.ceil(total / limit), data }
  })
  const address = await app.listen({ host: '127.0.0.1', port: 0 })
  console.error(`listening address=${address.replace('http://', '')}`)
  process.on('SIGTERM', () => process.exit(0))
}
