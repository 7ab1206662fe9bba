import { fork } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import type { Attacked } from './gateway-attacker.ts'
import { printed } from './millrace.ts'
import type { MeasuredWorkplace } from './peak.ts'

const ATTACKER = fileURLToPath(new URL('gateway-attacker.ts', import.meta.url))
const KEYS = { good: 'a-good-and-random-key-0123', hostile: 'a-hostile-random-key-0123' }
const MOST_BYTES = 512 << 20
/** The bound that users are promised for a client that behaves well. */
const SLOWEST_MS = 1_000
/** What is under way is given ten seconds, and the machine may be busy. */
const ENDS_WITHIN_MS = 40_000

/**
 * Attacks a gateway that runs with these arguments, while a client that behaves well sends on. Then ends it, whatever
 * has happened `beforeEnd`.
 */
export async function attackGateway(
  place: MeasuredWorkplace,
  more: readonly string[] = [],
  beforeEnd: (send: () => Promise<number>) => Promise<unknown> = async () => {},
): Promise<void> {
  const keys = `good ${KEYS.good} produce:good\nhostile ${KEYS.hostile} produce:hostile.pin read admin:hostile.pin\n`
  await writeFile(join(place.folder, 'keys'), keys, { mode: 0o600 })
  const args = ['--listen', '127.0.0.1:0', '--key-file', 'keys', '--json', '--access-log', 'access.log']
  const gateway = place.start('gateway', ...args, ...more)
  const url = await printed(gateway, /"listening":"([^"]+)"/)
  const attack = once(fork(ATTACKER, [new URL(url).port, KEYS.hostile]), 'message') as Promise<[Attacked]>
  const served = await sendUntil(
    attack.then(() => {}),
    url,
  )
  const [{ sent, statuses }] = await attack

  expect(sent).toBeGreaterThanOrEqual(300)
  expect(Object.keys(statuses).filter((status) => status.startsWith('5'))).toEqual([])
  expect(served.statuses).toEqual(new Set([200]))
  expect(served.count).toBeGreaterThan(30)
  expect(served.p99).toBeLessThan(SLOWEST_MS)
  await beforeEnd(() => sendOne(url))
  gateway.kill('SIGTERM')
  expect(await once(gateway, 'exit', { signal: AbortSignal.timeout(ENDS_WITHIN_MS) })).toEqual([143, null])
  await place.annotate(`served ${served.count} while ${sent} attacked: p99 ${Math.round(served.p99)} ms`)
  await place.expectPeakBelow(MOST_BYTES, `gateway ${more.join(' ')}`)
}

/** One request after the other until the attack is over. */
async function sendUntil(over: Promise<unknown>, url: string) {
  let isOver = false
  void over.finally(() => {
    isOver = true
  })
  const statuses = new Set<number>()
  const times: number[] = []
  while (!isOver) {
    const begun = performance.now()
    statuses.add(await sendOne(url))
    times.push(performance.now() - begun)
  }
  times.sort((a, b) => a - b)
  return { statuses, count: times.length, p99: times[Math.floor(times.length * 0.99)] ?? 0 }
}

/** Sends a record. Returns the status of the answer. */
async function sendOne(url: string): Promise<number> {
  const answer = await fetch(`${url}/topics/good`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.kafka.json.v2+json', 'x-api-key': KEYS.good },
    body: '{"records":[{"value":{"index":1}}]}',
  })
  await answer.arrayBuffer()
  return answer.status
}
