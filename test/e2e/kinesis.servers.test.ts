import { freshName, openKinesisStream, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openWorkplace } from './millrace.ts'

const it = withServices('kinesisMock')

it('catches up with a stream that is split between two runs, each record once', async ({ kinesisMock: server }) => {
  const place = await openWorkplace()
  const name = `${freshName('pins')}.pin`
  const stream = await openKinesisStream(server, name, 2)
  try {
    const send = async (from: number, to: number) => {
      const Records = Array.from({ length: to - from }, (_, i) => {
        const pin = JSON.stringify({ index: from + i, unique_id: `id-${from + i}`, follower_count: '3k' })
        return { Data: Buffer.from(i % 100 === 99 ? '{bad' : pin), PartitionKey: String(from + i) }
      })
      await stream.put(Records)
    }
    const { source } = stream
    const catchUp = () =>
      place.run('stream', '--until-caught-up', '--source', source, '--datasets', 'pin', '--topics', `pin=${name}`)
    await send(0, 300)
    expect(await catchUp()).toMatchObject({ exitCode: 0 })
    await stream.split(2n ** 126n)
    await send(300, 500)
    expect(await catchUp()).toMatchObject({ exitCode: 0 })
    expect(await place.sql('select count(*) as n, count(distinct ind) as inds, max(ind) as last from pin')).toEqual([
      { n: 495, inds: 495, last: 498 },
    ])
    expect(await place.sql('select count(*) as n from pin_quarantine')).toEqual([{ n: 5 }])
    const verified = await place.run('verify', '--source', source, '--datasets', 'pin')
    expect(verified).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('nothing is missing') })
  } finally {
    stream.close()
    await place.leave()
  }
})
