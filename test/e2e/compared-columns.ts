/** A column that is compared between a database and the lake. */
export interface ComparedColumn {
  readonly name: string
  /** Its type in the database. */
  readonly sql: string
  /** Its types in the data set. */
  readonly field: string
  readonly type: string
  /** Its value in clean.sql, where that is not the field alone. */
  readonly clean?: string
  /** How both sides are asked for it as text; a cast unless given. */
  readonly inDatabase?: string
  readonly inLake?: string
  /** Whether each side writes a number in its own way: then it is compared as one, of so many bits. */
  readonly bits?: 32 | 64
  /** Makes a value, as SQL. */
  value(next: Below): string
}

/** Returns a whole number from 0 on, below the one that is given. */
export type Below = (below: number) => number

/** Members of the envelope that become columns, by their names without underscores, with their types. */
type OfEnvelope = Readonly<Record<string, 'text' | 'long'>>

interface Described {
  readonly columns: readonly ComparedColumn[]
  readonly keys: number
  readonly ofEnvelope?: OfEnvelope
}

/** A keyed data set with these columns, of which the first are the key. */
export function datasetOf({ columns, keys, ofEnvelope = {} }: Described) {
  const added = Object.entries(ofEnvelope)
  return {
    description: 'A table, as the database has it',
    format: 'debezium',
    fields: Object.fromEntries([
      ...columns.map(({ name, field }) => [name, { type: field }]),
      ...added.map(([name, type]) => [`__${name}`, { type }]),
    ]),
    columns: Object.fromEntries([
      ...columns.map(({ name, type }) => [name, { type }]),
      ...added.map(([name, type]) => [name, { type: type === 'text' ? 'string' : type }]),
    ]),
    mode: 'upsert',
    key: columns.slice(0, keys).map(({ name }) => name),
  }
}

export function cleanSql({ columns, ofEnvelope = {} }: Described): string {
  const own = columns.map(({ name, clean }) => (clean ? `${clean} AS ${name}` : name))
  const added = Object.keys(ofEnvelope).map((name) => `__${name} AS "${name}"`)
  return `SELECT ${[...own, ...added].join(', ')} FROM raw`
}

/** What is selected in the lake: each column as text. */
export function selectedInLake(columns: readonly ComparedColumn[]): string {
  return columns.map(({ name, inLake }) => `${inLake ?? `${name}::VARCHAR`} AS ${name}`).join(', ')
}

export function selectedInDatabase(columns: readonly ComparedColumn[], cast: (name: string) => string): string {
  return columns.map(({ name, inDatabase }) => `${inDatabase ?? cast(name)} AS ${name}`).join(', ')
}

type Row = Readonly<Record<string, unknown>>

/** Says where rows differ, once for each column; numbers are compared as numbers. */
export function differences(
  found: readonly Row[],
  wanted: readonly Row[],
  columns: readonly ComparedColumn[],
): string[] {
  if (found.length !== wanted.length) return [`${found.length} rows in place of ${wanted.length}`]
  return columns.flatMap(({ name, bits }) => {
    const wrong = wanted.flatMap((row, i) => {
      const [is, should] = [found[i]?.[name], row[name]].map((value) => comparable(value, bits))
      return is === should ? [] : [`row ${i} ${name}: ${is} in place of ${should}`]
    })
    return wrong.slice(0, 1).map((first) => `${first.slice(0, 200)}, ${wrong.length} in all`)
  })
}

function comparable(value: unknown, bits: 32 | 64 | undefined): unknown {
  if (bits === undefined || value === null) return value
  return bits === 32 ? Math.fround(Number(value)) : Number(value)
}
