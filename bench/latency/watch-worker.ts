import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { lakeInBucket } from '../src/bucket.ts'
import { MILLRACE } from '../src/contestant.ts'
import type { Job } from '../src/contract.ts'
import { copyTable, observe } from './observe.ts'
import { makeTopic } from './steady-feed.ts'

/** Runs the worker on a new topic that is fed at a steady pace, and answers how late its rows could be read. */
export async function watchWorker(
  job: Job,
  where: 'folder' | 's3',
  perSecond: number,
): Promise<Record<string, number>> {
  const { input, output, size, services } = job
  const bootstrap = services.kafka?.bootstrap ?? ''
  const name = `latency-${randomUUID()}`
  const { lake, env } = where === 's3' ? await lakeInBucket(services.s3 ?? {}, name) : { lake: output, env: {} }
  Object.assign(process.env, env)
  await makeTopic(bootstrap, name)
  const places = ['--source', `kafka://${bootstrap}`, '--lake', lake, '--datasets', 'pin', '--topics', `pin=${name}`]
  const options = ['--group', name, '--start', 'earliest', '--every', '100ms', '--dashboard', 'false']
  const worker = spawn(process.execPath, [MILLRACE, 'stream', ...places, ...options], {
    cwd: output,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const ended = once(worker, 'exit')
  const figures = await Promise.race([
    observe({ bootstrap, topic: name, lake, input, size, perSecond, pid: worker.pid ?? 0 }),
    ended.then(([code]) => Promise.reject(new Error(`the worker ended with ${code}`))),
  ])
  worker.kill()
  await ended
  if (where === 's3') await copyTable(lake, output)
  return figures
}
