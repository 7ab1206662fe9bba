import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { freshName, makeKafkaTopics, PINTEREST, temporaryFolder, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { bombBatch } from './bomb.ts'
import type { Codec } from './encode.ts'

const MAIN = new URL('../../../millrace/src/main.ts', import.meta.url).pathname
/** What a worker may take under attack. */
const MOST_BYTES = 700_000_000
const MIB = 1 << 20
const LARGEST_BATCH = String(16 * MIB)
/** Mebibytes that each batch unpacks to, by codec: gzip, snappy, lz4, zstd. */
const BOMBS: readonly (readonly [Codec, number])[] = [
  [1, 128],
  [2, 96],
  [3, 128],
  [4, 256],
]

withServices('kafka')(
  'a whole worker takes bombs of every codec into quarantine within its memory',
  { timeout: 400_000 },
  async ({ kafka: { bootstrap } }) => {
    const topic = freshName('bombs')
    const settings = { 'max.message.bytes': LARGEST_BATCH }
    await makeKafkaTopics(bootstrap, [{ topic, numPartitions: BOMBS.length, settings }])
    for (const [partition, [codec, mebibytes]] of BOMBS.entries()) {
      await sendBatch(bootstrap, topic, partition, await bombBatch(codec, mebibytes, MIB))
    }
    const source = ['--source', `kafka://${bootstrap}`, '--datasets', 'user', '--topics', `user=${topic}`]
    const folders = ['--lake', `${await temporaryFolder()}/lake`, '--dataset-folders', PINTEREST.datasets]
    const worker = spawn(process.execPath, [MAIN, 'stream', ...source, ...folders, '--until-caught-up', '--json'])
    const [out, err] = await Promise.all([text(worker.stdout), text(worker.stderr), once(worker, 'close')])
    const totals = JSON.parse(out.trim().split('\n').at(-1) ?? err)
    expect(totals).toMatchObject({ rows: 0, quarantined: BOMBS.reduce((sum, [, records]) => sum + records, 0) })
    expect(totals.peakRssBytes).toBeLessThan(MOST_BYTES)
  },
)

/** Sends a batch as it is, by a bare Produce request: a client would have to hold it unpacked. */
async function sendBatch(bootstrap: string, topic: string, partition: number, batch: Buffer): Promise<void> {
  const [host = '', port = ''] = bootstrap.split(':')
  const socket = connect(Number(port), host)
  const name = Buffer.from(topic)
  const numbers = (...values: readonly (readonly [bytes: 2 | 4, value: number])[]) =>
    Buffer.concat(
      values.map(([bytes, value]) => {
        const part = Buffer.alloc(bytes)
        part.writeIntBE(value, 0, bytes)
        return part
      }),
    )
  const request = Buffer.concat([
    // Produce, version 8, the request's number, no client's name, no transaction, all in sync, its time, one topic.
    numbers([2, 0], [2, 8], [4, 1], [2, -1], [2, -1], [2, -1], [4, 60_000], [4, 1], [2, name.length]),
    name,
    numbers([4, 1], [4, partition], [4, batch.length]),
    batch,
  ])
  socket.write(Buffer.concat([numbers([4, request.length]), request]))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  // Size, number, one topic with its name, one partition with its index, and then its error.
  expect(answer.readInt16BE(4 + 4 + 4 + 2 + name.length + 4 + 4)).toBe(0)
}
