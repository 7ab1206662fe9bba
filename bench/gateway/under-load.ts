import { execFileSync, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { job, ready, report } from '../src/contestant.ts'
import type { Load, Served } from './client.ts'
import { TOPIC } from './topic.ts'

const CLIENT = fileURLToPath(new URL('client.ts', import.meta.url))

/** Sends all pins to a server in this process, which has one core; the client has another. */
export async function underLoad(start: (kafka: string) => Promise<{ readonly url: string; close(): Promise<void> }>) {
  const { input, output, variant, size, services } = job()
  execFileSync('taskset', ['-a', '-cp', '0', String(process.pid)])
  const server = await start(services.kafka?.bootstrap ?? '')
  const perRequest = Number.parseInt(variant, 10)
  const load: Load = {
    url: `${server.url}/topics/${TOPIC}`,
    file: join(input, 'pins.jsonl'),
    perRequest,
    records: size,
    connections: perRequest === 1 ? 64 : 8,
  }
  await run({ ...load, records: Math.min(size, perRequest * 2_000) })
  await ready()
  const before = process.cpuUsage()
  const { answered, p50, p99 } = await run(load)
  const { user, system } = process.cpuUsage(before)
  await writeFile(join(output, 'answered.jsonl'), JSON.stringify({ answered }))
  report({
    figures: {
      'CPU of the server, µs a record': (user + system) / answered,
      'p50 ms': p50,
      'p99 ms': p99,
    },
  })
  await server.close()
}

async function run(load: Load): Promise<Served> {
  const client = spawn('taskset', ['-c', '1', process.execPath, CLIENT, JSON.stringify(load)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(await text(client.stdout)) as Served
}
