import { DatabaseSync, type SQLInputValue } from 'node:sqlite'
import { MillraceError } from '@millrace/base'
import type { OpenOutput, Output, Prepared, Row, StoredAdvance } from '@millrace/outputs'
import type { Partition, Position } from '@millrace/transport'

interface PreparedRows extends Prepared {
  readonly rows: readonly Row[]
}

/** The clean rows in a table of a SQLite database, and the progress in a table beside it. */
export const openSqlite = (path: string): OpenOutput => {
  return async ({ table, dataset, group, machine }) => {
    const database = new DatabaseSync(path, { timeout: 10_000 })
    const columns = dataset.schema.fields.map(({ name }) => quote(name))
    database.exec(`
      PRAGMA journal_mode = WAL;
      CREATE TABLE IF NOT EXISTS ${quote(table)} (${columns.join(', ')});
      CREATE TABLE IF NOT EXISTS progress (
        pipeline TEXT, topic TEXT, partition TEXT, identity TEXT, position TEXT,
        PRIMARY KEY (pipeline, topic, partition))`)
    const insert = database.prepare(`INSERT INTO ${quote(table)} VALUES (${columns.map(() => '?').join(', ')})`)
    const progress = progressIn(database, group)
    let version = 0

    const inTransaction = (work: () => boolean): boolean => {
      database.exec('BEGIN IMMEDIATE')
      try {
        const isOurs = work()
        machine.runtime.crashPoint('before COMMIT')
        database.exec(isOurs ? 'COMMIT' : 'ROLLBACK')
        return isOurs
      } catch (error) {
        database.exec('ROLLBACK')
        throw error
      }
    }
    const output: Output = {
      name: table,
      begin: async (partitions) => progress.begin(partitions),
      async prepare(batch): Promise<PreparedRows> {
        const rows = (await Array.fromAsync(batch.rows())).flat()
        return { rows, files: 0, fileBytes: 0, isEmpty: rows.length === 0 }
      },
      upload: async () => {},
      async commit(prepared, advances) {
        const { rows } = (prepared as PreparedRows | undefined) ?? { rows: [] }
        const isOurs = inTransaction(() => {
          if (!advances.every(progress.startsHere)) return false
          for (const row of rows) insert.run(...dataset.schema.fields.map(({ name }) => sqlValue(row[name])))
          for (const advance of advances) progress.move(advance)
          return true
        })
        machine.runtime.crashPoint('after COMMIT')
        return isOurs ? { outcome: 'committed', version: ++version } : { outcome: 'fenced' }
      },
      maintenance: [],
      describe() {
        const rows = Number(database.prepare(`SELECT count(*) AS n FROM ${quote(table)}`).get()?.n)
        return { table, version, files: 1, bytes: 0, rows }
      },
      close: async () => database.close(),
    }
    return output
  }
}

function progressIn(database: DatabaseSync, group: string) {
  const find = database.prepare(
    'SELECT identity, position FROM progress WHERE pipeline = ? AND topic = ? AND partition = ?',
  )
  const topics = database.prepare('SELECT 1 FROM progress WHERE pipeline = ? AND topic = ? AND identity = ?')
  const store = database.prepare('INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?, ?)')
  return {
    begin(partitions: readonly Partition[]) {
      const positions = new Map<Partition, Position>()
      for (const partition of partitions) {
        const { topic, id, identity } = partition
        const found = find.get(group, topic, id)
        if (found && found.identity !== identity) {
          throw new MillraceError(
            'SOURCE_CHANGED',
            `${topic}/${id} is of another topic than the progress in the database`,
          )
        }
        if (found) positions.set(partition, positionOf(String(found.position)))
      }
      const isKnown = ({ topic, identity }: Partition) => topics.get(group, topic, identity) !== undefined
      return { positions, ofKnownTopics: new Set(partitions.filter(isKnown)) }
    },
    startsHere({ partition: { topic, id }, from }: StoredAdvance): boolean {
      const found = find.get(group, topic, id)
      return found?.position === (from && textOf(from))
    },
    move({ partition: { topic, id, identity }, to }: StoredAdvance): void {
      store.run(group, topic, id, identity, textOf(to))
    },
  }
}

const textOf = (position: Position) => position.join(' ')
const positionOf = (text: string): Position => text.split(' ').map(BigInt)

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

function sqlValue(value: Row[string] | undefined): SQLInputValue {
  if (value === null || value === undefined) return null
  return typeof value === 'number' || typeof value === 'string' ? value : JSON.stringify(value)
}
