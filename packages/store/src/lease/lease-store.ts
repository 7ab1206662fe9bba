import type { ObjectStore } from '../store.ts'

/** The objects in a store that workers share leases through: one for each worker, one for each claim of a lease. */
export interface LeaseStore {
  /** Replaces the worker's heartbeat. */
  beat(worker: string, heartbeat: Heartbeat): Promise<void>
  read(): Promise<LeaseState>
  /** Returns whether the lease is this worker's now. */
  claim(name: string, epoch: number, worker: string): Promise<boolean>
  /** Claims the next epoch for nobody. */
  release(name: string, epoch: number): Promise<void>
  /** Deletes all claims of a lease. */
  remove(name: string): Promise<void>
  removeWorker(worker: string): Promise<void>
}

/** What a worker reports of itself. */
export interface Heartbeat {
  readonly count: number
  /** The scopes whose leases the worker wants. */
  readonly scopes: readonly string[]
  /** Leases of its own whose work is finished. */
  readonly finished: readonly string[]
}

export interface Claim {
  readonly epoch: number
  /** Undefined when the lease was released. */
  readonly holder: string | undefined
}

export interface LeaseState {
  /** Heartbeats by worker. */
  readonly heartbeats: ReadonlyMap<string, Heartbeat>
  /** The newest claim of each lease. */
  readonly claims: ReadonlyMap<string, Claim>
}

const EPOCH_DIGITS = 12

export function openLeaseStore(store: ObjectStore, prefix: string): LeaseStore {
  const workers = `${prefix}/workers/`
  const leases = `${prefix}/leases/`
  const keyOf = (name: string, epoch: number) =>
    `${leases}${encodeURIComponent(name)}/${String(epoch).padStart(EPOCH_DIGITS, '0')}`
  // A claim never changes, so it is read once.
  const holders = new Map<string, string | undefined>()
  const holderOf = async (key: string): Promise<string | undefined> => {
    if (!holders.has(key)) holders.set(key, (await readJson<{ holder?: string }>(store, key))?.holder)
    return holders.get(key)
  }
  const putClaim = async (name: string, epoch: number, holder: string | undefined): Promise<boolean> => {
    const key = keyOf(name, epoch)
    await store.putIfAbsent(key, encode({ holder }))
    return (await readJson<{ holder?: string }>(store, key))?.holder === holder
  }
  return {
    beat: (worker, heartbeat) => store.put(workers + worker, encode(heartbeat)),
    async read() {
      const [heartbeats, keys] = await Promise.all([readHeartbeats(store, workers), newestKeys(store, leases)])
      const claims = new Map<string, Claim>()
      for (const [name, key] of keys) claims.set(name, { epoch: epochOf(key), holder: await holderOf(key) })
      for (const key of new Set(holders.keys()).difference(new Set(keys.values()))) holders.delete(key)
      return { heartbeats, claims }
    },
    async claim(name, epoch, worker) {
      if (!(await putClaim(name, epoch, worker))) return false
      // A worker that read the claims long ago creates an epoch that others have passed and deleted.
      const epochs = await epochsOf(store, leases, name)
      for (const older of epochs.filter((other) => other < epoch)) await store.delete(keyOf(name, older))
      return Math.max(...epochs) === epoch
    },
    async release(name, epoch) {
      await putClaim(name, epoch + 1, undefined)
    },
    async remove(name) {
      for (const epoch of await epochsOf(store, leases, name)) await store.delete(keyOf(name, epoch))
    },
    removeWorker: (worker) => store.delete(workers + worker),
  }
}

async function readHeartbeats(store: ObjectStore, prefix: string): Promise<Map<string, Heartbeat>> {
  const keys = await Array.fromAsync(store.keys(prefix))
  const heartbeats = await Promise.all(keys.map((key) => readJson<Heartbeat>(store, key)))
  return new Map(keys.flatMap((key, i) => (heartbeats[i] ? [[key.slice(prefix.length), heartbeats[i]] as const] : [])))
}

async function newestKeys(store: ObjectStore, prefix: string): Promise<Map<string, string>> {
  const newest = new Map<string, string>()
  for await (const key of store.keys(prefix)) {
    newest.set(decodeURIComponent(key.slice(prefix.length, key.lastIndexOf('/'))), key)
  }
  return newest
}

async function epochsOf(store: ObjectStore, prefix: string, name: string): Promise<number[]> {
  return (await Array.fromAsync(store.keys(`${prefix}${encodeURIComponent(name)}/`))).map(epochOf)
}

function epochOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1))
}

async function readJson<T>(store: ObjectStore, key: string): Promise<T | undefined> {
  const bytes = await store.get(key)
  return bytes && JSON.parse(new TextDecoder().decode(bytes))
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
