// @millrace/delta: upsertRows
import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { systemRuntime } from '@millrace/base'
import { openTable, upsertRows } from '@millrace/delta'
import { openDuckDB } from '@millrace/engine'
import { openLake } from '@millrace/store'
import { job, ready, report } from '../../src/contestant.ts'
import { KEY } from '../benchmark.ts'

const { input, output, variant } = job()
await cp(join(input, 'web_returns'), join(output, 'web_returns'), { recursive: true })
const store = await openLake(output)
const connection = await (await openDuckDB({ files: 'all' })).connect()
await ready()
const snapshot = await openTable({ store, path: 'web_returns' })
if (!snapshot) throw new Error('no table')
const context = { connection, folder: join(output, 'work'), runtime: systemRuntime }
const rules = { key: KEY, sequenceBy: [] }
const options = variant === 'delete only' ? { deleteWhen: 'true' } : {}
const source = `FROM read_parquet('${join(input, 'source.parquet')}')`
const { inserted, updated, deleted } = await upsertRows(snapshot, source, rules, context, options)
report({ figures: { inserted, updated, deleted } })
