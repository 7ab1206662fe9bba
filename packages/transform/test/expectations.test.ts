import { PINTEREST } from '@millrace/testkit'
import type { CleanReport, Dataset } from '@millrace/transform'
import { loadDataset } from '@millrace/transform'
import { afterAll, describe, expect, test } from 'vitest'
import { block, createKit, oneByOne } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

type Expectation = Dataset['expectations'][number]

const user = await loadDataset('user', [PINTEREST.datasets])
const expecting = (...expectations: readonly Expectation[]): Dataset => ({ ...user, expectations })
const people = (...ages: readonly (number | null)[]) => block(...ages.map((age, ind) => JSON.stringify({ ind, age })))
const adult = (otherwise: Expectation['otherwise']): Expectation => ({
  name: 'adult',
  predicate: 'age >= 18',
  otherwise,
})
const old = (otherwise: Expectation['otherwise']): Expectation => ({ name: 'old', predicate: 'age < 65', otherwise })

const ages = async (dataset: Dataset, blocks: Parameters<typeof kit.clean>[1]) => {
  const { rows, report } = await kit.clean(dataset, blocks)
  return { ages: rows.map(({ age }) => age).sort(), report }
}
const failed = (report: CleanReport) => Object.fromEntries(report.failed)

for (const how of ['fast', 'one by one'] as const) {
  const sent = how === 'fast' ? (values: ReturnType<typeof people>) => values : oneByOne

  describe(`an expectation, on the ${how} path,`, () => {
    test('that says keep counts the rows that it does not hold for, and they stay', async () => {
      const { ages: left, report } = await ages(expecting(adult('keep')), [sent(people(17, 18, 19, 2))])
      expect(left).toEqual([17, 18, 19, 2])
      expect(report).toMatchObject({ rows: 4, rejected: [], filtered: [0], path: how })
      expect(failed(report)).toEqual({ adult: 2 })
    })

    test('that says drop counts them by block, and they go', async () => {
      const blocks = [people(17, 18, 19, 2), people(30), people(1)].map(sent)
      const { ages: left, report } = await ages(expecting(adult('drop')), blocks)
      expect(left).toEqual([18, 19, 30])
      expect(report).toMatchObject({ rows: 3, rejected: [], filtered: [2, 0, 1], path: how })
      expect(failed(report)).toEqual({ adult: 3 })
    })

    test('does not hold where it gives NULL', async () => {
      const { ages: left, report } = await ages(expecting(adult('drop')), [sent(people(null, 18))])
      expect(left).toEqual([18])
      expect(failed(report)).toEqual({ adult: 1 })
    })

    test('is counted beside another that fails for the same row', async () => {
      const { ages: left, report } = await ages(expecting(adult('keep'), old('drop')), [sent(people(17, 70, null, 30))])
      expect(left).toEqual([17, 30])
      expect(failed(report)).toEqual({ adult: 2, old: 2 })
    })
  })
}

describe('an expectation', () => {
  test('that says quarantine refuses the records, and no other', async () => {
    const { ages: left, report } = await ages(expecting(adult('quarantine')), [people(20, 21), people(17, 18, 3)])
    expect(left).toEqual([18, 20, 21])
    expect(report.rejected).toEqual([
      { block: 1, index: 0, reason: 'expectation adult failed' },
      { block: 1, index: 2, reason: 'expectation adult failed' },
    ])
    expect(failed(report)).toEqual({ adult: 2 })
  })

  test('that says quarantine comes before one that says drop', async () => {
    const { ages: left, report } = await ages(expecting(old('drop'), adult('quarantine')), [people(null, 70, 30)])
    expect(left).toEqual([30])
    expect(report).toMatchObject({ rejected: [{ index: 0 }], filtered: [1] })
    expect(failed(report)).toEqual({ adult: 1, old: 2 })
  })

  test('that says stop stops, and tells at which record', async () => {
    await expect(ages(expecting(adult('stop')), [people(20), people(20, 17)])).rejects.toMatchObject({
      code: 'RECORD_INVALID',
      message: 'user, record 1 of block 1: expectation adult failed, which says stop',
    })
  })
})
