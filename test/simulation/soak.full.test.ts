import { readFile } from 'node:fs/promises'
import { judgeStats, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { LOCAL } from './places.ts'
import { openScene } from './scene.ts'
import { leave } from './worker-process.ts'

const it = withServices('judge')

// What a worker commits in five and a half hours at one batch every ten seconds, as fast as it goes; its table maintenance
// runs on a clock that is as much faster.
const COMMITS = 2_000
const SAMPLES = 20
const HASTE = 60

/** Maintenance leaves so many small files alone, and some come while it works. */
const MOST_FILES = 64 + 100

interface Sample {
  readonly commits: number
  readonly rssMb: number
  readonly files: number
  readonly medianMs: number
  readonly slowestMs: number
}

it(`after ${COMMITS} commits a worker needs the memory of its first hour, and its table has few files`, {
  timeout: 3_600_000,
}, async ({ judge, annotate, onTestFinished }) => {
  const scene = await openScene(LOCAL, onTestFinished)
  const { tables } = await LOCAL.lake(scene.folder)
  const worker = scene.start({ haste: HASTE, limits: { maxBytes: 1 << 20, maxRows: 10_000, everyMs: 0 } })
  const samples: Sample[] = []
  for (let commits = 0; commits < COMMITS; ) {
    const took: number[] = []
    for (const until = commits + COMMITS / SAMPLES; commits < until; commits++) {
      const [before, begun] = [worker.times('committed'), performance.now()]
      await scene.feed.send(5)
      await worker.passed('committed', before + 1)
      took.push(performance.now() - begun)
    }
    took.sort((a, b) => a - b)
    const { files } = await judgeStats(judge, { table: `${tables}/user` })
    const [medianMs = 0, slowestMs = 0] = [took[took.length >> 1], took.at(-1)].map(
      Math.round as (n?: number) => number,
    )
    samples.push({ commits, rssMb: await rssMb(worker.pid), files, medianMs, slowestMs })
  }
  await annotate(tableOf(samples))
  await leave(worker)
  expect(worker.complaints).toEqual([])
  await scene.expectEachRecordOnce(judge)

  expect(Math.max(...samples.map(({ files }) => files))).toBeLessThan(MOST_FILES)
  const third = Math.floor(SAMPLES / 3)
  const memory = (some: readonly Sample[]) => some.reduce((sum, { rssMb }) => sum + rssMb, 0) / some.length
  expect(memory(samples.slice(-third)) / memory(samples.slice(third, 2 * third))).toBeLessThan(1.15)
})

async function rssMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024)
}

function tableOf(samples: readonly Sample[]): string {
  const lines = samples.map((sample) => Object.values(sample).join(' | '))
  return ['commits | RSS MB | files | median ms | slowest ms', ...lines].join('\n')
}
