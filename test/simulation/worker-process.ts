import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

/** What one worker process is to do. */
export interface Orders {
  readonly source: string
  readonly lake: string
  readonly dataset: string
  readonly table: string
  readonly topic: string
  readonly group: string
  readonly limits: { readonly maxBytes: number; readonly maxRows: number; readonly everyMs: number }
  readonly untilCaughtUp: boolean
  /** How much faster its clock goes. */
  readonly haste: number
  /** Dies by SIGKILL when it passes this point for the n-th time. */
  readonly dieAt?: { readonly point: string; readonly time: number }
}

/** What it tells meanwhile. */
export type Report =
  | { readonly passed: string }
  /** Table care that failed. */
  | { readonly failed: string }
  /** What it has to wait for; null when it goes on. */
  | { readonly waits: string | null }

export interface WorkerProcess {
  /** Settles when it has passed this point so often; rejects when it ends before. */
  passed(point: string, times?: number): Promise<void>
  readonly running: boolean
  /** Asks for a clean stop. */
  terminate(): void
  /** Settles with the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** What it had to wait for, care that failed, and what it printed as it ended. */
  complaints(): string[]
  readonly waits: readonly (string | null)[]
}

const PROGRAM = fileURLToPath(new URL('programs/worker.ts', import.meta.url))

export function startWorker(orders: Orders, folder: string): WorkerProcess & { kill(): void } {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(orders)], {
    // What a killed worker leaves behind in the temporary folder goes with the test's.
    env: { ...process.env, TMPDIR: folder },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  const said: string[] = []
  const waits: (string | null)[] = []
  const counts = new Map<string, number>()
  let listeners: (() => void)[] = []
  child.on('message', (report: Report) => {
    if ('passed' in report) counts.set(report.passed, (counts.get(report.passed) ?? 0) + 1)
    else if ('waits' in report) waits.push(report.waits)
    else said.push(report.failed)
    for (const listener of listeners) listener()
  })
  const ended = endOf(child, said)
  return {
    ended,
    waits,
    get running() {
      return child.exitCode === null && child.signalCode === null
    },
    terminate: () => void child.kill('SIGTERM'),
    kill: () => void child.kill('SIGKILL'),
    complaints: () => said,
    passed: (point, times = 1) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if ((counts.get(point) ?? 0) < times) return
          listeners = listeners.filter((listener) => listener !== look)
          resolve()
        }
        listeners.push(look)
        look()
        void ended.then((end) => reject(new Error(`ended with ${end} before it passed "${point}": ${said.join('\n')}`)))
      }),
  }
}

async function endOf(child: ChildProcess, said: string[]): Promise<number | string> {
  const [[code, signal], errors] = await Promise.all([
    once(child, 'close') as Promise<[number | null, string | null]>,
    child.stderr ? text(child.stderr) : '',
  ])
  if (errors) said.push(errors)
  return code ?? signal ?? 'lost'
}

/** Fails with what the worker said as it ended. */
export async function expectEnd(worker: WorkerProcess, wanted: number | string): Promise<void> {
  const end = await worker.ended
  if (end !== wanted) throw new Error(`a worker ended with ${end}: ${worker.complaints().join('\n')}`)
}
