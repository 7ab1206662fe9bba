import { kafka, makeKafkaTopics, openOwn, temporaryFolder, withServices } from '@millrace/testkit'
import { attackGateway } from './gateway-abuse.ts'
import { openMeasuredWorkplace } from './peak.ts'

// The machine may be busy with others: one slow minute is no slow gateway.
const PATIENCE = { timeout: 240_000, retry: 2 }

const it = withServices('kafka')

it(
  'serves a client that behaves well while 64 others do not: a gateway before Kafka, which ends though the broker is gone',
  PATIENCE,
  async ({ annotate, onTestFinished }) => {
    const broker = await openOwn('kafka', kafka, await temporaryFolder(onTestFinished), onTestFinished)
    const { bootstrap } = broker.address
    const topics = ['good', 'hostile.pin'].map((topic) => ({ topic, numPartitions: 4 }))
    await makeKafkaTopics(bootstrap, topics)
    const place = await openMeasuredWorkplace(annotate)
    onTestFinished(() => place.leave())
    await attackGateway(place, ['--to', `kafka://${bootstrap}`], async (send) => {
      await broker.kill()
      // They are under way when the gateway is ended.
      for (let i = 0; i < 16; i++) void send().catch(() => {})
    })
  },
)

it(
  'serves a client that behaves well while 64 others do not: a gateway that holds records to their data set',
  PATIENCE,
  async ({ annotate, onTestFinished }) => {
    const place = await openMeasuredWorkplace(annotate)
    onTestFinished(() => place.leave())
    await attackGateway(place, ['--validate', '--datasets', 'pin'])
  },
)
