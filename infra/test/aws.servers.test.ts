import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { temporaryFolder, withServices } from '@millrace/testkit'
import { expect } from 'vitest'
import { copyApp, type Resource, type Synthesis, synthesise } from './synthesis.ts'

const it = withServices('cdk', 'linters')
const run = promisify(execFile)
const TSC = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))

/** The CDK itself writes a DependsOn where a reference says as much. */
const OF_THE_CDK = ['W3005']

let synthesis: Promise<Synthesis> | undefined

/** What the app makes, once for all tests. */
async function synthesised(cdk: string) {
  const folder = await temporaryFolder()
  synthesis ??= copyApp(folder, cdk).then((app) => synthesise(app, { uid: '0a1b2c', airflow: 'true' }))
  return synthesis
}

it('the app is typed, and neither cdk-nag nor cfn-lint finds anything in what it makes', async ({ cdk, linters }) => {
  const app = await copyApp(await temporaryFolder(), cdk)
  const [made] = await Promise.all([synthesise(app, { uid: '0a1b2c', airflow: 'true' }), run(TSC, ['-p', app])])
  expect(made.found).toEqual([])
  expect(made.templates).toHaveLength(2)
  const lint = join(linters, 'venv/bin/cfn-lint')
  await run(lint, ['--regions', 'eu-west-1', '--ignore-checks', ...OF_THE_CDK, '--', ...made.templates])
})

it('what it makes is what the pipeline needs', async ({ cdk }) => {
  const made = await synthesised(cdk)
  const all = (type: string, stack = 'Millrace') => made.resources(stack, type).map(([, { Properties }]) => Properties)
  const one = (type: string, stack?: string) => {
    const [properties, ...others] = all(type, stack)
    expect(others).toEqual([])
    return properties
  }
  expect(all('AWS::Kinesis::Stream').map(({ Name }) => Name)).toEqual([
    'streaming-0a1b2c-pin',
    'streaming-0a1b2c-geo',
    'streaming-0a1b2c-user',
  ])
  expect(one('AWS::MSK::ServerlessCluster')).toMatchObject({
    ClientAuthentication: { Sasl: { Iam: { Enabled: true } } },
  })
  expect(one('AWS::RDS::DBParameterGroup')?.Parameters).toMatchObject({
    binlog_format: 'ROW',
    binlog_row_image: 'FULL',
    binlog_row_metadata: 'FULL',
  })
  expect(one('AWS::RDS::DBInstance')).toMatchObject({
    EngineVersion: '8.0.43',
    StorageEncrypted: true,
    DeletionProtection: true,
    BackupRetentionPeriod: 7,
  })
  expect(one('AWS::Scheduler::Schedule')).toMatchObject({
    ScheduleExpression: 'cron(15 0 * * ? *)',
    Target: { Input: '{"time":"<aws.scheduler.scheduled-time>"}' },
  })
  const services = all('AWS::ECS::Service')
  expect(services.map(({ DesiredCount }) => DesiredCount)).toEqual([2, 2, 2])
  for (const service of services) {
    expect(service.DeploymentConfiguration).toMatchObject({ MinimumHealthyPercent: 100, MaximumPercent: 200 })
  }
  for (const {
    ContainerDefinitions: [container],
  } of all('AWS::ECS::TaskDefinition')) {
    expect(container).toMatchObject({ ReadonlyRootFilesystem: true, StopTimeout: 120 })
  }
  expect(all('AWS::CloudWatch::Alarm').length).toBeGreaterThanOrEqual(12)
  for (const alarm of all('AWS::CloudWatch::Alarm')) expect(alarm.AlarmActions).toHaveLength(1)
  expect(one('AWS::MWAA::Environment', 'MillraceAirflow')?.DagS3Path).toBe('dags')
})

it('a step of the daily run that fails is tried once more, after two minutes', async ({ cdk }) => {
  const made = await synthesised(cdk)
  const [machine] = made.resources('Millrace', 'AWS::StepFunctions::StateMachine')
  if (!machine) throw new Error('there is no state machine')
  const { StartAt, States } = JSON.parse(textOf(machine[1]))
  expect(StartAt).toBe('Batch')
  expect(States.Batch.Next).toBe('Verify')
  expect(States.Verify.End).toBe(true)
  for (const step of [States.Batch, States.Verify]) {
    expect(step.Resource).toMatch(/ecs:runTask\.sync$/)
    expect(step.Retry).toEqual([{ ErrorEquals: ['States.ALL'], IntervalSeconds: 120, MaxAttempts: 1 }])
  }
  const [{ 'Command.$': command }] = States.Batch.Parameters.Overrides.ContainerOverrides
  expect(command).toBe("States.Array('batch', '--date', States.ArrayGetItem(States.StringSplit($.time, 'T'), 0))")
})

/** The text of a definition, with a word in the place of what is only known when it is deployed. */
function textOf(machine: Resource): string {
  const [separator, parts] = machine.Properties.DefinitionString['Fn::Join'] as [string, unknown[]]
  return parts.map((part) => (typeof part === 'string' ? part : 'x')).join(separator)
}
