import { PINTEREST } from '@millrace/testkit'
import { expect, it } from 'vitest'
import { JSON_V2, startGateway, storedIn } from './kit.ts'

const validate = { datasets: ['pin', 'geo'], folders: [PINTEREST.datasets] }
const produce = { 'content-type': JSON_V2 }

it('refuses what the worker would quarantine, naming the record and the field, and nothing else', async () => {
  const { ask, to } = await startGateway({ validate })
  const send = (topic: string, ...values: unknown[]) =>
    ask('POST', `/topics/${topic}`, JSON.stringify({ records: values.map((value) => ({ value })) }), produce)
  expect(await send('0a1.pin', { index: 1 }, { ind: 2, follower_count: '9k' })).toMatchObject({ status: 200 })
  const refusals = [
    [await send('0a1.pin', { index: 1 }, { index: 'abc' }), /record 1 .* field index/],
    [await send('0a1.geo', { ind: 1, latitude: 'north' }), /field latitude/],
    [await send('0a1.pin', 'text'), /not an object/],
    [await send('0a1.pin', { title: 'no number' }), /has_number/],
    [await send('0a1.pin', null), /tombstone/],
    [await send('0a1.pin', { index: 1 }, [{ index: 2 }, { index: 'abc' }]), /record 1\[1\] .* field index/],
    [await send('0a1.pin', [{ index: 1 }, 2]), /record 0 .* a list/],
  ] as const
  for (const [answer, message] of refusals) {
    expect(answer).toMatchObject({ status: 422, json: { error_code: 422, message: expect.stringMatching(message) } })
  }
  expect(await send('other', { index: 'abc' })).toMatchObject({ status: 200 })
  expect(await send('0a1.pin', [{ index: 1 }, { index: 2 }])).toMatchObject({ status: 200 })
  expect(await storedIn(to, '0a1.pin')).toHaveLength(3)
  expect(await storedIn(to, '0a1.geo')).toEqual([])
})

it('judges requests that come at once each by itself', async () => {
  const { ask } = await startGateway({ validate })
  const statuses = await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const value = i % 3 === 0 ? { index: 'bad' } : { index: i }
      return (await ask('POST', '/topics/pin', JSON.stringify({ records: [{ value }] }), produce)).status
    }),
  )
  expect(statuses).toEqual(statuses.map((_, i) => (i % 3 === 0 ? 422 : 200)))
})
