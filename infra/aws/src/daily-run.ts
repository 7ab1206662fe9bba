import { Duration, TimeZone } from 'aws-cdk-lib'
import type { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2'
import type { Cluster, FargateTaskDefinition } from 'aws-cdk-lib/aws-ecs'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { ContextAttribute, Schedule, ScheduleExpression, ScheduleTargetInput } from 'aws-cdk-lib/aws-scheduler'
import { StepFunctionsStartExecution } from 'aws-cdk-lib/aws-scheduler-targets'
import {
  DefinitionBody,
  IntegrationPattern,
  JsonPath,
  LogLevel,
  StateMachine,
  Timeout,
} from 'aws-cdk-lib/aws-stepfunctions'
import { EcsFargateLaunchTarget, EcsRunTask } from 'aws-cdk-lib/aws-stepfunctions-tasks'
import type { Construct } from 'constructs'
import { CONTAINER } from './service.ts'

export interface DailyRunProps {
  readonly cluster: Cluster
  readonly task: FargateTaskDefinition
  readonly vpc: Vpc
  readonly group: SecurityGroup
}

/**
 * Every night the run of that date, then `verify`; a step that fails is tried once more after two minutes. The
 * scheduler's own retry knows only whether a task was started: a state machine waits for how it ended.
 */
export function makeDailyRun(scope: Construct, props: DailyRunProps): StateMachine {
  const date = JsonPath.arrayGetItem(JsonPath.stringSplit(JsonPath.stringAt('$.time'), 'T'), 0)
  const batch = step(scope, 'Batch', props, JsonPath.array('batch', '--date', date))
  const verify = step(scope, 'Verify', props, JsonPath.array('verify'))
  const machine = new StateMachine(scope, 'DailyRun', {
    definitionBody: DefinitionBody.fromChainable(batch.next(verify)),
    timeout: Duration.hours(12),
    tracingEnabled: true,
    logs: {
      destination: new LogGroup(scope, 'DailyRunLogs', { retention: RetentionDays.ONE_MONTH }),
      level: LogLevel.ALL,
    },
  })
  new Schedule(scope, 'Daily', {
    schedule: ScheduleExpression.cron({ hour: '0', minute: '15', timeZone: TimeZone.ETC_UTC }),
    target: new StepFunctionsStartExecution(machine, {
      input: ScheduleTargetInput.fromObject({ time: ContextAttribute.scheduledTime }),
    }),
  })
  return machine
}

function step(scope: Construct, id: string, { cluster, task, group }: DailyRunProps, command: string): EcsRunTask {
  const containerDefinition = task.findContainer(CONTAINER)
  if (!containerDefinition) throw new Error('the daily run has no container')
  const run = new EcsRunTask(scope, id, {
    integrationPattern: IntegrationPattern.RUN_JOB,
    cluster,
    taskDefinition: task,
    launchTarget: new EcsFargateLaunchTarget(),
    securityGroups: [group],
    containerOverrides: [{ containerDefinition, command: JsonPath.listAt(command) }],
    taskTimeout: Timeout.duration(Duration.hours(5)),
    resultPath: JsonPath.DISCARD,
  })
  run.addRetry({ errors: ['States.ALL'], interval: Duration.minutes(2), maxAttempts: 1 })
  return run
}
