import { readdirSync, readFileSync } from 'node:fs'

/** Resources of a process and all its descendants, by /proc. */
export interface TreeWatch {
  /** CPU seconds until now of everything in the tree, those that have ended and been waited for included. */
  cpuSeconds(): number
  /** Resident bytes now. */
  residentBytes(): number
  /** Stops looking; answers what was seen, and which processes are still there. */
  end(): { readonly peakBytes: number; readonly cpuSeconds: number; readonly left: readonly number[] }
}

/** How long a peak of the sum may go unseen; a single process's own peak is kept by the kernel. */
const LOOK_EVERY_MS = 50
/** Every so many samples all processes of the machine are read to find new members, which is the slow part. */
const LOOKS_A_SEARCH = 5

/** USER_HZ and the page size on every Linux that Node runs on (arm64 kernels with large pages aside). */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

interface Seen {
  readonly parent: number
  readonly session: number
  readonly startedAt: string
  readonly ownTicks: number
  readonly childTicks: number
  readonly bytes: number
}

/** `root` leads a session of its own. */
export function watchTree(root: number): TreeWatch {
  const members = new Map<number, Seen>()
  const endedTicks = new Map<string, number>()
  let peakBytes = 0
  let looks = 0
  const look = (search = true) => {
    const living = search ? livingTree(root, members) : stillLiving(members)
    members.clear()
    let sum = 0
    for (const [pid, seen] of living) {
      members.set(pid, seen)
      endedTicks.set(`${pid}/${seen.startedAt}`, seen.ownTicks)
      sum += seen.bytes
      peakBytes = Math.max(peakBytes, ownPeak(pid))
    }
    peakBytes = Math.max(peakBytes, sum)
    return living
  }
  const timer = setInterval(() => look(++looks % LOOKS_A_SEARCH === 0), LOOK_EVERY_MS)
  look()
  return {
    cpuSeconds: () => sumOf(look().values(), ({ ownTicks, childTicks }) => ownTicks + childTicks) / TICKS_PER_SECOND,
    residentBytes: () => sumOf(look().values(), ({ bytes }) => bytes),
    end() {
      clearInterval(timer)
      const left = [...look().keys()]
      return { peakBytes, cpuSeconds: sumOf(endedTicks.values(), (ticks) => ticks) / TICKS_PER_SECOND, left }
    },
  }
}

/** CPU seconds of all that this process has started and waited for, with all that those waited for. */
export function waitedForSeconds(): number {
  return (readStat(process.pid)?.childTicks ?? 0) / TICKS_PER_SECOND
}

/** The root and its session, whatever has a parent in the tree, and earlier members whose parent has left them. */
function livingTree(root: number, earlier: ReadonlyMap<number, Seen>): Map<number, Seen> {
  const all = new Map<number, Seen>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    const seen = Number.isInteger(pid) ? readStat(pid) : undefined
    if (seen) all.set(pid, seen)
  }
  const isMember = (pid: number): boolean => {
    const seen = all.get(pid)
    if (!seen) return false
    return (
      pid === root || seen.session === root || earlier.get(pid)?.startedAt === seen.startedAt || isMember(seen.parent)
    )
  }
  return new Map([...all].filter(([pid]) => isMember(pid)))
}

function stillLiving(earlier: ReadonlyMap<number, Seen>): Map<number, Seen> {
  const living = new Map<number, Seen>()
  for (const [pid, { startedAt }] of earlier) {
    const seen = readStat(pid)
    if (seen?.startedAt === startedAt) living.set(pid, seen)
  }
  return living
}

function readStat(pid: number): Seen | undefined {
  const text = contents(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The name in parentheses may hold anything; from the state on, fields are numbered 3, 4, … in proc(5).
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const field = (number: number) => Number(fields[number - 3])
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined
  return {
    parent: field(4),
    session: field(6),
    startedAt: fields[22 - 3] ?? '',
    ownTicks: field(14) + field(15),
    childTicks: field(16) + field(17),
    bytes: field(24) * PAGE_BYTES,
  }
}

function ownPeak(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB/m.exec(contents(`/proc/${pid}/status`) ?? '')?.[1]
  return Number(kilobytes ?? 0) * 1024
}

/** Undefined when the process has gone. */
function contents(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

function sumOf<T>(items: Iterable<T>, of: (item: T) => number): number {
  let sum = 0
  for (const item of items) sum += of(item)
  return sum
}
