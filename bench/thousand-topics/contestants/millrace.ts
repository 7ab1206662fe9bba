// one worker of two cores, a commit of each table every 30 s; its dashboard is off
import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { job, ready, report } from '../../src/contestant.ts'
import { usageOf } from '../process.ts'
import { judge, type Waited } from '../tables.ts'

const SECONDS = Number(process.env.MILLRACE_BENCH_SECONDS ?? 180)
const PER_TOPIC = 10 / 3
/** Long enough for a rebalance, and for a session that has to expire. */
const SETTLE_MS = 30_000

const { output, size, services } = job()
const [bootstrap, registry] = [services.kafka?.bootstrap ?? '', services.registry?.url ?? '']
const prefix = `topics-${randomUUID()}`
const main = fileURLToPath(new URL('../../../packages/millrace/src/main.ts', import.meta.url))
const feedFile = fileURLToPath(new URL('../feed.ts', import.meta.url))

const feed = spawn(process.execPath, [feedFile, bootstrap, registry, prefix, String(size), String(size * PER_TOPIC)], {
  stdio: ['pipe', 'pipe', 'inherit'],
})
let said = ''
feed.stdout.on('data', (chunk) => {
  said += chunk
})
while (!said.includes('ready')) await sleep(100)
await ready()

const source = ['--source', `kafka://${bootstrap}`, '--registry', registry, '--topics', `${prefix}\\..*`, '--infer']
const options = [...source, '--lake', output, '--group', prefix, '--every', '30s', '--no-dashboard']
const start = (...more: string[]) =>
  spawn(process.execPath, [main, 'stream', ...options, ...more], { cwd: output, stdio: ['ignore', 'ignore', 'pipe'] })

const first = start()
await committed(first, size)
const [begun, before] = [Date.now(), usageOf(first.pid ?? 0)]
await sleep(SECONDS * 1000)
const [measuredTo, after] = [Date.now(), usageOf(first.pid ?? 0)]

const second = start()
second.stderr.resume()
await sleep(SETTLE_MS)
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

const { messages } = JSON.parse(said.split('\n').findLast((line) => line.startsWith('{')) ?? '{}') as {
  messages: number
}
const { lost, doubled, commits } = await judge(output, size, messages)
const steady = commits.filter(({ at }) => at > begun && at < measuredTo)
report({
  figures: {
    cores: (after.cpuSeconds - before.cpuSeconds) / ((measuredTo - begun) / 1000),
    peakMB: after.peakBytes / 1e6,
    peakOfSecondMB: peakOfSecond / 1e6,
    messagesPerTopic: messages,
    commits: commits.length,
    waitedMostSeconds: most(steady) / 1000,
    waitedMostThroughKillSeconds: most(commits.filter(({ at }) => at >= measuredTo)) / 1000,
    ...{ lost, doubled },
  },
})

function most(waited: readonly Waited[]): number {
  return waited.reduce((longest, { ms }) => Math.max(longest, ms), 0)
}

/** Settles when the worker has made so many commits. */
async function committed(worker: ChildProcess, count: number): Promise<void> {
  let seen = 0
  worker.stderr?.on('data', (chunk: Buffer) => {
    seen += chunk.toString().split('"event":"committed"').length - 1
  })
  while (seen < count && worker.exitCode === null) await sleep(200)
  if (worker.exitCode !== null) throw new Error(`the worker ended with ${worker.exitCode}`)
}
