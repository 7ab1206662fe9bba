import { createHash } from 'node:crypto'
import { type Runtime, systemRuntime } from '@millrace/base'
import { type FaultPlan, faultyStore, memoryStore, type Objects } from '@millrace/store'
import {
  appendRows,
  checkpointIsDue,
  cleanLog,
  commit,
  openOrCreate,
  openTable,
  optimizeTable,
  replaceRows,
  type Snapshot,
  vacuumTable,
  type WriteContext,
  writeCheckpoint,
} from '../src/index.ts'
import { column, EVERY_ROW, struct, type TestTables } from './test-tables.ts'

/** What a table says to those who read it: its rows, and how far its writer has come. */
export interface State {
  readonly ids: readonly number[]
  readonly progress: number
}

export const EMPTY: State = { ids: [], progress: 0 }

/** One thing that is done to a table, and what the plainest model of it says. */
export interface Step {
  readonly name: string
  model(state: State): State
  run(snapshot: Snapshot, context: WriteContext, state: State): Promise<unknown>
}

const HOUR = 3_600_000
const rows = (ids: readonly number[]) =>
  `SELECT id, 'row ' || id AS text FROM (SELECT unnest(${JSON.stringify(ids)}::BIGINT[]) AS id)`
const below = (value: number) => ({ op: '<', column: 'id', value }) as const
const unchanged = (state: State) => state

export const append = (ids: readonly number[]): Step => ({
  name: `append ${ids.length}`,
  model: (state) => ({ ids: [...state.ids, ...ids], progress: state.progress + ids.length }),
  run: (snapshot, context, { progress }) => {
    const txn = [{ appId: 'model', version: BigInt(progress + ids.length) }]
    return appendRows(snapshot, rows(ids), context, { txn })
  },
})

export const overwrite = (ids: readonly number[]): Step => ({
  name: `overwrite with ${ids.length}`,
  model: ({ progress }) => ({ ids, progress }),
  run: (snapshot, context) => replaceRows(snapshot, EVERY_ROW, rows(ids), context, { progress: 'keep' }),
})

export const replaceBelow = (limit: number, ids: readonly number[]): Step => ({
  name: `replace below ${limit} by ${ids.length}`,
  model: (state) => ({ ...state, ids: [...state.ids.filter((id) => id >= limit), ...fitting(ids, limit)] }),
  run: (snapshot, context) =>
    replaceRows(snapshot, below(limit), rows(fitting(ids, limit)), context, { progress: 'keep' }),
})

function fitting(ids: readonly number[], limit: number): number[] {
  return ids.filter((id) => id < limit)
}

export const deleteBelow = (limit: number): Step => ({
  name: `delete below ${limit}`,
  model: (state) => ({ ...state, ids: state.ids.filter((id) => id >= limit) }),
  run: (snapshot, context) => replaceRows(snapshot, below(limit), rows([]), context, { progress: 'keep' }),
})

export const optimize: Step = {
  name: 'optimize',
  model: unchanged,
  run: (snapshot, context) => optimizeTable(snapshot, context),
}

export const checkpoint: Step = {
  name: 'checkpoint',
  model: unchanged,
  run: async (snapshot, context) => {
    await checkpointIsDue(snapshot.table)
    await writeCheckpoint(snapshot, context)
  },
}

export const cleanup: Step = {
  name: 'clean the log',
  model: unchanged,
  run: (snapshot, context) => cleanLog(snapshot, context.runtime, async () => true),
}

export const vacuum: Step = {
  name: 'vacuum',
  model: unchanged,
  run: (snapshot, context) => vacuumTable(snapshot, context),
}

export const addColumn = (name: string): Step => ({
  name: `add column ${name}`,
  model: unchanged,
  run: ({ table }, { runtime }) =>
    openOrCreate(table, { schema: struct(...SCHEMA.fields, column(name, 'long')) }, runtime),
})

/** A commit of nothing but progress. */
export const advance: Step = {
  name: 'advance',
  model: (state) => ({ ...state, progress: state.progress + 1 }),
  run: (snapshot, { runtime }, { progress }) =>
    commit(snapshot, { operation: 'ADVANCE', txn: [{ appId: 'model', version: BigInt(progress + 1) }] }, runtime),
}

const SCHEMA = struct(column('id', 'long'), column('text', 'string'))

/** A table in memory that is opened anew for every step, as by a process that has just started. */
export function modelledTable(testTables: TestTables, random: () => number = Math.random) {
  let now = Date.UTC(2024, 0, 1)
  const runtime: Runtime = { ...systemRuntime, now: () => now, monotonic: () => now, sleep: async () => {}, random }
  const context: WriteContext = { ...testTables, runtime }
  const path = 'modelled'
  const rowsRead = rememberedIds()
  const configuration = {
    'delta.logRetentionDuration': 'interval 3 hours',
    'delta.deletedFileRetentionDuration': 'interval 3 hours',
  }

  return {
    /** Runs the step on these objects, an hour later than the last, through a store that fails as planned. */
    async run(objects: Objects, step: Step, state: State, plan: FaultPlan = () => undefined): Promise<void> {
      now += HOUR
      const store = faultyStore(memoryStore(objects, runtime), plan, runtime)
      try {
        const wanted = { schema: SCHEMA, configuration }
        const snapshot = await openOrCreate({ store, path }, wanted, runtime)
        await step.run(snapshot, context, state)
      } finally {
        // A write that is late arrives after all.
        await store.get('anything').catch(() => {})
      }
    },
    async read(objects: Objects): Promise<State> {
      const store = memoryStore(objects, runtime)
      const snapshot = await openTable({ store, path })
      if (!snapshot) return EMPTY
      const ids = await rowsRead.once(objects, snapshot, async () => {
        const found = await testTables.ask(snapshot, 'SELECT id, text FROM rows ORDER BY id')
        for (const { id, text } of found) if (text !== `row ${id}`) throw new Error(`row ${id} says ${text}`)
        return found.map(({ id }) => Number(id))
      })
      return { ids, progress: Number(snapshot.txns.get('model') ?? 0) }
    },
  }
}

/** Remembers the ids of a snapshot by all that they come from: its columns, and the bytes of its files. */
function rememberedIds() {
  const hashes = new WeakMap<Uint8Array, string>()
  const known = new Map<string, readonly number[]>()
  const hashOf = (bytes: Uint8Array) => {
    const hash = hashes.get(bytes) ?? createHash('sha256').update(bytes).digest('base64')
    hashes.set(bytes, hash)
    return hash
  }
  return {
    async once(objects: Objects, { table, files, metadata }: Snapshot, read: () => Promise<readonly number[]>) {
      const parts = [...files.values()].map(({ path, deletionVector }) => {
        const bytes = objects.get(`${table.path}/${path}`)?.bytes
        return [bytes && hashOf(bytes), deletionVector]
      })
      const key = JSON.stringify([metadata.schemaString, parts])
      const ids = known.get(key) ?? (await read())
      known.set(key, ids)
      return ids
    },
  }
}

export function same(a: State, b: State): boolean {
  const text = ({ ids, progress }: State) => JSON.stringify([ids.toSorted((x, y) => x - y), progress])
  return text(a) === text(b)
}
