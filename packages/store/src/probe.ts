import type { Runtime } from '@millrace/base'
import { compareUtf8 } from './order.ts'
import type { ObjectStore } from './store.ts'

/** The result of one check of a store. */
export interface Finding {
  readonly check: string
  readonly ok: boolean
  readonly detail: string
  /** What the user can do when the check failed. */
  readonly next?: string
}

interface Probe {
  readonly store: ObjectStore
  readonly runtime: Runtime
  /** All that is written begins with it, and is deleted at the end. */
  readonly prefix: string
}

const RACERS = 16
const ROUNDS = 5
const SKEW_MS = 60_000

const encoder = new TextEncoder()

/** Checks that the store does what tables on it rely on. An error of a check is its finding. */
export async function probeStore(store: ObjectStore, runtime: Runtime): Promise<Finding[]> {
  const probe = { store, runtime, prefix: `_millrace/probe-${runtime.uuid()}-` }
  const findings: Finding[] = []
  for (const [check, look] of CHECKS) findings.push(await finding(check, () => look(probe)))
  return findings
}

/** The checks by name. */
const CHECKS: readonly (readonly [string, (probe: Probe) => Promise<Verdict>])[] = [
  ['read and write', readsWhatIsWritten],
  ['absent objects', reportsAbsent],
  ['atomic create', createsOnce],
  ['listing', listsAtOnce],
  ['clock', agreesOnTime],
  ['delete', leavesNothing],
]

type Verdict = { readonly seen: string } | { readonly wrong: string; readonly next: string }

async function finding(check: string, look: () => Promise<Verdict>): Promise<Finding> {
  try {
    const verdict = await look()
    if ('seen' in verdict) return { check, ok: true, detail: verdict.seen }
    return { check, ok: false, detail: verdict.wrong, next: verdict.next }
  } catch (error) {
    const { message, next } = error as Error & { next?: string }
    return { check, ok: false, detail: message, next: next ?? 'Check the store: permissions, space, network.' }
  }
}

async function readsWhatIsWritten({ store, prefix }: Probe): Promise<Verdict> {
  const key = `${prefix}object`
  for (const content of ['first', 'second']) {
    await store.put(key, encoder.encode(content))
    const found = await store.get(key)
    if (!found || new TextDecoder().decode(found) !== content) {
      return { wrong: 'an object that was just written reads otherwise', next: STRONG }
    }
  }
  return { seen: 'an object reads as it was written last' }
}

async function reportsAbsent({ store, prefix }: Probe): Promise<Verdict> {
  const found = await store.get(`${prefix}never-written`)
  if (found) return { wrong: 'an object that nobody wrote is there', next: STRONG }
  return { seen: 'an object that is not there is said to be absent' }
}

async function createsOnce({ store, prefix }: Probe): Promise<Verdict> {
  for (let round = 0; round < ROUNDS; round++) {
    const key = `${prefix}race-${round}`
    const racers = Array.from({ length: RACERS }, (_, i) => `racer ${i}`)
    const answers = await Promise.all(racers.map((racer) => store.putIfAbsent(key, encoder.encode(racer))))
    const winners = racers.filter((_, i) => answers[i] === 'created')
    const late = await store.putIfAbsent(key, encoder.encode('late'))
    const found = new TextDecoder().decode(await store.get(key))
    const next = 'Choose a store with conditional writes: tables on this one lose commits.'
    if (late === 'created') return { wrong: 'an object that exists was created again', next }
    // None: the winner's own answer got lost, and its second try met its first.
    if (winners.length > 1) return { wrong: `${winners.length} of ${RACERS} were answered that they created it`, next }
    if (winners.length === 1 && found !== winners[0]) return { wrong: "the object's content is not the winner's", next }
  }
  return { seen: `one of ${RACERS} wins, ${ROUNDS} times out of ${ROUNDS}` }
}

async function listsAtOnce({ store, prefix }: Probe): Promise<Verdict> {
  const names = ['b', 'a.json', 'a-1', 'a0', 'ä', 'Z', '\uff5e', '😀']
  const listed: string[] = []
  for (const name of names) {
    listed.push(`${prefix}list-${name}`)
    await store.put(`${prefix}list-${name}`, encoder.encode(name))
    const found = await Array.fromAsync(store.keys(`${prefix}list-`))
    const missing = listed.filter((key) => !found.includes(key))
    if (missing.length > 0)
      return { wrong: `${missing.length} of ${listed.length} objects are not listed`, next: STRONG }
    if (found.join() !== found.toSorted(compareUtf8).join()) {
      return { wrong: 'keys are not listed in the order of their bytes', next: STRONG }
    }
  }
  const [first, ...rest] = listed.toSorted(compareUtf8)
  const after = await Array.fromAsync(store.keys(`${prefix}list-`, first))
  if (after.join() !== rest.join()) return { wrong: 'a listing does not begin where it is asked to', next: STRONG }
  return { seen: 'an object is listed as soon as it is written, in the order of the bytes' }
}

const STRONG = 'Choose a store that shows every write at once and lists keys in the order of their bytes, as S3 does.'

async function agreesOnTime({ store, runtime, prefix }: Probe): Promise<Verdict> {
  const before = runtime.now()
  await store.put(`${prefix}time`, encoder.encode('now'))
  const after = runtime.now()
  for await (const { modified } of store.list(`${prefix}time`)) {
    const apart = Math.max(before - modified, modified - after, 0)
    const seconds = `${(apart / 1000).toFixed(1)} s apart`
    if (apart <= SKEW_MS) return { seen: `this machine and the store are ${seconds}` }
    return { wrong: `this machine and the store are ${seconds}`, next: "Set this machine's clock by NTP." }
  }
  return { wrong: 'what was just written is not listed', next: STRONG }
}

async function leavesNothing({ store, prefix }: Probe): Promise<Verdict> {
  const keys = await Array.fromAsync(store.keys(prefix))
  await Promise.all(keys.map((key) => store.delete(key)))
  const left = await Array.fromAsync(store.keys(prefix))
  if (left.length === 0) return { seen: `${keys.length} objects of this check are gone again` }
  return { wrong: `${left.length} objects stay after their delete, under ${prefix}`, next: STRONG }
}
