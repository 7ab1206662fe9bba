import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  freePort,
  freshBucket,
  freshName,
  makeKafkaTopics,
  openKinesisStream,
  temporaryFolder,
  withServices,
} from '@millrace/testkit'
import { describe, expect, onTestFinished, vi } from 'vitest'
import { openAuthorizingBroker } from './authorizing-broker.ts'
import { callsFrom, tracing } from './aws-calls.ts'
import { copyApp, type Synthesis, synthesise } from './synthesis.ts'

const it = withServices('cdk', 'kafka', 's3', 'kinesisMock')
const run = promisify(execFile)
const MAIN = fileURLToPath(new URL('../../packages/millrace/src/main.ts', import.meta.url))

interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: unknown
}

let synthesis: Promise<Synthesis> | undefined

/** The rights of each service's tasks. */
async function openRights(cdk: string) {
  const folder = await temporaryFolder()
  synthesis ??= copyApp(folder, cdk).then((app) => synthesise(app, {}))
  const made = await synthesis
  const policies = made.resources('Millrace', 'AWS::IAM::Policy')
  return (service: string): Statement[] => {
    const own = policies.filter(([name]) => name.startsWith(`${service}TaskTaskRoleDefaultPolicy`))
    return own.flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement)
  }
}

const actionsOf = (statements: readonly Statement[], service: string) =>
  [...new Set(statements.flatMap(({ Action }) => Action))].filter((name) => name.startsWith(`${service}:`)).sort()

const S3 = 'store/src/s3/store.ts'

describe('the rights of a service on AWS', () => {
  it('are, for S3 and Kinesis, the calls in its code, and no more', async ({ cdk }) => {
    const rights = await openRights(cdk)
    const [s3, kinesis] = await Promise.all([callsFrom(S3), callsFrom('transport/src/kinesis/source.ts')])
    expect(s3).toContain('s3:AbortMultipartUpload')
    for (const service of ['StreamWorker', 'KafkaWorker', 'Batch']) expect(actionsOf(rights(service), 's3')).toEqual(s3)
    expect(actionsOf(rights('StreamWorker'), 'kinesis')).toEqual(kinesis)
    for (const service of ['KafkaWorker', 'Batch', 'Gateway']) expect(actionsOf(rights(service), 'kinesis')).toEqual([])
    for (const service of ['StreamWorker', 'Batch']) expect(actionsOf(rights(service), 'kafka-cluster')).toEqual([])
    expect(actionsOf(rights('Gateway'), 's3')).toEqual([])
    for (const service of ['StreamWorker', 'KafkaWorker', 'Gateway', 'Batch']) {
      for (const { Effect, Resource } of rights(service)) {
        expect(Effect).toBe('Allow')
        expect(Resource).not.toBe('*')
      }
    }
  })

  it('cover what a worker on Kinesis and the daily run ask S3 and Kinesis for', async ({ cdk, s3, kinesisMock }) => {
    const rights = await openRights(cdk)
    const [toS3, toKinesis] = [await tracing(s3.endpoint), await tracing(kinesisMock.endpoint)]
    const bucket = await freshBucket('rights', s3)
    const name = `${freshName('rights')}-pin`
    const stream = await openKinesisStream(kinesisMock, name, 1)
    await stream.put([
      { Data: Buffer.from('{"index":1,"unique_id":"a"}'), PartitionKey: 'a' },
      { Data: Buffer.from('{'), PartitionKey: 'b' },
    ])
    stream.close()
    const folder = await temporaryFolder()
    const millrace = (...args: string[]) => run(process.execPath, [MAIN, ...args, '--datasets', 'pin'], { cwd: folder })
    const lake = ['--lake', `s3://${bucket}/lake?endpoint=${toS3.endpoint}&region=${s3.region}&pathStyle=true`]
    const source = ['--source', `kinesis://${kinesisMock.region}?endpoint=${toKinesis.endpoint}`]
    await millrace('stream', '--until-caught-up', ...source, '--topics', `pin=${name}`, ...lake)
    await millrace('batch', ...lake)
    await millrace('verify', ...lake)
    const allowed = rights('StreamWorker').flatMap(({ Action }) => Action)
    expect(toKinesis.actions()).toEqual(actionsOf(rights('StreamWorker'), 'kinesis'))
    expect(toS3.actions().filter((action) => !allowed.includes(action))).toEqual([])
    expect(toS3.actions()).toEqual(expect.arrayContaining(['s3:GetObject', 's3:ListBucket', 's3:PutObject']))
  })

  it('are, for Kafka, what a broker asks its authorizer for', async ({ cdk, kafka: _ }) => {
    const rights = await openRights(cdk)
    const folder = await temporaryFolder()
    const broker = await openAuthorizingBroker(folder)
    const address = `kafka://${broker.bootstrap}`
    const login = 'kafka-cluster:Connect'
    const allowed = (service: string) => actionsOf(rights(service), 'kafka-cluster')

    await makeKafkaTopics(broker.bootstrap, [{ topic: '0a1b2c.pin', numPartitions: 1 }])
    await broker.actions()
    const gateway = await openGateway(folder, address)
    await gateway.send('/topics/0a1b2c.pin', { records: [{ value: { index: 1, unique_id: 'a' } }] })
    await gateway.send('/topics/0a1b2c.pin')
    await gateway.end()
    expect([login, ...(await broker.actions())].sort()).toEqual(allowed('Gateway'))

    const source = ['--source', address, '--datasets', 'pin', '--topics', 'pin=0a1b2c.pin']
    const catchUp = (group: string) =>
      run(process.execPath, [MAIN, 'stream', '--until-caught-up', '--group', group, '--lake', group, ...source], {
        cwd: folder,
      })
    // For the first member of a group the broker makes its own topic of offsets, in that client's name.
    await catchUp('first')
    await broker.actions()
    await catchUp('second')
    expect([login, ...(await broker.actions())].sort()).toEqual(allowed('KafkaWorker'))
  })
})

async function openGateway(folder: string, to: string) {
  const listen = `127.0.0.1:${await freePort()}`
  const gateway = spawn(process.execPath, [MAIN, 'gateway', '--listen', listen, '--to', to], {
    cwd: folder,
    stdio: 'ignore',
  })
  const exited = once(gateway, 'exit')
  onTestFinished(() => void gateway.kill('SIGKILL'))
  await vi.waitFor(async () => {
    if (!(await fetch(`http://${listen}/healthz`)).ok) throw new Error('the gateway is not ready')
  }, 60_000)
  return {
    async send(path: string, body?: unknown): Promise<void> {
      const type = { 'content-type': 'application/vnd.kafka.json.v2+json' }
      const sent = body === undefined ? {} : { method: 'POST', headers: type, body: JSON.stringify(body) }
      const answer = await fetch(`http://${listen}${path}`, sent)
      expect(answer.ok, await answer.text()).toBe(true)
    },
    async end(): Promise<void> {
      gateway.kill('SIGTERM')
      await exited
    },
  }
}
