import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { installedServer, temporaryFolder, withServices } from '@millrace/testkit'
import { afterEach, expect, inject, onTestFinished, vi } from 'vitest'
import { mskToken } from '../../src/kafka/msk-iam.ts'

const it = withServices('kafkaPair', 'mskSigner')

const REGION = 'eu-west-1'
const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'example', AWS_SESSION_TOKEN: 'a+b/c=' }

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

/** A relay to a broker that keeps what clients say. */
async function relayTo(broker: string) {
  const [host = '', port = ''] = broker.split(':')
  let said = ''
  const relay = createServer((client) => {
    const upstream = connect(Number(port), host)
    client.on('data', (bytes) => {
      said += bytes.toString('latin1')
    })
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy())
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void relay.close())
  await once(relay, 'listening')
  return { port: (relay.address() as AddressInfo).port, said: () => said }
}

/** Kafka's own client logs in by Amazon's library; answers what the client printed when the broker turned it down. */
async function logInByJava(kafka: string, signer: string, port: number): Promise<string> {
  const folder = await temporaryFolder()
  const settings = join(folder, 'client.properties')
  await writeFile(
    settings,
    [
      'security.protocol=SASL_PLAINTEXT',
      'sasl.mechanism=OAUTHBEARER',
      'sasl.jaas.config=org.apache.kafka.common.security.oauthbearer.OAuthBearerLoginModule required;',
      'sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler',
      'sasl.login.callback.handler.class=software.amazon.msk.auth.iam.IAMOAuthBearerLoginCallbackHandler',
    ].join('\n'),
  )
  const list = ['org.apache.kafka.tools.TopicCommand', '--list', '--bootstrap-server', `127.0.0.1:${port}`]
  const command = ['-XX:TieredStopAtLevel=1', '-cp', `${kafka}/*:${signer}/*`, ...list, '--command-config', settings]
  const env = { ...process.env, ...CREDENTIALS, AWS_REGION: REGION, AWS_EC2_METADATA_DISABLED: 'true' }
  return new Promise((resolve) => {
    execFile(join(signer, 'java'), command, { env }, (_, stdout, stderr) => resolve(stdout + stderr))
  })
}

const partsOf = (token: string) => {
  const url = new URL(Buffer.from(token, 'base64url').toString())
  const { 'User-Agent': agent, ...signed } = Object.fromEntries(url.searchParams)
  return { host: url.host, path: url.pathname, agent, signed }
}

it("our token is, to the signature, that of Amazon's own library in a real Kafka client", async ({
  kafkaPair,
  mskSigner,
}) => {
  const kafka = await installedServer(inject('supervisor'), 'kafkaPair')
  if (!('address' in kafka)) throw new Error('no Kafka is installed')
  const relay = await relayTo(kafkaPair.login.split(',')[0] ?? '')
  const output = await logInByJava(kafka.address, mskSigner, relay.port)
  const [, token = ''] = /auth=Bearer ([\w-]+)/.exec(relay.said()) ?? []
  expect(token, output).not.toBe('')
  const theirs = partsOf(token)
  const [, year, month, day, hour, minute, second] =
    /(....)(..)(..)T(..)(..)(..)Z/.exec(theirs.signed['X-Amz-Date'] ?? '') ?? []
  vi.useFakeTimers({ toFake: ['Date'], now: new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`) })
  for (const [name, value] of Object.entries(CREDENTIALS)) vi.stubEnv(name, value)
  const ours = partsOf(await mskToken(REGION))
  expect(ours).toEqual({ ...theirs, agent: expect.stringContaining('aws-msk-iam-sasl-signer-js') })
})
