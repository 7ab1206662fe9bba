import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openWorkplace, type Workplace } from './millrace.ts'

const OFFSETS = Array.from({ length: 12 }, (_, offset) => String(offset))

let place: Workplace
beforeAll(async () => {
  place = await openWorkplace()
  await writeFile(join(place.folder, 'bad.jsonl'), OFFSETS.map(() => '{bad').join('\n'))
  await place.run('ingest', '--from', 'bad.jsonl', '--datasets', 'pin')
  await place.run('stream', '--until-caught-up')
})
afterAll(() => place.leave())

const offsetsOf = (rows: unknown) => (rows as { offset: string }[]).map(({ offset }) => offset)

it('rejected records are listed in the order of their offsets, 9 before 10', async () => {
  const { stdout } = await place.run('quarantine', 'list', '--json')
  expect(offsetsOf(JSON.parse(stdout))).toEqual(OFFSETS)
})

it('SQL sorts them so by the number', async () => {
  expect(offsetsOf(await place.sql('select "offset" from pin_quarantine order by offset_number'))).toEqual(OFFSETS)
})
