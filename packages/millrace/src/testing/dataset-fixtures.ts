import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MillraceError, systemRuntime } from '@millrace/base'
import { openMachine } from '@millrace/engine'
import { type Dataset, datasetFolder, loadDataset } from '@millrace/transform'
import { type Outcome, openRecordCleaner, type RecordCleaner } from './clean-each.ts'
import { compareRows, isSameRow } from './compare.ts'
import { jsonLines, linesOf, type Row, readJsonLines } from './json-lines.ts'
import { asLines, type MessageRecord, recordsOf, withMetadata } from './messages.ts'
import { pairRows } from './pair-rows.ts'
import { reasonInWords } from './reasons.ts'
import type { Difference, TestResult } from './result.ts'

interface Fixture {
  readonly name: string
  readonly records: readonly string[]
  /** What a source knows of each message, where the fixture says it. */
  readonly meta: readonly Row[]
  readonly clean: readonly Row[]
  /** Reasons by the number of the record. */
  readonly bad: ReadonlyMap<number, string>
  /** Whether anything is expected at all. */
  readonly isNew: boolean
}

/**
 * Runs the fixtures of a data set: x.jsonl goes in, x.clean.jsonl comes out in the order of the records, x.bad.jsonl
 * says which are rejected and why.
 */
export async function testDataset(name: string, folders: readonly string[], update: boolean): Promise<TestResult[]> {
  const dataset = asLines(await loadDataset(name, folders))
  const folder = join(String(datasetFolder(name, folders)), 'fixtures')
  const fixtures = await readFixtures(folder)
  if (fixtures.length === 0) return []
  await using machine = await openMachine(systemRuntime, [])
  const connection = await machine.engine.connect()
  const cleaner = await openRecordCleaner(dataset, machine, connection)
  const results: TestResult[] = []
  for (const fixture of fixtures) {
    const result = { kind: 'data set', name, fixture: fixture.name, records: fixture.records.length } as const
    if (fixture.isNew && !update) {
      results.push({ ...result, differences: [], problem: newInWords(fixture.name) })
      continue
    }
    const { differences, outcomes } = await runFixture(fixture, dataset, cleaner)
    if (update && (differences.length > 0 || fixture.isNew)) {
      await accept(join(folder, fixture.name), outcomes)
      results.push({ ...result, differences: [], updated: true })
    } else results.push({ ...result, differences })
  }
  connection.closeSync()
  return results
}

function newInWords(name: string): string {
  return `nothing is expected of fixtures/${name}.jsonl: there is no ${name}.clean.jsonl\nmillrace test --update writes what comes of it.`
}

async function readFixtures(folder: string): Promise<Fixture[]> {
  const files = await readdir(folder).catch((): string[] => [])
  const names = files.filter((file) => /^[^.]+\.jsonl$/.test(file)).map((file) => file.slice(0, -'.jsonl'.length))
  const read = (file: string) => (files.includes(file) ? readJsonLines(join(folder, file), `fixtures/${file}`) : [])
  return Promise.all(
    names.sort().map(async (name) => {
      const bad = await read(`${name}.bad.jsonl`)
      return {
        name,
        records: await linesOf(join(folder, `${name}.jsonl`)),
        meta: await read(`${name}.meta.jsonl`),
        clean: await read(`${name}.clean.jsonl`),
        bad: new Map(bad.map(({ line, reason }) => [Number(line), String(reason)])),
        isNew: !files.includes(`${name}.clean.jsonl`) && !files.includes(`${name}.bad.jsonl`),
      }
    }),
  )
}

async function runFixture(fixture: Fixture, dataset: Dataset, cleaner: RecordCleaner) {
  const messages = fixture.records.map((record, i) => withMetadata(Buffer.from(record), fixture.meta[i]))
  const records = recordsOf(messages, dataset)
  if (fixture.meta.length === 0 && (await passesTogether(fixture, records, cleaner)))
    return { differences: [], outcomes: [] }
  const outcomes = (await cleaner.each(records)).map((outcome, i) => ({ ...outcome, line: records[i]?.number ?? 0 }))
  return { differences: differencesIn(fixture, outcomes, dataset), outcomes }
}

/** What became of a record, with the line that its message is in. */
interface LineOutcome extends Outcome {
  readonly line: number
}

/** Tries the usual case, which takes one statement. Whatever is wrong is found by looking at each record. */
async function passesTogether(fixture: Fixture, records: readonly MessageRecord[], cleaner: RecordCleaner) {
  try {
    const { rows, report } = await cleaner.together(records)
    const sorted = (of: readonly Row[]) => JSON.stringify(of.map((row) => JSON.stringify(row)).sort())
    const asBad = report.rejected.every(({ index, reason }) => fixture.bad.get(records[index]?.number ?? 0) === reason)
    return asBad && report.rejected.length === fixture.bad.size && sorted(rows) === sorted(fixture.clean)
  } catch (error) {
    if (error instanceof MillraceError && error.code === 'RECORD_INVALID') return false
    throw error
  }
}

/** What came of a record that should be clean: a row, or why it was rejected. */
interface Came {
  readonly line: number
  readonly row?: Row
  readonly why?: string
}

/** Clean rows are expected in the order of their records. */
function differencesIn(fixture: Fixture, outcomes: readonly LineOutcome[], dataset: Dataset): Difference[] {
  const rawOf = (line: number) => fixture.records[line - 1] ?? ''
  const aboutOf = (line: number) => ({ record: line, raw: rawOf(line) })
  const differences: Difference[] = []
  const came: Came[] = []
  for (const { row, rejected, line } of outcomes) {
    // Of several records in one message some may be clean.
    const isAlone = outcomes.filter((other) => other.line === line).length === 1
    const reason = rejected !== undefined || isAlone ? fixture.bad.get(line) : undefined
    const why = rejected === undefined ? undefined : reasonInWords(rejected, dataset, rawOf(line))
    if (reason === undefined) {
      if (row || why !== undefined) came.push({ line, ...(row && { row }), ...(why !== undefined && { why }) })
    } else if (rejected !== reason) {
      const other = row ? `a clean row: ${JSON.stringify(row)}` : 'dropped by an expectation'
      const got = why === undefined ? other : `rejected: ${why}`
      differences.push({ ...aboutOf(line), expected: `rejected: ${reason}`, got })
    }
  }
  const isAlike = (row: Row, other: Came) => other.row !== undefined && isSameRow(row, other.row)
  for (const { expected, got } of pairRows(fixture.clean, came, isAlike)) {
    if (got) differences.push(...differencesOf(expected, got, aboutOf(got.line)))
    else if (expected) differences.push({ expected: JSON.stringify(expected), got: 'no record gives this row' })
  }
  return differences.sort((a, b) => (a.record ?? Number.POSITIVE_INFINITY) - (b.record ?? Number.POSITIVE_INFINITY))
}

function differencesOf(expected: Row | undefined, { row, why }: Came, about: Pick<Difference, 'record' | 'raw'>) {
  if (row && expected) return compareRows(expected, row, about)
  const wanted = expected === undefined ? undefined : JSON.stringify(expected)
  if (row) return [{ ...about, expected: 'no row', got: JSON.stringify(row) }]
  return [{ ...about, expected: wanted ?? 'a clean row', got: `rejected: ${why}` }]
}

/** Writes what came as what is expected from now on. */
async function accept(path: string, outcomes: readonly LineOutcome[]): Promise<void> {
  const bad = outcomes.flatMap(({ rejected: reason, line }) => (reason === undefined ? [] : [{ line, reason }]))
  await writeFile(`${path}.clean.jsonl`, jsonLines(outcomes.flatMap(({ row }) => (row === undefined ? [] : [row]))))
  if (bad.length > 0) await writeFile(`${path}.bad.jsonl`, jsonLines(bad))
  else await rm(`${path}.bad.jsonl`, { force: true })
}
