import { fileURLToPath } from 'node:url'
import { CfnOutput, Stack } from 'aws-cdk-lib'
import type { SecurityGroup, Vpc } from 'aws-cdk-lib/aws-ec2'
import {
  Cluster,
  ContainerImage,
  ContainerInsights,
  Secret as ContainerSecret,
  type FargateTaskDefinition,
} from 'aws-cdk-lib/aws-ecs'
import type { Bucket } from 'aws-cdk-lib/aws-s3'
import { Secret } from 'aws-cdk-lib/aws-secretsmanager'
import type { Construct } from 'constructs'
import { makeAlarms } from './alarms.ts'
import { makeApi } from './api.ts'
import { acceptForPipeline } from './checks.ts'
import { makeDailyRun } from './daily-run.ts'
import { makeDatabase } from './database.ts'
import { makeKafka } from './kafka.ts'
import { type Names, namesOf } from './names.ts'
import { makeNetwork, makeSecurityGroup } from './network.ts'
import { lakeAccess, streamReading, topicReading, topicWriting } from './permissions.ts'
import { makeService, makeTask } from './service.ts'
import { makeLake, makeStreams } from './storage.ts'

const DASHBOARD_PORT = 4680
const GATEWAY_PORT = 8082

/** Prefixes of the lake's bucket: tables from the streams, and those from Kafka, which the daily run reads. */
const STREAMED = 'streaming'
const LANDED = 'batch'

export interface PipelineProps {
  readonly uid: string
  /** None until the topics are there: a worker without its topics ends. */
  readonly kafkaWorkers: number
}

export class PipelineStack extends Stack {
  readonly vpc: Vpc
  readonly cluster: Cluster
  readonly lake: Bucket
  readonly batch: { readonly task: FargateTaskDefinition; readonly group: SecurityGroup }

  constructor(scope: Construct, id: string, { uid, kafkaWorkers }: PipelineProps) {
    super(scope, id, { description: 'Millrace: Kafka and Kinesis into Delta tables, exactly once' })
    const names = namesOf(uid)
    const image = ContainerImage.fromAsset(fileURLToPath(new URL('../../image', import.meta.url)))
    const lake = makeLake(this)
    const streams = makeStreams(this, names.streams)
    const vpc = makeNetwork(this)
    const kafka = makeKafka(this, vpc)
    const cluster = new Cluster(this, 'Cluster', { vpc, containerInsightsV2: ContainerInsights.ENABLED })
    const group = (name: string) => makeSecurityGroup(this, `${name}Group`, vpc, `Tasks of ${name}`)
    const groups = { streamWorker: group('StreamWorker'), kafkaWorker: group('KafkaWorker'), gateway: group('Gateway') }
    kafka.letIn(groups.kafkaWorker)
    kafka.letIn(groups.gateway)
    const environment = this.#settings(names)
    const at = (prefix: string) => ({ ...environment, MILLRACE_LAKE: lake.s3UrlForObject(prefix) })
    const keys = new Secret(this, 'GatewayKeys', {
      generateSecretString: { excludePunctuation: true, passwordLength: 48 },
    })
    const token = new Secret(this, 'DashboardToken', {
      generateSecretString: { excludePunctuation: true, passwordLength: 48 },
    })
    const worker = {
      ...{ image, cluster, vpc, cpu: 1024, memory: 2048, port: DASHBOARD_PORT },
      ...{ command: ['stream', '--dashboard', `0.0.0.0:${DASHBOARD_PORT}`], tasks: { from: 2, to: 8 } },
      secrets: { MILLRACE_DASHBOARD_TOKEN: ContainerSecret.fromSecretsManager(token) },
    }
    const services = {
      StreamWorker: makeService(this, 'StreamWorker', {
        ...worker,
        group: groups.streamWorker,
        environment: {
          ...at(STREAMED),
          MILLRACE_SOURCE: `kinesis://${this.region}`,
          MILLRACE_TOPICS: names.streamPairs,
        },
        may: [...lakeAccess(lake, STREAMED), ...streamReading(streams)],
      }),
      KafkaWorker: makeService(this, 'KafkaWorker', {
        ...worker,
        tasks: { from: kafkaWorkers, to: Math.max(kafkaWorkers, 8) },
        group: groups.kafkaWorker,
        environment: { ...at(LANDED), MILLRACE_SOURCE: kafka.address, MILLRACE_TOPICS: names.topics },
        may: [...lakeAccess(lake, LANDED), ...topicReading(this, kafka, uid)],
      }),
      Gateway: makeService(this, 'Gateway', {
        ...{ image, cluster, vpc, cpu: 512, memory: 1024, port: GATEWAY_PORT, group: groups.gateway },
        command: ['gateway', '--listen', `0.0.0.0:${GATEWAY_PORT}`, '--plain-http'],
        environment: { ...environment, MILLRACE_TO: kafka.address },
        secrets: { MILLRACE_GATEWAY_KEYS: ContainerSecret.fromSecretsManager(keys) },
        tasks: { from: 2, to: 10 },
        may: topicWriting(this, kafka, uid),
      }),
    }
    const batchTask = makeTask(this, 'Batch', {
      ...{ image, cpu: 2048, memory: 8192, command: ['batch'], environment: at(LANDED) },
      may: lakeAccess(lake, LANDED),
    })
    this.batch = { task: batchTask, group: group('Batch') }
    this.vpc = vpc
    this.cluster = cluster
    this.lake = lake
    const dailyRun = makeDailyRun(this, { cluster, vpc, ...this.batch })
    const database = makeDatabase(this, vpc, [groups.kafkaWorker, this.batch.group])
    const api = makeApi(this, { streams, vpc, gateway: services.Gateway, gatewayPort: GATEWAY_PORT })
    makeAlarms(this, { streams, services, dailyRun, api, database })
    acceptForPipeline(this)
    new CfnOutput(this, 'LakeBucket', { value: lake.bucketName })
    new CfnOutput(this, 'ApiUrl', { value: api.url })
  }

  #settings({ tables }: Names): Record<string, string> {
    return { AWS_REGION: this.region, MILLRACE_TABLES: tables }
  }
}
