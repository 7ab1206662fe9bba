import type { Block, Partition, Position, Source, StartPosition } from '@millrace/transport'
import { type Change, changesIn } from './logged-changes.ts'

/** A table of a database that is read, first its rows and then its changes. */
export interface Reading {
  readonly source: Source
  readonly partition: Partition
  start(from: StartPosition): Promise<Position>
  /** Reads from a position to the end that there is now. */
  through(from: Position): Promise<{ changes: Change[]; to: Position; blocks: Block[] }>
}

export function readingAt(source: Source, partition: Partition): Reading {
  return {
    source,
    partition,
    start: (from) => source.resolve(partition, from),
    async through(from) {
      const end = await source.end(partition)
      const blocks: Block[] = []
      let to = from
      for (let quiet = 0; !end.passedBy(to); ) {
        const block = await source.read(partition, to, { maxBytes: 1 << 16, waitMs: 200, keys: true })
        if (!block && ++quiet === 100) throw new Error(`nothing came at ${to.join('.')}`)
        if (!block) continue
        blocks.push(block)
        to = block.to
      }
      return { changes: blocks.flatMap(changesIn), to, blocks }
    },
  }
}

/** Reads 12,000 rows of the table `users` (id, n) while they change, each portion in turn by a reader that is new. */
export async function readWhileChanged(open: () => Promise<Reading>, sql: (text: string) => Promise<unknown>) {
  await sql('CREATE TABLE users (id INT PRIMARY KEY, n INT)')
  await sql(`INSERT INTO users VALUES ${Array.from({ length: 12_000 }, (_, i) => `(${i - 5_000}, 0)`).join(', ')}`)
  const { source, partition, start, through } = await open()
  const changes: Change[] = []
  let at = await start('earliest')
  await sql('DELETE FROM users WHERE id = -5000')
  for (let portions = 0; (at[0] ?? 0n) === 0n; portions++) {
    const { source: fresh } = await open()
    const reader = portions % 2 ? fresh : source
    const block = await reader.read(partition, at, { maxBytes: 1 << 18, waitMs: 1, keys: true })
    if (!block) throw new Error('no rows came')
    await fresh.close()
    changes.push(...changesIn(block))
    at = block.to
    await sql(`UPDATE users SET n = n + 1 WHERE id % 7 = ${portions % 7}`)
    await sql(`DELETE FROM users WHERE id IN (${portions * 900 - 4_999}, ${6_999 - portions})`)
    await sql(`INSERT INTO users VALUES (${20_000 + portions}, 1), (${-20_000 - portions}, 1)`)
    await sql(`UPDATE users SET id = id - 30000 WHERE id = ${6_000 - portions}`)
  }
  changes.push(...(await through(at)).changes)
  return changes
}

/** A column's type, a value as SQL, and what a message has. */
export type TypedValue = readonly [type: string, value: string, wanted: unknown]

/** Makes a table `wide` with these columns, and inserts a row of the values and one of NULLs. Returns it as logged and as read. */
export async function readTypes(
  values: readonly TypedValue[],
  open: () => Promise<Reading>,
  sql: (text: string) => Promise<unknown>,
) {
  await sql(`CREATE TABLE wide (id INT PRIMARY KEY, ${values.map(([type], i) => `c${i} ${type}`).join(', ')})`)
  const { start, through } = await open()
  const before = await start('latest')
  await sql(`INSERT INTO wide VALUES (1, ${values.map(([, value]) => value).join(', ')})`)
  await sql('INSERT INTO wide (id) VALUES (2)')
  const wanted = Object.fromEntries(values.map(([, , value], i) => [`c${i}`, asNumber(value)]))
  const nulls = Object.fromEntries(Object.keys(wanted).map((name) => [name, null]))
  return {
    logged: (await through(before)).changes,
    read: (await through(await start('earliest'))).changes,
    rows: [
      { id: 1, ...wanted },
      { id: 2, ...nulls },
    ],
  }
}

/** JSON.parse makes a number of what has more digits. */
const asNumber = (value: unknown) => (typeof value === 'bigint' ? Number(value) : value)
