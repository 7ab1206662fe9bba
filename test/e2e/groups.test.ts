import { afterEach, beforeEach, expect, it } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'

let place: Workplace
beforeEach(async () => {
  place = await openWorkplace({ MILLRACE_DATASETS: 'pin' })
})
afterEach(() => place.leave())

const count = () => place.sql('select count(*) as n from pin')

it('a second group on a table stops with a choice; told to go on, it doubles the records, and verify says so', async () => {
  await place.run('ingest', '--count', '1000')
  expect(await place.run('stream', '--until-caught-up')).toMatchObject({ exitCode: 0 })
  expect(await place.run('stream', '--group', 'two', '--until-caught-up')).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(
      /ANOTHER_GROUP.*: pin: millrace puts the records of pin into this table already[\s\S]*--another-group/,
    ),
  })
  expect(await count()).toEqual([{ n: 1000 }])
  expect(await place.run('verify')).toMatchObject({ exitCode: 0 })

  const reported = await place.run('stream', '--group', 'two', '--until-caught-up', '--another-group')
  expect(reported).toMatchObject({ exitCode: 0 })
  expect(await count()).toEqual([{ n: 2000 }])
  expect(await place.run('verify')).toMatchObject({
    exitCode: 3,
    stdout: expect.stringContaining(
      'what lies between 0 and 1000 is there twice: millrace and two have both committed it',
    ),
  })
})
