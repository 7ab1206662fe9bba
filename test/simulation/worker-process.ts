import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** What one worker process is to do. */
export interface Orders {
  readonly source: string
  readonly lake: string
  /** Where records go, if not into the lake's table alone. */
  readonly outputs?: readonly string[]
  readonly dataset: string
  /** Where the data set is, if not in the example. */
  readonly datasetFolders?: readonly string[]
  readonly table: string
  readonly topic: string
  readonly group: string
  readonly limits: { readonly maxBytes: number; readonly maxRows: number; readonly everyMs: number }
  readonly untilCaughtUp: boolean
  /** Columns of the table that the data set need not fill. */
  readonly nullColumns?: readonly string[]
  /** Where it keeps what is under way; what a killed one leaves there goes with the test. */
  readonly temporaryFolder: string
  /** How much faster its clock goes. */
  readonly haste: number
  /** What happens to it when it passes a point for the n-th time. */
  readonly events: readonly { readonly point: string; readonly time: number; readonly outcome: Outcome }[]
}

export type Outcome = 'dies' | 'freezes' | { readonly clockJumpsMs: number }

/** What it tells meanwhile. */
export type Report =
  | { readonly passed: string }
  /** Table maintenance that failed. */
  | { readonly failed: string }
  /** What it has to wait for; null when it goes on. */
  | { readonly waits: string | null }

export interface WorkerProcess {
  readonly pid: number
  readonly running: boolean
  /** How often it has passed this point so far. */
  times(point: string): number
  /** Settles when it has passed this point so often; rejects when it ends before. */
  passed(point: string, times?: number): Promise<void>
  /** Settles when it has said that it waits, for something that matches; or that it goes on. */
  waits(pattern: RegExp): Promise<void>
  goesOn(): Promise<void>
  /** Asks for a clean stop. */
  terminate(): void
  /** Lets it go on that froze. */
  thaw(): void
  kill(): void
  /** Settles with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** Maintenance that failed, and what it printed as it ended. */
  readonly complaints: readonly string[]
}

const PROGRAM = fileURLToPath(new URL('programs/worker.ts', import.meta.url))

export function startWorker(orders: Orders): WorkerProcess {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(orders)], {
    env: { ...process.env, TMPDIR: orders.temporaryFolder },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const complaints: string[] = []
  const counts = new Map<string, number>()
  let waiting: string | null | undefined
  let listeners: (() => void)[] = []
  child.on('message', (report: Report) => {
    if ('failed' in report) complaints.push(report.failed)
    else if ('waits' in report) waiting = report.waits
    else counts.set(report.passed, times(report.passed) + 1)
    for (const listener of listeners) listener()
  })
  const times = (point: string) => counts.get(point) ?? 0
  const ended = endOf(child, complaints)
  const until = (what: string, isSo: () => boolean) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!isSo()) return
        listeners = listeners.filter((listener) => listener !== look)
        resolve()
      }
      listeners.push(look)
      look()
      void ended.then((end) => reject(new Error(`ended with ${end} before it ${what}: ${complaints.join('\n')}`)))
    })
  return {
    pid: child.pid ?? 0,
    ended,
    complaints,
    get running() {
      return child.exitCode === null && child.signalCode === null
    },
    times,
    passed: (point, wanted = 1) => until(`passed "${point}"`, () => times(point) >= wanted),
    waits: (pattern) => until(`waited for ${pattern}`, () => pattern.test(waiting ?? '')),
    goesOn: () => until('went on', () => waiting === null),
    terminate: () => void child.kill('SIGTERM'),
    thaw: () => void child.kill('SIGCONT'),
    kill: () => void child.kill('SIGKILL'),
  }
}

async function endOf(child: ChildProcess, complaints: string[]): Promise<number | string> {
  const [[code, signal], errors] = await Promise.all([
    once(child, 'close') as Promise<[number | null, string | null]>,
    child.stderr ? text(child.stderr) : '',
  ])
  if (errors) complaints.push(errors)
  return code ?? signal ?? 'lost'
}

/** Fails with what the worker said as it ended. */
export async function expectEnd(worker: WorkerProcess, wanted: number | string): Promise<void> {
  const end = await worker.ended
  if (end !== wanted) throw new Error(`a worker ended with ${end}: ${worker.complaints.join('\n')}`)
}

export async function leave(worker: WorkerProcess): Promise<void> {
  worker.terminate()
  await expectEnd(worker, 0)
}
