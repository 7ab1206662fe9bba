import { expect, it } from 'vitest'
import { unknownFieldsReporter } from '../src/epoch/unknown-fields.ts'
import type { PipelineNews } from '../src/telemetry.ts'

it('an unknown field is told of once, and no more of them than anyone would read', () => {
  const told: PipelineNews[] = []
  const tell = unknownFieldsReporter((news) => void told.push(news))
  const saw = (...names: string[]) => tell({ looked: 64, names: new Map(names.map((name) => [name, 1])) })
  saw()
  saw('a', 'b')
  saw('b', 'c')
  saw('a')
  saw(...Array.from({ length: 5_000 }, (_, i) => `made up ${i}`))
  saw('one more')
  expect(told.slice(0, 2)).toEqual([
    { what: 'unknown fields', names: ['a', 'b'] },
    { what: 'unknown fields', names: ['c'] },
  ])
  expect(told.length).toBe(3)
  expect(told.flatMap((news) => (news.what === 'unknown fields' ? news.names : [])).length).toBe(1_000)
})
