import { MillraceError } from '@millrace/base'
import type { AnswerColumn, QuestionEngine } from '@millrace/queries'
import type { AskedTables } from '../asked-tables.ts'
import type { ClusterRows } from '../cluster/cluster.ts'
import type { Workbench } from '../cluster/workbench.ts'

/** A cluster as a place for questions: they find their tables by the names in the workbench's schema. */
export async function clusterQuestions(bench: Workbench, tables: AskedTables): Promise<QuestionEngine> {
  for (const [name, table] of tables) await bench.share(name, table, [...table.files.values()])
  return {
    async createView(name, sql) {
      await bench.create(name, sql)
    },
    query: async (sql) => answerOf(await bench.run(sql)),
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
  throw new MillraceError('QUERY_FAILED', `an answer's column ${name} has the type ${type}, which none may have`)
}
