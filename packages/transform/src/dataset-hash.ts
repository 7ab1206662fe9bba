import { createHash } from 'node:crypto'
import { version } from '@duckdb/node-api'
import type { Dataset } from './dataset.ts'

/**
 * What decides a record's fate and row: the fields, the SQL, the columns, the expectations and the engine.
 * Two commits with the same hash were made by the same rules.
 */
export function datasetHash({ fields, sql, schema, expectations }: Dataset): string {
  const columns = schema.fields.map(({ name, type }) => [name, type])
  const rules = JSON.stringify([RULES, version(), fields, sql, columns, expectations])
  return createHash('sha256').update(rules).digest('hex')
}

/** Raised with every change of what this package makes of the same data set and record. */
const RULES = 1
