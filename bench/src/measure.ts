import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import type { Command, Report } from './contract.ts'
import { waitedForSeconds, watchTree } from './process-tree.ts'

interface Measured {
  readonly wallSeconds: number
  readonly cpuSeconds: number
  readonly peakBytes: number
  /** Resident when it said that it was ready. */
  readonly readyBytes?: number
  readonly report: Report
}

export type Outcome = Measured | { readonly unavailable: string }

/** One run of one contestant, alone: nothing else may be started by this process meanwhile. */
export async function measure(
  { command, env, figures }: Command,
  measures: 'process' | 'work',
  folder: string,
): Promise<Outcome> {
  const [program = '', ...args] = command
  const before = waitedForSeconds()
  let started = performance.now()
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A session of its own, so that all of it can be found and ended.
    detached: true,
  })
  const stop = endWithUs(child)
  child.stdin.on('error', () => {})
  const tree = watchTree(child.pid ?? 0)
  const errors = text(child.stderr)
  const exited = once(child, 'close')
  let atReady: { cpuSeconds: number; readyBytes: number } | undefined
  let last = ''
  let reportedAt = 0
  createInterface(child.stdout).on('line', (line) => {
    if (line === 'ready') {
      atReady = { cpuSeconds: tree.cpuSeconds(), readyBytes: tree.residentBytes() }
      started = performance.now()
      child.stdin.write('go\n')
    } else {
      last = line
      reportedAt = performance.now()
    }
  })
  const [code, signal] = (await exited) as [number | null, string | null]
  const endedAt = performance.now()
  const { peakBytes, cpuSeconds, left } = tree.end()
  stop()
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code ?? signal}:\n${await errors}`)
  if (left.length > 0) throw new Error(`${command.join(' ')} left processes behind: ${left.join(', ')}`)
  const report = reportOf(last, command)
  if (report.unavailable !== undefined) return { unavailable: report.unavailable }
  if ((measures === 'work') !== (atReady !== undefined)) {
    throw new Error(
      `${command.join(' ')}: this benchmark measures the ${measures}; it must ${atReady ? 'not ' : ''}say ready`,
    )
  }
  return {
    wallSeconds: ((measures === 'work' ? reportedAt : endedAt) - started) / 1000,
    cpuSeconds: Math.max(cpuSeconds, waitedForSeconds() - before) - (atReady?.cpuSeconds ?? 0),
    peakBytes,
    ...(atReady && { readyBytes: atReady.readyBytes }),
    report: figures ? { figures: figures(report) ?? {} } : report,
  }
}

function reportOf(line: string, command: readonly string[]): Report {
  try {
    return JSON.parse(line) as Report
  } catch (cause) {
    throw new Error(`${command.join(' ')} did not end with a line of JSON: ${line}`, { cause })
  }
}

/** Ends the child's whole group when this process ends, and when what is answered is called. */
function endWithUs(child: ChildProcess): () => void {
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    } catch {
      // Nobody is left: that is what we want.
    }
  }
  const interrupted = () => process.exit(130)
  process.on('exit', kill)
  process.on('SIGINT', interrupted)
  process.on('SIGTERM', interrupted)
  return () => {
    process.off('exit', kill)
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
    kill()
  }
}
