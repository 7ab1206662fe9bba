// one worker of two cores, a commit of each table every 60 s; its dashboard is off
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { job, MILLRACE, report } from '../../src/contestant.ts'
import { usageOf } from '../../src/usage.ts'
import { latenessOf } from '../lateness.ts'
import { judge } from '../tables.ts'

const SECONDS = Number(process.env.MILLRACE_BENCH_SECONDS ?? 180)
const EVERY_SECONDS = Number(process.env.MILLRACE_BENCH_EVERY_SECONDS ?? 60)
const PER_TOPIC = 10 / 3
/** An interval, and time for a rebalance, before which the session of a killed worker has to expire. */
const SETTLE_MS = EVERY_SECONDS * 1000 + 20_000

const { output, size, services } = job()
const [bootstrap, registry] = [services.kafka?.bootstrap ?? '', services.registry?.url ?? '']
const prefix = `topics-${randomUUID()}`
const feedFile = fileURLToPath(new URL('../feed.ts', import.meta.url))

const feed = spawn(process.execPath, [feedFile, bootstrap, registry, prefix, String(size), String(size * PER_TOPIC)], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
let said = ''
feed.stdout.on('data', (chunk) => {
  said += chunk
})
while (!said.includes('ready')) await sleep(100)

const source = ['--source', `kafka://${bootstrap}`, '--registry', registry, '--topics', `${prefix}\\..*`, '--infer']
const options = [...source, '--lake', output, '--group', prefix, '--every', `${EVERY_SECONDS}s`, '--no-dashboard']
const start = (...more: string[]) =>
  spawn(process.execPath, [MILLRACE, 'stream', ...options, ...more], {
    cwd: output,
    stdio: ['ignore', 'ignore', 'pipe'],
  })

const first = start()
await committed(first, size)
const [begun, before] = [Date.now(), usageOf(first.pid ?? 0)]
await sleep(SECONDS * 1000)
const [measuredTo, after] = [Date.now(), usageOf(first.pid ?? 0)]

const second = start()
second.stderr.resume()
await sleep(SETTLE_MS)
const killed = Date.now()
first.kill('SIGKILL')
await sleep(SETTLE_MS)
const peakOfSecond = usageOf(second.pid ?? 0).peakBytes
feed.stdin.end()
await once(feed, 'exit')
second.kill('SIGTERM')
await once(second, 'exit')
const rest = start('--until-caught-up')
rest.stderr.resume()
await once(rest, 'exit')

const { messages, seconds } = JSON.parse(said.split('\n').findLast((line) => line.startsWith('{')) ?? '{}') as {
  readonly messages: number
  readonly seconds: number
}
const { lost, doubled, commits, waited } = await judge(output, size, messages)
if (lost !== 0 || doubled !== 0) throw new Error(`${lost} messages are in no table, ${doubled} are in one twice`)
const late = (from: number, to: number) => latenessOf(waited.filter(({ at }) => at > from && at <= to))
const [steady, shared, alone] = [late(begun, measuredTo), late(measuredTo, killed), late(killed, Infinity)]
report({
  figures: {
    messagesPerSecond: (size * messages) / seconds,
    cores: (after.cpuSeconds - before.cpuSeconds) / ((measuredTo - begun) / 1000),
    peakMB: after.peakBytes / 1e6,
    peakOfSecondMB: peakOfSecond / 1e6,
    messages: size * messages,
    commits,
    waitedMostSeconds: steady.mostSeconds,
    waitedP99Seconds: steady.p99Seconds,
    waitedMostInRebalanceSeconds: shared.mostSeconds,
    waitedMostAfterKillSeconds: alone.mostSeconds,
    ...{ lost, doubled },
  },
})

/** Settles when the worker has committed to so many tables: what waited for it to start is behind it then. */
async function committed(worker: ChildProcess, count: number): Promise<void> {
  const tables = new Set<string>()
  const lines = createInterface({ input: worker.stderr as Readable })
  lines.on('line', (line) => {
    const dataset = line.includes('"event":"committed"') && /"dataset":"([^"]+)"/.exec(line)?.[1]
    if (dataset) tables.add(dataset)
  })
  while (tables.size < count && worker.exitCode === null) await sleep(200)
  if (worker.exitCode !== null) throw new Error(`the worker ended with ${worker.exitCode}`)
}
