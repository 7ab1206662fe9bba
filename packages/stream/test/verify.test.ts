import { systemRuntime } from '@millrace/base'
import { commit, openTable } from '@millrace/delta'
import { verifyAgainstSource, verifyTable } from '@millrace/outputs'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Kit, openKit, USERS, userRecord } from './kit.ts'
import { memoryTopic } from './memory-source.ts'

let kit: Kit
beforeEach(async () => {
  kit = await openKit()
})
afterEach(() => kit.close())

const topic = memoryTopic('users', 1)
const table = () => ({ store: kit.store, path: USERS })

async function fill(records: number): Promise<void> {
  topic.recreate()
  for (let i = 0; i < records; i++) topic.send(0, userRecord(i))
  const worker = await kit.startWorker(topic, { untilCaughtUp: true, maxRows: 10 })
  await worker.source.assign(0)
  expect(await worker.ended).toBe('done')
}

/** A commit that says of itself what it should not. */
async function commitLedger(from: number, to: number, counts: { records: number; rows: number }): Promise<void> {
  const snapshot = await openTable(table())
  if (!snapshot) throw new Error('no table')
  const { identity } = topic.partitions[0] ?? {}
  const entry = {
    topic: 'users',
    identity,
    partition: '0',
    from: [String(from)],
    to: [String(to)],
    quarantined: 0,
    filtered: 0,
  }
  const info = {
    millrace: { group: 'test', dataset: USERS, entries: [{ ...entry, messages: counts.records, ...counts }] },
  }
  await commit(snapshot, { operation: 'STREAMING UPDATE', info }, systemRuntime)
}

describe('rule 16: verify', () => {
  it('adds up what an honest table says of itself', async () => {
    await fill(50)
    expect(await verifyTable(table())).toMatchObject({
      problems: [],
      partitions: [{ from: ['0'], to: ['50'], rows: 50 }],
    })
  })

  it('finds a range that nobody committed', async () => {
    await fill(50)
    await commitLedger(60, 70, { records: 0, rows: 0 })
    expect((await verifyTable(table())).problems).toEqual([expect.stringContaining('is missing')])
  })

  it('finds a range that was committed twice', async () => {
    await fill(50)
    await commitLedger(40, 60, { records: 0, rows: 0 })
    expect((await verifyTable(table())).problems).toEqual([expect.stringContaining('was committed twice')])
  })

  it('finds records of which nobody says what they became, and rows that no file holds', async () => {
    await fill(50)
    await commitLedger(50, 60, { records: 10, rows: 9 })
    expect((await verifyTable(table())).problems).toEqual([
      expect.stringContaining('its ledger says 9 rows, its files hold 0'),
      expect.stringContaining('10 records became 9 rows'),
    ])
  })

  it('finds in the source what the table does not account for', async () => {
    await fill(50)
    const { partitions } = await verifyTable(table())
    expect(await verifyAgainstSource(table(), partitions, topic.source())).toEqual([])
    const short = [{ ...(partitions[0] as (typeof partitions)[0]), to: ['40'] }]
    expect(await verifyAgainstSource(table(), short, topic.source())).toEqual([
      expect.stringContaining('the source holds 40 messages, the table accounts for 50'),
    ])
  })
})
