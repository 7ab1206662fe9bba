import { systemRuntime } from '@millrace/base'
import { runStream } from '@millrace/stream'
import { PINTEREST, temporaryFolder } from '@millrace/testkit'
import { openProducer } from '@millrace/transport'
import { expect, it } from 'vitest'
import { watchWorker } from '../src/index.ts'
import { createMetrics } from '../src/metrics.ts'
import { WORKER } from './kit.ts'

const GOOD = 250
const BAD = ['not JSON', '[1]', '{"ind":"x"}']

function userRecord(ind: number): string {
  return JSON.stringify({ ind, first_name: 'A', last_name: 'B', age: 30, date_joined: '2016-01-01 00:00:00' })
}

it('what is known of a real worker at its end is what it was sent and what its tables hold', async () => {
  const folder = await temporaryFolder()
  const source = `embedded:${folder}/stream.db`
  const producer = await openProducer(source, systemRuntime)
  const values = [...Array.from({ length: GOOD }, (_, i) => userRecord(i)), ...BAD]
  await producer.send(
    'user',
    values.map((value) => ({ value: new TextEncoder().encode(value) })),
  )
  await producer.close()
  const watch = watchWorker(WORKER, systemRuntime)
  const metrics = createMetrics(watch.state, systemRuntime)
  const options = {
    ...{ source, lake: `${folder}/lake`, datasetFolders: [PINTEREST.datasets], group: 'g', untilCaughtUp: true },
    start: 'earliest',
    routes: [{ dataset: 'user', topics: ['user'], table: 'user' }],
    limits: { maxBytes: 1 << 20, maxRows: 1000, everyMs: 5 },
  } as const
  const onEvent = (event: Parameters<typeof watch.on>[0]) => {
    watch.on(event)
    metrics.on(event)
  }
  await runStream({ ...options, onEvent }, systemRuntime, new AbortController().signal)
  const { phase, held, datasets, tables } = watch.state()
  expect([phase, held.bytes]).toEqual(['caught up', 0])
  expect(datasets[0]).toMatchObject({
    totals: { readRecords: GOOD + BAD.length, rows: GOOD, quarantined: BAD.length },
    lag: { records: 0, seconds: 0 },
    held: { batches: 0, bytes: 0 },
  })
  expect(datasets[0]?.quarantine.samples.map(({ value }) => value).sort()).toEqual(BAD.toSorted())
  expect(tables.find(({ table }) => table === 'user')).toMatchObject({ rows: GOOD })
  const text = await metrics.text()
  expect(text).toContain(`millrace_committed_rows_total{dataset="user"} ${GOOD}`)
  expect(text).toContain('millrace_lag_records{dataset="user",topic="user",partition="0"} 0')
})
