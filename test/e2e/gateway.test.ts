import { expect, it } from 'vitest'
import { expectEach, sendThroughKills } from './gateway-kills.ts'
import { openWorkplaces } from './workplaces.ts'

const workplace = openWorkplaces()

const LONG = { timeout: 240_000 }

it('loses nothing that it acknowledged and doubles nothing, killed under load: embedded store', LONG, async () => {
  const place = await workplace()
  const reported = await sendThroughKills(place, ['--to', 'embedded:./data/stream.db'], 'pin')
  expect(await place.run('stream', '--until-caught-up', '--datasets', 'pin')).toMatchObject({ exitCode: 0 })
  await expectEach(place, reported)
})
