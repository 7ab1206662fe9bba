import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import type { Attacked } from './gateway-attacker.ts'
import { openWorkplace, printed, type Workplace } from './millrace.ts'

const ATTACKER = fileURLToPath(new URL('gateway-attacker.ts', import.meta.url))
const KEYS = { good: 'a-good-and-random-key-0123', hostile: 'a-hostile-random-key-0123' }
const MOST_BYTES = 512 << 20
/** The bound that users are promised for a client that behaves well. */
const SLOWEST_MS = 1_000

const places: Workplace[] = []
afterEach(async () => {
  for (const place of places.splice(0)) await place.leave()
})

// The machine may be busy with others: one slow minute is no slow gateway.
it('serves a client that behaves well while 64 others do not', { timeout: 120_000, retry: 2 }, async () => {
  const place = await openWorkplace()
  places.push(place)
  const keys = `good ${KEYS.good} produce:good\nhostile ${KEYS.hostile} produce:hostile read admin:hostile\n`
  await writeFile(join(place.folder, 'keys'), keys, { mode: 0o600 })
  const args = ['--listen', '127.0.0.1:0', '--key-file', 'keys', '--json', '--access-log', 'access.log']
  const gateway = place.start('gateway', ...args)
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
  expect(served.count).toBeGreaterThan(100)
  expect(served.p99).toBeLessThan(SLOWEST_MS)
  if (process.platform === 'linux') expect(await peakBytes(gateway.pid)).toBeLessThan(MOST_BYTES)
  gateway.kill('SIGTERM')
  expect(await once(gateway, 'exit')).toEqual([143, null])
})

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
    const answer = await fetch(`${url}/topics/good`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.kafka.json.v2+json', 'x-api-key': KEYS.good },
      body: '{"records":[{"value":{"index":1}}]}',
    })
    await answer.arrayBuffer()
    times.push(performance.now() - begun)
    statuses.add(answer.status)
  }
  times.sort((a, b) => a - b)
  return { statuses, count: times.length, p99: times[Math.floor(times.length * 0.99)] ?? 0 }
}

/** The most memory that a process has had so far. */
async function peakBytes(pid: number | undefined): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) * 1024
}
