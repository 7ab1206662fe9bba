import { once } from 'node:events'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Command, Job, Report } from './contract.ts'

/**
 * The command as it is published, built for benchmarks: whoever packs the package builds it in another folder, at the
 * same time perhaps.
 */
export const MILLRACE = fileURLToPath(
  new URL('../../packages/millrace/node_modules/.bench/dist/main.js', import.meta.url),
)

/** The published library for Delta tables, `millrace/delta`, from the same build. */
export const LIBRARY = new URL('delta.js', pathToFileURL(MILLRACE)).href

/** Returns the command line of a worker that ends when it has caught up. */
export function caughtUpWorker(options: readonly string[]): Command {
  return { command: [process.execPath, MILLRACE, 'stream', ...options, '--until-caught-up', '--json'] }
}

/** The contestants' side of the protocol: for those that are written in TypeScript. */
export function job(): Job {
  return JSON.parse(process.argv[2] ?? '{}') as Job
}

/** The input is in place: time starts to count when this settles. */
export async function ready(): Promise<void> {
  process.stdout.write('ready\n')
  await once(process.stdin, 'data')
  process.stdin.unref()
  process.stdin.pause()
}

export function report(result: Report): void {
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
