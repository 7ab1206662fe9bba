import { createTurns, MillraceError } from '@millrace/base'
import type { AnswerColumn, QuestionEngine } from '@millrace/queries'
import type { ClusterRows } from '../trino/cluster.ts'
import type { ClusterSchema } from '../trino/schema.ts'
import type { AskedTables } from './asked-tables.ts'

/** Returns a cluster as a question engine. Questions find the tables by name in the run's schema. */
export async function clusterQuestions(clusterSchema: ClusterSchema, tables: AskedTables): Promise<QuestionEngine> {
  for (const [name, table] of tables) await clusterSchema.share(name, table, [...table.files.values()])
  // The cluster has other work too.
  const inTurn = createTurns()
  return {
    async createView(name, sql) {
      await inTurn(() => clusterSchema.create(name, sql))
    },
    query: (sql) => inTurn(async () => answerOf(await clusterSchema.run(sql))),
  }
}

function answerOf({ columns, rows }: ClusterRows) {
  const typed = columns.map(({ name, type }) => ({ name, type: answerType(name, type) }))
  return { columns: typed, rows: rows.map((row) => row.map((value, i) => answerValue(value, typed[i]?.type))) }
}

const TYPES: Readonly<Record<string, AnswerColumn['type']>> = {
  varchar: 'string',
  integer: 'integer',
  bigint: 'long',
  double: 'double',
  boolean: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
}

function answerType(name: string, type: string): AnswerColumn['type'] {
  const [, precision, scale] = /^decimal\((\d+),\s*(\d+)\)$/.exec(type) ?? []
  if (precision !== undefined && scale !== undefined) return `decimal(${Number(precision)},${Number(scale)})`
  const known = /^timestamp.*(?<! with time zone)$/.test(type) ? undefined : TYPES[type.replace(/[ (].*/, '')]
  if (known) return known
  throw new MillraceError(
    'QUERY_FAILED',
    `an answer's column ${name} has the type ${type}, which answers do not support`,
  )
}

/** Converts a timestamp of the cluster, such as `2026-01-02 03:04:05.000 UTC`, to ISO 8601. */
function answerValue(value: unknown, type: AnswerColumn['type'] | undefined): unknown {
  if (type !== 'timestamp' || typeof value !== 'string') return value
  return value
    .replace(' ', 'T')
    .replace(/\.0+(?= )/, '')
    .replace(/ UTC$/, 'Z')
}
