import { createHash } from 'node:crypto'
import { MillraceError } from '@millrace/base'
import type { Questions, RunRecord } from '@millrace/queries'
import type { ObjectStore } from '@millrace/store'
import { type Dataset, datasetHash } from '@millrace/transform'
import { type PlannedFrom, planInputs } from './input/plan-inputs.ts'
import { listPlanned, type Manifest, type RunName, readManifest, writeManifest } from './manifest.ts'

/** Version of this package's rules. Raise it with every change of the result for the same input. */
const RULES = 1

/** Returns the hash of data sets, questions and rule versions: all that decides what a run makes of its input. */
export function rulesHash(datasets: readonly Dataset[], { views, questions }: Questions): string {
  const asked = [...views.map(({ name, sql }) => [name, sql]), ...questions.map(({ id, sql }) => [id, sql])]
  const rules = [RULES, datasets.map((dataset) => [dataset.name, datasetHash(dataset)]), asked]
  return createHash('sha256').update(JSON.stringify(rules)).digest('hex')
}

export interface Planning extends PlannedFrom {
  readonly rules: string
}

/** Unfinished earlier runs, oldest first, and the requested run, which is to do (`wanted`) or finished (`done`). */
export type Plans = { readonly unfinished: readonly Manifest[] } & (
  | { readonly wanted: Manifest }
  | { readonly done: RunRecord }
)

/** Plans the runs that are needed for `date`, given those that are finished. */
export async function planRuns(
  date: string,
  full: boolean,
  finished: readonly RunRecord[],
  planning: Planning,
): Promise<Plans> {
  const planned = newestAttempts(await listPlanned(planning.lake))
  refuseBehind(date, planned)
  const own = planned.find((run) => run.date === date)
  const isFinished = (run: RunName) => finished.some((done) => done.date === run.date && done.attempt === run.attempt)
  const earlier = planned.filter((run) => run.date !== date)
  if (full) return { unfinished: [], wanted: await planNext(date, own, undefined, true, planning) }
  const toDo: Manifest[] = []
  for (const run of await unfinished(planning.lake, earlier, isFinished)) toDo.push(await current(run, planning))
  const there = own && (await current(await readManifest(planning.lake, own), planning))
  const done = there && finished.find((run) => run.date === date && run.attempt === there.attempt)
  if (there && sameSource(there, planning)) return { unfinished: toDo, ...(done ? { done } : { wanted: there }) }
  const before = toDo.at(-1) ?? (await manifestOf(planning.lake, earlier.at(-1)))
  return { unfinished: toDo, wanted: await planNext(date, there, before, false, planning) }
}

/** Returns the newest attempt of each date, by date. */
function newestAttempts(planned: readonly RunName[]): RunName[] {
  return [...new Map(planned.map((run) => [run.date, run])).values()]
}

function refuseBehind(date: string, planned: readonly RunName[]): void {
  const newest = planned.at(-1)
  if (newest === undefined || newest.date <= date) return
  throw new MillraceError('RUN_ORDER', `the run of ${newest.date} is there already: ${date} can't be done after it`)
}

/** Returns the runs after the last finished one. Older unfinished runs are covered by it. */
async function unfinished(
  lake: ObjectStore,
  earlier: readonly RunName[],
  isFinished: (run: RunName) => boolean,
): Promise<Manifest[]> {
  const found: Manifest[] = []
  for (const run of earlier.toReversed()) {
    if (isFinished(run)) break
    found.unshift(await readManifest(lake, run))
  }
  return found
}

/** Returns the plan, or a new plan over the same input if the rules have changed. */
async function current(manifest: Manifest, { lake, rules, runtime }: Planning): Promise<Manifest> {
  if (manifest.rules === rules) return manifest
  return writeManifest(lake, { ...manifest, rules, attempt: manifest.attempt + 1, made: runtime.now() })
}

function sameSource(manifest: Manifest, { source }: Planning): boolean {
  return manifest.source === source.name
}

async function planNext(
  date: string,
  own: RunName | undefined,
  before: Manifest | undefined,
  full: boolean,
  planning: Planning,
): Promise<Manifest> {
  const { lake, source, rules, runtime } = planning
  const previous = before && sameSource(before, planning) ? before : undefined
  const inputs = await planInputs(date, planning, previous)
  return writeManifest(lake, {
    date,
    attempt: (own?.attempt ?? 0) + 1,
    made: runtime.now(),
    full,
    rules,
    source: source.name,
    raw: source.address ?? null,
    ...inputs,
    previous: previous ? { date: previous.date, attempt: previous.attempt } : null,
    depth: previous ? previous.depth + 1 : 0,
  })
}

async function manifestOf(lake: ObjectStore, run: RunName | undefined): Promise<Manifest | undefined> {
  return run && readManifest(lake, run)
}
