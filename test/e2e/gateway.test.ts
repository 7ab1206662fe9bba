import { afterEach, expect, it } from 'vitest'
import { expectEach, sendThroughKills } from './gateway-kills.ts'
import { openWorkplace, type Workplace } from './millrace.ts'

const places: Workplace[] = []
const workplace = async () => {
  const place = await openWorkplace()
  places.push(place)
  return place
}
afterEach(async () => {
  for (const place of places.splice(0)) await place.leave()
})

const LONG = { timeout: 240_000 }

it('loses nothing that it acknowledged and doubles nothing, killed under load: embedded store', LONG, async () => {
  const place = await workplace()
  const reported = await sendThroughKills(place, ['--to', 'embedded:./data/stream.db'], 'pin')
  expect(await place.run('stream', '--until-caught-up', '--datasets', 'pin')).toMatchObject({ exitCode: 0 })
  await expectEach(place, reported)
})
