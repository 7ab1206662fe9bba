import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { lakeInBucket } from '../src/bucket.ts'
import { MILLRACE } from '../src/contestant.ts'
import type { Job } from '../src/contract.ts'
import { copyTable } from './observe.ts'
import { makeTopic } from './steady-feed.ts'

export interface Reading {
  readonly where: 'folder' | 's3'
  /** The data set, whose table has its name. */
  readonly dataset: string
  /** More options of the worker. */
  readonly options?: readonly string[]
}

/** A worker that reads a new topic into a table. */
export interface RunningWorker {
  readonly bootstrap: string
  readonly topic: string
  readonly lake: string
  readonly pid: number
}

/** Runs the worker with a commit every 100 ms for as long as it is watched. */
export async function runWorker<T>(
  { output, services }: Job,
  { where, dataset, options = [] }: Reading,
  watch: (worker: RunningWorker) => Promise<T>,
): Promise<T> {
  const bootstrap = services.kafka?.bootstrap ?? ''
  const name = `latency-${randomUUID()}`
  const { lake, env } = where === 's3' ? await lakeInBucket(services.s3 ?? {}, name) : { lake: output, env: {} }
  Object.assign(process.env, env)
  await makeTopic(bootstrap, name)
  const places = [
    '--source',
    `kafka://${bootstrap}`,
    '--lake',
    lake,
    '--datasets',
    dataset,
    '--topics',
    `${dataset}=${name}`,
  ]
  const settings = ['--group', name, '--start', 'earliest', '--every', '100ms', '--dashboard', 'false', ...options]
  const worker = spawn(process.execPath, [MILLRACE, 'stream', ...places, ...settings], {
    cwd: output,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(worker, 'exit')
  const watched = await Promise.race([
    watch({ bootstrap, topic: name, lake, pid: worker.pid ?? 0 }),
    ended.then(([code]) => Promise.reject(new Error(`the worker ended with ${code}`))),
  ])
  worker.kill()
  await ended
  if (where === 's3') await copyTable(lake, dataset, output)
  return watched
}
