import { freshName, openKinesisStream, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { openWorkplace } from './millrace.ts'
import { byKey, DATASETS, expectOnePlaceEach, mixed, RECORDS } from './mixed-kinds.ts'

const it = withServices('kinesisMock')

it('one stream carries three kinds under their partition keys, and is split between two runs', async ({
  kinesisMock: server,
}) => {
  const place = await openWorkplace()
  const name = freshName('events')
  const stream = await openKinesisStream(server, name, 1)
  try {
    const records = mixed().map(({ value, key }) => ({ Data: value, PartitionKey: key.toString() }))
    const { source } = stream
    const options = ['--source', source, ...DATASETS, '--topics', byKey(name)]
    const catchUp = async (Records: typeof records) => {
      await stream.put(Records)
      expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
    }
    await catchUp(records.slice(0, RECORDS / 2))
    await stream.split(2n ** 127n)
    await catchUp(records.slice(RECORDS / 2))
    await expectOnePlaceEach(place, source, (n) => {
      if (n % 4 === 3) return 'pin'
      return n % 10 === 9 ? (['pin', 'geo', 'user'][n % 4] ?? 'none') : 'none'
    })
  } finally {
    stream.close()
    await place.leave()
  }
})
