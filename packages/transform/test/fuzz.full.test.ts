import { joinValues } from '@millrace/base'
import { openFormat } from '@millrace/formats'
import { PINTEREST, seededRandom } from '@millrace/testkit'
import { loadDataset } from '@millrace/transform'
import { afterAll, expect, test } from 'vitest'
import { createKit } from './kit.ts'

const kit = await createKit()
afterAll(() => kit.close())

/** Messages of each format in all; fewer to look at a change. */
const MESSAGES = Number(process.env.MILLRACE_FUZZ_MESSAGES ?? 1_000_000)
const A_BLOCK = 5_000

const user = (ind: number) => ({
  ...{ ind, first_name: `Ada "${ind}"`, last_name: 'Löve\nlace', age: ind % 90, date_joined: '2016-01-01 00:00:00' },
  more: { list: [1, null, true, 'x'], deep: { a: [{ b: {} }] } },
})
const json = Array.from({ length: 100 }, (_, ind) => JSON.stringify(user(ind)))
const change = (ind: number) => ({
  before: null,
  after: user(ind),
  source: { ts_ms: 1, connector: 'mysql' },
  op: 'c',
  ts_ms: 2,
})

const SAMPLES: Readonly<Record<string, readonly Buffer[]>> = {
  json: json.map((text) => Buffer.from(text)),
  'json-schema': json.map((text) => Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), Buffer.from(text)])),
  debezium: json.map((_, ind) =>
    Buffer.from(JSON.stringify(ind % 2 ? change(ind) : { schema: null, payload: change(ind) })),
  ),
}

test.each(Object.entries(SAMPLES))(
  '%s: each of a million messages changed in some bytes is in the table or rejected, in bounded memory',
  async (name, samples) => {
    const dataset = {
      ...(await loadDataset('user', [PINTEREST.datasets])),
      format: openFormat(name, { environment: {} }),
    }
    const random = seededRandom(7)
    const next = (below: number) => Math.floor(random() * below)
    const before = process.memoryUsage.rss()
    let kept = 0
    for (let done = 0; done < MESSAGES; done += A_BLOCK) {
      const messages = Array.from({ length: A_BLOCK }, () => {
        const message = Buffer.from(samples[next(samples.length)] as Uint8Array)
        for (let changes = next(3); changes > 0; changes--) message[next(message.length)] = next(256)
        return next(50) === 0 ? message.subarray(0, next(message.length)) : message
      })
      const { rows, report } = await kit.clean(dataset, [joinValues(messages)])
      const filtered = report.filtered.reduce((sum, count) => sum + count, 0)
      expect(rows.length + filtered + report.rejected.length).toBe(A_BLOCK)
      kept += rows.length
    }
    expect(kept).toBeGreaterThan(MESSAGES / 10)
    expect(process.memoryUsage.rss() - before).toBeLessThan(700e6)
  },
  3_000_000,
)
