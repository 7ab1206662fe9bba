import { MillraceError, type Runtime } from '@millrace/base'
import { openTable } from '@millrace/delta'
import type { ObjectStore } from '@millrace/store'
import { type Manifest, type RawObject, readManifest, readNotes, type TableInput } from '../manifest.ts'
import { claimsOf } from './claims.ts'
import { copyRows } from './database.ts'
import { listLanding, type ReadBefore } from './landing.ts'
import type { Source, Wanted } from './source.ts'

type Planned = Pick<Manifest, 'inputs' | 'watermarks' | 'unclaimed' | 'missed'>

export interface PlannedFrom {
  readonly lake: ObjectStore
  readonly source: Source
  readonly wanted: Wanted
  readonly runtime: Runtime
}

/** Every seventh run lists everything, because objects may arrive late and out of order. */
const LISTED_IN_FULL_EVERY = 7

/** Plans what the run of `date` reads: everything new since the previous run, or everything if there is none. */
export async function planInputs(
  date: string,
  { lake, source, wanted, runtime }: PlannedFrom,
  previous: Manifest | undefined,
): Promise<Planned> {
  const { rows } = source
  if (rows) {
    const { datasets } = wanted
    const copied = await copyRows(lake, date, datasets, () => rows(datasets), runtime)
    return { inputs: inputsOf(copied, source, previous), watermarks: {}, unclaimed: 0, missed: [] }
  }
  return source.raw
    ? planObjects(lake, { ...source, raw: source.raw }, wanted, previous)
    : planTables(lake, wanted, previous)
}

async function planTables(
  lake: ObjectStore,
  { datasets, tableOf }: Wanted,
  previous: Manifest | undefined,
): Promise<Planned> {
  const inputs: Record<string, TableInput> = {}
  for (const dataset of datasets) {
    const path = tableOf(dataset)
    const snapshot = await openTable({ store: lake, path })
    if (!snapshot) {
      throw new MillraceError('TABLE_NOT_FOUND', `${lake.url} has no table ${path} to make the run from`, {
        next: 'Let the worker fill it, name the data sets whose tables are there, or name the raw records.',
      })
    }
    const before = previous?.inputs[dataset]
    const after = before?.kind === 'table' && before.path === path ? before.version : null
    inputs[dataset] = { kind: 'table', path, after, version: snapshot.version }
  }
  return { inputs, watermarks: {}, unclaimed: 0, missed: [] }
}

async function planObjects(
  lake: ObjectStore,
  source: Source & { readonly raw: ObjectStore },
  { datasets, topics }: Wanted,
  previous: Manifest | undefined,
): Promise<Planned> {
  const everything = previous === undefined || (previous.depth + 1) % LISTED_IN_FULL_EVERY === 0
  const landed = await listLanding(source.raw, readBefore(lake, previous), everything)
  const claim = claimsOf(datasets, topics)
  const claimed = new Map<string, RawObject[]>(datasets.map((dataset) => [dataset, []]))
  let unclaimed = 0
  for (const object of landed.objects) {
    if (source.only !== undefined && object.key !== source.only) continue
    const dataset = claim(object.key)
    if (dataset === undefined) unclaimed++
    else claimed.get(dataset)?.push(object)
  }
  const inputs = inputsOf(claimed, source, previous)
  return { inputs, watermarks: landed.watermarks, unclaimed, missed: previous ? landed.missed : [] }
}

/** Returns the inputs by data set. Throws if a first run has no objects of a data set. */
function inputsOf(
  claimed: ReadonlyMap<string, readonly RawObject[]>,
  source: Source,
  previous: Manifest | undefined,
): Planned['inputs'] {
  for (const [dataset, objects] of claimed) {
    if (previous || objects.length > 0) continue
    throw new MillraceError('RAW_MISSING', `${source.name} has no records of the data set ${dataset}`)
  }
  return Object.fromEntries([...claimed].map(([name, objects]) => [name, { kind: 'objects', objects }]))
}

function readBefore(lake: ObjectStore, previous: Manifest | undefined): ReadBefore {
  return {
    watermarks: previous?.watermarks ?? {},
    seen: () => seenIn(lake, previous),
    pending: () => rejectedIn(lake, previous),
  }
}

/** Returns the objects that this run and the earlier ones have read. */
async function seenIn(lake: ObjectStore, last: Manifest | undefined): Promise<Map<string, RawObject>> {
  const seen = new Map<string, RawObject>()
  for await (const manifest of chain(lake, last)) {
    for (const object of objectsOf(manifest)) if (!seen.has(object.key)) seen.set(object.key, object)
  }
  return seen
}

/** Returns the objects that this run and the earlier ones rejected and that no later run has read. */
async function rejectedIn(lake: ObjectStore, last: Manifest | undefined): Promise<RawObject[]> {
  const rejected = new Map<string, RawObject>()
  const later = new Set<string>()
  for await (const manifest of chain(lake, last)) {
    for (const dataset of Object.keys(manifest.inputs)) {
      const notes = await readNotes(lake, manifest, dataset)
      for (const object of notes?.rejectedObjects ?? []) if (!later.has(object.key)) rejected.set(object.key, object)
    }
    for (const { key } of objectsOf(manifest)) later.add(key)
  }
  return [...rejected.values()]
}

/** Yields the run and its predecessors, newest first. */
async function* chain(lake: ObjectStore, last: Manifest | undefined): AsyncGenerator<Manifest> {
  for (let at = last; at; at = at.previous ? await readManifest(lake, at.previous) : undefined) yield at
}

function objectsOf({ inputs }: Manifest): RawObject[] {
  return Object.values(inputs).flatMap((input) => (input.kind === 'objects' ? input.objects : []))
}
