import { expect, it } from 'vitest'
import { markdownOf } from '../src/markdown.ts'
import type { BenchResult, Run } from '../src/results.ts'

const run = (wallSeconds: number, cpuSeconds: number, figures: Run['figures'] = {}): Run => ({
  wallSeconds,
  cpuSeconds,
  peakBytes: 500e6,
  outputBytes: 1e6,
  units: 1000,
  figures,
})

const machine = {
  date: '2020-02-02',
  commit: 'abc',
  cores: 2,
  processor: 'P',
  memoryBytes: 2 ** 34,
  system: 'Linux x64',
  node: '26.0.0',
  duckdb: '1.5.5',
  loadBefore: 0,
}

const RESULT: BenchResult = {
  name: 'b',
  about: 'About it.',
  unit: 'rows',
  reference: 'slow',
  measures: 'process',
  size: 1000,
  rounds: 3,
  machine,
  cases: [
    {
      variant: '',
      contestants: [
        { name: 'fast', about: 'quick', engine: 'E 1', runs: [run(1, 2, { 'first s': 0.5 }), run(2, 2), run(4, 2)] },
        { name: 'slow', about: 'tardy', runs: [run(2, 4), run(4, 8), run(12, 4)] },
        { name: 'gone', about: 'absent', missing: 'needs Java', runs: [] },
      ],
    },
  ],
}

it('shows medians with their range, and the ratio as the median of the rounds', () => {
  const lines = markdownOf(RESULT).split('\n')
  expect(lines).toContain('| **fast**: quick (E 1) | 500 | 2 | 500 | 2 (1–4) | 2 | 500 | 1 |')
  expect(lines).toContain('| **slow**: tardy | 250 | 1 | 250 | 4 (2–12) | 4 (4–8) | 500 | 1 |')
})

it('says where a contestant ran in fewer rounds', () => {
  const [only] = RESULT.cases
  const contestants = [{ name: 'slow', about: 'tardy', engine: 'E 1', runs: [run(2, 4)] }]
  const text = markdownOf({ ...RESULT, cases: [{ variant: '', ...only, contestants }] })
  expect(text).toContain('| **slow**: tardy (E 1), 1 round |')
})

it('names who is missing and why, and tells further figures apart', () => {
  const text = markdownOf(RESULT)
  expect(text).toContain('| **gone**: absent. Missing: needs Java |')
  expect(text).toContain('|  | first s |\n| --- | ---: |\n| **fast** | 0.5 |\n| **slow** |  |')
})
