import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem, type } from 'node:os'
import { version as duckdbVersion } from '@duckdb/node-api'

export interface MachineFacts {
  readonly date: string
  /** Commit of Millrace, with a plus if files differ from it. */
  readonly commit: string
  readonly cores: number
  readonly processor: string
  readonly memoryBytes: number
  readonly system: string
  readonly node: string
  readonly duckdb: string
  /** Processes that wanted a core in the minute before the first run: above 0.5 others were at work. */
  readonly loadBefore: number
}

export function machineFacts(): MachineFacts {
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commitOf(),
    cores: cpus().length,
    processor: cpus()[0]?.model.trim() || 'unnamed processor',
    memoryBytes: totalmem(),
    system: `${type()} ${process.arch}`,
    node: process.version.replace(/^v/, ''),
    duckdb: duckdbVersion().replace(/^v/, ''),
    loadBefore: loadavg()[0] ?? 0,
  }
}

function commitOf(): string {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { encoding: 'utf8' }).trim()
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'packages') !== ''
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? '+' : ''}`
  } catch {
    return 'unknown'
  }
}
