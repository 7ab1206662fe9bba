import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { printed } from './millrace.ts'
import { openWorkplaces } from './workplaces.ts'

const workplace = openWorkplaces()

const COUNTS = 'select count(*) as n, count(distinct ind) as inds, min(ind) as first, max(ind) as last'

it('carries generated posts through the embedded store into three cleaned tables', async () => {
  const place = await workplace()
  const sent = await place.run('ingest', '--count', '2000', '--mode', 'all', '--seed', '7', '--json')
  expect(JSON.parse(sent.stdout)).toMatchObject({ posts: 2000, records: 6000 })
  const streamed = await place.run('stream', '--until-caught-up', '--json')
  expect(JSON.parse(streamed.stdout)).toMatchObject({ rows: 6000, quarantined: 0 })
  for (const table of ['pin', 'geo', 'user']) {
    expect(await place.sql(`${COUNTS} from "${table}"`)).toEqual([{ n: 2000, inds: 2000, first: 0, last: 1999 }])
  }
  expect(await place.sql("select count(*) as n from pin where poster_name = 'User Info Error'")).toEqual([{ n: 0 }])
})

it('sends the same records for the same seed', async () => {
  const texts = async (seed: string) => {
    const place = await workplace()
    await place.run('ingest', '--count', '50', '--seed', seed)
    await place.run('stream', '--until-caught-up')
    return place.sql('select * from pin order by ind, unique_id')
  }
  const [first, again, other] = await Promise.all([texts('3'), texts('3'), texts('4')])
  expect(again).toEqual(first)
  expect(other).not.toEqual(first)
})

it('cleans the records of a file', async () => {
  const place = await workplace()
  const pins = [
    {
      index: 1,
      unique_id: 'a',
      title: 'No Title Data Available',
      follower_count: '9k',
      save_location: 'Local save in /x',
    },
    { index: 2, unique_id: 'b', title: 'Kept', follower_count: '2M', save_location: 'Local save in /y' },
    { index: 3, unique_id: 'c', title: '', follower_count: '970', save_location: null },
  ]
  await writeFile(join(place.folder, 'pins.jsonl'), pins.map((pin) => `${JSON.stringify(pin)}\n`).join(''))
  await place.run('ingest', '--from', 'pins.jsonl', '--datasets', 'pin')
  await place.run('stream', '--until-caught-up', '--datasets', 'pin')
  expect(await place.sql('select ind, title, follower_count, save_location from pin order by ind')).toEqual([
    { ind: 1, title: null, follower_count: 9000, save_location: '/x' },
    { ind: 2, title: 'Kept', follower_count: 2_000_000, save_location: '/y' },
    { ind: 3, title: null, follower_count: 970, save_location: null },
  ])
})

it('commits by itself with nothing given, stops cleanly at Ctrl-C, and goes on where it was', async () => {
  const place = await workplace()
  for (const _ of [1, 2]) {
    const worker = place.start('stream', '--every', '200ms')
    const exited = new Promise((resolve) => worker.once('exit', resolve))
    await printed(worker, /committed pin.*[\s\S]*committed pin/)
    worker.kill('SIGINT')
    expect(await exited).toBe(130)
  }
  await place.run('stream', '--until-caught-up')
  const stored = await place.run('stream', '--until-caught-up', '--json')
  expect(JSON.parse(stored.stdout)).toMatchObject({ rows: 0 })
})

it('loses and doubles nothing when it is killed twenty times at random moments', { timeout: 240_000 }, async () => {
  const place = await workplace()
  const posts = 20_000
  const feeder = place.start('ingest', '--count', String(posts), '--mode', 'all', '--seed', '1', '--rate', '2000/s')
  const fed = new Promise((resolve) => feeder.once('exit', resolve))
  for (let kill = 0; kill < 20; kill++) {
    const worker = place.start('stream', '--every', '50ms', '--source', 'embedded:./data/stream.db')
    const exited = new Promise((resolve) => worker.once('exit', resolve))
    const committed = printed(worker, /committed/).catch(() => {})
    // Any moment will do: of every second worker from before its first line of code, of the others after a first commit.
    if (kill % 2 === 1) await Promise.race([committed, fed])
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 600))
    worker.kill('SIGKILL')
    await exited
  }
  expect(await fed).toBe(0)
  const last = await place.run('stream', '--until-caught-up', '--json')
  expect(last).toMatchObject({ exitCode: 0 })
  for (const table of ['pin', 'geo', 'user']) {
    expect(await place.sql(`${COUNTS} from "${table}"`)).toEqual([{ n: posts, inds: posts, first: 0, last: posts - 1 }])
  }
})
