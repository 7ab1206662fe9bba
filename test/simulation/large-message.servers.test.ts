import { systemRuntime } from '@millrace/base'
import { judgeSql, withServices } from '@millrace/testkit'
import { openProducer } from '@millrace/transport'
import { expect } from 'vitest'
import { LOCAL } from './places.ts'
import { openScene } from './scene.ts'
import { expectEnd } from './worker-process.ts'

const it = withServices('judge')

/** More than a batch is made of, and about all that a Kafka broker takes, whatever it is told; and more than that. */
const MEBIBYTES = [96, 200]

it.for(MEBIBYTES)(
  'a message of %d MiB goes to quarantine, whole, and the others are not held up',
  async (mebibytes, { judge, onTestFinished }) => {
    const bytes = mebibytes << 20
    const { folder, feed, start } = await openScene(LOCAL, onTestFinished)
    const { source, topic } = await LOCAL.topic(folder)
    await feed.send(5)
    const producer = await openProducer(source, systemRuntime)
    await producer.send(topic, [{ value: Buffer.from(`{"ind":-1,"first_name":"${'x'.repeat(bytes)}"}`) }])
    await producer.close()
    await feed.send(5)
    await expectEnd(start({ untilCaughtUp: true }), 0)

    const { tables } = await LOCAL.lake(folder)
    const rows = await judgeSql(judge, { table: `${tables}/user`, sql: 'SELECT ind FROM t ORDER BY ind' })
    expect(rows.map(({ ind }) => ind)).toEqual(feed.sent.good)
    const sql = 'SELECT octet_length(CAST(value AS VARCHAR)) AS bytes, reason FROM t ORDER BY 1'
    const rejected = await judgeSql(judge, { table: `${tables}/user_quarantine`, sql })
    expect(rejected).toMatchObject([
      { reason: 'not JSON' },
      { bytes: bytes + 26, reason: expect.stringContaining('too large') },
    ])
  },
)
