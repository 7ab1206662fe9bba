import type { ObjectStore } from '../store.ts'

/** What is written of leases in the store, by everyone who shares them. */
export interface Board {
  /** Replaces the worker's own object. */
  beat(worker: string, beat: Beat): Promise<void>
  look(): Promise<Sight>
  /** True: the lease is this worker's. */
  claim(name: string, epoch: number, worker: string): Promise<boolean>
  /** The next epoch is nobody's. */
  release(name: string, epoch: number): Promise<void>
  /** Forgets a lease that there is no use for any more. */
  remove(name: string): Promise<void>
  removeWorker(worker: string): Promise<void>
}

/** What a worker says of itself. */
export interface Beat {
  readonly count: number
  /** What it would work on. */
  readonly scopes: readonly string[]
  /** Leases of its own that need no more work. */
  readonly finished: readonly string[]
}

export interface Claim {
  readonly epoch: number
  /** Undefined: it was handed back. */
  readonly holder: string | undefined
}

export interface Sight {
  readonly beats: ReadonlyMap<string, Beat>
  /** The newest claim of each name. */
  readonly claims: ReadonlyMap<string, Claim>
}

const EPOCH_DIGITS = 12

export function openBoard(store: ObjectStore, prefix: string): Board {
  const workers = `${prefix}/workers/`
  const leases = `${prefix}/leases/`
  const keyOf = (name: string, epoch: number) =>
    `${leases}${encodeURIComponent(name)}/${String(epoch).padStart(EPOCH_DIGITS, '0')}`
  // A claim never changes once it is made.
  const holders = new Map<string, string | undefined>()
  const holderOf = async (key: string): Promise<string | undefined> => {
    if (!holders.has(key)) holders.set(key, (await read<{ holder?: string }>(store, key))?.holder)
    return holders.get(key)
  }
  const put = async (name: string, epoch: number, holder: string | undefined): Promise<boolean> => {
    const key = keyOf(name, epoch)
    await store.putIfAbsent(key, encode({ holder }))
    return (await read<{ holder?: string }>(store, key))?.holder === holder
  }
  return {
    beat: (worker, beat) => store.put(workers + worker, encode(beat)),
    async look() {
      const [beats, keys] = await Promise.all([readBeats(store, workers), newestKeys(store, leases)])
      const claims = new Map<string, Claim>()
      for (const [name, key] of keys) claims.set(name, { epoch: epochOf(key), holder: await holderOf(key) })
      for (const key of new Set(holders.keys()).difference(new Set(keys.values()))) holders.delete(key)
      return { beats, claims }
    },
    async claim(name, epoch, worker) {
      if (!(await put(name, epoch, worker))) return false
      // Whoever looked long ago creates an epoch that others have passed and cleaned up.
      const epochs = await epochsOf(store, leases, name)
      for (const older of epochs.filter((other) => other < epoch)) await store.delete(keyOf(name, older))
      return Math.max(...epochs) === epoch
    },
    async release(name, epoch) {
      await put(name, epoch + 1, undefined)
    },
    async remove(name) {
      for (const epoch of await epochsOf(store, leases, name)) await store.delete(keyOf(name, epoch))
    },
    removeWorker: (worker) => store.delete(workers + worker),
  }
}

async function readBeats(store: ObjectStore, prefix: string): Promise<Map<string, Beat>> {
  const keys = await Array.fromAsync(store.keys(prefix))
  const beats = await Promise.all(keys.map((key) => read<Beat>(store, key)))
  return new Map(keys.flatMap((key, i) => (beats[i] ? [[key.slice(prefix.length), beats[i]] as const] : [])))
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

async function read<T>(store: ObjectStore, key: string): Promise<T | undefined> {
  const bytes = await store.get(key)
  return bytes && JSON.parse(new TextDecoder().decode(bytes))
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value))
}
