import { MillraceError } from '@millrace/base'
import type { AnswerColumn, QuestionEngine } from '@millrace/queries'
import type { AskedTables } from '../asked-tables.ts'
import type { ClusterRows } from '../cluster/cluster.ts'
import type { ClusterSchema } from '../cluster/schema.ts'

/** Returns a cluster as a question engine. Questions find the tables by name in the run's schema. */
export async function clusterQuestions(clusterSchema: ClusterSchema, tables: AskedTables): Promise<QuestionEngine> {
  for (const [name, table] of tables) await clusterSchema.share(name, table, [...table.files.values()])
  return {
    async createView(name, sql) {
      await clusterSchema.create(name, sql)
    },
    query: async (sql) => answerOf(await clusterSchema.run(sql)),
  }
}

function answerOf({ columns, rows }: ClusterRows) {
  return { columns: columns.map(({ name, type }) => ({ name, type: answerType(name, type) })), rows }
}

const TYPES: Readonly<Record<string, AnswerColumn['type']>> = {
  varchar: 'string',
  integer: 'integer',
  bigint: 'long',
  double: 'double',
}

function answerType(name: string, type: string): AnswerColumn['type'] {
  const known = TYPES[type.replace(/\(.*/, '')]
  if (known) return known
  throw new MillraceError(
    'QUERY_FAILED',
    `an answer's column ${name} has the type ${type}, which answers do not support`,
  )
}
