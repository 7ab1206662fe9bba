import { effectsOfClauses } from './alter-clauses.ts'
import { commaSeparated, nameAt, type TableName, unquoted, wordsOf } from './statement-words.ts'

/** What a statement does to the rows of a table; none of it is in the log as changes of rows. */
export interface Alteration {
  readonly database: string
  /** Absent where all tables of the database are meant. */
  readonly table: string | undefined
  /**
   * How its rows are changed. `empties`: all are gone. `rewrites`: they may have other values. `replaces`: there may be
   * other ones. `makes`: there are none yet, and columns may be others than those of a table that had the name.
   */
  readonly effect: 'empties' | 'rewrites' | 'replaces' | 'makes'
}

const TABLES = /^TABLES?$/
const DATABASES = /^(DATABASE|SCHEMA)$/
/** Types that the log does not have, and a table that is made as another one is. */
const NOT_IN_LOG = /^(UUID|INET[46]|LIKE)$/i

/** Returns what a statement of the log does to rows of tables; `current` is the database of tables without one. */
export function alterationsBy(statement: string, current: string): Alteration[] {
  const words = wordsOf(statement)
  const said = words.slice(0, 8).map((word) => word.toUpperCase())
  const verb = said[0]
  if (verb === 'TRUNCATE') return [effect('empties', nameAt(words, said[1] === 'TABLE' ? 2 : 1, current))]
  // A temporary table, or a view, is not the table of that name.
  const kindAt = said.findIndex((word, i) => i > 0 && !/^(ONLINE|OFFLINE|IGNORE|OR|REPLACE)$/.test(word))
  const [kind = '', modifiers] = [said[kindAt], said.slice(1, kindAt)]
  const isReplaced = verb === 'CREATE' && modifiers.includes('REPLACE')
  const at = afterExists(words, kindAt + 1)
  if (DATABASES.test(kind)) {
    const isEmptied = verb === 'DROP' || isReplaced
    return isEmptied ? [{ database: unquoted(words[at]), table: undefined, effect: 'empties' }] : []
  }
  if (!TABLES.test(kind)) return []
  if (verb === 'ALTER') return alteredBy(words, at, current, modifiers.includes('IGNORE'))
  if (verb === 'RENAME') return renamedBy(words.slice(at), current)
  if (verb === 'DROP') return commaSeparated(words.slice(at)).map((name) => effect('empties', nameAt(name, 0, current)))
  if (verb !== 'CREATE') return []
  const isReadAgain = words.some((word) => NOT_IN_LOG.test(word))
  const made = effect(isReadAgain ? 'rewrites' : 'makes', nameAt(words, at, current))
  return isReplaced ? [{ ...made, effect: 'empties' }, made] : [made]
}

function afterExists(words: readonly string[], at: number): number {
  if (words[at]?.toUpperCase() !== 'IF') return at
  return at + (words[at + 1]?.toUpperCase() === 'NOT' ? 3 : 2)
}

const effect = (effect: Alteration['effect'], { database, table }: TableName): Alteration => ({
  database,
  table,
  effect,
})

/** Where one is renamed away and another takes its name, the name has other rows. */
function renamedBy(words: readonly string[], current: string): Alteration[] {
  return renamed(
    commaSeparated(words).map((pair) => {
      const to = pair.findIndex((word) => word.toUpperCase() === 'TO')
      return [nameAt(pair, 0, current), nameAt(pair, to + 1, current)] as const
    }),
  )
}

function renamed(pairs: readonly (readonly [from: TableName, to: TableName])[]): Alteration[] {
  const isTaken = (name: TableName) => pairs.some(([, to]) => to.database === name.database && to.table === name.table)
  return pairs.flatMap(([from, to]) => [...(isTaken(from) ? [] : [effect('empties', from)]), effect('replaces', to)])
}

function alteredBy(words: readonly string[], at: number, current: string, isIgnoring: boolean): Alteration[] {
  const { next, ...name } = nameAt(words, at, current)
  const clauses = commaSeparated(words.slice(afterWait(words, next)))
  const renaming = clauses.find(
    ([verb = '', word = '']) => /^RENAME$/i.test(verb) && !/^(COLUMN|INDEX|KEY)$/i.test(word),
  )
  if (renaming) return renamed([[name, nameAt(renaming, /^(TO|AS|=)$/i.test(renaming[1] ?? '') ? 2 : 1, current)]])
  const others = clauses.flatMap((clause) => otherTable(clause, current))
  // Rows that a new key does not allow are gone then.
  const found = isIgnoring ? 'replaces' : effectsOfClauses(clauses.map((clause) => clause.join(' ')))
  return [...(found ? [effect(found, name)] : []), ...others]
}

function afterWait(words: readonly string[], at: number): number {
  const word = words[at]?.toUpperCase()
  return word === 'NOWAIT' ? at + 1 : word === 'WAIT' ? at + 2 : at
}

/** Returns what becomes of the table whose rows a clause takes or gives. */
function otherTable(clause: readonly string[], current: string): Alteration[] {
  const [verb, kind] = clause.slice(0, 2).map((word) => word.toUpperCase())
  if (verb === 'CONVERT' && kind === 'TABLE') return [effect('empties', nameAt(clause, 2, current))]
  if (kind !== 'PARTITION' || (verb !== 'CONVERT' && verb !== 'EXCHANGE')) return []
  const at = clause.findIndex((word, i) => i > 2 && word.toUpperCase() === 'TABLE')
  return [effect('replaces', nameAt(clause, at + 1, current))]
}
