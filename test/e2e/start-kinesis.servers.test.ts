import { freshName, openKinesisStream, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openWorkplace } from './millrace.ts'
import { user } from './mixed-kinds.ts'

const it = withServices('kinesisMock')

it('a shard that comes out of a split begins at its beginning, also for a pipeline that began at latest', async ({
  kinesisMock: server,
}) => {
  const place = await openWorkplace()
  const name = freshName('users')
  const stream = await openKinesisStream(server, name, 1)
  try {
    const send = async (from: number) => {
      const Records = Array.from({ length: 20 }, (_, i) => ({
        Data: Buffer.from(JSON.stringify(user(from + i))),
        PartitionKey: String(i),
      }))
      await stream.put(Records)
    }
    const { source } = stream
    const options = ['--source', source, '--datasets', 'user', '--topics', `user=${name}`, '--start', 'latest']
    const catchUp = async () =>
      expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
    await send(1000)
    await catchUp()
    await send(0)
    await stream.split(2n ** 127n)
    await send(20)
    await catchUp()
    const rows = await place.sql('select ind from user order by ind')
    expect(rows.map(({ ind }) => Number(ind))).toEqual(Array.from({ length: 40 }, (_, i) => i))
  } finally {
    stream.close()
    await place.leave()
  }
})
