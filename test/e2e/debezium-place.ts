import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, vi } from 'vitest'
import { type ComparedColumn, cleanSql, datasetOf, differences, selectedInLake } from './compared-columns.ts'
import { openWorkplace, type Workplace } from './millrace.ts'
import type { RandomTable } from './random-rows.ts'

/** A table that is compared, and what its data set says beside its columns. */
export interface ComparedTable extends RandomTable {
  readonly dataset?: Readonly<Record<string, unknown>>
  readonly ofEnvelope?: Readonly<Record<string, 'text' | 'long'>>
  /** A row that is written last, as a condition. */
  readonly last: string
}

/** A workplace with a data set for each table, by the table's name. */
export async function openPlaceOf(
  tables: readonly ComparedTable[],
  environment: Readonly<Record<string, string>>,
): Promise<Workplace> {
  const names = tables.map(({ name }) => name).join(',')
  const place = await openWorkplace({
    ...{ ...environment, MILLRACE_DATASET_FOLDERS: 'mine', MILLRACE_DATASETS: names },
  })
  onTestFinished(() => place.leave())
  for (const table of tables) {
    const folder = join(place.folder, 'mine', table.name)
    await mkdir(folder, { recursive: true })
    await writeFile(join(folder, 'dataset.json'), JSON.stringify({ ...datasetOf(table), ...table.dataset }))
    await writeFile(join(folder, 'clean.sql'), cleanSql(table))
  }
  return place
}

async function rowsIn(place: Workplace, lake: string, query: string): Promise<Record<string, unknown>[]> {
  const { exitCode, stdout, stderr } = await place.run('sql', query, '--lake', lake, '--format', 'json')
  if (exitCode !== 0) throw new Error(`sql ended with ${exitCode}: ${stderr}`)
  return JSON.parse(stdout) as Record<string, unknown>[]
}

const EVENTUALLY = { timeout: 120_000, interval: 200 }

/** Reads all that a source has into a lake. */
export async function fill(place: Workplace, lake: string, ...options: readonly string[]): Promise<void> {
  const run = await place.run('stream', ...options, '--lake', lake, '--no-dashboard', '--until-caught-up')
  expect(run, run.stderr).toMatchObject({ exitCode: 0 })
}

/** Reads the topics of Debezium into a lake until each table has the row that was written last. */
export async function fillFromKafka(
  place: Workplace,
  lake: string,
  tables: readonly ComparedTable[],
  bootstrap: string,
  topics: string,
): Promise<void> {
  const named = tables.map(({ name }) => `${name}=${topics}.${name}`).join(',')
  await vi.waitFor(async () => {
    await fill(place, lake, '--source', `kafka://${bootstrap}`, '--topics', named)
    for (const { name, last } of tables) {
      expect(await rowsIn(place, lake, `SELECT 1 FROM ${name} WHERE ${last}`)).toHaveLength(1)
    }
  }, EVENTUALLY)
}

/** Fails where a lake’s table is not as the database has it. `ask` answers what is selected from a table. */
export async function expectEqual(
  place: Workplace,
  lake: string,
  tables: readonly ComparedTable[],
  ask: (columns: readonly ComparedColumn[], from: string) => Promise<readonly Record<string, unknown>[]>,
): Promise<void> {
  for (const { name, columns, keys } of tables) {
    const order = columns.slice(0, keys).map((column) => `${name}.${column.name}`)
    const from = `${name} ORDER BY ${order.join(', ')}`
    const wanted = await ask(columns, from)
    expect(wanted.length).toBeGreaterThan(10)
    const found = await rowsIn(place, lake, `SELECT ${selectedInLake(columns)} FROM ${from}`)
    expect(differences(found, wanted, columns), `${lake} ${name}`).toEqual([])
  }
  expect(JSON.parse((await place.run('quarantine', 'list', '--lake', lake, '--json')).stdout)).toEqual([])
}

/** Fails where a query answers other rows in the one lake than in the other. */
export async function expectSame(place: Workplace, query: string): Promise<void> {
  const rows = await rowsIn(place, 'direct', query)
  expect(rows.length).toBeGreaterThan(50)
  expect(await rowsIn(place, 'debezium', query)).toEqual(rows)
}
