import { emitRewritten, emitTruncate, type Followed, type Moment } from '../log/log-messages.ts'
import type { Spot } from '../position.ts'
import { fileName, unsuited } from '../server/server.ts'
import { alterationsBy } from './ddl.ts'
import { unquoted, wordsOf } from './statement-words.ts'

/** A statement as the log has it, and the database that was the current one. */
export interface Statement {
  readonly database: string
  readonly text: string
}

/** The tables of a database that are followed. */
export interface FollowedTables {
  readonly database: string
  readonly tables: ReadonlyMap<string, Followed>
  /** Returns a name as it is compared there, and as the tables are called here. */
  readonly folded: (name: string) => string
}

/** Hands over what a statement does to rows that are followed. `end` is where it ends in the log. */
export function takeStatement(statement: Statement, followed: FollowedTables, end: Spot, moment: Moment): void {
  refuseChanges(statement, followed, end, moment)
  for (const { database, table, effect } of alterationsBy(statement.text, statement.database)) {
    if (followed.folded(database) !== followed.database) continue
    for (const name of table === undefined ? followed.tables.keys() : [followed.folded(table)]) {
      const found = followed.tables.get(name)
      if (!found) continue
      if (effect === 'empties' || effect === 'replaces') emitTruncate(name, found, moment)
      const isReadAgain = effect === 'makes' ? found.stored.size > 0 : effect !== 'empties'
      if (isReadAgain) emitRewritten(found, end, moment)
    }
  }
}

const CHANGES_ROWS = /^(INSERT|UPDATE|DELETE|REPLACE|LOAD (DATA|XML))\b/i

/** Fails for a statement that changes rows: where one is in the log as it was said, its rows are not. */
function refuseChanges({ database, text }: Statement, followed: FollowedTables, end: Spot, { base }: Moment): void {
  const words = wordsOf(text)
  if (!CHANGES_ROWS.test(words.slice(0, 2).join(' '))) return
  const isOurs = (name: string) => followed.folded(unquoted(name)) === followed.database
  // What is only selected from is not changed.
  const selection = words.findIndex((word) => word.toUpperCase() === 'SELECT')
  const target = selection < 0 ? words : words.slice(0, selection)
  if (!isOurs(database) && !target.some((word, i) => words[i + 1] === '.' && isOurs(word))) return
  throw unsuited(
    `its log has statements in place of rows, at ${fileName(base, end.file)}:${end.pos}`,
    'Let no client set binlog_format to another one than ROW; read the table anew with a new group.',
  )
}
