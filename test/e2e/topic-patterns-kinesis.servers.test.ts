import { freshName, openKinesisStream, withServices } from '@millrace/testkit'
import { openCatalog } from '@millrace/transport'
import { expect, onTestFinished, vi } from 'vitest'
import { openWorkplace, printed } from './millrace.ts'

const it = withServices('kinesisMock')
const EVENTUALLY = { timeout: 60_000, interval: 250 }

it('streams of a pattern have tables of their own, and go into one, also one that comes later; one may go', async ({
  kinesisMock: server,
}) => {
  const place = await openWorkplace()
  onTestFinished(() => place.leave())
  const shop = freshName('shop')
  const make = async (name: string, ...ids: readonly number[]) => {
    const stream = await openKinesisStream(server, `${shop}.${name}`, 1)
    onTestFinished(stream.close)
    await stream.put(ids.map((id) => ({ Data: Buffer.from(`{"ind":${id}}`), PartitionKey: String(id) })))
    return stream
  }
  const first = await make('a', 1, 2)
  await make('b', 3)
  const start = (...args: string[]) =>
    place.start('stream', '--source', first.source, '--every', '200ms', '--no-dashboard', ...args)
  const workers = [
    start('--topics', `${shop}\\..*`, '--infer'),
    start('--group', 'all', '--datasets', 'user', '--topics', `user=/${shop}\\..*/`),
  ]
  const ids = (table: string) =>
    place.sql(`SELECT ind FROM "${table}" ORDER BY 1`).then((rows) => rows.map(({ ind }) => ind))
  await Promise.all(workers.map((worker) => printed(worker, /committed/)))
  await make('c', 4)
  await vi.waitFor(async () => expect(await ids(`${shop}.c`)).toEqual([4]), EVENTUALLY)
  await vi.waitFor(async () => expect(await ids('user')).toEqual([1, 2, 3, 4]), EVENTUALLY)
  const catalog = await openCatalog(first.source)
  onTestFinished(() => catalog.close())
  const gone = printed(workers[0] as (typeof workers)[number], /\.b is read no longer/)
  await catalog.remove(`${shop}.b`)
  await gone
  await first.put([{ Data: Buffer.from('{"ind":5}'), PartitionKey: '5' }])
  await vi.waitFor(async () => expect(await ids('user')).toEqual([1, 2, 3, 4, 5]), EVENTUALLY)
  await vi.waitFor(async () => expect(await ids(`${shop}.a`)).toEqual([1, 2, 5]), EVENTUALLY)
  expect(workers.map(({ exitCode }) => exitCode)).toEqual([null, null])
})
