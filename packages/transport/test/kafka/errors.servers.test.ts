import { systemRuntime } from '@millrace/base'
import { withServices } from '@millrace/testkit'
import { expect, onTestFinished, vi } from 'vitest'
import { openSource } from '../../src/index.ts'

type Pair = {
  readonly plain: string
  readonly login: string
  readonly tls: string
  readonly login_tls: string
  readonly ca: string
}

const it = withServices('kafkaPair')

const ROWS = [
  {
    name: 'TLS at a port without',
    address: ({ plain, ca }: Pair) => `kafka://${plain}?ca=${ca}`,
    expected: { code: 'SOURCE_UNREACHABLE', next: /\?ssl=/ },
  },
  {
    name: 'no TLS at a port that wants it',
    address: ({ tls }: Pair) => `kafka://${tls}`,
    expected: { code: 'SOURCE_UNREACHABLE', next: /[Aa]dd \?ssl=true/ },
  },
  {
    name: 'a certificate that nobody vouches for',
    address: ({ tls }: Pair) => `kafka://${tls}?ssl=true`,
    expected: { code: 'SOURCE_UNREACHABLE', next: /\?ca=FILE/ },
  },
  {
    name: 'no login where one is wanted',
    address: ({ login }: Pair) => `kafka://${login}`,
    expected: { code: 'SOURCE_UNREACHABLE', next: /\?sasl=/ },
  },
  {
    name: 'a wrong password',
    address: ({ login }: Pair) => `kafka://${login}?sasl=scram-sha-512`,
    expected: { code: 'SOURCE_DENIED', next: /login/ },
  },
  {
    name: 'a login at a port that asks for none',
    address: ({ plain }: Pair) => `kafka://${plain}?sasl=plain`,
    expected: { code: 'SOURCE_DENIED', next: /take \?sasl= out/ },
  },
  {
    name: 'a topic that is not there',
    address: ({ plain }: Pair) => `kafka://${plain}`,
    expected: { code: 'TOPIC_MISSING', next: /Make the topic, or check its name/ },
  },
]

it.for(ROWS)('$name is $expected.code and says what to do', async ({ address, expected }, { kafkaPair }) => {
  vi.stubEnv('MILLRACE_KAFKA_USERNAME', kafkaPair.username)
  vi.stubEnv('MILLRACE_KAFKA_PASSWORD', 'wrong')
  onTestFinished(() => void vi.unstubAllEnvs())
  const source = await openSource(address(kafkaPair), systemRuntime)
  onTestFinished(() => source.close())
  const subscribed = source.subscribe(['no-such-topic'], { assigned: async () => {}, revoked: async () => {} })
  await expect(subscribed).rejects.toMatchObject({ code: expected.code, next: expect.stringMatching(expected.next) })
})
