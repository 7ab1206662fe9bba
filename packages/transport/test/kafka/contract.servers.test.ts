import { withServices } from '@millrace/testkit'
import { describeTransport, NUMBERED } from '../contract.ts'
import { makeTopic } from './topics.ts'

const it = withServices('kafka').extend('transport', ({ kafka: { bootstrap } }) => ({
  ...NUMBERED,
  headers: true,
  address: `kafka://${bootstrap}`,
  freshTopic: (partitions: number) => makeTopic(bootstrap, partitions),
}))

describeTransport('Kafka', it)
