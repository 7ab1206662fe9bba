import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Runtime, systemRuntime } from '@millrace/base'
import { runSql } from '@millrace/queries'
import { PINTEREST, temporaryFolder } from '@millrace/testkit'
import { type BatchOptions, runBatch } from '../src/index.ts'

export type Raw = Readonly<Record<string, unknown>>

/** Post number `ind`: always the same one. */
export const post = (ind: number): Readonly<Record<'pin' | 'geo' | 'user', Raw>> => ({
  pin: {
    index: ind,
    unique_id: `id-${ind}`,
    title: `Post ${ind}`,
    description: 'No description available',
    poster_name: `Poster ${ind % 7}`,
    follower_count: `${(ind % 11) + 1}k`,
    tag_list: 'a,b',
    is_image_or_video: 'image',
    image_src: 'https://images.example/1.jpg',
    downloaded: 1,
    save_location: 'Local save in /data/art',
    category: ['art', 'travel', 'quotes'][ind % 3],
  },
  geo: {
    ind,
    timestamp: `20${18 + (ind % 5)}-03-04 05:06:07`,
    latitude: (ind % 180) - 90,
    longitude: 12.5,
    country: ['Atlantis', 'Bern'][ind % 2],
  },
  user: {
    ind,
    first_name: `First${ind % 9}`,
    last_name: 'Last',
    age: 18 + (ind % 50),
    date_joined: `201${5 + (ind % 3)}-01-02T03:04:05`,
  },
})

export const DATASETS = ['pin', 'geo', 'user'] as const

export const jsonLines = (records: readonly unknown[]) =>
  records.map((record) => `${JSON.stringify(record)}\n`).join('')

const openRows = () => Promise.reject(new Error('nobody reads databases here'))

/** A folder for a raw landing, a lake and the answers to these questions. */
export async function openPlace(
  finished?: Parameters<typeof temporaryFolder>[0],
  questionFolders: readonly string[] = [PINTEREST.questions],
) {
  const folder = await temporaryFolder(finished)
  const [raw, lake, out] = ['raw', 'lake', 'reports'].map((name) => join(folder, name)) as [string, string, string]
  await mkdir(raw)
  const put = async (key: string, text: string | Uint8Array) => {
    await mkdir(dirname(join(raw, key)), { recursive: true })
    await writeFile(join(raw, key), text)
  }
  const options = (date: string, more: Partial<BatchOptions> = {}): BatchOptions => {
    return {
      date,
      lake,
      raw,
      datasets: DATASETS,
      tableOf: (dataset) => dataset,
      datasetFolders: [PINTEREST.datasets],
      questionFolders,
      topics: {},
      out,
      full: false,
      maxRefused: 1,
      nullColumns: {},
      openRows,
      ...more,
    }
  }
  return {
    folder,
    raw,
    lake,
    out,
    put,
    options,
    /** The posts with these numbers, a file of lines for each data set. */
    putPosts: (name: string, inds: readonly number[]) =>
      Promise.all(DATASETS.map((set) => put(`${name}/${set}.jsonl`, jsonLines(inds.map((ind) => post(ind)[set]))))),
    run: (date: string, more: Partial<BatchOptions> = {}, runtime: Runtime = systemRuntime) =>
      runBatch(options(date, more), runtime, new AbortController().signal),
    rows: async (sql: string) => (await runSql(lake, sql)).rows,
    count: async (table: string) => (await runSql(lake, `SELECT count(*) FROM batch.${table}`)).rows[0]?.[0],
  }
}

export type Place = Awaited<ReturnType<typeof openPlace>>

const QUESTIONS = ['q1', 'q2', 'q2_all', 'q3a', 'q3b', 'q4', 'q5', 'q6', 'q7', 'q8']

/** Everything that a reader can see of a place: tables by their rows, files by their bytes, runs by what they counted. */
export async function seen({ rows, out }: Place, quarantines: readonly string[] = []) {
  const tables = [...DATASETS, ...quarantines, ...QUESTIONS]
  // When a record was rejected is no part of what a run makes of it.
  const table = (name: string) =>
    quarantines.includes(name) ? `(SELECT * EXCLUDE (time, rejected_at) FROM batch.${name})` : `batch.${name}`
  const asText = (name: string) => `(SELECT list(row::VARCHAR ORDER BY row::VARCHAR) FROM ${table(name)} AS row)`
  const [contents] = await rows(`SELECT ${tables.map(asText).join(', ')}`)
  const runs = await rows(
    "SELECT run_date, attempt, records, rows, rejected, details::JSON->>'tables' FROM batch.runs ORDER BY ALL",
  )
  return { tables: Object.fromEntries(tables.map((name, i) => [name, contents?.[i]])), runs, files: await filesIn(out) }
}

/** Parquet names its writer's own details, and the report its time: of these only that they are there counts. */
async function filesIn(out: string): Promise<Record<string, string>> {
  const names = (await readdir(out, { recursive: true })).filter((name) => /\.\w+$/.test(name)).sort()
  const read = async (name: string) => [
    name,
    /\.(parquet|html)$/.test(name) ? '' : await readFile(join(out, name), 'base64'),
  ]
  return Object.fromEntries(await Promise.all(names.map(read)))
}

/** Ends at a crash point, as a process does that is killed there. */
export const crashingAt = (point: string, crash: () => void): Runtime => ({
  ...systemRuntime,
  crashPoint: (name) => {
    if (name === point) crash()
  },
})
