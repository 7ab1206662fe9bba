import { expect, test } from 'vitest'
import { ratioTo } from '../src/quick.ts'
import type { BenchResult, Run } from '../src/results.ts'

const run = (cpuSeconds: number): Run => {
  return { wallSeconds: 9, cpuSeconds, peakBytes: 1, outputBytes: 1, units: 1, figures: {} }
}

test('a guarded ratio is of CPU time: the median over the rounds, each compared within itself', () => {
  const contestants = [
    { name: 'peer', about: '', runs: [run(1), run(8), run(2)] },
    { name: 'other', about: '', runs: [run(90), run(90), run(90)] },
    { name: 'millrace', about: '', runs: [run(2), run(10), run(1)] },
  ]
  const result = { cases: [{ variant: '', contestants }] } as unknown as BenchResult
  expect(ratioTo('peer', result)).toBe(0.8)
})
