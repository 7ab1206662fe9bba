import { Duration } from 'aws-cdk-lib'
import type { RestApi } from 'aws-cdk-lib/aws-apigateway'
import { Alarm, ComparisonOperator, type IMetric, Metric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch'
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions'
import type { FargateService } from 'aws-cdk-lib/aws-ecs'
import type { IStream } from 'aws-cdk-lib/aws-kinesis'
import type { DatabaseInstance } from 'aws-cdk-lib/aws-rds'
import { Topic } from 'aws-cdk-lib/aws-sns'
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions'
import type { Construct } from 'constructs'

interface Watched {
  readonly streams: readonly IStream[]
  readonly services: Readonly<Record<string, FargateService>>
  readonly dailyRun: StateMachine
  readonly api: RestApi
  readonly database: DatabaseInstance
}

/** Tells a topic, to which somebody has to subscribe. */
export function makeAlarms(scope: Construct, { streams, services, dailyRun, api, database }: Watched): Topic {
  const topic = new Topic(scope, 'Alarms', { enforceSSL: true })
  const alarm = (id: string, metric: IMetric, threshold: number, description: string, below = false) => {
    const made = new Alarm(scope, `${id}Alarm`, {
      metric,
      threshold,
      alarmDescription: description,
      evaluationPeriods: 3,
      comparisonOperator: below ? ComparisonOperator.LESS_THAN_THRESHOLD : ComparisonOperator.GREATER_THAN_THRESHOLD,
      // A service without a container reports nothing: that is the worst case.
      treatMissingData: below ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    })
    made.addAlarmAction(new SnsAction(topic))
  }
  const period = Duration.minutes(5)
  streams.forEach((stream, i) => {
    const dimensionsMap = { StreamName: stream.streamName }
    const name = 'GetRecords.IteratorAgeMilliseconds'
    const age = new Metric({ namespace: 'AWS/Kinesis', metricName: name, dimensionsMap, statistic: 'max', period })
    alarm(`Lag${i}`, age, 600_000, 'The worker is ten minutes behind the stream')
  })
  for (const [name, service] of Object.entries(services)) {
    const dimensionsMap = { ClusterName: service.cluster.clusterName, ServiceName: service.serviceName }
    const running = { namespace: 'ECS/ContainerInsights', metricName: 'RunningTaskCount', dimensionsMap, period }
    alarm(`${name}Running`, new Metric({ ...running, statistic: 'min' }), 1, `No task of ${name} runs`, true)
    alarm(`${name}Memory`, service.metricMemoryUtilization({ period }), 90, `${name} is short of memory`)
  }
  alarm('DailyRunFailed', dailyRun.metricFailed({ period }), 0, 'The daily run failed, the second time too')
  alarm('ApiErrors', api.metricServerError({ period }), 10, 'The API answers with server errors')
  alarm('DatabaseSpace', database.metricFreeStorageSpace({ period }), 5e9, 'The database has less than 5 GB left', true)
  return topic
}
