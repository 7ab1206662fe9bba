import { freshName, makeKafkaTopics, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { expectEach, sendThroughKills } from './gateway-kills.ts'
import { openWorkplaces } from './workplaces.ts'

const workplace = openWorkplaces()

const LONG = { timeout: 240_000 }

const itOnKafka = withServices('kafka')

itOnKafka(
  'loses nothing that it acknowledged and doubles nothing, killed under load: Kafka',
  LONG,
  async ({ kafka }) => {
    const place = await workplace()
    const topic = `${freshName('gateway')}.pin`
    await makeKafkaTopics(kafka.bootstrap, [{ topic, numPartitions: 3 }])
    const source = `kafka://${kafka.bootstrap}`
    const reported = await sendThroughKills(place, ['--to', source], topic)
    const options = ['--source', source, '--datasets', 'pin', '--topics', `pin=${topic}`]
    expect(await place.run('stream', '--until-caught-up', ...options)).toMatchObject({ exitCode: 0 })
    await expectEach(place, reported)
  },
)
