// the worker, until caught up: Kafka to PostgreSQL, cleaned, each record once, its progress in the transaction
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PINTEREST } from '@millrace/testkit'
import { job, MILLRACE, ready, report } from '../../src/contestant.ts'
import { connected, leaveRows } from '../table.ts'

const orders = job()
const { output, services, variant } = orders
const client = await connected(orders, 'millrace')
const folder = join(output, 'datasets', 'user')
await mkdir(folder, { recursive: true })
await cp(join(PINTEREST.datasets, 'user'), folder, { recursive: true })
const description = JSON.parse(await readFile(join(folder, 'dataset.json'), 'utf8')) as object
const rules = variant === 'upsert' ? { mode: 'upsert', key: ['ind'] } : {}
await writeFile(join(folder, 'dataset.json'), JSON.stringify({ ...description, ...rules }))

const { host, port, user, password, database, ca } = services.postgres ?? {}
const to = `postgres://${user}@${host}:${port}/${database}?schema=millrace&ca=${ca}`
const places = ['--source', `kafka://${services.kafka?.bootstrap}`, '--lake', join(output, 'lake'), '--to', to]
const data = ['--datasets', 'user', '--dataset-folders', join(output, 'datasets'), '--topics', `user=${variant}-user`]
const options = ['--group', `bench-${randomUUID()}`, '--until-caught-up', '--json']
await ready()
const worker = spawn(process.execPath, [MILLRACE, 'stream', ...places, ...data, ...options], {
  cwd: output,
  env: { ...process.env, PGPASSWORD: password },
  stdio: ['ignore', 'ignore', 'inherit'],
})
const [code] = (await once(worker, 'exit')) as [number | null]
if (code !== 0) throw new Error(`the worker ended with ${code}`)
report({ engine: 'Millrace' })
await client.query('SET search_path TO millrace')
await leaveRows(client, orders)
