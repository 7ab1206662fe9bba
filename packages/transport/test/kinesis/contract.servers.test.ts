import { withServices } from '@millrace/testkit'
import { encodePosition } from '../../src/kinesis/position.ts'
import { describeTransport, type TransportUnderTest } from '../contract.ts'
import { administer, type Server } from './stream.ts'

function underTest(server: Server): TransportUnderTest {
  const { address, freshStream } = administer(server)
  return {
    address,
    freshTopic: (shards) => freshStream(shards),
    positionOf: ({ offset }) => encodePosition({ sequence: offset, next: 0, through: Date.now() }),
    nowhere: encodePosition({ sequence: 5n, next: 'after', through: Date.now() }),
    tombstones: false,
    headers: false,
  }
}

describeTransport(
  'Kinesis',
  withServices('kinesisMock').extend('transport', ({ kinesisMock }) => underTest(kinesisMock)),
)

describeTransport(
  'Kinesis as kinesalite plays it',
  withServices('kinesalite').extend('transport', ({ kinesalite }) => underTest(kinesalite)),
)
