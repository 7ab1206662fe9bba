import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { joinValues, MillraceError, systemRuntime } from '@millrace/base'
import { discardStaged } from '@millrace/delta'
import { openMachine, quoteText } from '@millrace/engine'
import { tableInMemory } from '@millrace/outputs'
import { createCleaner, type Dataset, datasetFolder, loadDataset } from '@millrace/transform'

/** What one fixture of a data set came to; it passes when it has no differences. */
export interface FixtureResult {
  readonly dataset: string
  readonly fixture: string
  readonly records: number
  /** In words, each with the record and the column that it is about. */
  readonly differences: readonly string[]
}

type Row = Readonly<Record<string, unknown>>

interface Rejected {
  readonly index: number
  readonly reason: string
}

/** A clean row, or why the record is rejected; undefined where an expectation drops it. */
type Outcome = Row | string | undefined

interface Fixture {
  readonly name: string
  readonly records: readonly string[]
  readonly clean: readonly Row[]
  readonly bad: ReadonlyMap<number, string>
}

/** Runs the fixtures of a data set: x.jsonl goes in, x.clean.jsonl comes out, x.bad.jsonl says what is rejected and why. */
export async function runFixtures(name: string, folders: readonly string[]): Promise<FixtureResult[]> {
  const dataset = await loadDataset(name, folders)
  const fixtures = await readFixtures(join(String(datasetFolder(name, folders)), 'fixtures'))
  await using machine = await openMachine(systemRuntime, [])
  const cleaner = createCleaner(machine)
  const snapshot = await tableInMemory(dataset, machine)
  const connection = await machine.engine.connect()
  const clean = async (records: readonly string[]) => {
    const block = joinValues(records.map((record) => Buffer.from(record)))
    const nameOf = (_: number, index: number) => `record ${index + 1}`
    const { files, report } = await cleaner.cleanIntoFiles(dataset, [block], { snapshot }, nameOf)
    const paths = files.map(({ localPath }) => quoteText(localPath)).join(', ')
    const sql = `SELECT CAST(to_json(rows) AS VARCHAR) FROM read_parquet([${paths}]) rows`
    const rows = files.length === 0 ? [] : (await connection.runAndReadAll(sql)).getRows()
    await Promise.all(files.map(discardStaged))
    return { rows: rows.map(([row]): Row => JSON.parse(String(row))), rejected: report.rejected }
  }
  const results: FixtureResult[] = []
  for (const fixture of fixtures) {
    const { records } = fixture
    const together = await clean(records)
    const outcomes: Outcome[] = []
    // Rows come in any order: only one record at a time says which row is whose, and it takes longer.
    for (const record of isAsExpected(fixture, together) ? [] : records) {
      const { rows, rejected } = await clean([record])
      outcomes.push(rejected[0]?.reason ?? rows[0])
    }
    const differences = outcomes.length === 0 ? [] : differencesIn(fixture, outcomes, dataset)
    results.push({ dataset: name, fixture: fixture.name, records: records.length, differences })
  }
  connection.closeSync()
  return results
}

async function readFixtures(folder: string): Promise<Fixture[]> {
  const files = await readdir(folder).catch((): string[] => [])
  const names = files.filter((file) => /^[^.]+\.jsonl$/.test(file)).map((file) => file.slice(0, -'.jsonl'.length))
  const parsed = async <T>(file: string): Promise<T[]> =>
    files.includes(file)
      ? (await linesOf(join(folder, file))).map((line, i) => parse<T>(line, `${file}, line ${i + 1}`))
      : []
  return Promise.all(
    names.sort().map(async (name) => {
      const bad = await parsed<{ line: number; reason: string }>(`${name}.bad.jsonl`)
      return {
        name,
        records: await linesOf(join(folder, `${name}.jsonl`)),
        clean: await parsed<Row>(`${name}.clean.jsonl`),
        bad: new Map(bad.map(({ line, reason }) => [line, reason])),
      }
    }),
  )
}

function parse<T>(line: string, where: string): T {
  try {
    return JSON.parse(line) as T
  } catch (cause) {
    throw new MillraceError('DATASET_INVALID', `${where} is not JSON`, { cause })
  }
}

async function linesOf(file: string): Promise<string[]> {
  return (await readFile(file, 'utf8')).split('\n').filter((line) => line !== '')
}

function isAsExpected(
  { clean, bad }: Fixture,
  { rows, rejected }: { readonly rows: readonly Row[]; readonly rejected: readonly Rejected[] },
): boolean {
  const sorted = (of: readonly Row[]) => JSON.stringify(of.map((row) => JSON.stringify(row)).sort())
  const asBad = rejected.every(({ index, reason }) => bad.get(index + 1) === reason) && rejected.length === bad.size
  return asBad && sorted(rows) === sorted(clean)
}

/** Rows are expected in the order of their records. */
function differencesIn({ records, clean, bad }: Fixture, outcomes: readonly Outcome[], { schema }: Dataset): string[] {
  const columns = schema.fields.map(({ name }) => name)
  const expected = clean.values()
  const differences = records.flatMap((_, i): string[] => {
    const [at, outcome, reason] = [`record ${i + 1}`, outcomes[i], bad.get(i + 1)]
    if (typeof outcome === 'string') {
      return outcome === reason ? [] : [`${at}: rejected (${outcome}); expected: ${reason ?? 'a clean row'}`]
    }
    if (reason !== undefined) return [`${at}: taken; expected: rejected (${reason})`]
    if (outcome === undefined) return []
    const row = expected.next().value
    if (row === undefined) return [`${at}: a clean row that is not expected: ${JSON.stringify(outcome)}`]
    return columns.flatMap((column) => {
      const [is, should] = [JSON.stringify(outcome[column] ?? null), JSON.stringify(row[column] ?? null)]
      return is === should ? [] : [`${at}, column ${column}: ${is}; expected: ${should}`]
    })
  })
  return [...differences, ...[...expected].map((row) => `no record gives the row ${JSON.stringify(row)}`)]
}
