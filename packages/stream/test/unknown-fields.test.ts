import { expect, it } from 'vitest'
import { unknownFieldsReporter } from '../src/epoch/unknown-fields.ts'
import type { PipelineNews } from '../src/telemetry.ts'

it('an unknown field is told of once, and no more of them than anyone would read', () => {
  const reported: PipelineNews[] = []
  const report = unknownFieldsReporter((news) => void reported.push(news))
  const saw = (...names: string[]) => report({ looked: 64, names: new Map(names.map((name) => [name, 1])) })
  saw()
  saw('a', 'b')
  saw('b', 'c')
  saw('a')
  saw(...Array.from({ length: 5_000 }, (_, i) => `made up ${i}`))
  saw('one more')
  expect(reported.slice(0, 2)).toEqual([
    { what: 'unknown fields', names: ['a', 'b'] },
    { what: 'unknown fields', names: ['c'] },
  ])
  expect(reported.length).toBe(3)
  expect(reported.flatMap((news) => (news.what === 'unknown fields' ? news.names : [])).length).toBe(1_000)
})
