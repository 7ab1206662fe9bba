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

async function synthesised(cdk: string): Promise<Synthesis> {
  const folder = await temporaryFolder()
  synthesis ??= copyApp(folder, cdk).then((app) => synthesise(app, { airflow: 'true' }))
  return synthesis
}

/** The rights of each service's tasks. */
async function openRights(cdk: string) {
  const made = await synthesised(cdk)
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

/** What a part that is not our code calls, as Amazon documents it; `s3:GetObject*` and the like are Amazon's own words. */
const OF_OTHERS: Readonly<Record<string, string>> = {
  VpcallIAMRole: 'logs:CreateLogStream logs:PutLogEvents logs:DescribeLogStreams',
  // The address of the brokers, asked for once when they are made.
  BrokersCustomResourcePolicy: 'kafka:GetBootstrapBrokers',
  SchedulerRole: 'states:StartExecution',
  // A task that is waited for (ecs:runTask.sync), logs and traces of a state machine.
  DailyRunRole: `ecs:RunTask ecs:StopTask ecs:DescribeTasks iam:PassRole events:PutTargets events:PutRule
    events:DescribeRule logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery
    logs:ListLogDeliveries logs:PutResourcePolicy logs:DescribeResourcePolicies logs:DescribeLogGroups
    xray:PutTraceSegments xray:PutTelemetryRecords xray:GetSamplingRules xray:GetSamplingTargets`,
  // The execution role of MWAA, and what its operator for ECS calls.
  AirflowRole: `s3:GetObject* s3:GetBucket* s3:List* s3:GetAccountPublicAccessBlock cloudwatch:PutMetricData
    airflow:PublishMetrics logs:DescribeLogGroups logs:CreateLogStream logs:CreateLogGroup logs:PutLogEvents
    logs:GetLogEvents logs:GetLogRecord sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes
    sqs:GetQueueUrl sqs:ReceiveMessage sqs:SendMessage kms:Decrypt kms:DescribeKey kms:GenerateDataKey kms:Encrypt
    ecs:RunTask ecs:DescribeTasks ecs:StopTask iam:PassRole`,
  // It copies the DAG into its bucket when the stack is deployed.
  CustomCDKBucketDeployment: `s3:GetObject* s3:GetBucket* s3:List* s3:DeleteObject* s3:PutObject s3:PutObjectLegalHold
    s3:PutObjectRetention s3:PutObjectTagging s3:PutObjectVersionTagging s3:Abort*`,
}

/** What starts a container: its image, its logs, its secret. */
const EXECUTION = `ecr:BatchCheckLayerAvailability ecr:GetDownloadUrlForLayer ecr:BatchGetImage ecr:GetAuthorizationToken
  logs:CreateLogStream logs:PutLogEvents`
const SECRET = 'secretsmanager:GetSecretValue secretsmanager:DescribeSecret'

/** These know no resources. */
const OF_ANYTHING =
  /^(ecr:GetAuthorizationToken|ecs:(StopTask|DescribeTasks)|xray:.*|logs:.*(Deliver|ResourcePolic|LogGroups).*|s3:GetAccountPublicAccessBlock|cloudwatch:PutMetricData|kms:.*)$/

describe('the rights of what is not our code', () => {
  it('are what each calls, and no more; of any resource only what knows none', async ({ cdk }) => {
    const made = await synthesised(cdk)
    const calls = made.resources('Millrace', 'AWS::ApiGateway::Method').flatMap(([, { Properties }]) => {
      const [, action] = /kinesis:action\/(\w+)/.exec(JSON.stringify(Properties.Integration?.Uri)) ?? []
      return action === undefined ? [] : [`kinesis:${action}`]
    })
    const expected = { ...OF_OTHERS, ApiRole: calls.join(' ') }
    const unknown: string[] = []
    for (const [name, { Properties }] of ['Millrace', 'MillraceAirflow'].flatMap((stack) =>
      made.resources(stack, 'AWS::IAM::Policy'),
    )) {
      if (/TaskTaskRole/.test(name)) continue
      const statements: readonly Statement[] = Properties.PolicyDocument.Statement
      const words = /TaskExecutionRole/.test(name)
        ? `${EXECUTION}${name.startsWith('Batch') ? '' : ` ${SECRET}`}`
        : Object.entries(expected).find(([prefix]) => name.startsWith(prefix))?.[1]
      if (words === undefined) unknown.push(name)
      const actions = statements.flatMap(({ Action }) => Action)
      expect([...new Set(actions)].sort(), name).toEqual([...new Set(words?.split(/\s+/))].sort())
      const ofAny = statements.filter(({ Resource }) => Resource === '*').flatMap(({ Action }) => Action)
      expect(
        ofAny.filter((action) => !OF_ANYTHING.test(action)),
        name,
      ).toEqual([])
    }
    expect(unknown).toEqual([])
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
