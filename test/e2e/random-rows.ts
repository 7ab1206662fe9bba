import type { ComparedColumn } from './compared-columns.ts'

/** A table, whose first columns are its key. */
export interface RandomTable {
  readonly name: string
  readonly columns: readonly ComparedColumn[]
  readonly keys: number
}

/** What a database says in its own way. */
export interface Dialect {
  /** Puts a row in the place of one with the same key. */
  put(table: string, columns: readonly string[], keys: readonly string[], row: string): string
  /** Changes the key of the row that is found, unless there is one with the new key. */
  move(table: string, found: string, set: string, taken: string): string
}

export const MARIADB: Dialect = {
  put: (table, columns, _, row) => `REPLACE INTO ${table} (${columns.join(', ')}) VALUES (${row})`,
  move: (table, found, set) => `UPDATE IGNORE ${table} SET ${set} WHERE ${found}`,
}

export const POSTGRES: Dialect = {
  put: (table, columns, keys, row) => {
    const rest = columns.filter((name) => !keys.includes(name)).map((name) => `${name} = excluded.${name}`)
    const conflict = `ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${rest.join(', ')}`
    return `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${row}) ${conflict}`
  },
  move: (table, found, set, taken) =>
    `UPDATE ${table} SET ${set} WHERE ${found} AND NOT EXISTS (SELECT 1 FROM ${table} WHERE ${taken})`,
}

type Below = (bound: number) => number

/** Runs so many statements, some in transactions, some of which are rolled back. */
export async function changeRows(
  run: (sql: string) => Promise<unknown>,
  tables: readonly RandomTable[],
  dialect: Dialect,
  statements: number,
  next: Below,
): Promise<void> {
  let isOpen = false
  for (let i = 0; i < statements; i++) {
    if (!isOpen && next(10) === 0) {
      await run('START TRANSACTION')
      isOpen = true
    }
    const table = tables[next(tables.length)] as RandomTable
    await run(statement(table, dialect, next))
    if (isOpen && next(5) === 0) {
      await run(next(4) === 0 ? 'ROLLBACK' : 'COMMIT')
      isOpen = false
    }
  }
  if (isOpen) await run('COMMIT')
}

function statement({ name, columns, keys }: RandomTable, dialect: Dialect, next: Below): string {
  const [key, values] = [columns.slice(0, keys), columns.slice(keys)]
  const value = (column: ComparedColumn) => (next(6) === 0 ? 'NULL' : column.value(next))
  const keyIs = () => key.map((column) => `${column.name} = ${column.value(next)}`)
  const found = keyIs().join(' AND ')
  const kind = next(10)
  if (kind < 6) {
    const row = [...key.map((column) => column.value(next)), ...values.map(value)].join(', ')
    return dialect.put(name, namesOf(columns), namesOf(key), row)
  }
  if (kind < 8) {
    const some = values.filter(() => next(4) === 0)
    const set = (some.length > 0 ? some : values).map((column) => `${column.name} = ${value(column)}`)
    return `UPDATE ${name} SET ${set.join(', ')} WHERE ${found}`
  }
  if (kind < 9) return `DELETE FROM ${name} WHERE ${found}`
  const moved = keyIs()
  return dialect.move(name, found, moved.join(', '), moved.join(' AND '))
}

const namesOf = (columns: readonly ComparedColumn[]) => columns.map(({ name }) => name)

/** The columns and the key, as they are in CREATE TABLE. */
export function definitionOf({ columns, keys }: RandomTable): string {
  const key = namesOf(columns.slice(0, keys)).join(', ')
  return `${columns.map(({ name, sql }) => `${name} ${sql}`).join(', ')}, PRIMARY KEY (${key})`
}
