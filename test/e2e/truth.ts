import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect } from 'vitest'
import { openReaders, type ReaderServers } from './lake-readers.ts'
import { printed, type Workplace } from './millrace.ts'

// The truth test of databases that are followed: random changes, altered tables, kills, restarts and commits that fail; at
// the end each reader of the lake finds what SELECT finds in the database, column by column.

/** Changes in all and kills of the worker. MILLRACE_FULL=1 is the long form; MILLRACE_CHANGES and MILLRACE_KILLS say others. */
const isFull = process.env.MILLRACE_FULL === '1'
const CHANGES = Number(process.env.MILLRACE_CHANGES ?? (isFull ? 500_000 : 25_000))
const KILLS = Number(process.env.MILLRACE_KILLS ?? (isFull ? 50 : 5))
/** A guard against hanging. */
export const WITHIN = { timeout: isFull ? 3_600_000 : 180_000 }

export interface TruthDatabase {
  /** Runs a statement of one that may be down and come back. */
  sql(text: string): Promise<Readonly<Record<string, unknown>>[]>
  /** Changes about so many rows of `items`: inserts, updates, deletes, changed keys, some in transactions. */
  change(rows: number, columns: ReadonlySet<string>): Promise<void>
  /** Ends it and starts it again, without a word or in order. */
  restart(how: 'kill' | 'in order'): Promise<void>
  /** The statement that gives a column of `items` another type. */
  alterType(column: string, type: string): string
  /** Begins the statement that adds rows to `prices`, or changes those that are there. */
  upsertPrices(values: string): string
  /** What SELECT says for a column to have it as text, by its type. */
  readonly text: Texts
}

type Kind = 'number' | 'text' | 'digest' | 'decimal' | 'moment' | 'double' | 'bytes' | 'day' | 'list'
export type Texts = Readonly<Record<Kind, (column: string) => string>>

/** Columns that `items` has at any time. */
export type Kinds = Readonly<Record<string, Kind>>

const cast = (type: string) => (column: string) => `CAST(${column} AS ${type})`
const plain = (column: string) => column

/** As what each reader of the lake is asked for a value. */
const READ: Readonly<Record<'millrace' | 'delta-rs' | 'spark' | 'trino', Texts>> = {
  millrace: {
    ...{ number: cast('VARCHAR'), text: plain, decimal: cast('VARCHAR'), double: plain, day: cast('VARCHAR') },
    digest: (column) => `md5(${column})`,
    moment: (column) => `strftime(${column} AT TIME ZONE 'UTC', '%Y-%m-%d %H:%M:%S.%f')`,
    bytes: (column) => `lower(hex(${column}))`,
    list: (column) => `array_to_string(list_transform(${column}, lambda t: coalesce(t::VARCHAR, 'null')), ',')`,
  },
  'delta-rs': {
    ...{ number: cast('VARCHAR'), text: plain, decimal: cast('VARCHAR'), double: plain, day: cast('VARCHAR') },
    digest: (column) => `md5(${column})`,
    moment: (column) => `to_char(${column}, '%Y-%m-%d %H:%M:%S%.6f')`,
    bytes: (column) => `encode(${column}, 'hex')`,
    list: (column) => `array_to_string(${column}, ',', 'null')`,
  },
  spark: {
    ...{ number: cast('STRING'), text: plain, decimal: cast('STRING'), double: plain, day: cast('STRING') },
    digest: (column) => `md5(${column})`,
    moment: (column) => `date_format(${column}, 'yyyy-MM-dd HH:mm:ss.SSSSSS')`,
    bytes: (column) => `lower(hex(${column}))`,
    list: (column) => `array_join(transform(${column}, t -> coalesce(CAST(t AS STRING), 'null')), ',')`,
  },
  trino: {
    ...{ number: cast('VARCHAR'), text: plain, decimal: cast('VARCHAR'), double: plain, day: cast('VARCHAR') },
    digest: (column) => `lower(to_hex(md5(to_utf8(${column}))))`,
    // It reads milliseconds.
    moment: (column) => `format_datetime(${column} AT TIME ZONE 'UTC', 'yyyy-MM-dd HH:mm:ss.SSS')`,
    bytes: (column) => `lower(to_hex(${column}))`,
    list: (column) => `array_join(${column}, ',', 'null')`,
  },
}

type Row = Readonly<Record<string, unknown>>

/** Puts rows in order, and makes of a double, which each writes in its own way, a number. */
function comparable(rows: readonly Row[], kinds: Kinds, momentDigits = 26): Row[] {
  const value = (kind: Kind, found: unknown) => {
    if (found === null || found === undefined) return null
    if (kind === 'double') return Number(found)
    return kind === 'moment' ? String(found).slice(0, momentDigits) : String(found)
  }
  const said = rows.map((row) =>
    Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, value(kind, row[name])])),
  )
  return said.sort((a, b) => Number(a.id) - Number(b.id))
}

const select = (kinds: Kinds, texts: Texts, has: (column: string) => boolean) =>
  Object.entries(kinds)
    .map(([name, kind]) => `${has(name) ? texts[kind](name) : 'NULL'} AS ${name}`)
    .join(', ')

/** Fails unless each reader of the lake finds the rows of `items` that the database has, and the versions of `prices`. */
export async function judge(
  place: Workplace,
  { database, kinds, columns, prices }: Truth,
  servers: ReaderServers,
): Promise<void> {
  const readers = await openReaders(place, ['items', 'prices'], servers)
  const has = (column: string) => columns.has(column)
  const there = await database.sql(`SELECT ${select(kinds, database.text, has)} FROM items`)
  expect(there.length).toBeGreaterThan(100)
  const versions = prices.versions()
  for (const [reader, ask] of Object.entries(readers) as [keyof typeof READ, (typeof readers)['millrace']][]) {
    const found = await ask('items', (from) => `SELECT ${select(kinds, READ[reader], () => true)} FROM ${from}`)
    const digits = reader === 'trino' ? 23 : 26
    expect(comparable(found, kinds, digits), reader).toEqual(comparable(there, kinds, digits))
    const begun = (from: string) =>
      `SELECT id, n, __valid_from AS since, __valid_to AS till FROM ${from} ORDER BY id, __valid_from`
    expect(versionsIn(await ask('prices', begun)), reader).toEqual(versions)
  }
}

/** What is played, and what the database has then. */
export interface Truth {
  readonly database: TruthDatabase
  readonly kinds: Kinds
  /** Columns that `items` has now. */
  readonly columns: Set<string>
  readonly prices: PriceLog
}

/** All versions of each key in their order; null: the key was gone. */
type Versions = Readonly<Record<string, readonly (number | null)[]>>

/** A log of every version of the rows of `prices`, kept by who changes them. */
export interface PriceLog {
  readonly current: ReadonlyMap<number, number>
  set(id: number, n: number): void
  drop(id: number): void
  versions(): Versions
}

export function keepPriceLog(): PriceLog {
  const current = new Map<number, number>()
  const all = new Map<number, (number | null)[]>()
  const add = (id: number, n: number | null) => all.set(id, [...(all.get(id) ?? []), n])
  return {
    current,
    set(id, n) {
      current.set(id, n)
      add(id, n)
    },
    drop(id) {
      if (current.delete(id)) add(id, null)
    },
    versions: () => Object.fromEntries(all),
  }
}

/** A sequence of several columns comes as a struct, in the form of each reader. */
const said = (sequence: unknown) =>
  typeof sequence === 'object' ? Object.values(sequence ?? {}).join() : String(sequence)

function versionsIn(rows: readonly Row[]): Versions {
  const all = new Map<string, (number | null)[]>()
  /** Until when the last version of a key held that has an end. */
  const ends = new Map<string, string>()
  for (const { id, n, since, till } of rows) {
    const key = String(id)
    const known = all.get(key) ?? []
    const end = ends.get(key)
    if (end !== undefined && end !== said(since)) known.push(null)
    all.set(key, [...known, Number(n)])
    if (till === null) ends.delete(key)
    else ends.set(key, said(till))
  }
  for (const key of ends.keys()) all.get(key)?.push(null)
  return Object.fromEntries(all)
}

type Below = (bound: number) => number

/** Changes about so many rows of `prices`, each statement a transaction, and logs them. */
async function changePrices({ database, prices }: Truth, rows: number, next: Below, value: () => number) {
  for (let left = rows; left > 0; ) {
    const [id, size] = [next(2_000), 1 + next(40)]
    left -= size
    const ids = Array.from({ length: size }, (_, i) => id + i)
    const kind = next(10)
    if (kind < 6) {
      const values = ids.map((each) => [each, value()] as const)
      const text = values.map(([each, n]) => `(${each}, ${n})`).join(', ')
      const isKept = next(8) > 0
      await database.sql('BEGIN')
      await database.sql(database.upsertPrices(text))
      await database.sql(isKept ? 'COMMIT' : 'ROLLBACK')
      if (isKept) for (const [each, n] of values) prices.set(each, n)
    } else if (kind < 9) {
      await database.sql(`DELETE FROM prices WHERE id BETWEEN ${id} AND ${id + size - 1}`)
      for (const each of ids) prices.drop(each)
    } else {
      const [n, to] = [prices.current.get(id), 10_000 + next(2_000)]
      if (n === undefined || prices.current.has(to)) continue
      await database.sql(`UPDATE prices SET id = ${to} WHERE id = ${id}`)
      prices.drop(id)
      prices.set(to, n)
    }
  }
}

/** Alters `items`, one step after the other, from the first again after the last. */
async function alter({ database: { sql, alterType }, columns, prices }: Truth, step: number): Promise<void> {
  const add = async (column: string, type: string) => {
    await sql(`ALTER TABLE items ADD COLUMN ${column} ${type}`)
    columns.add(column)
  }
  const drop = async (column: string) => {
    await sql(`ALTER TABLE items DROP COLUMN ${column}`)
    columns.delete(column)
  }
  const rename = async (from: string, to: string) => {
    await sql(`ALTER TABLE items RENAME COLUMN ${from} TO ${to}`)
    columns.delete(from)
    columns.add(to)
  }
  const steps = [
    async () => {
      await sql('TRUNCATE TABLE items')
      await sql('TRUNCATE TABLE prices')
      for (const id of [...prices.current.keys()]) prices.drop(id)
    },
    () => add('more', "VARCHAR(20) DEFAULT 'new'"),
    () => sql(alterType('price', 'DECIMAL(13,1)')),
    () => rename('name', 'title'),
    async () => {
      await drop('more')
      await add('more', "VARCHAR(20) DEFAULT 'other'")
    },
    () => rename('title', 'name'),
    () => add('extra', 'INT NOT NULL DEFAULT 7'),
    () => sql(alterType('price', 'DECIMAL(14,2)')),
    async () => {
      await drop('extra')
      await drop('more')
    },
    async () => {
      await add('more', 'VARCHAR(20)')
      await sql("UPDATE items SET more = 'some' WHERE id % 2 = 0")
      await drop('more')
    },
  ]
  await steps[step % steps.length]?.()
}

/** Lets another writer commit to a table of the lake: the version that ours would have next is taken. */
async function commitBetween(place: Workplace, table: string): Promise<void> {
  const log = join(place.folder, 'lake', table, '_delta_log')
  const versions = (await readdir(log)).map((name) => Number(/^(\d{20})\.json$/.exec(name)?.[1] ?? -1))
  const line = `${JSON.stringify({ commitInfo: { timestamp: 0, operation: 'NOTHING' } })}\n`
  for (let version = Math.max(...versions) + 1; ; version++) {
    const isMade = await writeFile(join(log, `${String(version).padStart(20, '0')}.json`), line, { flag: 'wx' }).then(
      () => true,
      () => false,
    )
    if (isMade) return
  }
}

/** Plays all of it; at its end the worker has caught up. */
export async function play(place: Workplace, stream: readonly string[], truth: Truth, next: Below): Promise<void> {
  const { database, columns } = truth
  let counted = 0
  const change = async (rows: number) => {
    await database.change(rows, columns)
    await changePrices(truth, rows / 10, next, () => ++counted)
  }
  const catchUp = async () => {
    const caughtUp = await place.run(...stream, '--until-caught-up')
    expect(caughtUp, caughtUp.stderr).toMatchObject({ exitCode: 0 })
  }
  await database.change(CHANGES / 4, columns)
  // The log of the versions begins here, with none.
  await catchUp()
  for (let kill = 0; kill < KILLS; kill++) {
    const child = place.start(...stream, '--every', '200ms')
    const committed = printed(child, /commit/)
    committed.catch(() => {})
    await change(CHANGES / 4 / KILLS)
    await alter(truth, kill)
    if (kill % 2) await commitBetween(place, kill % 4 === 1 ? 'items' : 'prices')
    await change(CHANGES / 4 / KILLS)
    // Every third is killed wherever it is.
    if (kill % 3 !== 2) await committed
    if (kill % 10 === 1) await database.restart('in order')
    if (kill % 10 === 3) {
      await database.restart('kill')
      await change(200)
    }
    child.kill('SIGKILL')
    if (kill % 8 === 7) expect(await place.run('optimize', 'items')).toMatchObject({ exitCode: 0 })
  }
  await change(CHANGES / 4)
  await catchUp()
  await change(100)
  await catchUp()
  expect(await place.sql('SELECT count(*)::INTEGER AS n FROM items_quarantine').catch(() => [{ n: 0 }])).toEqual([
    { n: 0 },
  ])
}

/** Writes a data set of a workplace. */
export async function putDataset(place: Workplace, name: string, dataset: object, sql: string): Promise<void> {
  const folder = join(place.folder, 'mine', name)
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'dataset.json'), JSON.stringify(dataset))
  await writeFile(join(folder, 'clean.sql'), sql)
}

/** The data set of a table `items` of which each row has a number, `n`. */
export async function putNumbers(place: Workplace): Promise<void> {
  const fields = { id: { type: 'long' }, n: { type: 'long' } }
  const described = { description: 'Items, as the database has them', format: 'debezium', fields, columns: fields }
  await putDataset(place, 'items', { ...described, mode: 'upsert', key: ['id'] }, 'SELECT id, n FROM raw')
}
