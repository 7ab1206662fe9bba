import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { MillraceError, openWorkFolder, type Runtime } from '@millrace/base'
import { openTable, type Snapshot } from '@millrace/delta'
import { filesOf, openDuckDB } from '@millrace/engine'
import { nullColumns, refuseMode } from '@millrace/outputs'
import {
  answerable,
  BATCH,
  loadAnswerFormats,
  loadQuestions,
  type Questions,
  type RunRecord,
  readResults,
  readRuns,
  type StepTime,
  type TableAccount,
  type TableQuality,
  tableQuality,
} from '@millrace/queries'
import { type ObjectStore, openLake } from '@millrace/store'
import { createCleaner, type Dataset, loadDataset } from '@millrace/transform'
import { askQuestions, writeAnswerTables } from './answers/answers.ts'
import type { AskedTables } from './answers/asked-tables.ts'
import { writeOut } from './answers/out.ts'
import { fillOutputs } from './fill-outputs.ts'
import { finishRun } from './finish.ts'
import { dropOldCopies } from './input/database.ts'
import { openSource } from './input/source.ts'
import type { Manifest, TableNotes } from './manifest.ts'
import type { RunParts } from './parts.ts'
import { type Plans, planRuns, rulesHash } from './plan.ts'
import { beginSteps, type Steps } from './steps.ts'
import { type WritingOptions, writeTables } from './tables/write-tables.ts'
import { openCluster, type Progress } from './trino/cluster.ts'
import { type ClusterSchema, openClusterSchema } from './trino/schema.ts'

export interface BatchOptions extends WritingOptions {
  /** Date of the run, YYYY-MM-DD. */
  readonly date: string
  readonly lake: string
  /** Address of a raw landing or a database. Without it, the run reads the tables that the stream wrote. */
  readonly raw?: string
  readonly datasetFolders: readonly string[]
  readonly questionFolders: readonly string[]
  /** Folder for the answers' files. */
  readonly out: string
  /** Whether to read everything again, not only what is new since the last run. */
  readonly full: boolean
  /** The largest share of a table's records, from 0 to 1, that may be rejected in a run that counts as done. */
  readonly maxRefused: number
  /** For each data set the columns of its table that it does not fill and that may be NULL. */
  readonly nullColumns: Readonly<Record<string, readonly string[]>>
  /** Addresses of outputs that get the clean rows of the run as well, such as cassandra://host/keyspace. */
  readonly outputs?: readonly string[]
  /** Address of a Trino cluster that does the work instead of DuckDB: `http://user@host:8080/catalog`. */
  readonly trino?: string
  readonly onCluster?: (progress: Progress) => void
  readonly onStep?: (time: StepTime) => void
}

export interface BatchResult {
  readonly run: RunRecord
  /** Whether the date's run was finished before this call. */
  readonly wasDone: boolean
  /** Folder of the answers' files, or undefined if no question could be asked. */
  readonly folder: string | undefined
  /** Data sets that a question needs and that this run does not have. */
  readonly lacks: readonly string[]
  readonly unclaimed: number
  readonly missed: readonly string[]
}

const MEMORY = '512MB'

/** Finishes unfinished earlier runs and then does the run of a date. */
export async function runBatch(options: BatchOptions, runtime: Runtime, signal: AbortSignal): Promise<BatchResult> {
  const lake = await openLake(options.lake, { runtime })
  const steps = beginSteps(runtime, signal, (time) => options.onStep?.(time))
  const questions = await loadQuestions(options.questionFolders)
  const plans = await steps.take('plan', async () => {
    const source = await openSource(lake, options.raw, { wanted: options, openRows: options.openRows, runtime })
    const datasets = await datasetsOf(options.datasets, options)
    await checkColumns(datasets, options, lake)
    const rules = rulesHash(datasets, questions)
    const planning = { lake, source, wanted: options, rules, runtime }
    return planRuns(options.date, options.full, await readRuns(lake), planning)
  })
  await using held = new AsyncDisposableStack()
  const parts = await openParts(plans, lake, options, runtime, held)
  const run = async (manifest: Manifest) => {
    await using clusterSchema = await clusterSchemaFor(manifest, options, parts, signal)
    return await runOne(manifest, questions, steps, options, { ...parts, clusterSchema })
  }
  for (const manifest of plans.unfinished) await run(manifest)
  if ('wanted' in plans) return await run(plans.wanted)
  return {
    run: plans.done,
    wasDone: true,
    folder: await outAgain(plans.done, questions, options, parts),
    lacks: lacksOf(plans.done, questions),
    unclaimed: 0,
    missed: [],
  }
}

/** Opens what the runs are done with: an engine that reaches their inputs, the lake and the folder of the answers. */
async function openParts(
  plans: Plans,
  lake: ObjectStore,
  options: BatchOptions,
  runtime: Runtime,
  held: AsyncDisposableStack,
): Promise<RunParts> {
  const manifests = [...plans.unfinished, ...('wanted' in plans ? [plans.wanted] : [])]
  const landings = new Set(manifests.flatMap(({ raw }) => raw ?? []))
  const sources = await Promise.all(
    [...landings].map((raw) => openSource(lake, raw, { wanted: options, openRows: options.openRows, runtime })),
  )
  const stores = [lake, ...sources.flatMap(({ raw }) => raw ?? [])]
  const folder = await openWorkFolder()
  held.defer(folder.close)
  const files = [...stores.flatMap(filesOf), resolve(options.out)]
  const engine = await openDuckDB({ files, memoryLimit: MEMORY, temporaryFolder: folder.path })
  held.defer(engine.close)
  const cleaner = createCleaner({ engine, workFolder: folder.path, runtime })
  return { lake, engine, cleaner, workFolder: folder.path, runtime }
}

async function clusterSchemaFor(
  manifest: Manifest,
  { trino, onCluster }: BatchOptions,
  { lake, runtime }: RunParts,
  signal: AbortSignal,
): Promise<ClusterSchema | undefined> {
  if (trino === undefined) return undefined
  const cluster = openCluster(trino, (progress) => onCluster?.(progress), signal)
  return openClusterSchema(cluster, manifest, lake, runtime)
}

async function runOne(
  manifest: Manifest,
  questions: Questions,
  steps: Steps,
  options: BatchOptions,
  parts: RunParts,
): Promise<BatchResult> {
  const datasets = await datasetsOf(Object.keys(manifest.inputs), options)
  await checkColumns(datasets, options, parts.lake)
  const notes = await writeTables(datasets, manifest, steps, options, parts)
  for (const [table, note] of notes) stopIfRejected(table, note, manifest, options.maxRefused)
  if (options.outputs?.some((address) => address !== 'delta')) {
    await steps.take('outputs', async () => {
      for (const dataset of datasets) await fillOutputs(dataset, manifest, options, parts)
    })
  }
  const tables = await openTables(manifest, parts)
  const clean = cleanTables(manifest, tables)
  const { asked, lacks } = answerable(questions, (name) => clean.has(name))
  const isAsked = asked.questions.length > 0
  const ask = async () => (await Promise.all([askQuestions(asked, clean, parts), loadAnswerFormats()]))[0]
  const answers = isAsked ? await steps.take('answers', ask) : []
  const answered = await steps.take('answer tables', () => writeAnswerTables(answers, manifest, parts))
  const record: RunRecord = {
    date: manifest.date,
    attempt: manifest.attempt,
    started: manifest.made,
    finished: parts.runtime.now(),
    source: manifest.source,
    versions: Object.fromEntries([...tables.values(), ...answered].map(({ table, version }) => [table.path, version])),
    tables: [...notes].map(([table, note]) => accountOf(table, note)),
    steps: steps.done,
  }
  const results = { run: record, answers, views: questions.views, quality: qualityOf(record, tables) }
  const folder = isAsked ? await steps.take('files', () => writeOut(options.out, results, parts)) : undefined
  await steps.take('finish', async () => {
    await finishRun(record, parts)
    await dropOldCopies(parts.lake, manifest)
  })
  const { unclaimed, missed } = manifest
  return { run: record, wasDone: false, folder, lacks, unclaimed, missed }
}

async function datasetsOf(names: readonly string[], { datasetFolders }: BatchOptions): Promise<Dataset[]> {
  const datasets = await Promise.all(names.map((name) => loadDataset(name, datasetFolders)))
  for (const dataset of datasets) refuseMode(dataset, 'the daily run')
  return datasets
}

/** Opens the tables that the run has written, quarantines included, by path. */
async function openTables({ inputs }: Manifest, { lake }: RunParts): Promise<Map<string, Snapshot>> {
  const names = Object.keys(inputs).flatMap((name) => [name, `${name}_quarantine`])
  const opened = await Promise.all(names.map((name) => openTable({ store: lake, path: `${BATCH}/${name}` })))
  return new Map(opened.flatMap((snapshot) => (snapshot ? [[snapshot.table.path, snapshot]] : [])))
}

/** Returns the clean tables of a run by the name of their data set. */
function cleanTables({ inputs }: Manifest, tables: ReadonlyMap<string, Snapshot>): AskedTables {
  return new Map(
    Object.keys(inputs).flatMap((name) => {
      const table = tables.get(`${BATCH}/${name}`)
      return table ? [[name, table] as const] : []
    }),
  )
}

/** Throws if a table has columns that its data set no longer fills, unless that is allowed. */
async function checkColumns(datasets: readonly Dataset[], options: BatchOptions, lake: ObjectStore): Promise<void> {
  for (const dataset of datasets) {
    await nullColumns({ store: lake, path: `${BATCH}/${dataset.name}` }, dataset, options.nullColumns[dataset.name])
  }
}

/** Throws if so many records were rejected that the run must not count as done. Readers go on with the run before it. */
function stopIfRejected(
  table: string,
  { records, rejected, rejectedObjects, reasons }: TableNotes,
  { date }: Manifest,
  maxRefused: number,
): void {
  // What an object that can't be read holds is not known: it counts as one record.
  const all = records + rejectedObjects.length
  if (rejected <= maxRefused * all) return
  const counts = reasons.map(({ reason, records }) => `${reason} (${records.toLocaleString('en')})`).join('; ')
  throw new MillraceError(
    'MANY_REJECTED',
    `the run of ${date} is not done: of ${all.toLocaleString('en')} records of ${table} ${rejected.toLocaleString('en')} were rejected, more than ${Number((100 * maxRefused).toPrecision(6))} %: ${counts}`,
  )
}

function lacksOf({ tables }: RunRecord, questions: Questions): readonly string[] {
  return answerable(questions, (name) => tables.some(({ table }) => table === name)).lacks
}

function qualityOf({ tables: accounts }: RunRecord, tables: ReadonlyMap<string, Snapshot>): TableQuality[] {
  return accounts.flatMap((account) => {
    const snapshot = tables.get(`${BATCH}/${account.table}`)
    return snapshot ? [tableQuality(snapshot, account)] : []
  })
}

function accountOf(table: string, { records, rows, duplicates, filtered, rejected }: TableNotes): TableAccount {
  return { table, records, rows, duplicates, filtered, rejected }
}

/** Returns the folder of a finished run's files. Writes them again if they are missing. */
async function outAgain(
  { date }: RunRecord,
  questions: Questions,
  { out }: BatchOptions,
  parts: RunParts,
): Promise<string | undefined> {
  const folder = join(out, date)
  if (existsSync(folder)) return folder
  const results = await readResults(parts.lake, questions, date)
  return results.answers.length === 0 ? undefined : writeOut(out, results, parts)
}
