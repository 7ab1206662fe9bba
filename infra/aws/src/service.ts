import { Duration } from 'aws-cdk-lib'
import type { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2'
import {
  type Cluster,
  type ContainerImage,
  type Secret as ContainerSecret,
  FargateService,
  FargateTaskDefinition,
  LogDriver,
} from 'aws-cdk-lib/aws-ecs'
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'

/** The name of the container in every task. */
export const CONTAINER = 'millrace'

/** Folders that a task may write, though its root is read only; the image gives them to its user. */
const WRITABLE = { work: '/var/lib/millrace', cache: '/var/cache/millrace', tmp: '/tmp' }

export interface TaskProps {
  readonly image: ContainerImage
  readonly cpu: number
  readonly memory: number
  readonly command: string[]
  readonly environment: Record<string, string>
  readonly secrets?: Record<string, ContainerSecret>
  readonly port?: number
  readonly may: readonly PolicyStatement[]
}

export function makeTask(scope: Construct, id: string, props: TaskProps): FargateTaskDefinition {
  const { cpu, memory, may, port, image, command, environment, secrets } = props
  const task = new FargateTaskDefinition(scope, `${id}Task`, {
    cpu,
    memoryLimitMiB: memory,
    volumes: Object.keys(WRITABLE).map((name) => ({ name })),
  })
  const logGroup = new LogGroup(scope, `${id}Logs`, { retention: RetentionDays.ONE_MONTH })
  const container = task.addContainer(CONTAINER, {
    image,
    command,
    environment,
    ...(secrets && { secrets }),
    readonlyRootFilesystem: true,
    // A worker commits what it has read, a gateway answers what it has taken in; Fargate gives two minutes at most.
    stopTimeout: Duration.seconds(120),
    logging: LogDriver.awsLogs({ logGroup, streamPrefix: id }),
    ...(port && { portMappings: [{ containerPort: port }], healthCheck: healthCheck(port) }),
  })
  const mounts = Object.entries(WRITABLE)
  container.addMountPoints(
    ...mounts.map(([sourceVolume, containerPath]) => ({ sourceVolume, containerPath, readOnly: false })),
  )
  for (const statement of may) task.addToTaskRolePolicy(statement)
  return task
}

function healthCheck(port: number) {
  const ask = `fetch('http://127.0.0.1:${port}/healthz').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))`
  return { command: ['CMD', 'node', '-e', ask], interval: Duration.seconds(30), startPeriod: Duration.seconds(60) }
}

export interface ServiceProps extends TaskProps {
  readonly cluster: Cluster
  readonly vpc: Vpc
  readonly group: SecurityGroup
  /** How many to begin with, and at most. */
  readonly tasks: { readonly from: number; readonly to: number }
}

/** A service that is replaced task by task: a new one runs before an old one is told to finish. */
export function makeService(scope: Construct, id: string, props: ServiceProps): FargateService {
  const { cluster, group, tasks } = props
  const service = new FargateService(scope, id, {
    cluster,
    taskDefinition: makeTask(scope, id, props),
    desiredCount: tasks.from,
    minHealthyPercent: 100,
    maxHealthyPercent: 200,
    securityGroups: [group],
    circuitBreaker: { rollback: true },
  })
  const scaling = service.autoScaleTaskCount({ minCapacity: tasks.from, maxCapacity: tasks.to })
  scaling.scaleOnCpuUtilization('Cpu', { targetUtilizationPercent: 60, scaleInCooldown: Duration.minutes(5) })
  return service
}
